//! A team's own table of answers, held against the tree: label sets → receivers, group_by, muted or not.

use crate::diagnostic::{Diagnostic, Span, Spanned, nearest};
use crate::labels::Labels;
use crate::routing::Routing;
use crate::stack::alertmanager::GroupBy;
use crate::time::Timestamp;

/// The table as it was read.
#[derive(Debug)]
pub struct Expectations {
    pub cases: Vec<Case>,
}

/// One row: what should become of an alert with these labels.
#[derive(Debug)]
pub struct Case {
    pub place: Span,
    /// A rule of the stack, whose labels count.
    pub alert: Option<Spanned<String>>,
    /// As Alertmanager gets them, or beside those of the rule.
    pub labels: Vec<(Spanned<String>, Spanned<String>)>,
    pub receivers: Spanned<Vec<Spanned<String>>>,
    pub group_by: Option<Spanned<Vec<String>>>,
    pub at: Option<Timestamp>,
    pub muted: Option<Spanned<bool>>,
}

/// A row and what is wrong with it; nothing if it holds.
pub struct Judged<'c> {
    pub case: &'c Case,
    pub labels: Labels,
    pub problems: Vec<Diagnostic>,
}

/// Holds every row against the tree. Names that the stack does not have make the table unusable.
pub fn judge<'c>(routing: &Routing<'_>, table: &'c Expectations) -> Result<Vec<Judged<'c>>, Vec<Diagnostic>> {
    let unknown: Vec<Diagnostic> = table.cases.iter().flat_map(|case| unknown_names(routing, case)).collect();
    if !unknown.is_empty() {
        return Err(unknown);
    }
    Ok(table.cases.iter().map(|case| judge_case(routing, case)).collect())
}

fn unknown_names(routing: &Routing<'_>, case: &Case) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let receivers: Vec<&str> =
        routing.alertmanager.receivers.iter().map(|receiver| receiver.name.value.as_str()).collect();
    for name in &case.receivers.value {
        if !receivers.contains(&name.value.as_str()) {
            let problem =
                Diagnostic::error("unknown-receiver", format!("there is no receiver `{}`", name.value))
                    .at(&name.span)
                    .label("not in the stack's Alertmanager");
            problems.push(match nearest(&name.value, receivers.iter().copied()) {
                Some(near) => problem.help(format!("did you mean `{near}`?")),
                None => problem.help(format!("there are {}", receivers.join(", "))),
            });
        }
    }
    if let Some(alert) = &case.alert {
        let names = routing.alert_names();
        if !names.contains(&alert.value.as_str()) {
            problems.push(
                Diagnostic::error("unknown-alert", format!("no rule defines alert `{}`", alert.value))
                    .at(&alert.span)
                    .suggest(&alert.value, names),
            );
        }
    }
    problems
}

/// The labels of a row: its own, those that the rule sets, the external ones.
fn labels(routing: &Routing<'_>, case: &Case) -> Labels {
    let own = Labels::from_pairs(
        case.labels.iter().map(|(name, value)| (name.value.as_str(), value.value.as_str())),
    );
    let Some(name) = &case.alert else { return own };
    let named = || routing.alerts.iter().filter(|alert| alert.name() == name.value);
    let mut fitting = named().filter(|alert| {
        alert.labels.values().all(|(name, value)| own.get(name).is_none_or(|own| own == value))
    });
    let rule = fitting.next().or_else(|| named().next());
    let mut labels = own.builder();
    if let Some(rule) = rule {
        for (name, value) in rule.labels.values() {
            labels.set(name, value);
        }
    }
    routing.with_external(&labels.build())
}

fn judge_case<'c>(routing: &Routing<'_>, case: &'c Case) -> Judged<'c> {
    let labels = labels(routing, case);
    let ways = routing.tree.route(&labels);
    let mut problems = Vec::new();
    let mut got: Vec<&str> =
        ways.taken.iter().map(|taken| routing.route(taken.node).receiver.value.as_str()).collect();
    let mut wanted: Vec<&str> = case.receivers.value.iter().map(|name| name.value.as_str()).collect();
    got.sort_unstable();
    got.dedup();
    wanted.sort_unstable();
    wanted.dedup();
    if got != wanted {
        let missing: Vec<&str> = wanted.iter().filter(|name| !got.contains(name)).copied().collect();
        let message = match missing.as_slice() {
            [] => format!("{} would be told too", but(&got, &wanted).join(", ")),
            missing => format!("{} would not be told", missing.join(", ")),
        };
        let mut problem = Diagnostic::error("wrong-receivers", message)
            .at(&case.receivers.span)
            .label(format!("wanted {}; got {}", wanted.join(", "), got.join(", ")));
        let why = near_misses(routing, &ways, &missing);
        if !why.is_empty() {
            problem = problem.because(why.join("\n"));
        }
        for taken in ways.taken.iter().take(3) {
            let route = routing.route(taken.node);
            problem =
                problem.related(&route.place, format!("this route takes it to `{}`", route.receiver.value));
        }
        problems.push(problem);
    }
    problems.extend(grouping(routing, case, &ways));
    problems.extend(muting(routing, case, &ways));
    Judged { case, labels, problems }
}

