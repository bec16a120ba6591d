//! Notification channels of the alerting that Grafana has no more.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::Version;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "notifiers-ignored",
    harm: Harm::Silent,
    title: "Grafana no longer reads notification channels",
    explanation: "`notifiers` belong to the alerting that Grafana had before version 9. Since then unified alerting is on \
                  unless `[alerting] enabled = true` is set, and since version 11 the old one is gone. Contact points \
                  and policies are provisioned under `provisioning/alerting`.",
    example: "# notifiers.yml\nnotifiers:\n- {name: mail, type: email, uid: mail1, settings: {addresses: ops@example.com}}\n",
    mended: "# contact-points.yml\napiVersion: 1\ncontactPoints:\n- name: mail\n  receivers: [{uid: mail1, type: email, settings: {addresses: ops@example.com}}]\n",
    find,
};

/// The first Grafana whose alerting is the unified one by default.
const UNIFIED: Version = Version::new(9, 0);

pub fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut running = wiring.running("grafana/grafana");
    let container = running.next().map(|(_, container)| container);
    let version = container.and_then(|container| Version::parse(container.image_tag()?));
    let old = version.is_some_and(|version| version < UNIFIED);
    let legacy = container
        .and_then(|container| container.variable("GF_ALERTING_ENABLED"))
        .is_some_and(|value| value.value == "true");
    let gone = version.is_none_or(|version| version >= Version::new(11, 0));
    if old || legacy && !gone {
        return Vec::new();
    }
    let mut notifiers = wiring.grafana.notifiers.iter();
    let Some(first) = notifiers.next() else { return Vec::new() };
    let of = version.map_or_else(String::new, |version| format!(" {version}"));
    let found = Diagnostic::error("", format!("Grafana{of} does not notify through this channel"))
        .at(&first.span)
        .label("a channel of the old alerting")
        .because(match gone {
            true => "Grafana 11 has no alerting but the unified one, and reads no `notifiers`",
            false => "unified alerting is on by default since Grafana 9, and knows no `notifiers`",
        })
        .help("provision contact points and a notification policy, under `provisioning/alerting`");
    vec![notifiers.fold(found, |found, other| found.related(&other.span, "this one neither"))]
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn grafana_8_still_knows_them() {
        let guide = |tag: &str| {
            format!(
                "```yaml\nservices: {{g: {{image: 'grafana/grafana:{tag}'}}}}\n```\n```yaml\nnotifiers:\n- {{name: a}}\n- \
                 {{name: b}}\n```\n"
            )
        };
        check("notifiers-ignored", &guide("8.5.0"), &[]);
        check(
            "notifiers-ignored",
            &guide("10.0.0"),
            &["6:10 Grafana 10.0 does not notify through this channel"],
        );
    }
}
