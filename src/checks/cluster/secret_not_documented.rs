//! Secrets that pods need and no document makes or says how to make.

use std::collections::BTreeMap;

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "secret-not-documented",
    harm: Harm::Risk,
    title: "the pods need a Secret that the documents say nothing of",
    explanation: "A pod whose Secret is missing does not start (`CreateContainerConfigError`). That its values are not \
                  written down is right; that it is needed, under which name and with which keys, has to be: a \
                  `kubectl create secret` line with placeholders, an ExternalSecret or a SealedSecret.",
    example: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: g}\nspec:\n  template:\n    spec:\n      containers:\n      - image: grafana/grafana:10.0.0\n        env:\n        - name: GF_SECURITY_ADMIN_PASSWORD\n          valueFrom: {secretKeyRef: {name: grafana, key: password}}\n",
    mended: "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: grafana}\nspec: {}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: g}\nspec:\n  template:\n    spec:\n      containers:\n      - image: grafana/grafana:10.0.0\n        env:\n        - name: GF_SECURITY_ADMIN_PASSWORD\n          valueFrom: {secretKeyRef: {name: grafana, key: password}}\n",
    find,
};

/// Kinds that make a Secret of their own name.
const MAKERS: [&str; 4] = ["Secret", "ExternalSecret", "SealedSecret", "Certificate"];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut missing: BTreeMap<(&str, &str), Vec<&Spanned<String>>> = BTreeMap::new();
    for workload in &wiring.workloads {
        let Some(namespace) = workload.namespace.as_deref() else { continue };
        let references = workload.containers.iter().flat_map(|container| &container.references);
        let references = references.filter(|reference| reference.kind == "Secret" && !reference.optional);
        let volumes = workload.volumes.iter().filter(|volume| !volume.optional);
        let volumes = volumes.filter_map(|volume| volume.secret.as_ref());
        for name in references.map(|reference| &reference.name).chain(volumes) {
            if !is_made(wiring, namespace, &name.value) {
                missing.entry((namespace, &name.value)).or_default().push(name);
            }
        }
    }
    let found = missing.into_iter().map(|((namespace, name), places)| {
        let first =
            Diagnostic::warning("", format!("nothing documents the Secret `{name}` of `{namespace}`"))
                .at(&places[0].span)
                .label("the pods don't start without it")
                .because("assuming that nothing undocumented makes it")
                .help(format!("say how to make it: `kubectl create secret generic {name} -n {namespace} …`"));
        places.iter().skip(1).fold(first, |found, place| found.related(&place.span, "also here"))
    });
    found.collect()
}

fn is_made(wiring: &Wiring, namespace: &str, name: &str) -> bool {
    let object = wiring.objects.iter().any(|object| {
        MAKERS.contains(&object.kind.value.as_str())
            && object.name.value == name
            && object.namespace() == namespace
    });
    // Elastic's operator makes `NAME-es-elastic-user` and its kin; charts name theirs after the release.
    let operator = wiring.objects.iter().any(|object| {
        object.api_version.value.contains("k8s.elastic.co")
            && name.strip_prefix(&object.name.value).is_some_and(|rest| rest.starts_with('-'))
    });
    let chart = wiring
        .releases
        .iter()
        .any(|release| release.namespace == namespace && name.starts_with(&release.name.value));
    object || operator || chart || wiring.is_created("secret", name) || name.contains(['$', '{'])
}