fn but<'a>(all: &[&'a str], without: &[&str]) -> Vec<&'a str> {
    all.iter().filter(|name| !without.contains(name)).copied().collect()
}

/// Why the routes to a receiver did not take the alert.
pub fn near_misses(
    routing: &Routing<'_>,
    ways: &crate::twin::alertmanager::Routing,
    receivers: &[&str],
) -> Vec<String> {
    let leads = |node: usize| receivers.contains(&routing.route(node).receiver.value.as_str());
    let mut why = Vec::new();
    for refused in ways.refused.iter().filter(|refused| leads(refused.node)) {
        let got = match refused.got.as_str() {
            "" => format!("the alert has no {}", refused.matcher.name),
            got => format!("the alert has {}=\"{got}\"", refused.matcher.name),
        };
        let route = routing.route(refused.node);
        why.push(format!(
            "the route to `{}` ({}) wants {}, {got}",
            route.receiver.value, route.place, refused.matcher
        ));
    }
    for shadowed in ways.shadowed.iter().filter(|shadowed| leads(shadowed.node)) {
        let (route, by) = (routing.route(shadowed.node), routing.route(shadowed.by));
        why.push(format!(
            "the route to `{}` ({}) comes after the one to `{}` ({}), which has no `continue: true`",
            route.receiver.value, route.place, by.receiver.value, by.place
        ));
    }
    why
}

fn grouping(
    routing: &Routing<'_>,
    case: &Case,
    ways: &crate::twin::alertmanager::Routing,
) -> Option<Diagnostic> {
    let wanted = case.group_by.as_ref()?;
    let mut sorted = wanted.value.clone();
    sorted.sort();
    let wrong = ways.taken.iter().find_map(|taken| {
        let route = routing.route(taken.node);
        let mut got = match &route.group_by {
            GroupBy::All => vec!["...".to_owned()],
            GroupBy::Labels(labels) => labels.clone(),
        };
        got.sort();
        (got != sorted).then_some((route, got))
    });
    let (route, got) = wrong?;
    let shown = |labels: &[String]| match labels {
        [] => "nothing".to_owned(),
        labels => labels.join(", "),
    };
    Some(
        Diagnostic::error("wrong-group-by", format!("`{}` groups otherwise", route.receiver.value))
            .at(&wanted.span)
            .label(format!("wanted {}; got {}", shown(&sorted), shown(&got)))
            .related(&route.place, "by this route"),
    )
}

fn muting(
    routing: &Routing<'_>,
    case: &Case,
    ways: &crate::twin::alertmanager::Routing,
) -> Option<Diagnostic> {
    let (wanted, at) = (case.muted.as_ref()?, case.at?);
    let holds = |name: &str| {
        let interval = routing.alertmanager.time_interval(name);
        interval.is_some_and(|named| named.intervals.iter().any(|interval| interval.contains(at)))
    };
    let mutes = |node: usize| {
        let route = routing.route(node);
        let muting = route.mute_time_intervals.iter().find(|name| holds(&name.value));
        let inactive = !route.active_time_intervals.is_empty()
            && !route.active_time_intervals.iter().any(|name| holds(&name.value));
        match (muting, inactive) {
            (Some(name), _) => Some(format!("muted by `{}`", name.value)),
            (None, true) => Some("outside of its active_time_intervals".to_owned()),
            (None, false) => None,
        }
    };
    let wrong = ways.taken.iter().find(|taken| mutes(taken.node).is_some() != wanted.value)?;
    let route = routing.route(wrong.node);
    let (message, label) = match mutes(wrong.node) {
        Some(why) => (format!("`{}` would not be told at that time", route.receiver.value), why),
        None => (
            format!("`{}` would be told at that time", route.receiver.value),
            "no time interval mutes its route then".to_owned(),
        ),
    };
    let problem = Diagnostic::error("wrong-muted", message).at(&wanted.span).label(label);
    Some(problem.related(&route.place, "by this route"))
}
