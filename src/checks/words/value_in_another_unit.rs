//! Texts that show the value in a unit that it does not have.

use crate::checks::sources::Sources;
use crate::checks::{Check, Harm, part_of, place_in, templates, values};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::{BinaryOp, Expr, ExprKind};
use crate::stack::Rule;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "value-in-another-unit",
    harm: Harm::Silent,
    title: "the text shows the value in a unit that it does not have",
    explanation: "`{{ $value }}%` of a ratio says 0.06% where 6% of the requests fail; `humanizePercentage` of what is a \
                  percentage already says 600%, and of errors a second it says nothing true.",
    example: "groups:\n- name: api\n  rules:\n  - alert: Errors\n    expr: sum(rate(r{code=\"500\"}[5m])) / sum(rate(r[5m])) > 0.05\n    annotations: {summary: '{{ $value }}% of the requests fail'}\n",
    mended: "groups:\n- name: api\n  rules:\n  - alert: Errors\n    expr: sum(rate(r{code=\"500\"}[5m])) / sum(rate(r[5m])) > 0.05\n    annotations: {summary: '{{ $value | humanizePercentage }} of the requests fail'}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    crate::checks::rules(wiring).flat_map(|rule| judge(rule, &sources)).collect()
}

fn judge(rule: &Rule, sources: &Sources) -> Vec<Diagnostic> {
    let Some(scale) = scale(&rule.expr, sources) else { return Vec::new() };
    let mut found = Vec::new();
    for (_, text) in templates::texts(rule) {
        for (at, action) in templates::actions(&text.value) {
            if !action.contains("$value") && !action.contains(".Value") {
                continue;
            }
            let end = at + action.len() + 2;
            let behind = text.value[end..].trim_start();
            let percent = behind.starts_with('%') || behind.starts_with("percent");
            let humanized = action.contains("humanizePercentage");
            let times = action.contains("mul") || action.contains("* 100");
            let a_second =
                behind.starts_with("errors per second") || behind.starts_with("requests per second");
            let (wrong, help) = match scale {
                Scale::Ratio if percent && !humanized && !times => (
                    "a ratio from 0 to 1, shown as a percentage",
                    "write `{{ $value | humanizePercentage }}`",
                ),
                Scale::Ratio if a_second => ("a ratio, shown as a number a second", "say that it is a share"),
                Scale::Percent if humanized => (
                    "a percentage already: `humanizePercentage` multiplies it by 100 again",
                    "write `{{ $value | humanize }}%`",
                ),
                Scale::ASecond if humanized || percent => (
                    "a number a second, shown as a percentage",
                    "divide by all requests, or say what it counts",
                ),
                _ => continue,
            };
            found.push(
                Diagnostic::error("", "the text shows the value in a unit that it does not have")
                    .at(&part_of(
                        text,
                        at - 2
                            ..end
                                + text.value[end..]
                                    .len()
                                    .min(usize::from(percent && behind.starts_with('%'))),
                    ))
                    .label(wrong)
                    .related(&place_in(&rule.text, rule.expr.span), "the value comes from here")
                    .help(help),
            );
        }
    }
    found
}

enum Scale {
    Ratio,
    Percent,
    ASecond,
}

/// What an alert's value is.
fn scale(expr: &Expr, sources: &Sources) -> Option<Scale> {
    match &expr.unwrap_parens().kind {
        ExprKind::Binary(binary) if binary.op.is_comparison() => {
            scale(values::comparison(binary, sources)?.0, sources)
        }
        ExprKind::Binary(binary) if binary.op == BinaryOp::Mul => match scale(&binary.lhs, sources) {
            Some(Scale::Ratio) if values::of(&binary.rhs, sources).constant() == Some(100.0) => {
                Some(Scale::Percent)
            }
            _ => None,
        },
        ExprKind::Binary(binary) if binary.op == BinaryOp::Div => {
            values::is_part(&binary.lhs, &binary.rhs).then_some(Scale::Ratio)
        }
        ExprKind::Binary(binary) if binary.op == BinaryOp::Sub => {
            match (values::of(&binary.lhs, sources).constant(), scale(&binary.rhs, sources)) {
                (Some(1.0), Some(Scale::Ratio)) => Some(Scale::Ratio),
                (Some(100.0), Some(Scale::Percent)) => Some(Scale::Percent),
                _ => None,
            }
        }
        ExprKind::Aggregate(aggregate) => scale(&aggregate.expr, sources),
        ExprKind::Call(call) if matches!(call.function.name, "rate" | "irate") => {
            let selectors = call.args.first()?.selectors();
            let name = selectors.first()?.0.metric_name()?;
            // Seconds a second are a share of the time.
            (!name.contains("seconds")).then_some(Scale::ASecond)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_value_is_shown_as_what_it_is() {
        let guide = |expr: &str, text: &str| {
            format!(
                "```yaml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: {expr}\n    annotations: {{summary: '{text}'}}\n```\n"
            )
        };
        let ratio = "sum(rate(r{c=\"5\"}[5m])) / sum(rate(r[5m])) > 0.1";
        let percent = "sum(rate(r{c=\"5\"}[5m])) / sum(rate(r[5m])) * 100 > 10";
        let found = ["7:29 the text shows the value in a unit that it does not have"];
        check("value-in-another-unit", &guide(ratio, "{{ $value }}% fail"), &found);
        check("value-in-another-unit", &guide(percent, "{{ $value | humanizePercentage }} fail"), &found);
        check(
            "value-in-another-unit",
            &guide("rate(r[5m]) > 1", "{{ $value | humanizePercentage }} fail"),
            &found,
        );
        check("value-in-another-unit", &guide(ratio, "{{ $value | humanizePercentage }} fail"), &[]);
        check("value-in-another-unit", &guide(percent, "{{ $value }}% fail"), &[]);
        check("value-in-another-unit", &guide("a / b > 1", "{{ $value }}% fail"), &[]);
    }
}
