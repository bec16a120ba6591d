//! Alerts that one event sets off, though their words speak of many.

use crate::checks::{Check, Harm, Query, sources::Sources, values};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::{BinaryOp, ExprKind};
use crate::stack::RuleKind;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "fires-at-a-single-event",
    harm: Harm::Risk,
    title: "a single event sets this alert off",
    explanation: "The rate of a counter over 15 minutes stays above 0 for 15 minutes after a single event, longer than the \
                  alert's `for`. A pod that is restarted once by a deployment pages like one that crashes in a loop. \
                  Compare the increase with as many events as are meant.",
    example: "groups:\n- name: pods\n  rules:\n  - alert: CrashLooping\n    expr: rate(kube_pod_container_status_restarts_total[15m]) > 0\n    for: 5m\n",
    mended: "groups:\n- name: pods\n  rules:\n  - alert: CrashLooping\n    expr: increase(kube_pod_container_status_restarts_total[15m]) > 3\n    for: 5m\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    crate::checks::queries(wiring).filter_map(|query| judge(&query, &sources)).collect()
}

fn judge(query: &Query, sources: &Sources) -> Option<Diagnostic> {
    let rule = query.rule?;
    let RuleKind::Alerting { alert, hold, .. } = &rule.kind else { return None };
    let ExprKind::Binary(binary) = &query.expr.unwrap_parens().kind else { return None };
    let (side, op, threshold) = values::comparison(binary, sources)?;
    let ExprKind::Call(call) = &side.unwrap_parens().kind else { return None };
    if op != BinaryOp::Greater || threshold != 0.0 || !matches!(call.function.name, "rate" | "increase") {
        return None;
    }
    let ExprKind::Matrix(matrix) = &call.args.first()?.unwrap_parens().kind else { return None };
    let name = matrix.vector.metric_name()?;
    let range = matrix.range.fixed()?;
    // Where a single event is what is meant, the words say so: only restarts and loops are known to mean many.
    let alert_name = alert.value.to_lowercase();
    let single = ["restarted", "rebooted", "killed", "crashed"].iter().any(|word| alert_name.contains(word));
    let many = alert_name.contains("loop") || name.contains("restart") && !single;
    (many && *hold < range).then(|| {
        let told = Diagnostic::error("", format!("a single restart sets `{}` off", alert.value))
            .at(&query.place(query.expr.span))
            .label(format!("above 0 for {range} after one event"))
            .because(format!("one increase of `{name}` keeps the rate above 0 for {range}, longer than the alert waits ({hold})"))
            .help(format!("say how many: `increase({}[{range}]) > 3`", matrix.vector));
        query.besides(told)
    })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn many_events_are_asked_for_where_many_are_meant() {
        let guide = |expr: &str, hold: &str| {
            format!(
                "```yaml\ngroups:\n- name: a\n  rules:\n  - alert: CrashLoop\n    expr: {expr}\n    for: {hold}\n```\n"
            )
        };
        let found = ["6:11 a single restart sets `CrashLoop` off"];
        check("fires-at-a-single-event", &guide("rate(x_restarts_total[15m]) > 0", "5m"), &found);
        check("fires-at-a-single-event", &guide("rate(x_restarts_total[15m]) > 0", "15m"), &[]);
        check("fires-at-a-single-event", &guide("increase(x_restarts_total[15m]) > 3", "5m"), &[]);
        let one = guide("rate(x_restarts_total[15m]) > 0", "5m").replace("CrashLoop", "ApiRestarted");
        check("fires-at-a-single-event", &one, &[]);
    }
}
