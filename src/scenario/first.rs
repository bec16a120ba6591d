//! A first scenario for a stack: one of its alerts, tried from both sides of its threshold.
//!
//! What an expression needs to cross its threshold is guessed from its form; whether the guess is right, a run of the twin
//! tells. So these are candidates, the most telling first.

use crate::golang::quote;
use crate::promql::ast::{BinaryOp, Expr, ExprKind, MatchOp, VectorSelector};
use crate::stack::{Rule, RuleKind, Stack};
use crate::time::Duration;
use crate::workload::ServiceSpec;

/// The text of a scenario file that tries an alert.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub text: String,
    /// The `metrics:` of a firedrill.yaml that it needs, where no service has what the alert is about.
    pub metrics: String,
}

/// What makes an alert fire, and what comes close to it; each the inside of a when-step.
struct Sides {
    above: String,
    below: Option<String>,
    what: String,
    metrics: String,
}

/// Candidates for a scenario file that names its stack so; without, it is the file's own folder.
pub fn candidates(stack: &Stack, named: Option<&str>) -> Vec<Candidate> {
    let rules = stack.rule_groups.iter().flat_map(|group| group.rules.iter().map(move |rule| (group, rule)));
    let interval = |own: Option<Duration>| own.unwrap_or(stack.prometheus.evaluation_interval);
    let found = rules.flat_map(|(group, rule)| {
        let RuleKind::Alerting { alert, hold, .. } = &rule.kind else { return Vec::new() };
        // Until the windows are full, and a round of scraping and evaluating more.
        let settles = windows(&rule.expr).max(Duration::from_secs(0)).0
            + 2 * (stack.prometheus.scrape_interval.0 + interval(group.interval).0);
        let limit = minutes(Duration(hold.0 + settles));
        let sides = sides(rule, stack);
        let texts = sides.into_iter().map(|sides| Candidate {
            text: text(&alert.value, &sides, named, limit),
            metrics: sides.metrics,
        });
        texts.collect()
    });
    let mut found: Vec<Candidate> = found.collect();
    // What the documents themselves tell of comes first.
    found.sort_by_key(|candidate| !candidate.metrics.is_empty());
    found
}

fn text(alert: &str, sides: &Sides, stack: Option<&str>, minutes: u64) -> String {
    let alert = quoted(alert);
    let stack = stack.map(|stack| format!("stack: {}\n\n", quoted(stack))).unwrap_or_default();
    let below = match &sides.below {
        Some(below) => format!("    when: {{{below}}}\n"),
        None => String::new(),
    };
    let close = match sides.below {
        Some(_) => "just short of that it does not".to_owned(),
        None => "it does not while all is well".to_owned(),
    };
    format!(
        "# One alert, tried from both sides: `firedrill test` runs it, `firedrill steps` shows what else can be said.\n\
         {stack}scenarios:\n  \
         - name: {}\n    when: {{{}}}\n    then: {{alert: {alert}, fires: within {minutes}m}}\n\n  \
         - name: {}\n{below}    then: {{alert: {alert}, fires: never within {minutes}m}}\n",
        quoted(&format!("{} fires when {}", alert.trim_matches('"'), sides.what)),
        sides.above,
        quoted(&format!("{} stays quiet: {close}", alert.trim_matches('"'))),
    )
}

fn sides(rule: &Rule, stack: &Stack) -> Vec<Sides> {
    let Some((left, op, threshold)) = comparison(&rule.expr) else { return Vec::new() };
    let services = stack.services.iter();
    if let ExprKind::Vector(selector) = &left.kind {
        let Some(name) = metric(selector) else { return Vec::new() };
        if name == "up" && matches!(op, BinaryOp::Equal | BinaryOp::Less) {
            let job = equal(selector, "job");
            let mut services: Vec<&ServiceSpec> = services.collect();
            // The one that the job is about.
            services.sort_by_key(|service| job.is_none_or(|job| !service.name.value.contains(job)));
            return services.into_iter().map(|service| down(&service.name.value)).collect();
        }
        return value(selector, name, op, threshold, stack).into_iter().collect();
    }
    // One metric's share of another's.
    if let ExprKind::Binary(binary) = &left.kind
        && binary.op == BinaryOp::Div
        && let (ExprKind::Vector(part), ExprKind::Vector(whole)) =
            (&bare(&binary.lhs).kind, &bare(&binary.rhs).kind)
        && let (Some(name), Some(of)) = (metric(part), metric(whole))
        && let Some(mut sides) = value(part, name, op, threshold, stack)
        && !is_known(stack, of)
    {
        sides.what = format!("{name} is {} of {of}", sides.what.rsplit(' ').next().unwrap_or_default());
        sides.metrics.push_str(&direct(whole, of, 1.0));
        return vec![sides];
    }
    let applications = services.filter(|service| service.requests.is_some() || service.duration.is_some());
    let rises = matches!(op, BinaryOp::Greater | BinaryOp::GreaterOrEqual);
    applications
        .filter_map(|service| {
            let name = quoted(&service.name.value);
            match quantile(left) {
                Some(quantile) if rises && threshold > 0.0 => {
                    let step = |factor: f64| {
                        format!(
                            "service: {name}, latency: p{} of {}s",
                            round(quantile * 100.0),
                            round(threshold * factor)
                        )
                    };
                    Some(Sides {
                        above: step(1.1),
                        below: Some(step(0.9)),
                        what: format!("{} is slower than {threshold}s", service.name.value),
                        metrics: String::new(),
                    })
                }
                None if rises && is_share(left) && (0.0..1.0).contains(&threshold) && threshold > 0.0 => {
                    let step = |factor: f64| {
                        format!(
                            "service: {name}, errors: {}%",
                            round((threshold * factor * 100.0).min(100.0))
                        )
                    };
                    Some(Sides {
                        above: step(1.1),
                        below: Some(step(0.9)),
                        what: format!(
                            "more than {}% of the requests to {} fail",
                            round(threshold * 100.0),
                            service.name.value
                        ),
                        metrics: String::new(),
                    })
                }
                _ => None,
            }
        })
        .collect()
}

