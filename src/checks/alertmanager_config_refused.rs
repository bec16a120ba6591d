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
        let has = |message: &str| config.problems.iter().any(|problem| problem.message == message);
        let both = has(SUBJECT) && has(BODY);
        let problems = config.problems.iter().filter(|problem| super::is_new_error(wiring, problem));
        // That a chart's defaults do not fit the values is told by default-receiver-lost.
        let own = |problem: &&Diagnostic| !problem.place.as_ref().is_some_and(chart_defaults::is_default);
        problems.filter(own).map(move |problem| {
            let consequence = format!("Alertmanager {} does not start with this config", config.version);
            let path = config.place.file.path();
            let told = super::refused(problem, &consequence, path);
            // Whoever writes the one writes the other, and mends them together.
            match both && [SUBJECT, BODY].contains(&told.message.as_str()) {
                true => told.shared(format!("subject and body of mails in {path}")).help(
                    "the subject is a header, `headers: {Subject: …}`; the body is `text: …`, or `html: …` for a formatted mail",
                ),
                false => told,
            }
        })
    });
    problems.collect()
}

const SUBJECT: &str = "unknown key `subject` in email_configs";
const BODY: &str = "unknown key `body` in email_configs";

#[cfg(test)]
mod tests {
    #[test]
    fn a_mail_s_subject_and_body_are_one_finding() {
        let guide = "```yaml\n# alertmanager.yml\nroute: {receiver: a}\nreceivers:\n- name: a\n  email_configs:\n  - to: a@example.io\n    from: b@example.io\n    smarthost: mail:25\n    subject: s\n    body: b\n```\n";
        let findings = crate::checks::run(&crate::documents::wiring::of_text("guide.md", guide));
        let refused = findings.iter().filter(|finding| finding.diagnostic.id == super::CHECK.id);
        let refused: Vec<usize> = refused.map(|finding| finding.folded.len()).collect();
        assert_eq!(refused, [1]);
    }
}
