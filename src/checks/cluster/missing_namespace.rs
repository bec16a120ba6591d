//! Objects of namespaces that nobody makes.

use std::collections::BTreeMap;

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "missing-namespace",
    harm: Harm::Risk,
    title: "nothing makes the namespace of these objects",
    explanation: "Objects of a namespace that does not exist are refused (`namespaces \"…\" not found`). Documents that \
                  make some of their namespaces are taken to need the others made, too.",
    example: "apiVersion: v1\nkind: Namespace\nmetadata: {name: monitoring}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: loki, namespace: logging}\nspec: {ports: [{port: 3100}]}\n",
    mended: "apiVersion: v1\nkind: Namespace\nmetadata: {name: monitoring}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: logging}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: loki, namespace: logging}\nspec: {ports: [{port: 3100}]}\n",
    find,
};

/// Those that every cluster has.
const ALWAYS: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];
/// More places than anybody looks at.
const SHOWN: usize = 5;

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let made: Vec<&str> = wiring.made_namespaces().collect();
    if made.is_empty() {
        return Vec::new();
    }
    let mut missing: BTreeMap<&str, Vec<&Spanned<String>>> = BTreeMap::new();
    let stated = wiring.objects.iter().filter_map(|object| object.namespace.as_ref());
    let released = wiring.releases.iter().filter_map(|release| release.namespace_place.as_ref());
    for namespace in stated.chain(released) {
        let name = namespace.value.as_str();
        if !made.contains(&name) && !ALWAYS.contains(&name) && !name.contains(['$', '{', '<']) {
            missing.entry(name).or_default().push(namespace);
        }
    }
    let found = missing.into_iter().map(|(name, places)| {
        let first = Diagnostic::error("", format!("nothing makes the namespace `{name}`"))
            .at(&places[0].span)
            .label("refused until it is there")
            .because(format!(
                "assuming that it is not there already; the documents do make {}",
                made.join(", ")
            ))
            .help(format!("add a Namespace `{name}`, or `kubectl create namespace {name}`"));
        places
            .iter()
            .skip(1)
            .take(SHOWN)
            .fold(first, |found, place| found.related(&place.span, "this one, too"))
    });
    found.collect()
}
