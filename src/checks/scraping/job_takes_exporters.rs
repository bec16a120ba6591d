//! The application's job, whose documented targets are only exporters.

use crate::checks::{Check, Harm, alert_queries, templates};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::VectorSelector;
use crate::stack::wiring::{ScrapeTarget, Wiring};
use crate::stack::{KubernetesRole, Rule, ScrapeConfig};

use super::exporter_not_deployed::is_monitoring_s_own;
use super::{has_role, jobs};

pub const CHECK: Check = Check {
    id: "job-takes-exporters",
    harm: Harm::Risk,
    title: "the job that is named for the application finds exporters instead",
    explanation: "A job that keeps whatever is annotated takes exporters along with the application, or in its place: `up` of the job is \
                  then the exporters', and an alert about the application fires when an exporter restarts.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: shop\n  kubernetes_sd_configs: [{role: service}]\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_service_annotation_prometheus_io_scrape]\n    action: keep\n    regex: true\n---8<---\napiVersion: v1\nkind: Service\nmetadata: {name: redis-exporter, annotations: {prometheus.io/scrape: 'true'}}\nspec: {ports: [{port: 9121}]}\n---8<---\ngroups:\n- name: shop\n  rules:\n  - alert: ShopDown\n    expr: up{job=\"shop\"} == 0\n    annotations: {summary: The shop is down}\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: shop\n  kubernetes_sd_configs: [{role: service}]\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_service_annotation_prometheus_io_scrape]\n    action: keep\n    regex: true\n  - source_labels: [__meta_kubernetes_service_name]\n    action: drop\n    regex: .*-exporter\n---8<---\napiVersion: v1\nkind: Service\nmetadata: {name: redis-exporter, annotations: {prometheus.io/scrape: 'true'}}\nspec: {ports: [{port: 9121}]}\n---8<---\ngroups:\n- name: shop\n  rules:\n  - alert: ShopDown\n    expr: up{job=\"shop\"} == 0\n    annotations: {summary: The shop is down}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let candidates = jobs(wiring).filter(|job| !is_monitoring_s_own(&job.job_name.value));
    candidates.filter_map(|job| judge(job, wiring)).collect()
}

fn judge(job: &ScrapeConfig, wiring: &Wiring) -> Option<Diagnostic> {
    let targets = wiring.targets(job);
    if targets.is_empty() || !targets.iter().all(|target| name(target).is_some_and(is_monitoring_s_own)) {
        return None;
    }
    let alert = alert_queries(wiring).filter_map(|query| query.rule).find(|rule| is_about(rule, job))?;
    let mut names: Vec<&str> = targets.iter().filter_map(name).collect();
    names.dedup();
    let found = Diagnostic::warning(
        "",
        format!(
            "all that `{}` is documented to find are exporters: {}",
            job.job_name.value,
            names.join(", ")
        ),
    )
    .at(&job.job_name.span)
    .label("keeps whatever is annotated")
    .related(&alert.name().span, "so this fires when an exporter does not answer");
    let found = targets.iter().fold(found, |found, target| match (target.service, target.workload) {
        (Some(service), _) => found.related(&service.name.span, "its target"),
        (None, Some(workload)) => found.related(&workload.name.span, "its target"),
        (None, None) => found,
    });
    let kind = if has_role(job, &[KubernetesRole::Pod]) { "pod_label_app" } else { "service_name" };
    Some(
        found
            .because("assuming that the application itself is deployed elsewhere: nothing that is documented of it is scraped")
            .help(format!(
                "drop exporters from this job (`source_labels: [__meta_kubernetes_{kind}]`, `action: drop`, `regex: .*-exporter`), and annotate the application"
            )),
    )
}

/// What a target is called.
fn name<'t>(target: &'t ScrapeTarget<'_>) -> Option<&'t str> {
    let service = target.service.map(|service| service.name.value.as_str());
    service.or(target.workload.map(|workload| workload.name.value.as_str()))
}

/// Whether a rule watches `up` of the job alone, and speaks of no exporter.
fn is_about(rule: &Rule, job: &ScrapeConfig) -> bool {
    let of_job = |selector: &VectorSelector| {
        let mut matchers = selector.matchers.iter();
        selector.metric_name() == Some("up")
            && matchers.any(|matcher| &*matcher.name == "job" && matcher.value.as_ref() == job.job_name.value)
    };
    let mut texts = templates::texts(rule).into_iter().map(|(_, text)| text.value.to_lowercase());
    rule.expr.selectors().iter().any(|(selector, _)| of_job(selector))
        && !texts.any(|text| text.contains("exporter"))
        && !rule.name().value.to_lowercase().contains("exporter")
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn one_target_that_is_no_exporter_is_enough() {
        let guide = |service: &str, summary: &str| {
            format!(
                "```yaml\nscrape_configs:\n- job_name: shop\n  kubernetes_sd_configs: [{{role: service}}]\n```\n```yaml\napiVersion: v1\nkind: Service\nmetadata: {{name: redis-exporter}}\nspec: {{ports: [{{port: 1}}]}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: {service}}}\nspec: {{ports: [{{port: 1}}]}}\n```\n```yaml\ngroups:\n- name: g\n  rules:\n  - alert: A\n    expr: up{{job=\"shop\"}} == 0\n    annotations: {{summary: {summary}}}\n```\n"
            )
        };
        check(
            "job-takes-exporters",
            &guide("pg-exporter", "down"),
            &["3:13 all that `shop` is documented to find are exporters: redis-exporter, pg-exporter"],
        );
        check("job-takes-exporters", &guide("shop", "down"), &[]);
        check("job-takes-exporters", &guide("pg-exporter", "an exporter is down"), &[]);
    }
}
