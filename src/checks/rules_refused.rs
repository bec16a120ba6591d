//! Rules that Prometheus would not load.

use super::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Home, Wiring};

pub const CHECK: Check = Check {
    id: "rules-refused",
    harm: Harm::Breaks,
    title: "Prometheus does not load these rules",
    explanation: "One mistake in a rule keeps the whole file from being loaded, and Prometheus from starting.",
    example: "groups:\n- name: api\n  rules:\n  - alert: Down\n    expr: up{job=\"api\"} = 0\n",
    mended: "groups:\n- name: api\n  rules:\n  - alert: Down\n    expr: up{job=\"api\"} == 0\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let files = wiring.rule_files.iter();
    let problems = files.flat_map(|file| {
        file.problems.iter().filter(|problem| super::is_new_error(wiring, problem)).map(|problem| {
            let consequence = match file.home {
                Home::PrometheusRule { .. } => {
                    "the operator does not hand these rules to Prometheus".to_owned()
                }
                _ => format!("Prometheus {} does not load these rules", file.version),
            };
            super::refused(problem, &consequence, file.source.path())
        })
    });
    problems.collect()
}
