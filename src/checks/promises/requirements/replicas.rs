//! Programs of the monitoring that run once.

use super::Lack;
use crate::checks::safety;
use crate::diagnostic::{Span, Spanned};
use crate::stack::wiring::{Object, Release, Wiring, Workload};

/// A chart, the value that says how many there are, and what of.
const CHARTS: [(&str, &str, &str); 5] = [
    ("kube-prometheus-stack", "prometheus.prometheusSpec.replicas", "Prometheus"),
    ("kube-prometheus-stack", "alertmanager.alertmanagerSpec.replicas", "Alertmanager"),
    ("kube-prometheus-stack", "grafana.replicas", "Grafana"),
    ("grafana", "replicas", "Grafana"),
    ("loki-stack", "loki.replicas", "Loki"),
];

/// Each of them, with what it says of its number.
pub(super) fn single(wiring: &Wiring) -> Option<Lack> {
    let mut shown: Vec<(Span, String)> = wiring.workloads.iter().filter_map(of_workload).collect();
    shown.extend(wiring.objects.iter().filter_map(of_object));
    shown.extend(wiring.releases.iter().flat_map(of_release));
    let because = "these have a single replica: with its node or its pod, it is gone".to_owned();
    (!shown.is_empty()).then_some(Lack { because, shown })
}

fn is_one(replicas: Option<&Spanned<String>>) -> bool {
    replicas.is_none_or(|replicas| replicas.value == "1")
}

fn of_workload(workload: &Workload) -> Option<(Span, String)> {
    let monitoring = workload.containers.iter().any(|container| safety::program(container).is_some());
    if !monitoring || workload.kind == "DaemonSet" || !is_one(workload.replicas.as_ref()) {
        return None;
    }
    let place = workload.replicas.as_ref().map_or(&workload.place, |replicas| &replicas.span);
    Some((place.clone(), format!("`{}` runs once", workload.name.value)))
}

/// What operators make.
fn of_object(object: &Object) -> Option<(Span, String)> {
    let of_elastic = object.api_version.value.contains("k8s.elastic.co");
    let path = match object.kind.value.as_str() {
        "Kibana" if of_elastic => "spec.count",
        "Elasticsearch" if of_elastic && object.get("spec.nodeSets[].count").is_some() => {
            // Several sets are several nodes.
            let counts = object.settings.iter().filter(|setting| setting.path == "spec.nodeSets[].count");
            if counts.count() > 1 {
                return None;
            }
            "spec.nodeSets[].count"
        }
        "Prometheus" | "Alertmanager" if object.api_version.value.contains("monitoring.coreos.com") => {
            "spec.replicas"
        }
        "Jaeger" => {
            let strategy = object.get("spec.strategy");
            let all_in_one = strategy.is_none_or(|strategy| strategy.value.eq_ignore_ascii_case("allinone"));
            let place = strategy.map_or(&object.name.span, |strategy| &strategy.span);
            return all_in_one.then(|| (place.clone(), "Jaeger runs once".to_owned()));
        }
        _ => return None,
    };
    let replicas = object.get(path);
    let place = replicas.map_or(&object.name.span, |replicas| &replicas.span);
    is_one(replicas)
        .then(|| (place.clone(), format!("{} `{}` runs once", object.kind.value, object.name.value)))
}

fn of_release(release: &Release) -> Vec<(Span, String)> {
    // What the missing values say is not known.
    if !release.complete {
        return Vec::new();
    }
    let mut shown = Vec::new();
    for (_, path, what) in CHARTS.iter().filter(|(chart, ..)| *chart == release.chart.value) {
        let part = path.split('.').next().unwrap_or_default();
        if release.sets(&format!("{part}.enabled"), "false") || release.sets("autoscaling.enabled", "true") {
            continue;
        }
        match release.values.get(*path) {
            Some(replicas) if replicas.value == "1" => {
                shown.push((replicas.span.clone(), format!("{what} runs once")));
            }
            Some(_) => {}
            None => shown
                .push((release.chart.span.clone(), format!("{what} runs once, as its chart's default is"))),
        }
    }
    // Traces of one are not those of another while they are kept in memory.
    if release.is_jaegers()
        && release.is_at_least(4)
        && !release.keys.iter().any(|key| key.value == "userconfig")
    {
        let what = "version 4 of this chart runs one Jaeger, with traces in its memory".to_owned();
        shown.push((release.chart.span.clone(), what));
    }
    shown
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn charts_and_operators_run_one_unless_told_otherwise() {
        let item = "Monitoring stack is highly available";
        let guide = |documents: &str| format!("## Acceptance Criteria\n- [ ] {item}\n\n{documents}");
        let unmet = format!("2:7 nothing shows that this is met: {item}");
        let grafana = |set: &str| guide(&format!("```sh\nhelm install g grafana/grafana {set}\n```\n"));
        check("requirement-unmet", &grafana(""), &[&unmet]);
        check("requirement-unmet", &grafana("--set replicas=1"), &[&unmet]);
        check("requirement-unmet", &grafana("--set replicas=2"), &[]);
        check("requirement-unmet", &grafana("-f not-shown.yaml"), &[]);
        let kibana = |count: u8| {
            guide(&format!(
                "```sh\nhelm install g grafana/grafana --set replicas=2\n```\n```yaml\napiVersion: kibana.k8s.elastic.co/v1\nkind: Kibana\nmetadata: {{name: k}}\nspec: {{count: {count}}}\n```\n"
            ))
        };
        check("requirement-unmet", &kibana(1), &[&unmet]);
        check("requirement-unmet", &kibana(2), &[]);
    }
}
