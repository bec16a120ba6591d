//! Labels of the code that the targets have, too.

use std::collections::BTreeSet;

use super::exporter_not_deployed::{is_monitoring_s_own, kept_services};
use super::jobs;
use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::documents::guessed::is_watcher;
use crate::labels::plain_name;
use crate::stack::wiring::{InstrumentedMetric, Wiring};
use crate::stack::{Discovery, KubernetesRole, RelabelAction, ScrapeConfig};

pub const CHECK: Check = Check {
    id: "label-renamed",
    harm: Harm::Risk,
    title: "the target has a label of this name, so the code's own is renamed",
    explanation: "What relabelling and `labels` give to a target goes before what the page of metrics says: where both have a label, \
                  the page's becomes `exported_…`, unless `honor_labels` is on. A query by the code's label then asks for what \
                  discovery says. `job` and `instance` are always the target's.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: shop\n  static_configs: [{targets: ['shop:80'], labels: {app: shop-eu}}]\n```\n```python\nfrom prometheus_client import Counter\nORDERS = Counter('orders_total', 'Orders', ['app'])\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: shop\n  static_configs: [{targets: ['shop:80'], labels: {region: eu}}]\n```\n```python\nfrom prometheus_client import Counter\nORDERS = Counter('orders_total', 'Orders', ['app'])\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut labels: Vec<(&str, &InstrumentedMetric)> = Vec::new();
    for metric in &wiring.metrics {
        for label in &metric.labels {
            if !labels.iter().any(|(known, _)| known == label) {
                labels.push((label, metric));
            }
        }
    }
    let candidates: Vec<&ScrapeConfig> = jobs(wiring).filter(|job| may_scrape_code(job)).collect();
    labels.into_iter().filter_map(|(label, metric)| judge(label, metric, &candidates, wiring)).collect()
}

fn judge(
    label: &str,
    metric: &InstrumentedMetric,
    candidates: &[&ScrapeConfig],
    wiring: &Wiring,
) -> Option<Diagnostic> {
    let given =
        |job: &&ScrapeConfig| given(job, label, wiring).map(|given| (job.job_name.value.clone(), given));
    let mut found: Vec<(String, Given)> = candidates.iter().filter_map(given).collect();
    // Which of the written jobs is the code's nobody says: it is so where all of them have the label.
    let of_written = |job: &&&ScrapeConfig| is_written(job);
    let written = candidates.iter().filter(of_written).count();
    let having = candidates.iter().filter(of_written).filter(|job| given(job).is_some()).count();
    if having < written {
        let named: BTreeSet<&str> =
            candidates.iter().filter(of_written).map(|job| job.job_name.value.as_str()).collect();
        found.retain(|(job, _)| !named.contains(job.as_str()));
    }
    let (job, first) = found.first()?;
    let because = match (label, first.assumed) {
        ("job" | "instance", _) => {
            "Prometheus gives each target a `job` and an `instance` of its own".to_owned()
        }
        (_, Some(kind)) => format!(
            "`{job}` takes over the labels of {kind}s, assuming that the application's have `{label}`, as all that are documented"
        ),
        (_, None) => format!("the targets of `{job}` have a label `{label}` of their own"),
    };
    let place = place_of(label, metric);
    let diagnostic =
        Diagnostic::warning("", format!("`{label}` of this code is stored as `exported_{label}`"))
            .at(&place)
            .label("the code's label")
            .because(because)
            .help(format!(
                "call one of them otherwise; with `honor_labels: true` the target's `{label}` would be lost"
            ));
    let mut shown: Vec<&Span> = Vec::new();
    Some(found.iter().filter_map(|(_, given)| given.place.as_ref()).fold(diagnostic, |told, place| {
        if shown.iter().any(|known| known.in_own_file().start == place.in_own_file().start) {
            return told;
        }
        shown.push(place);
        told.related(place, "the target's label comes from here")
    }))
}

/// Where a target's label comes from.
struct Given {
    place: Option<Span>,
    /// The kind of the objects whose labels are taken over.
    assumed: Option<&'static str>,
}

fn given(job: &ScrapeConfig, label: &str, wiring: &Wiring) -> Option<Given> {
    if matches!(label, "job" | "instance") {
        return Some(Given { place: Some(job.job_name.span.clone()), assumed: None });
    }
    let is_static = job.discovery.iter().any(
        |discovery| matches!(discovery, Discovery::Static { labels, .. } if !labels.value(label).is_empty()),
    );
    if is_static {
        return Some(Given { place: Some(job.job_name.span.clone()), assumed: None });
    }
    job.relabel_configs.iter().find_map(|relabel| match relabel.action {
        RelabelAction::Replace | RelabelAction::Lowercase | RelabelAction::Uppercase
            if relabel.target_label == label && !relabel.replacement.is_empty() =>
        {
            Some(Given { place: Some(relabel.place.clone()), assumed: None })
        }
        RelabelAction::LabelMap => {
            let kinds =
                [("__meta_kubernetes_pod_label_", "pod"), ("__meta_kubernetes_service_label_", "Service")];
            let (_, kind) = kinds.into_iter().find(|(prefix, _)| {
                let meta = format!("{prefix}{label}");
                relabel.regex.replace(&meta, relabel.replacement.as_str()) == label
            })?;
            all_have(wiring, kind, label)
                .then(|| Given { place: Some(relabel.place.clone()), assumed: Some(kind) })
        }
        _ => None,
    })
}

