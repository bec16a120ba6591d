//! Error rates that are counted in errors a second, and not as a share of the requests.

use crate::checks::{Check, Harm, Query, sources::Sources, values};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::{BinaryOp, Expr, ExprKind, Matcher, VectorSelector};
use crate::stack::wiring::Wiring;
use crate::stack::{Rule, RuleKind};

pub const CHECK: Check = Check {
    id: "errors-not-as-a-share",
    harm: Harm::Risk,
    title: "the error rate is in errors a second, whatever the traffic",
    explanation: "A threshold in errors a second means another share of failing requests at each hour: 0.1 a second is every \
                  request at night and one in ten thousand at noon, and without a sum it holds for each route and instance \
                  by itself. Divide by the requests to compare a share.",
    example: "groups:\n- name: api\n  rules:\n  - alert: HighErrorRate\n    expr: rate(http_requests_total{status=~\"5..\"}[5m]) > 0.1\n",
    mended: "groups:\n- name: api\n  rules:\n  - alert: HighErrorRate\n    expr: sum(rate(http_requests_total{status=~\"5..\"}[5m])) / sum(rate(http_requests_total[5m])) > 0.1\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    crate::checks::queries(wiring).filter_map(|query| judge(&query, &sources)).collect()
}

fn judge(query: &Query, sources: &Sources) -> Option<Diagnostic> {
    let rule = query.rule.filter(|rule| speaks_of_a_rate(rule))?;
    let ExprKind::Binary(binary) = &query.expr.unwrap_parens().kind else { return None };
    let (side, op, threshold) = values::comparison(binary, sources)?;
    // A threshold like a share's.
    if !matches!(op, BinaryOp::Greater | BinaryOp::GreaterOrEqual) || threshold <= 0.0 || threshold > 1.0 {
        return None;
    }
    let (selector, summed) = rated(side)?;
    let of_errors = selector.matchers.iter().any(is_of_errors);
    of_errors.then(|| {
        let each = if summed { "" } else { ", for each series by itself" };
        let told = Diagnostic::error(
            "",
            format!("`{}` counts errors a second, not a share of the requests", rule.name().value),
        )
        .at(&query.place(query.expr.span))
        .label(format!("{threshold} errors a second{each}"))
        .because("the same share of failing requests is above it at noon and below it at night")
        .help("divide by all requests: `sum(rate(…{errors}[5m])) / sum(rate(…[5m]))`");
        query.besides(told)
    })
}

fn speaks_of_a_rate(rule: &Rule) -> bool {
    let RuleKind::Alerting { alert, .. } = &rule.kind else { return false };
    let name = alert.value.to_lowercase().replace(['_', '-', ' '], "");
    name.contains("errorrate") || name.contains("failurerate") || name.contains("errorratio")
}

/// The selector of a rate, and whether it is summed.
fn rated(expr: &Expr) -> Option<(&VectorSelector, bool)> {
    match &expr.unwrap_parens().kind {
        ExprKind::Aggregate(aggregate) => rated(&aggregate.expr).map(|(selector, _)| (selector, true)),
        ExprKind::Call(call) if matches!(call.function.name, "rate" | "irate") => {
            match &call.args.first()?.unwrap_parens().kind {
                ExprKind::Matrix(matrix) => Some((&matrix.vector, false)),
                _ => None,
            }
        }
        _ => None,
    }
}

fn is_of_errors(matcher: &Matcher) -> bool {
    let name = matcher.name.to_lowercase();
    let status = name.contains("status")
        || name.contains("code")
        || name.contains("result")
        || name.contains("outcome");
    status
        && (matcher.value.starts_with('5') || matcher.value.contains("err") || matcher.value.contains("fail"))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn only_what_is_called_a_rate_and_is_none_is_found() {
        let guide = |name: &str, expr: &str| {
            format!("```yaml\ngroups:\n- name: a\n  rules:\n  - alert: {name}\n    expr: {expr}\n```\n")
        };
        let errors = "rate(r{status=~\"5..\"}[5m])";
        let found = ["6:11 `HighErrorRate` counts errors a second, not a share of the requests"];
        check("errors-not-as-a-share", &guide("HighErrorRate", &format!("{errors} > 0.1")), &found);
        check("errors-not-as-a-share", &guide("HighErrorRate", &format!("sum({errors}) > 0.1")), &found);
        check("errors-not-as-a-share", &guide("ManyErrors", &format!("sum({errors}) > 0.1")), &[]);
        check(
            "errors-not-as-a-share",
            &guide("HighErrorRate", &format!("sum({errors}) / sum(rate(r[5m])) > 0.1")),
            &[],
        );
        check("errors-not-as-a-share", &guide("HighErrorRate", &format!("sum({errors}) > 20")), &[]);
    }
}
