//! Panels whose unit does not fit what their query computes.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::documents::dashboard::filled_in;
use crate::promql;
use crate::promql::ast::{BinaryOp, Expr, ExprKind};
use crate::stack::wiring::{Panel, Wiring};

pub const CHECK: Check = Check {
    id: "unit-misfit",
    harm: Harm::Silent,
    title: "the panel's unit is a hundred times off",
    explanation: "`percentunit` takes a ratio from 0 to 1, `percent` a number from 0 to 100. A query that multiplies by 100 \
                  needs the latter; with the former 5% is drawn as 500%.",
    example: "# overview.json\n{\"title\": \"Overview\", \"panels\": [{\"title\": \"Errors\", \"fieldConfig\": {\"defaults\": {\"unit\": \"percentunit\"}}, \"targets\": [{\"expr\": \"sum(rate(errors_total[5m])) / sum(rate(requests_total[5m])) * 100\"}]}]}\n",
    mended: "# overview.json\n{\"title\": \"Overview\", \"panels\": [{\"title\": \"Errors\", \"fieldConfig\": {\"defaults\": {\"unit\": \"percent\"}}, \"targets\": [{\"expr\": \"sum(rate(errors_total[5m])) / sum(rate(requests_total[5m])) * 100\"}]}]}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    wiring.grafana.dashboards.iter().flat_map(|dashboard| &dashboard.panels).filter_map(judge).collect()
}

fn judge(panel: &Panel) -> Option<Diagnostic> {
    let unit = panel.unit.as_ref()?;
    panel.targets.iter().find_map(|target| {
        let expr = promql::parse(&filled_in(&target.text.value)).ok()?;
        let (wanted, label) = match (unit.value.as_str(), is_percentage(&expr)) {
            ("percentunit", true) => ("percent", "for ratios from 0 to 1"),
            ("percent", false) if is_ratio_of_one_metric(&expr) => {
                ("percentunit", "for numbers from 0 to 100")
            }
            _ => return None,
        };
        Some(
            Diagnostic::error("", format!("the unit `{}` does not fit this query", unit.value))
                .at(&unit.span)
                .label(label)
                .related(
                    &target.text.span,
                    match wanted {
                        "percent" => "times 100",
                        _ => "a ratio",
                    },
                )
                .help(format!("write `{wanted}`")),
        )
    })
}

/// `… * 100`
fn is_percentage(expr: &Expr) -> bool {
    let hundred =
        |expr: &Expr| matches!(&expr.unwrap_parens().kind, ExprKind::Number(number) if number.value == 100.0);
    match &expr.unwrap_parens().kind {
        ExprKind::Binary(binary) => {
            binary.op == BinaryOp::Mul && (hundred(&binary.rhs) || hundred(&binary.lhs))
                || binary.op == BinaryOp::Sub && hundred(&binary.lhs)
        }
        _ => false,
    }
}

/// A part of a metric by the whole of it, which is never more than 1.
fn is_ratio_of_one_metric(expr: &Expr) -> bool {
    let ExprKind::Binary(binary) = &expr.unwrap_parens().kind else { return false };
    let names = |expr: &Expr| -> Vec<String> {
        expr.selectors()
            .iter()
            .filter_map(|(selector, _)| Some(selector.name.as_ref()?.name.to_string()))
            .collect()
    };
    let (above, below) = (names(&binary.lhs), names(&binary.rhs));
    binary.op == BinaryOp::Div && above.len() == 1 && above == below
}
