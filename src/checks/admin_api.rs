//! Prometheus' admin API, which deletes data for whoever asks.

use super::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "admin-api",
    harm: Harm::Risk,
    title: "whoever reaches Prometheus can delete its data",
    explanation: "`--web.enable-admin-api` answers without asking who asks: series can be deleted and snapshots made \
                  by anything that reaches the port. `--web.enable-lifecycle` beside it lets the same ones end the program.",
    example: "services:\n  prometheus:\n    image: prom/prometheus:v2.45.0\n    command: ['--web.enable-admin-api']\n",
    mended: "services:\n  prometheus:\n    image: prom/prometheus:v2.45.0\n    command: ['--config.file=/etc/prometheus/prometheus.yml']\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let is_on = |arg: &Spanned<String>, flag: &str| {
        arg.value.strip_prefix(flag).is_some_and(|rest| matches!(rest, "" | "=true"))
    };
    let found = wiring.running("prom/prometheus").filter_map(|(_, container)| {
        let flag = |name: &str| container.args.iter().find(|arg| is_on(arg, name));
        let admin = flag("--web.enable-admin-api")?;
        let found = Diagnostic::warning("", "whoever reaches this Prometheus can delete its data")
            .at(&admin.span)
            .label("opens the admin API to everybody");
        Some(match flag("--web.enable-lifecycle") {
            Some(lifecycle) => {
                found.related(&lifecycle.span, "and whoever reaches it can end it, by `POST /-/quit`").help(
                    "leave both out; where something reloads the config, let nothing but that reach the port",
                )
            }
            None => found.help("leave it out"),
        })
    });
    found.collect()
}
