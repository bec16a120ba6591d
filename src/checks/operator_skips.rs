//! Objects that the operator's selector passes over.

use super::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "operator-skips",
    harm: Harm::Silent,
    title: "the operator's selector skips this object",
    explanation: "Unless its values say otherwise, the Prometheus of kube-prometheus-stack selects only the \
                  ServiceMonitors, PodMonitors, Probes and PrometheusRules with the label `release: NAME`, NAME being \
                  the Helm release. All others are skipped without a word.",
    example: "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: api\nspec:\n  groups: []\n```\n```sh\nhelm install stack prometheus-community/kube-prometheus-stack\n",
    mended: "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: api\n  labels:\n    release: stack\nspec:\n  groups: []\n```\n```sh\nhelm install stack prometheus-community/kube-prometheus-stack\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut releases =
        wiring.releases.iter().filter(|release| release.chart.value == "kube-prometheus-stack");
    // With several, each may select another's objects.
    let (Some(release), None) = (releases.next(), releases.next()) else { return Vec::new() };
    let objects = wiring.operator_objects.iter().filter_map(|object| {
        let selector = match object.kind.value.as_str() {
            "ServiceMonitor" => "serviceMonitor",
            "PodMonitor" => "podMonitor",
            "PrometheusRule" => "rule",
            "Probe" => "probe",
            _ => return None,
        };
        let spec = format!("prometheus.prometheusSpec.{selector}");
        let open = release.values.get(&format!("{spec}SelectorNilUsesHelmValues"));
        let own = release.values.keys().any(|key| key.starts_with(&format!("{spec}Selector.")));
        let selected = object.labels.get("release") == Some(&release.name.value);
        if selected || own || open.is_some_and(|value| value.value == "false") {
            return None;
        }
        let name = &release.name.value;
        let message = format!("the operator's default selector skips this {}", object.kind.value);
        let found = Diagnostic::error("", message)
            .at(&object.name.span)
            .label(format!("has no label `release: {name}`"))
            .related(&release.name.span, "this release selects by it")
            .shared(format!("the selectors of the release {name}"))
            .help(format!(
                "add the label, or set `{spec}SelectorNilUsesHelmValues: false` in the release's values"
            ));
        Some(match release.complete {
            true => found,
            false => found.because(
                "assuming that the values file, which is not documented, leaves the selector as it is",
            ),
        })
    });
    objects.collect()
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn values_may_open_the_selector() {
        let guide = |set: &str| {
            format!(
                "```sh\nhelm install s prometheus-community/kube-prometheus-stack {set}\n```\n```yaml\napiVersion: \
                 monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata:\n  name: api\n```\n"
            )
        };
        let found = ["8:9 the operator's default selector skips this ServiceMonitor"];
        check("operator-skips", &guide(""), &found);
        let spec = "--set prometheus.prometheusSpec";
        check("operator-skips", &guide(&format!("{spec}.ruleSelectorNilUsesHelmValues=false")), &found);
        check(
            "operator-skips",
            &guide(&format!("{spec}.serviceMonitorSelectorNilUsesHelmValues=false")),
            &[],
        );
        check("operator-skips", &guide(&format!("{spec}.serviceMonitorSelector.matchLabels.a=b")), &[]);
    }
}
