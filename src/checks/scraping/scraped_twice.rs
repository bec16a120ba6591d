//! Ports that several jobs scrape.

use std::collections::BTreeMap;

use super::{is_probe, jobs};
use crate::catalogue;
use crate::checks::sources::Sources;
use crate::checks::{Check, Harm, unknown_metric};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::{ExprKind, VectorSelector};
use crate::stack::wiring::{Wiring, Workload};
use crate::stack::{Rule, ScrapeConfig};

pub const CHECK: Check = Check {
    id: "scraped-twice",
    harm: Harm::Risk,
    title: "several jobs scrape the same port",
    explanation: "Each job makes series of its own of what it scrapes, with its own `job` and `instance`. A sum over all \
                  of them counts twice, an alert fires twice, and what is meant by `job` no longer says what it says.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: pods\n  kubernetes_sd_configs: [{role: pod}]\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape]\n    action: keep\n    regex: true\n- job_name: postgres\n  kubernetes_sd_configs: [{role: service}]\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_service_name]\n    action: keep\n    regex: pg\n---8<---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: pg}\nspec:\n  template:\n    metadata: {labels: {app: pg}, annotations: {prometheus.io/scrape: 'true'}}\n    spec: {containers: [{name: pg, image: 'pg:1', ports: [{containerPort: 9187}]}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: pg}\nspec: {selector: {app: pg}, ports: [{port: 9187}]}\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: pods\n  kubernetes_sd_configs: [{role: pod}]\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape]\n    action: keep\n    regex: true\n---8<---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: pg}\nspec:\n  template:\n    metadata: {labels: {app: pg}, annotations: {prometheus.io/scrape: 'true'}}\n    spec: {containers: [{name: pg, image: 'pg:1', ports: [{containerPort: 9187}]}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: pg}\nspec: {selector: {app: pg}, ports: [{port: 9187}]}\n",
    find,
};

/// More alerts than anybody looks at.
const SHOWN: usize = 4;

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    // A pod's port, at the path asked for, and the jobs that ask.
    type Asked<'w> = (&'w str, String, u16, String);
    let mut asked: BTreeMap<Asked, Vec<&ScrapeConfig>> = BTreeMap::new();
    for job in jobs(wiring).filter(|job| !is_probe(job)) {
        for target in wiring.targets(job) {
            let (Some(workload), Some(port)) = (target.workload, target.port) else { continue };
            let path = target.labels.value("__metrics_path__").to_owned();
            let namespace = workload.namespace.clone().unwrap_or_default();
            let jobs = asked.entry((&workload.name.value, namespace, port, path)).or_default();
            if !jobs.iter().any(|known| std::ptr::eq(*known, job)) {
                jobs.push(job);
            }
        }
    }
    let found = asked.into_iter().filter(|(_, jobs)| jobs.len() > 1).filter_map(
        |((name, namespace, port, _), jobs)| {
            let workload = wiring.workloads.iter().find(|workload| {
                workload.name.value == name && workload.namespace.as_deref().unwrap_or_default() == namespace
            })?;
            let names: Vec<String> = jobs.iter().map(|job| format!("`{}`", job.job_name.value)).collect();
            let message = format!("{} jobs scrape port {port} of `{name}`: {}", jobs.len(), names.join(", "));
            let first = Diagnostic::error("", message)
                .at(&workload.name.span)
                .label("each of its series is there more than once");
            let first = jobs.iter().fold(first, |found, job| found.related(&job.job_name.span, "finds it"));
            let alerts = alerts(wiring, workload);
            Some(alerts.into_iter().take(SHOWN).fold(first, |found, rule| {
                let label = format!("so this alert is told {} times", jobs.len());
                found.related(&rule.name().span, label)
            }))
        },
    );
    found.collect()
}

/// Alerts that compare each series of an exporter by itself, whatever job has it.
fn alerts<'w>(wiring: &'w Wiring, workload: &Workload) -> Vec<&'w Rule> {
    let plain = |text: &str| text.replace('_', "-");
    let own = |name: &str| {
        catalogue::of_name(name).is_some_and(|exporter| {
            let mut images = workload.containers.iter().map(|container| plain(container.image_name()));
            images.any(|image| image.ends_with(&plain(exporter.title)))
        })
    };
    let sources = Sources::new(wiring);
    let told = |rule: &&Rule| {
        // What never fires is told by nobody.
        if unknown_metric::is_dead(&sources, rule) {
            return false;
        }
        let mut summed = false;
        rule.expr.walk(&mut |expr| summed |= matches!(expr.kind, ExprKind::Aggregate(_)));
        let selectors = rule.expr.selectors();
        let of_any_job = |selector: &VectorSelector| {
            let mut matchers = selector.matchers.iter();
            !matchers.any(|matcher| matches!(&*matcher.name, "job" | "instance"))
        };
        let is_own = |(selector, _): &(&VectorSelector, _)| {
            selector.metric_name().is_some_and(own) && of_any_job(selector)
        };
        crate::checks::alerts(rule) && !summed && !selectors.is_empty() && selectors.iter().all(is_own)
    };
    crate::checks::rules(wiring).filter(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::wiring::of_text;

    #[test]
    fn alerts_on_what_is_scraped_twice_are_named() {
        let told = |expr: &str| {
            let guide = format!(
                "```yaml\nscrape_configs:\n- job_name: pods\n  kubernetes_sd_configs: [{{role: pod}}]\n- job_name: more\n  kubernetes_sd_configs: [{{role: pod}}]\n```\n```yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: pg}}\nspec: {{template: {{spec: {{containers: [{{image: 'prometheuscommunity/postgres-exporter:v0.12.0', ports: [{{containerPort: 9187}}]}}]}}}}}}\n```\n```yaml\ngroups:\n- name: g\n  rules:\n  - alert: A\n    expr: {expr}\n```\n"
            );
            find(&of_text("guide.md", &guide)).iter().map(|found| found.related.len()).collect::<Vec<_>>()
        };
        assert_eq!(told("pg_stat_activity_count > 80"), [3]);
        assert_eq!(told("pg_stat_activity_count{job=\"pods\"} > 80"), [2]);
        assert_eq!(told("sum(pg_stat_activity_count) > 80"), [2]);
        assert_eq!(told("node_load1 > 80"), [2]);
        // Of a later version.
        assert_eq!(told("pg_replication_lag_seconds > 30"), [2]);
    }
}
