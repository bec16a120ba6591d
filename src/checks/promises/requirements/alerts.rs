//! Alerts: who else is told of them, what holds them back, and whether anybody hears that they are over.

use super::{Lack, contrary, lack};
use crate::checks::routing::resolution_untold;
use crate::stack::wiring::Wiring;

pub(super) fn escalation(wiring: &Wiring) -> Option<Lack> {
    const PAGERS: [&str; 4] =
        ["pagerduty_configs", "opsgenie_configs", "victorops_configs", "pushover_configs"];
    let configs = &wiring.alertmanagers;
    let pages = configs
        .iter()
        .flat_map(|config| &config.settings)
        .any(|setting| PAGERS.iter().any(|pager| setting.path.contains(pager)));
    match configs.is_empty() || pages {
        true => None,
        false => lack(
            "no receiver hands over to something that escalates and where people acknowledge, such as PagerDuty or Opsgenie",
        ),
    }
}

pub(super) fn resolution(wiring: &Wiring) -> Option<Lack> {
    let because = "the receivers are of kinds for which `send_resolved` is off where it is left out";
    contrary(wiring, &[&resolution_untold::CHECK], because)
}

/// By others, by the hour, or by hand.
pub(super) fn suppression(wiring: &Wiring) -> Option<Lack> {
    let configs: Vec<_> = wiring.alertmanagers.iter().filter_map(|config| config.meant.as_ref()).collect();
    let by_hand = wiring.commands.iter().flatten().any(|word| word.value == "silence");
    let held = configs.iter().any(|config| {
        let mut timed = false;
        config.route.walk(&mut |route| {
            timed |= !(route.mute_time_intervals.is_empty() && route.active_time_intervals.is_empty());
        });
        timed || !config.inhibit_rules.is_empty()
    });
    match configs.is_empty() || by_hand || held {
        true => None,
        false => lack("there are no `inhibit_rules`, and no route has `mute_time_intervals`"),
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn what_is_said_of_alerts_is_held_against_alertmanager_s_config() {
        let guide = |item: &str, more: &str| {
            format!(
                "## Testing\n- {item}\n\n```yaml\nservices: {{alertmanager: {{image: 'prom/alertmanager:v0.27.0'}}}}\n```\n```yaml\n# alertmanager.yml\nroute: {{receiver: a}}\nreceivers:\n- name: a\n  email_configs: [{{to: a@x.org, from: b@x.org, smarthost: 'm:25'{more}\n```\n```yaml\ngroups: [{{name: g, rules: [{{alert: A, expr: up == 0}}]}}]\n```\n"
            )
        };
        for (item, kept) in [
            ("Verify alert resolution", ", send_resolved: true}]"),
            (
                "Verify alert suppression",
                "}]\ninhibit_rules: [{source_matchers: [a=b], target_matchers: [a=c]}]",
            ),
            ("Alerts are acknowledged", "}]\n- name: b\n  pagerduty_configs: [{routing_key: k}]"),
        ] {
            let unmet = format!("2:3 nothing shows that this is met: {item}");
            check("requirement-unmet", &guide(item, "}]"), &[&unmet]);
            check("requirement-unmet", &guide(item, kept), &[]);
        }
    }
}
