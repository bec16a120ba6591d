//! Prometheus' admin API, which deletes data for whoever asks.

use super::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "admin-api",
    harm: Harm::Risk,
    title: "whoever reaches Prometheus can delete its data",
    explanation: "`--web.enable-admin-api` answers without asking who asks: series can be deleted and snapshots made \
                  by anything that reaches the port.",
    example: "services:\n  prometheus:\n    image: prom/prometheus:v2.45.0\n    command: ['--web.enable-admin-api']\n",
    mended: "services:\n  prometheus:\n    image: prom/prometheus:v2.45.0\n    command: ['--web.enable-lifecycle']\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let arguments = wiring.running("prom/prometheus").flat_map(|(_, container)| &container.args);
    let admin = arguments
        .filter(|arg| matches!(arg.value.as_str(), "--web.enable-admin-api" | "--web.enable-admin-api=true"));
    let found = admin.map(|arg| {
        Diagnostic::warning("", "whoever reaches this Prometheus can delete its data")
            .at(&arg.span)
            .label("opens the admin API to everybody")
    });
    found.collect()
}
