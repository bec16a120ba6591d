//! Pods that run as a ServiceAccount that nobody makes.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "missing-service-account",
    harm: Harm::Breaks,
    title: "the pods run as a ServiceAccount that does not exist",
    explanation: "Without its ServiceAccount no pod is created at all: the Deployment stays at 0 replicas, and only its \
                  events say why (`error looking up service account`). What discovers targets or reads pods' metadata \
                  needs a role bound to the account, too.",
    example: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: prometheus, namespace: monitoring}\nspec:\n  template:\n    spec:\n      serviceAccountName: prometheus\n      containers: [{name: prometheus, image: 'prom/prometheus:v2.45.0'}]\n",
    mended: "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: prometheus, namespace: monitoring}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: prometheus, namespace: monitoring}\nspec:\n  template:\n    spec:\n      serviceAccountName: prometheus\n      containers: [{name: prometheus, image: 'prom/prometheus:v2.45.0'}]\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let found = wiring.workloads.iter().filter_map(|workload| {
        let account = workload.service_account.as_ref().filter(|account| account.value != "default")?;
        let namespace = workload.namespace.as_deref()?;
        let name = account.value.as_str();
        let made = wiring.object("ServiceAccount", namespace, name).is_some()
            || wiring.is_created("serviceaccount", name)
            || wiring.is_created("sa", name)
            || made_by_chart(wiring, namespace, name);
        if made {
            return None;
        }
        let elsewhere =
            wiring.objects_of("ServiceAccount").find(|object| object.name.value == account.value);
        let found = Diagnostic::error("", format!("no ServiceAccount `{name}` is in the namespace `{namespace}`"))
            .at(&account.span)
            .label("no document makes it");
        Some(match elsewhere {
            Some(object) => found
                .related(&object.name.span, format!("this one is in `{}`", object.namespace()))
                .because("a pod can only use accounts of its own namespace"),
            None => found
                .because(format!(
                    "assuming that nothing undocumented makes it; until then `{}` has no pods, and no role is bound \
                     to it",
                    workload.name.value
                ))
                .help("add the ServiceAccount, with a role and a binding for what it has to read"),
        })
    });
    found.collect()
}

/// Charts name their accounts after the release.
fn made_by_chart(wiring: &Wiring, namespace: &str, name: &str) -> bool {
    wiring
        .releases
        .iter()
        .any(|release| release.namespace == namespace && name.starts_with(&release.name.value))
}
