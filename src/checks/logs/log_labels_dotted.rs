//! Labels of pods whose dots Elasticsearch takes for objects.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{FluentBitConfig, Section, Wiring};

pub const CHECK: Check = Check {
    id: "log-labels-dotted",
    harm: Harm::Risk,
    title: "a label with dots and one without don't fit into one index",
    explanation: "Fluent Bit's filter `kubernetes` adds the labels of the pod to each line. In Elasticsearch a dot makes an object: \
                  `app.kubernetes.io/name` makes `app` one, and `app: shop` makes it a text. Whichever comes first in an index \
                  decides, and each line of the other pods is refused with 400. `Replace_Dots On` writes underscores.",
    example: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec: {template: {metadata: {labels: {app: shop}}, spec: {containers: [{image: 'shop:1'}]}}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart}\nspec: {template: {metadata: {labels: {app.kubernetes.io/name: cart}}, spec: {containers: [{image: 'cart:1'}]}}}\n```\n```conf\n[FILTER]\n    Name  kubernetes\n    Match kube.*\n[OUTPUT]\n    Name  es\n    Match *\n    Suppress_Type_Name On\n",
    mended: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec: {template: {metadata: {labels: {app: shop}}, spec: {containers: [{image: 'shop:1'}]}}}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart}\nspec: {template: {metadata: {labels: {app.kubernetes.io/name: cart}}, spec: {containers: [{image: 'cart:1'}]}}}\n```\n```conf\n[FILTER]\n    Name  kubernetes\n    Match kube.*\n[OUTPUT]\n    Name  es\n    Match *\n    Suppress_Type_Name On\n    Replace_Dots On\n",
    find,
};

/// Charts whose pods are labelled `app.kubernetes.io/name`.
const DOTTED: [&str; 8] = [
    "kube-prometheus-stack",
    "prometheus",
    "kube-state-metrics",
    "grafana",
    "loki",
    "tempo",
    "alloy",
    "jaeger",
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let has = |fits: &dyn Fn(&str) -> bool| {
        let mut pods = wiring.workloads.iter().filter(|workload| workload.namespace.is_some());
        pods.find(|workload| workload.labels.keys().any(|label| fits(label)))
            .map(|workload| workload.place.clone())
    };
    let chart = || {
        let mut releases = wiring.releases.iter();
        let release = releases.find(|release| DOTTED.contains(&release.chart.value.as_str()))?;
        Some(release.chart.span.clone())
    };
    let Some(plain) = has(&|label| label == "app") else { return Vec::new() };
    let Some(dotted) = has(&|label| label.starts_with("app.kubernetes.io/")).or_else(chart) else {
        return Vec::new();
    };
    let configs = wiring.logs.fluent_bit.iter().filter(|config| adds_labels(config));
    let outputs = configs.flat_map(|config| config.of("OUTPUT"));
    outputs.filter_map(|output| judge(output, &plain, &dotted)).collect()
}

fn adds_labels(config: &FluentBitConfig) -> bool {
    config.of("FILTER").any(|filter| {
        let off = |key: &str| filter.get(key).is_some() && !filter.is_on(key);
        filter.name().eq_ignore_ascii_case("kubernetes") && !off("labels")
    })
}

fn judge(output: &Section, plain: &Span, dotted: &Span) -> Option<Diagnostic> {
    let plugin = output.get("name")?;
    if !matches!(plugin.value.to_lowercase().as_str(), "es" | "opensearch") || output.is_on("replace_dots") {
        return None;
    }
    Some(
        Diagnostic::warning("", "Elasticsearch refuses the lines of pods whose labels don't fit the others'")
            .at(&plugin.span)
            .label("without `Replace_Dots On`")
            .related(plain, "its pods have the label `app`: a text")
            .related(dotted, "its pods have `app.kubernetes.io/…`: an object `app`")
            .because("whichever comes first into an index decides; the others are answered with 400 and lost, or tried for ever")
            .help("add `Replace_Dots On`"),
    )
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn labels_of_one_shape_fit() {
        let guide = |label: &str, lines: &str| {
            format!(
                "```yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: a}}\nspec: {{template: {{metadata: {{labels: {{{label}: a}}}}, spec: {{containers: [{{image: 'a:1'}}]}}}}}}\n```\n```sh\nhelm install g grafana/grafana\n```\n```conf\n[FILTER]\n  Name kubernetes\n[OUTPUT]\n  Name es\n{lines}```\n"
            )
        };
        let id = "log-labels-dotted";
        let found = ["14:8 Elasticsearch refuses the lines of pods whose labels don't fit the others'"];
        check(id, &guide("app", ""), &found);
        check(id, &guide("app", "  Replace_Dots On\n"), &[]);
        check(id, &guide("app.kubernetes.io/name", ""), &[]);
    }
}
