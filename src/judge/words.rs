//! Claims, times and numbers in words.

use crate::golang::{self, FloatFormat};
use crate::labels::Labels;
use crate::scenario::{
    Addressee, AlertClaim, Claim, ClaimedState, Comparison, Content, MuteCause, TextMatch, Then, Times,
    Timing,
};
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
        Claim::Notified(claim) => {
            let mut text = format!("{} is {not}notified", addressee_in_words(&claim.to));
            let times = times_in_words(claim.times);
            if !times.is_empty() {
                text += &format!(" {times}");
            }
            let content = content_in_words(&claim.content);
            if !content.is_empty() {
                text += &format!(" {content}");
            }
            if claim.nobody_else {
                text += ", and nobody else";
            }
            text
        }
        Claim::NobodyNotified { others, .. } => {
            format!("nobody {}is notified", if *others { "else " } else { "" })
        }
        Claim::Muted(claim) => {
            let by = claim.by.as_ref().map_or(String::new(), |by| format!(" by {}", cause_in_words(by)));
            let to = claim.receiver.as_ref();
            let to = to.map_or(String::new(), |name| format!(" for receiver {}", name.value));
            format!("alert {} is {not}muted{by}{to}", alert_name(&claim.alert.value, &claim.labels))
        }
        Claim::Routed(claim) => {
            let to: Vec<&str> = claim.to.iter().map(|name| name.value.as_str()).collect();
            let alert = alert_name(&claim.alert.value, &claim.labels);
            format!("alert {alert} is {not}routed to {}", to.join(", "))
        }
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

/// `receiver pagerduty`, `slack #alerts`.
pub(super) fn addressee_in_words(to: &Addressee) -> String {
    let mut words = Vec::new();
    if let Some(receiver) = &to.receiver {
        words.push(format!("receiver {}", receiver.value));
    }
    match (&to.kind, &to.address) {
        (Some(kind), Some(address)) => words.push(format!("{} {}", kind.value.as_str(), address.value)),
        (Some(kind), None) => words.push(kind.value.as_str().to_owned()),
        (None, Some(address)) => words.push(address.value.clone()),
        (None, None) => {}
    }
    words.join(" at ")
}

/// `once`, `at least 3 times`; nothing for "at least once", which goes without saying.
pub(super) fn times_in_words((compare, count): Times) -> String {
    let times = match count {
        1 => "once".to_owned(),
        count => format!("{count} times"),
    };
    match compare {
        Comparison::GreaterOrEqual if count == 1 => String::new(),
        Comparison::GreaterOrEqual => format!("at least {times}"),
        Comparison::LessOrEqual => format!("at most {times}"),
        Comparison::Greater => format!("more than {times}"),
        Comparison::Less => format!("fewer than {times}"),
        Comparison::NotEqual => format!("not {times}"),
        Comparison::Equal => times,
    }
}

/// `about Slow, with status firing, saying "is above 5%"`.
pub(super) fn content_in_words(content: &Content) -> String {
    let mut words = Vec::new();
    if !content.alerts.is_empty() {
        let names: Vec<&str> = content.alerts.iter().map(|alert| alert.value.as_str()).collect();
        let together = if names.len() > 1 { " together" } else { "" };
        words.push(format!("about {}{together}", names.join(" and ")));
    }
    if !content.labels.is_empty() {
        words.push(format!("about an alert with {}", content.labels));
    }
    words.extend(content.group_labels.as_ref().map(|labels| format!("grouped by {labels}")));
    words.extend(content.status.map(|status| format!("with status {}", status.as_str())));
    words.extend(content.reason.map(|reason| format!("because {}", reason.as_str())));
    words.extend(content.subject.iter().map(|text| format!("with the subject {}", golang::quote(text))));
    words.extend(content.saying.iter().map(|text| format!("saying {}", golang::quote(text))));
    words.extend(content.payload.as_ref().map(|payload| format!("with the payload {payload}")));
    words.join(", ")
}

fn cause_in_words(cause: &MuteCause) -> String {
    match cause {
        MuteCause::Inhibition { source: Some(source) } => format!("inhibition by {}", source.value),
        MuteCause::Inhibition { source: None } => "inhibition".to_owned(),
        MuteCause::Silence => "a silence".to_owned(),
        MuteCause::TimeInterval { name: Some(name) } => format!("time interval {}", name.value),
        MuteCause::TimeInterval { name: None } => "a time interval".to_owned(),
    }
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
