//! Promtail with the same store by flag and by config.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "logs-sent-twice",
    harm: Harm::Risk,
    title: "Promtail pushes each line twice",
    explanation: "`-client.url` does not replace the `clients` of the config: Promtail adds it to them, and pushes every line to \
                  both. Loki drops the copy only where it comes to the same tenant and stream; the traffic and the \
                  rate limits are spent twice all the same.",
    example: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: promtail}\ndata:\n  config.yml: |\n    clients: [{url: 'http://loki:3100/loki/api/v1/push'}]\n    scrape_configs: []\n---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: promtail}\nspec:\n  template:\n    spec:\n      containers:\n      - image: grafana/promtail:2.9.0\n        args: ['-config.file=/etc/promtail/config.yml', '-client.url=http://loki:3100/loki/api/v1/push']\n",
    mended: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: promtail}\ndata:\n  config.yml: |\n    clients: [{url: 'http://loki:3100/loki/api/v1/push'}]\n    scrape_configs: []\n---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: promtail}\nspec:\n  template:\n    spec:\n      containers:\n      - image: grafana/promtail:2.9.0\n        args: ['-config.file=/etc/promtail/config.yml']\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let clients = || wiring.logs.promtail.iter().flat_map(|config| &config.clients);
    let containers = wiring.running("grafana/promtail").map(|(_, container)| container);
    let flags = containers.flat_map(|container| &container.args);
    let found = flags.filter_map(|flag| {
        let url = flag.value.trim_start_matches('-').strip_prefix("client.url=")?;
        let same = |other: &str| other.trim_end_matches('/') == url.trim_end_matches('/');
        let client = clients().find(|client| same(&client.value))?;
        Some(
            Diagnostic::warning("", "Promtail pushes each line twice")
                .at(&flag.span)
                .label("added to the clients of the config")
                .related(&client.span, "the same store again")
                .help("leave out the flag"),
        )
    });
    found.collect()
}
