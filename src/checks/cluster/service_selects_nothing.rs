//! Services whose selector no documented pod has, where the pod that is meant is documented.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Service, Wiring, Workload};

pub const CHECK: Check = Check {
    id: "service-selects-nothing",
    harm: Harm::Silent,
    title: "the Service selects no pod",
    explanation: "A Service passes connections on to the pods that have all labels of its selector. Where there are \
                  none its name resolves, and every connection is refused.",
    example: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: loki}\nspec:\n  template:\n    metadata: {labels: {app: loki}}\n    spec: {containers: [{name: loki, image: 'grafana/loki:2.8.0'}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: loki}\nspec:\n  selector: {name: loki}\n  ports: [{port: 3100}]\n",
    mended: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: loki}\nspec:\n  template:\n    metadata: {labels: {app: loki}}\n    spec: {containers: [{name: loki, image: 'grafana/loki:2.8.0'}]}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: loki}\nspec:\n  selector: {app: loki}\n  ports: [{port: 3100}]\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let found = wiring.services.iter().filter_map(|service| {
        if service.selector.is_empty() || wiring.workloads.iter().any(|workload| selects(service, workload)) {
            return None;
        }
        let meant = wiring.workloads.iter().find(|workload| {
            workload.namespace == service.namespace && workload.name.value == service.name.value
        })?;
        let (name, value) =
            service.selector.iter().find(|(name, value)| meant.labels.get(*name) != Some(value))?;
        let has = match meant.labels.get(name) {
            Some(own) => format!("its pods have `{name}: {own}`"),
            None => format!("its pods have no label `{name}`"),
        };
        Some(
            Diagnostic::error("", format!("the Service `{}` selects no pod", service.name.value))
                .at(&service.name.span)
                .label(format!("selects by `{name}: {value}`"))
                .related(&meant.place, has)
                .because("assuming that no undocumented pod has these labels"),
        )
    });
    found.collect()
}

fn selects(service: &Service, workload: &Workload) -> bool {
    workload.namespace == service.namespace
        && service.selector.iter().all(|(name, value)| workload.labels.get(name) == Some(value))
}
