//! A finding shown to be true: promtool's unit test of the rule or query with the series that the documents have, in which
//! the alert that should fire never does, the one that should not does, or the panel shows nothing.
//!
//! Promises: the test is written from the documents alone; what can't be shown in a unit test says why. Anybody can
//! run the same files with promtool.

mod series;

use super::Finding;
use super::sources::Sources;
use crate::diagnostic::Span;
use crate::golang::quote;
use crate::promql::Expr;
use crate::stack::wiring::Wiring;
use crate::stack::{Rule, RuleKind};
use crate::time::Duration;
use series::Series;

/// How a finding can be shown.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A rule file, and the unit test that holds exactly if the finding is true.
    Test { rules: String, test: String, shows: String },
    /// Why there is nothing to run.
    None(String),
}

/// The checks about what can never or always fire.
pub const FAMILY: [&str; 15] = [
    "unknown-metric",
    "unknown-label",
    "unknown-label-value",
    "job-not-scraped",
    "division-by-itself",
    "sides-never-match",
    "comparison-never-true",
    "comparison-always-true",
    "quantile-beyond-buckets",
    "quantile-without-le",
    "division-by-nothing",
    "up-blind-spot",
    "fires-at-a-single-event",
    "counter-without-rate",
    "threshold-between-buckets",
];

/// The proof of a finding; `None` where it is of another family.
pub fn of(finding: &Finding, wiring: &Wiring) -> Option<Proof> {
    if !FAMILY.contains(&finding.diagnostic.id) {
        return None;
    }
    let sources = Sources::new(wiring);
    let place = finding.diagnostic.place.as_ref()?;
    Some(match rule_at(place, wiring) {
        Some(rule) => of_rule(finding, rule, &sources),
        None => match query_at(place, wiring) {
            Some((expr, text)) => of_query(finding, expr, text, &sources),
            None => Proof::None("it stands in no rule and no query".to_owned()),
        },
    })
}

/// The rule in which a place lies.
fn rule_at<'w>(place: &Span, wiring: &'w Wiring) -> Option<&'w Rule> {
    super::rules(wiring).find(|rule| place.is_within(&rule.place))
}

/// The panel's or guide's query in which a place lies.
fn query_at<'w>(place: &Span, wiring: &'w Wiring) -> Option<(&'w Expr, &'w str)> {
    let query = wiring.queries.iter().find(|query| place.is_within(&query.text.span))?;
    Some((&query.expr, query.text.value.as_str()))
}

fn of_rule(finding: &Finding, rule: &Rule, sources: &Sources) -> Proof {
    let id = finding.diagnostic.id;
    let RuleKind::Alerting { alert, hold, .. } = &rule.kind else {
        return Proof::None("it is about a recording rule: nothing fires by itself".to_owned());
    };
    let name = &alert.value;
    if id == "unknown-label" && finding.diagnostic.label != "selects nothing" {
        return without_label(finding, &rule.expr, &rule.text.value, sources);
    }
    let never = || {
        (series::faulty(&rule.expr, sources), false, LONG, format!("{name} never fires, whatever happens"))
    };
    let always = || {
        (
            series::quiet(&rule.expr, sources),
            true,
            LONG,
            format!("{name} fires although next to nothing is wrong"),
        )
    };
    let (input, fires, at, shows) = match id {
        "division-by-itself" | "comparison-always-true" | "division-by-nothing" => always(),
        "up-blind-spot" => {
            let shows = format!("{name} stays quiet when its last target is no longer discovered");
            (series::gone(&rule.expr), false, LONG, shows)
        }
        "fires-at-a-single-event" => {
            let shows = format!("{name} fires after a single event");
            (series::one_event(&rule.expr), true, Duration::from_secs(3600 + seconds(*hold)), shows)
        }
        "counter-without-rate" => {
            let shows = format!("{name} fires an hour after the last thing that happened");
            (series::rested(&rule.expr), true, LONG, shows)
        }
        "threshold-between-buckets" => {
            let Some(threshold) = series::threshold(&rule.expr) else {
                return Proof::None("it compares with more than a number".to_owned());
            };
            let shows = format!("{name} fires although every observation is below {threshold}");
            (series::just_above(&rule.expr, threshold, sources), true, LONG, shows)
        }
        _ => never(),
    };
    // `ALERTS` counts what fires, whatever its labels.
    let query = format!("count(ALERTS{{alertname={}, alertstate=\"firing\"}}) > 0", quote(name));
    let (query, expected) = match fires {
        true => (format!("({query}) > bool 0"), ONE),
        false => (query, NOTHING),
    };
    Proof::Test { rules: rules(rule), test: test(&input, &query, at, expected), shows }
}

/// A query that nobody is alerted by.
fn of_query(finding: &Finding, expr: &Expr, text: &str, sources: &Sources) -> Proof {
    let id = finding.diagnostic.id;
    if id == "unknown-label" && finding.diagnostic.label != "selects nothing" {
        return without_label(finding, expr, text, sources);
    }
    match id {
        "unknown-metric"
        | "unknown-label"
        | "unknown-label-value"
        | "job-not-scraped"
        | "sides-never-match"
        | "quantile-without-le" => {
            let test = test(&series::faulty(expr, sources), text, LONG, NOTHING);
            Proof::Test {
                rules: NO_RULES.to_owned(),
                test,
                shows: "this query finds nothing, whatever happens".to_owned(),
            }
        }
        _ => Proof::None("it is about no alert: there is nothing that could fire".to_owned()),
    }
}

/// That nothing of what the expression says has the label.
fn without_label(finding: &Finding, expr: &Expr, text: &str, sources: &Sources) -> Proof {
    let Some(label) = &finding.diagnostic.subject else {
        return Proof::None("no label is named".to_owned());
    };
    let query = format!("group by ({label}) ({})", text.trim());
    Proof::Test {
        rules: NO_RULES.to_owned(),
        test: test(&series::faulty(expr, sources), &query, LONG, ONE),
        shows: format!("all of it is one, without a `{label}`"),
    }
}

fn seconds(duration: Duration) -> i64 {
    duration.0.div_euclid(60_000) * 60 + i64::from(duration.0.rem_euclid(60_000) > 0) * 60
}

/// When most of it is looked at: later than any window.
const LONG: Duration = Duration(2 * 3_600_000);
const NO_RULES: &str = "groups: []\n";
const ONE: &str = "\n      - {labels: '{}', value: 1}\n";
const NOTHING: &str = " []\n";

fn test(input: &Series, query: &str, at: Duration, expected: &str) -> String {
    let series: String = input
        .iter()
        .map(|(name, values)| format!("    - {{series: {}, values: {}}}\n", yaml(name), yaml(values)))
        .collect();
    let input = match series.is_empty() {
        true => " []\n".to_owned(),
        false => format!("\n{series}"),
    };
    format!(
        "rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:{input}  promql_expr_test:\n  \
         - expr: {}\n    eval_time: {at}\n    exp_samples:{expected}",
        yaml(query)
    )
}

/// A rule file of one rule, without words.
fn rules(rule: &Rule) -> String {
    let RuleKind::Alerting { alert, hold, .. } = &rule.kind else { return String::new() };
    format!(
        "groups:\n- name: proof\n  rules:\n  - alert: {}\n    expr: {}\n    for: {hold}\n",
        yaml(&alert.value),
        yaml(rule.text.value.trim())
    )
}

/// As a scalar in single quotes, its lines joined.
fn yaml(text: &str) -> String {
    let text: Vec<&str> = text.lines().map(str::trim).collect();
    format!("'{}'", text.join(" ").replace('\'', "''"))
}
