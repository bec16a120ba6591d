//! Configs that Promtail itself does not load.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "promtail-config-refused",
    harm: Harm::Breaks,
    title: "Promtail refuses this config",
    explanation: "Promtail reads its config strictly: an unknown key or stage stops it.",
    example: "clients: [{url: 'http://loki:3100/loki/api/v1/push'}]\nscrape_configs:\n- job_name: app\n  pipeline_stages: [{grok: {expression: '.*'}}]\n  static_configs: [{targets: [localhost], labels: {__path__: /var/log/*.log}}]\n",
    mended: "clients: [{url: 'http://loki:3100/loki/api/v1/push'}]\nscrape_configs:\n- job_name: app\n  pipeline_stages: [{regex: {expression: '.*'}}]\n  static_configs: [{targets: [localhost], labels: {__path__: /var/log/*.log}}]\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    wiring.logs.promtail.iter().flat_map(|config| config.problems.clone()).collect()
}
