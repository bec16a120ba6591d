//! Claims, times and numbers in words.

use crate::golang::{self, FloatFormat};
use crate::labels::Labels;
use crate::scenario::{AlertClaim, Claim, ClaimedState, TextMatch, Then, Timing};
use crate::time::Timestamp;

/// What a then-step claims: `alert HighErrors is firing within 11m`.
pub fn claim_in_words(then: &Then) -> String {
    let not = if then.timing.negated { "not " } else { "" };
    let condition = match &then.claim {
        Claim::Alert(claim) => {
            let mut text = format!("alert {}", alert_name(&claim.alert.value, &claim.labels));
            text += &match (claim.count, claim.state) {
                (Some(count), state) => format!(" is {not}{} {count} times", state_word(state)),
                (None, state) => format!(" is {not}{}", state_word(state)),
            };
            let details = details(claim);
            if !details.is_empty() {
                text += &format!(" with {}", details.join(" and "));
            }
            text
        }
        Claim::Target { labels, up } => {
            format!("target {labels} is {not}{}", if *up { "up" } else { "down" })
        }
        Claim::Expr { expr, compare, number } => {
            let holds = if then.timing.negated { "it does not hold that " } else { "" };
            format!("{holds}`{}` {} {}", one_line(&expr.value), compare.symbol(), number_text(*number))
        }
        Claim::Series { selector, exists } => {
            let exists = *exists != then.timing.negated;
            format!("series `{}` {}", one_line(&selector.value), if exists { "exists" } else { "is absent" })
        }
        Claim::RuleHealthy { rule: Some(rule) } => format!("rule {} is {not}healthy", rule.value),
        Claim::RuleHealthy { rule: None } => format!("every rule is {not}healthy"),
        Claim::ExactAlerts { alert, expected } => {
            format!("exactly the {} expected alerts {} are {not}firing", expected.len(), alert.value)
        }
        Claim::ExactSamples { expr, expected, .. } => {
            let is = if then.timing.negated { "does not give" } else { "gives" };
            format!("`{}` {is} exactly the {} expected samples", one_line(&expr.value), expected.len())
        }
    };
    let timing = timing_in_words(&then.timing);
    if timing.is_empty() { condition } else { format!("{condition} {timing}") }
}

/// A timing as part of a sentence: `within 11m of errors-rise, but not before 5m`.
pub(super) fn timing_in_words(timing: &Timing) -> String {
    let mut words = Vec::new();
    let of = timing.since.as_ref().map_or(String::new(), |moment| format!(" of {}", moment.value));
    if let Some(within) = timing.within {
        words.push(format!("within {within}{of}"));
    }
    if let Some(not_before) = timing.not_before {
        words.push(format!("not before {not_before}{}", if timing.within.is_some() { "" } else { &of }));
    }
    if let Some(lasting) = timing.lasting {
        let word = if timing.within.is_some() { "lasting" } else { "for" };
        words.push(format!("{word} {lasting}"));
    }
    if let Some(throughout) = timing.throughout {
        let after = timing.since.as_ref().map_or(String::new(), |moment| format!(" after {}", moment.value));
        let for_words = if timing.negated { "at any time in" } else { "throughout" };
        words.push(format!("{for_words} {throughout}{after}"));
    }
    if let Some(at) = timing.at {
        words.push(format!("at {at}"));
    }
    words.join(", ")
}

/// An instant as a person reads it: how long after the scenario began.
pub fn clock(at: Timestamp, start: Timestamp) -> String {
    (at - start).to_string()
}

pub(super) fn state_word(state: ClaimedState) -> &'static str {
    match state {
        ClaimedState::Inactive => "inactive",
        ClaimedState::Pending => "pending",
        ClaimedState::Firing => "firing",
        ClaimedState::Resolved => "resolved",
    }
}

/// `HighErrors`, or `HighErrors{job="api"}` where labels are claimed.
pub(super) fn alert_name(alert: &str, labels: &Labels) -> String {
    if labels.is_empty() { alert.to_owned() } else { format!("{alert}{}", labels.without("__name__")) }
}

/// The annotations and the value that are claimed.
pub(super) fn details(claim: &AlertClaim) -> Vec<String> {
    let annotations = claim.annotations.iter().map(|(name, wanted)| match wanted {
        TextMatch::Is(text) => format!("{name} {}", golang::quote(text)),
        TextMatch::Contains(text) => format!("{name} containing {}", golang::quote(text)),
    });
    let value =
        claim.value.map(|(compare, number)| format!("a value {} {}", compare.symbol(), number_text(number)));
    annotations.chain(value).collect()
}

/// A number as Prometheus prints it.
pub(super) fn number_text(number: f64) -> String {
    golang::format_float(number, FloatFormat::General, None)
}

/// A number for a sentence: six significant digits say enough.
pub(super) fn rounded(number: f64) -> String {
    golang::format_float(number, FloatFormat::General, Some(6))
}

/// An expression that spans lines, on one.
pub(super) fn one_line(expr: &str) -> String {
    expr.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `1 alert`, `2 alerts`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
