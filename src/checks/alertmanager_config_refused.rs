//! An Alertmanager config that Alertmanager would not start with.

use super::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::documents::chart_defaults;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "alertmanager-config-refused",
    harm: Harm::Breaks,
    title: "Alertmanager does not start with this config",
    explanation: "The config is read as strictly as the version of the documented image reads it (without one, as \
                  the newest). One mistake is enough: Alertmanager does not start, and no alert is sent to anybody.",
    example: "# alertmanager.yml\nroute:\n  receiver: mail\nreceivers:\n- name: mail\n  email_configs:\n  - to: \
              a@example.com\n    from: b@example.com\n    smarthost: mail.example.com:25\n    body: It is down\n",
    mended: "# alertmanager.yml\nroute:\n  receiver: mail\nreceivers:\n- name: mail\n  email_configs:\n  - to: \
             a@example.com\n    from: b@example.com\n    smarthost: mail.example.com:25\n    text: It is down\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let configs = wiring.alertmanagers.iter();
    let problems = configs.flat_map(|config| {
        let problems = config.problems.iter().filter(|problem| super::is_new_error(wiring, problem));
        // That a chart's defaults do not fit the values is told by default-receiver-lost.
        let own = |problem: &&Diagnostic| !problem.place.as_ref().is_some_and(chart_defaults::is_default);
        problems.filter(own).map(|problem| {
            let consequence = format!("Alertmanager {} does not start with this config", config.version);
            super::refused(problem, &consequence, config.place.file.path())
        })
    });
    problems.collect()
}
