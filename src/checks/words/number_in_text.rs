//! Texts that state another threshold, or another duration, than the rule has.

use std::ops::Range;

use crate::checks::{Check, Harm, part_of, place_in, templates};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::{Expr, ExprKind};
use crate::stack::wiring::Wiring;
use crate::stack::{Rule, RuleKind};

pub const CHECK: Check = Check {
    id: "number-in-text",
    harm: Harm::Silent,
    title: "the text states another number than the rule",
    explanation: "Whoever is paged believes the text: \"above 5%\" where the rule says 0.1, \"for more than 5 minutes\" where \
                  it waits one. Thresholds change and their texts stay. Show `{{ $value }}` and state the threshold once.",
    example: "groups:\n- name: api\n  rules:\n  - alert: Down\n    expr: up{job=\"api\"} == 0\n    for: 1m\n    annotations: {summary: The API has been down for more than 5 minutes}\n",
    mended: "groups:\n- name: api\n  rules:\n  - alert: Down\n    expr: up{job=\"api\"} == 0\n    for: 5m\n    annotations: {summary: The API has been down for more than 5 minutes}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    crate::checks::rules(wiring).flat_map(judge).collect()
}

fn judge(rule: &Rule) -> Vec<Diagnostic> {
    let RuleKind::Alerting { hold, .. } = &rule.kind else { return Vec::new() };
    let numbers = thresholds(&rule.expr);
    let lengths: Vec<f64> = lengths(&rule.expr);
    let waits = hold.to_string();
    let hold = hold.0 as f64 / 1000.0;
    let mut found = Vec::new();
    for (_, text) in templates::texts(rule) {
        for claim in claims(&text.value) {
            let fits = match claim.unit {
                Unit::Percent => {
                    let share = claim.number / 100.0;
                    let near = |wanted: f64| numbers.iter().any(|number| (number - wanted).abs() < 1e-9);
                    numbers.is_empty()
                        || [share, claim.number, 1.0 - share, 100.0 - claim.number].into_iter().any(near)
                }
                Unit::Seconds(seconds) => {
                    let wanted = claim.number * seconds;
                    let near = |number: f64| {
                        (number - wanted).abs() < 1e-6 || (number - wanted * 1000.0).abs() < 1e-6
                    };
                    let same = numbers.iter().any(|number| (number - claim.number).abs() < 1e-9);
                    near(hold)
                        || same && counts_in(&rule.expr, seconds)
                        || lengths.iter().chain(&numbers).any(|number| near(*number))
                }
            };
            // A text may speak of a duration that nothing in the rule counts, such as how long something takes.
            if fits || matches!(claim.unit, Unit::Seconds(_)) && !claim.lasts && numbers.is_empty() {
                continue;
            }
            let (states, has) = match claim.unit {
                Unit::Percent => {
                    let listed: Vec<String> = numbers.iter().map(ToString::to_string).collect();
                    ("threshold", format!("the expression compares with {}", listed.join(", ")))
                }
                Unit::Seconds(_) if claim.lasts => ("duration", format!("the rule waits {waits}")),
                Unit::Seconds(_) => {
                    let listed: Vec<String> = numbers.iter().map(ToString::to_string).collect();
                    ("threshold", format!("the expression compares with {}", listed.join(", ")))
                }
            };
            found.push(
                Diagnostic::error("", format!("the text states another {states} than the rule"))
                    .at(&part_of(text, claim.range.clone()))
                    .label("says this")
                    .related(&place_in(&rule.text, rule.expr.span), has)
                    .help("state what the rule does, or show `{{ $value }}`"),
            );
        }
    }
    found
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Unit {
    Percent,
    /// So many seconds each.
    Seconds(f64),
}

#[derive(Debug)]
struct Claim {
    range: Range<usize>,
    number: f64,
    unit: Unit,
    /// `for more than`: how long it has lasted.
    lasts: bool,
}

/// `above 5%`, `for more than 1 minute`.
fn claims(text: &str) -> Vec<Claim> {
    const BOUNDS: [&str; 11] = [
        "above ",
        "over ",
        "below ",
        "under ",
        "more than ",
        "less than ",
        "exceeds ",
        "exceeded ",
        "greater than ",
        "at least ",
        "higher than ",
    ];
    let mut found = Vec::new();
    let lower = text.to_ascii_lowercase();
    for bound in BOUNDS {
        for (at, _) in lower.match_indices(bound) {
            let start = at + bound.len();
            let rest = &lower[start..];
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
            let Ok(number) = rest[..digits].trim_end_matches('.').parse::<f64>() else { continue };
            let behind = rest[digits..].trim_start();
            let word: &str =
                behind.split(|c: char| !c.is_ascii_alphabetic() && c != '%').next().unwrap_or_default();
            let unit = match word {
                "%" | "percent" => Unit::Percent,
                "s" | "sec" | "second" | "seconds" => Unit::Seconds(1.0),
                "ms" | "millisecond" | "milliseconds" => Unit::Seconds(0.001),
                "m" | "min" | "minute" | "minutes" => Unit::Seconds(60.0),
                "h" | "hour" | "hours" => Unit::Seconds(3600.0),
                "d" | "day" | "days" => Unit::Seconds(86400.0),
                _ => continue,
            };
            let end = start + digits + (rest[digits..].len() - behind.len()) + word.len();
            let lasts = lower[..at].trim_end().ends_with("for");
            found.push(Claim { range: at..end, number, unit, lasts });
        }
    }
    found
}

/// The numbers that an expression compares with.
fn thresholds(expr: &Expr) -> Vec<f64> {
    let mut found = Vec::new();
    expr.walk(&mut |inner| {
        if let ExprKind::Binary(binary) = &inner.kind
            && binary.op.is_comparison()
        {
            found.extend([&binary.lhs, &binary.rhs].into_iter().filter_map(constant));
        }
    });
    found
}

/// Whether an expression may be in units of so many seconds: it divides by them, or nothing says that its metrics are
/// in seconds.
fn counts_in(expr: &Expr, seconds: f64) -> bool {
    let mut divides = false;
    expr.walk(&mut |inner| {
        divides |= matches!(&inner.kind, ExprKind::Number(number) if (number.value - seconds).abs() < 1e-9);
    });
    let names = expr.selectors().into_iter().filter_map(|(selector, _)| selector.metric_name());
    divides || !names.into_iter().any(|name| name.contains("seconds") || name.contains("milliseconds"))
}

/// A number, or some computed: `5 * 60`.
fn constant(expr: &Expr) -> Option<f64> {
    use crate::promql::ast::BinaryOp;
    match &expr.kind {
        ExprKind::Number(number) => Some(number.value),
        ExprKind::Paren(inner) => constant(inner),
        ExprKind::Unary(unary) => {
            constant(&unary.expr).map(|value| if unary.negative { -value } else { value })
        }
        ExprKind::Binary(binary) => {
            let (one, other) = (constant(&binary.lhs)?, constant(&binary.rhs)?);
            Some(match binary.op {
                BinaryOp::Add => one + other,
                BinaryOp::Sub => one - other,
                BinaryOp::Mul => one * other,
                BinaryOp::Div => one / other,
                _ => return None,
            })
        }
        _ => None,
    }
}

/// The ranges and offsets of an expression, in seconds.
fn lengths(expr: &Expr) -> Vec<f64> {
    let mut found = Vec::new();
    expr.walk(&mut |inner| {
        let lengths = match &inner.kind {
            ExprKind::Matrix(matrix) => vec![matrix.range.fixed(), matrix.vector.offset.fixed()],
            ExprKind::Vector(vector) => vec![vector.offset.fixed()],
            ExprKind::Subquery(subquery) => vec![subquery.range.fixed(), subquery.offset.fixed()],
            // What is predicted, and what is compared within.
            ExprKind::Call(call) => call
                .args
                .iter()
                .filter_map(constant)
                .map(|seconds| {
                    found.push(seconds);
                    None
                })
                .collect(),
            _ => Vec::new(),
        };
        found.extend(lengths.into_iter().flatten().map(|length| length.0 as f64 / 1000.0));
    });
    found
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn numbers_are_those_of_the_rule() {
        let guide = |expr: &str, text: &str| {
            format!(
                "```yaml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: {expr}\n    for: 2m\n    annotations: {{summary: '{text}'}}\n```\n"
            )
        };
        let found =
            |column: usize, what: &str| format!("8:{column} the text states another {what} than the rule");
        check("number-in-text", &guide("a / b > 0.1", "Error rate above 5%"), &[&found(40, "threshold")]);
        check("number-in-text", &guide("a > 1", "down for more than 5 minutes"), &[&found(38, "duration")]);
        check("number-in-text", &guide("a_seconds > 1", "p95 above 2 seconds"), &[&found(33, "threshold")]);
        check("number-in-text", &guide("a_seconds > 5", "above 5 minutes"), &[&found(29, "threshold")]);
        for (expr, text) in [
            ("a / b > 0.1", "above 10%"),
            ("a / b < 0.1", "less than 10% left, over 90%"),
            ("a > 80", "above 80%"),
            ("a > 1", "for more than 2 minutes"),
            ("a > 1", "above 1 second"),
            ("a > 0.5", "above 500ms"),
            ("rate(a[1h]) > 1", "for more than 1 hour"),
            ("a > 1", "more than 5 errors"),
            ("a < 3600 * 24", "less than 24 hours"),
            ("(time() - a_timestamp_seconds) / 86400 < 20", "less than 20 days"),
            ("certificate_days_left < 20", "less than 20 days"),
            ("predict_linear(a[6h], 4 * 3600) < 0", "full in less than 4 hours"),
        ] {
            check("number-in-text", &guide(expr, text), &[]);
        }
    }
}
