//! Selectors that don't select the pods of their own template.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "selector-not-in-template",
    harm: Harm::Breaks,
    title: "the selector does not select the pods of its own template",
    explanation: "The cluster refuses a Deployment, DaemonSet or StatefulSet whose `selector` does not match the labels \
                  of its `template`.",
    example: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  selector: {matchLabels: {app: prometheus}}\n  template:\n    metadata: {labels: {app: prom}}\n    spec: {containers: [{name: a, image: 'a:1'}]}\n",
    mended: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  selector: {matchLabels: {app: prometheus}}\n  template:\n    metadata: {labels: {app: prometheus}}\n    spec: {containers: [{name: a, image: 'a:1'}]}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let workloads = wiring.workloads.iter();
    let found = workloads.filter_map(|workload| {
        let wrong = |(name, value): &&(String, crate::diagnostic::Spanned<String>)| {
            workload.labels.get(name) != Some(&value.value)
        };
        let (name, value) = workload.selector.iter().find(wrong)?;
        let own = match workload.labels.get(name) {
            Some(own) => format!("the template's label is `{name}: {own}`"),
            None => format!("the template has no label `{name}`"),
        };
        Some(
            Diagnostic::error(
                "",
                format!("the selector of `{}` does not match its template", workload.name.value),
            )
            .at(&value.span)
            .label(own),
        )
    });
    found.collect()
}