fn down(service: &str) -> Sides {
    Sides {
        above: format!("service: {}, down: refuses", quoted(service)),
        below: None,
        what: format!("{service} can't be reached"),
        metrics: String::new(),
    }
}

/// A metric that is compared as it is.
fn value(
    selector: &VectorSelector,
    name: &str,
    op: BinaryOp,
    threshold: f64,
    stack: &Stack,
) -> Option<Sides> {
    let near = if threshold == 0.0 { 1.0 } else { threshold.abs() * 0.1 };
    let (above, below) = match op {
        BinaryOp::Greater | BinaryOp::GreaterOrEqual => (threshold + near, threshold - near),
        BinaryOp::Less | BinaryOp::LessOrEqual => (threshold - near, threshold + near),
        BinaryOp::Equal => (threshold, threshold + 1.0),
        BinaryOp::NotEqual => (threshold + 1.0, threshold),
        _ => return None,
    };
    let step = |value: f64| format!("metric: {}, value: {}", quoted(name), round(value));
    Some(Sides {
        above: step(above),
        below: Some(step(below)),
        what: format!("{name} is {}", round(above)),
        metrics: if is_known(stack, name) { String::new() } else { direct(selector, name, round(below)) },
    })
}

/// Whether a service exports the metric.
fn is_known(stack: &Stack, name: &str) -> bool {
    stack.services.iter().flat_map(|service| &service.metrics).any(|metric| metric.name.value == name)
}

/// A metric that stands in Prometheus without a target, with the labels that the selector asks for.
fn direct(selector: &VectorSelector, name: &str, value: f64) -> String {
    let labels = selector
        .matchers
        .iter()
        .filter(|matcher| matcher.op == MatchOp::Equal && &*matcher.name != "__name__");
    let labels: Vec<String> =
        labels.map(|matcher| format!("{}: {}", quoted(&matcher.name), quote(&matcher.value))).collect();
    format!("  {}: {{labels: {{{}}}, value: {value}}}\n", quoted(name), labels.join(", "))
}

/// `left op number`, parentheses aside.
fn comparison(expr: &Expr) -> Option<(&Expr, BinaryOp, f64)> {
    match &expr.kind {
        ExprKind::Paren(inner) => comparison(inner),
        ExprKind::Binary(binary) if binary.op.is_comparison() => match &binary.rhs.kind {
            ExprKind::Number(number) => Some((bare(&binary.lhs), binary.op, number.value)),
            _ => None,
        },
        _ => None,
    }
}

fn bare(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Paren(inner) => bare(inner),
        _ => expr,
    }
}

/// The quantile of a `histogram_quantile`.
fn quantile(expr: &Expr) -> Option<f64> {
    match &bare(expr).kind {
        ExprKind::Call(call) if call.function.name == "histogram_quantile" => {
            match &call.args.first()?.kind {
                ExprKind::Number(number) => Some(number.value),
                _ => None,
            }
        }
        ExprKind::Aggregate(aggregate) => quantile(&aggregate.expr),
        _ => None,
    }
}

/// A ratio, which may be a share of requests.
fn is_share(expr: &Expr) -> bool {
    matches!(&bare(expr).kind, ExprKind::Binary(binary) if binary.op == BinaryOp::Div)
}

fn metric(selector: &VectorSelector) -> Option<&str> {
    Some(&*selector.name.as_ref()?.name)
}

fn equal<'s>(selector: &'s VectorSelector, label: &str) -> Option<&'s str> {
    let matcher =
        selector.matchers.iter().find(|matcher| &*matcher.name == label && matcher.op == MatchOp::Equal);
    matcher.map(|matcher| &*matcher.value)
}

/// The longest range that the expression looks over.
fn windows(expr: &Expr) -> Duration {
    let mut longest = Duration::ZERO;
    expr.walk(&mut |expr| {
        let range = match &expr.kind {
            ExprKind::Matrix(matrix) => matrix.range.fixed(),
            ExprKind::Subquery(subquery) => subquery.range.fixed(),
            _ => None,
        };
        longest = longest.max(range.unwrap_or(Duration::ZERO));
    });
    longest
}

fn minutes(duration: Duration) -> u64 {
    u64::try_from(duration.0).unwrap_or(0).div_ceil(60_000) + 1
}

/// Four digits are enough to stand on one side of a threshold.
fn round(value: f64) -> f64 {
    let scale = 10f64.powi(4 - value.abs().log10().ceil().clamp(-8.0, 4.0) as i32);
    (value * scale).round() / scale
}

fn quoted(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '.'));
    if plain { text.to_owned() } else { quote(text) }
}
