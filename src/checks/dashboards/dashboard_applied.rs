//! Grafana's dashboards given to Kubernetes as if they were objects.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "dashboard-applied",
    harm: Harm::Breaks,
    title: "kubectl can't apply a Grafana dashboard",
    explanation: "A dashboard's JSON is no Kubernetes object: it has neither `apiVersion` nor `kind`, and kubectl refuses \
                  it. It goes into a ConfigMap that Grafana mounts or its sidecar finds by a label.",
    example: "{}\n```\n```sh\nkubectl apply -f grafana/dashboards/api.json\n",
    mended: "{}\n```\n```sh\nkubectl create configmap api-dashboard --from-file grafana/dashboards/api.json\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut applied = wiring.commands.iter().filter_map(|words| file(wiring, words));
    let Some(first) = applied.next() else { return Vec::new() };
    let found = Diagnostic::error("", "kubectl refuses this dashboard: it is no Kubernetes object")
        .at(&first.span)
        .label("a dashboard has neither `apiVersion` nor `kind`")
        .because("assuming that it holds Grafana's JSON, as its name says")
        .help("`kubectl create configmap NAME --from-file FILE`, with the label that Grafana's sidecar looks for");
    vec![applied.fold(found, |found, other| found.related(&other.span, "this one too"))]
}

/// The JSON file that a `kubectl apply` or `create` takes for an object.
fn file<'w>(wiring: &Wiring, words: &'w [Spanned<String>]) -> Option<&'w Spanned<String>> {
    let mut plain = words.iter().map(|word| word.value.as_str()).filter(|word| !word.starts_with('-'));
    if plain.next()? != "kubectl" || !matches!(plain.next()?, "apply" | "create") {
        return None;
    }
    let at = words.iter().position(|word| matches!(word.value.as_str(), "-f" | "--filename"))?;
    let file = words.get(at + 1)?;
    let lower = file.value.to_lowercase();
    let documented = wiring.parts.iter().any(|part| {
        part.name.as_deref().is_some_and(|name| name.ends_with(file.value.trim_start_matches("./")))
    });
    (lower.ends_with(".json") && lower.contains("dashboard") && !documented).then_some(file)
}
