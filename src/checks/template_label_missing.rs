//! Templates that show a label which the alert does not have.

use super::sources::Sources;
use super::{Check, Harm, series, templates};
use crate::diagnostic::{Diagnostic, nearest};
use crate::promql::ast::ExprKind;
use crate::stack::Rule;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "template-label-missing",
    harm: Harm::Silent,
    title: "the text shows a label that the alert does not have",
    explanation: "An aggregation keeps only the labels that it groups by. A template that shows another one shows \
                  nothing: whoever is paged reads \"Service  is down\" and must go and look which.",
    example: "groups:\n- name: api\n  rules:\n  - alert: Errors\n    expr: sum by (job) (rate(http_errors_total[5m])) > 1\n    annotations:\n      summary: Errors on {{ $labels.instance }}\n",
    mended: "groups:\n- name: api\n  rules:\n  - alert: Errors\n    expr: sum by (job, instance) (rate(http_errors_total[5m])) > 1\n    annotations:\n      summary: Errors on {{ $labels.instance }}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    super::rules(wiring).flat_map(|rule| judge(rule, &sources)).collect()
}

fn judge(rule: &Rule, sources: &Sources) -> Vec<Diagnostic> {
    let texts = templates::texts(rule);
    let used: Vec<_> = texts.iter().flat_map(|(_, text)| templates::labels(text)).collect();
    if used.is_empty() {
        return Vec::new();
    }
    let series = series::of_rule(rule, sources);
    let mut found: Vec<(&str, Diagnostic)> = Vec::new();
    for (label, place) in used {
        // What a grouping names and the metric lacks is a finding of its own.
        if !series.lacks(label) || is_grouped_by(rule, label) {
            continue;
        }
        if let Some((_, known)) = found.iter_mut().find(|(name, _)| *name == label) {
            known.related.push((place, "here, too".to_owned()));
            continue;
        }
        let diagnostic =
            Diagnostic::error("", format!("the alert `{}` has no label `{label}`", rule.name().value))
                .at(&place)
                .label("shows nothing")
                .related(&super::place_in(&rule.text, rule.expr.span), "its labels come from here");
        let left = series.labels().into_iter().flatten().map(String::as_str).filter(|it| *it != "alertname");
        let left: Vec<&str> = left.collect();
        let diagnostic = match left.as_slice() {
            [] => diagnostic.because("the expression leaves no label at all"),
            _ => diagnostic.because(format!("it has {}", left.join(", "))),
        };
        found.push((
            label,
            match nearest(label, left.iter().copied()) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help("group by this label too, or leave it out of the text"),
            },
        ));
    }
    found.into_iter().map(|(_, diagnostic)| diagnostic).collect()
}

fn is_grouped_by(rule: &Rule, label: &str) -> bool {
    let mut grouped = false;
    rule.expr.walk(&mut |expr| {
        if let ExprKind::Aggregate(aggregate) = &expr.kind {
            grouped |= !aggregate.without && aggregate.grouping.iter().any(|name| &*name.name == label);
        }
    });
    grouped
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_text_shows_only_what_the_expression_leaves() {
        let guide = |expr: &str| {
            format!(
                "```yaml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: {expr}\n    labels: {{team: x}}\n    \
                 annotations:\n      summary: 'at {{{{ $labels.pod }}}} {{{{ $labels.team }}}} {{{{ $labels.alertname }}}}'\n```\n"
            )
        };
        let found = ["9:23 the alert `A` has no label `pod`"];
        for bad in
            ["sum(a) > 1", "sum by (job) (a) > 1", "absent(a{job=\"x\"})", "a / on(job) b > 1", "vector(1)"]
        {
            check("template-label-missing", &guide(bad), &found);
        }
        for fine in [
            "a > 1",
            "sum by (pod) (a) > 1",
            "sum without (job) (a) > 1",
            "absent(a{pod=\"x\"})",
            "sum by (pod) (a) / on(pod) group_left() b",
            "sum(a) or b",
            "label_replace(sum(a), \"pod\", \"x\", \"\", \"\")",
            "max by (job) (a) * on(job) group_right() b",
        ] {
            check("template-label-missing", &guide(fine), &[]);
        }
    }
}