/// Whether every documented object of the kind has the label.
fn all_have(wiring: &Wiring, kind: &str, label: &str) -> bool {
    let has: Vec<bool> = match kind {
        "Service" => wiring
            .objects_of("Service")
            .map(|object| object.labels.keys().any(|name| plain_name(name) == label))
            .collect(),
        _ => {
            let pods = wiring.workloads.iter().filter(|workload| workload.namespace.is_some());
            pods.map(|workload| workload.labels.keys().any(|name| plain_name(name) == label)).collect()
        }
    };
    has.len() > 1 && has.into_iter().all(|has| has)
}

/// Whether the targets may be the application's: neither exporters', nor the cluster's own.
fn may_scrape_code(job: &ScrapeConfig) -> bool {
    if job.honor_labels || super::is_probe(job) {
        return false;
    }
    let is_below = |name: &str| BELOW.iter().any(|program| name.contains(program));
    let own = |name: &str| is_monitoring_s_own(name) || is_watcher(name) || is_below(name);
    let named = own(&job.job_name.value) || kept_services(job).iter().any(|(name, _)| own(name));
    // `default;kubernetes;https`
    let of_cluster = job
        .relabel_configs
        .iter()
        .any(|relabel| relabel.action == RelabelAction::Keep && relabel.place.text().contains("kubernetes;"));
    let found = job.discovery.iter().any(|discovery| match discovery {
        Discovery::Static { targets, .. } => targets.iter().any(|target| {
            let host = target.value.rsplit_once(':').map_or(target.value.as_str(), |(host, _)| host);
            !own(host)
        }),
        Discovery::Kubernetes { role, .. } => !matches!(role, KubernetesRole::Node | KubernetesRole::Ingress),
        Discovery::Other { .. } => false,
    });
    found && !named && !of_cluster
}

/// What the application stands on.
const BELOW: [&str; 7] = ["postgres", "redis", "kafka", "mysql", "mongo", "timescale", "node"];

fn is_written(job: &ScrapeConfig) -> bool {
    job.discovery.iter().any(|discovery| matches!(discovery, Discovery::Static { .. }))
}

/// Where the code names the label: in the metric's constructor, or among the registry's default labels.
fn place_of(label: &str, metric: &InstrumentedMetric) -> Span {
    let file = &metric.name.span.file;
    let text = file.text();
    let from = [Some(metric.name.span.end), text.find("setDefaultLabels(")];
    let found = from.into_iter().flatten().find_map(|start| {
        let end = text[start..].find(')').map_or(text.len(), |end| start + end);
        let inside = &text[start..end];
        let at = inside.match_indices(label).map(|(at, _)| at).find(|at| {
            let part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
            !inside[..*at].ends_with(part) && !inside[at + label.len()..].starts_with(part)
        })?;
        Some(file.span(start + at..start + at + label.len()))
    });
    found.unwrap_or_else(|| metric.name.span.clone())
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    fn guide(jobs: &str, labels: &str) -> String {
        format!(
            "```yaml\n# prometheus.yml\nscrape_configs:\n{jobs}```\n```python\nfrom prometheus_client import Counter\n\
             C = Counter('c_total', 'h', [{labels}])\n```\n"
        )
    }

    #[test]
    fn job_and_instance_are_always_the_target_s() {
        let jobs = "- job_name: shop\n  static_configs: [{targets: ['shop:80']}]\n";
        check(
            "label-renamed",
            &guide(jobs, "'job'"),
            &["9:31 `job` of this code is stored as `exported_job`"],
        );
        check("label-renamed", &guide(jobs, "'route'"), &[]);
        let honoured = "- job_name: shop\n  honor_labels: true\n  static_configs: [{targets: ['shop:80']}]\n";
        check("label-renamed", &guide(honoured, "'job'"), &[]);
    }

    #[test]
    fn of_several_written_jobs_all_must_have_the_label() {
        let both = "- job_name: a\n  static_configs: [{targets: ['a:80'], labels: {zone: x}}]\n- job_name: b\n  static_configs: [{targets: ['b:80'], labels: {zone: y}}]\n";
        check(
            "label-renamed",
            &guide(both, "'zone'"),
            &["11:31 `zone` of this code is stored as `exported_zone`"],
        );
        let one = both.replace(", labels: {zone: y}", "");
        check("label-renamed", &guide(&one, "'zone'"), &[]);
    }

    #[test]
    fn labels_of_documented_objects_are_taken_for_those_of_the_application() {
        let job = "- job_name: shop\n  kubernetes_sd_configs: [{role: pod}]\n  relabel_configs:\n  - {action: labelmap, regex: __meta_kubernetes_pod_label_(.+)}\n";
        let pod = |name: &str, label: &str| {
            format!(
                "```yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec: {{template: {{metadata: {{labels: {{{label}: x}}}}, spec: {{containers: [{{image: 'a:1'}}]}}}}}}\n```\n"
            )
        };
        let same = format!("{}{}{}", guide(job, "'app'"), pod("a", "app"), pod("b", "app"));
        check("label-renamed", &same, &["11:31 `app` of this code is stored as `exported_app`"]);
        let other = format!("{}{}{}", guide(job, "'app'"), pod("a", "app"), pod("b", "name"));
        check("label-renamed", &other, &[]);
    }
}
