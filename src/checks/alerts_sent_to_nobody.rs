//! Alerts that Prometheus evaluates and sends to no Alertmanager.

use super::{Check, Harm};
use crate::diagnostic::{Diagnostic, Severity};
use crate::stack::wiring::{Home, Wiring};
use crate::stack::{Prometheus, Rule, RuleKind};

pub const CHECK: Check = Check {
    id: "alerts-sent-to-nobody",
    harm: Harm::Silent,
    title: "Prometheus sends its alerts to no Alertmanager",
    explanation: "Without `alerting.alertmanagers` alerts fire on Prometheus' own page, and nobody is told.",
    example: "# prometheus.yml\nrule_files: [rules/*.yml]\n---8<---\n# rules/api.yml\ngroups:\n- name: api\n  rules:\n  - alert: Down\n    expr: up == 0\n",
    mended: "# prometheus.yml\nrule_files: [rules/*.yml]\nalerting:\n  alertmanagers:\n  - static_configs:\n    - targets: ['alertmanager:9093']\n---8<---\n# rules/api.yml\ngroups:\n- name: api\n  rules:\n  - alert: Down\n    expr: up == 0\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let groups = wiring.rule_files.iter().flat_map(|file| &file.groups);
    let mut rules = groups.flat_map(|group| &group.rules);
    let alert = rules.find(|rule| matches!(rule.kind, RuleKind::Alerting { .. }));
    let configs = wiring.prometheus.iter().filter(|config| config.home != Home::Values);
    configs.filter_map(|config| of(config.config.as_ref()?, alert)).collect()
}

/// Of one Prometheus, where there is an alert that it could send.
pub fn of(prometheus: &Prometheus, alert: Option<&Rule>) -> Option<Diagnostic> {
    let found = Diagnostic { severity: Severity::Error, ..prometheus.unsent()?.warning() };
    Some(found.related(&alert?.name().span, "nobody is told of this alert"))
}
