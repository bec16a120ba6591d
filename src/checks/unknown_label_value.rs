//! Matchers for values that a label never has.

use super::sources::{self, Known, Sources};
use super::{Check, Harm, series};
use crate::diagnostic::{Diagnostic, Span};
use crate::promql::ast::MatchOp;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "unknown-label-value",
    harm: Harm::Silent,
    title: "the label never has this value",
    explanation: "Where the code gives a label only literal values, or an exporter has a closed set of them, a matcher \
                  for another value selects nothing: `status=~\"5..\"` finds no `status=\"error\"`.",
    example: "groups:\n- name: kube\n  rules:\n  - alert: NodeNotReady\n    expr: kube_node_status_condition{condition=\"Ready\",status=\"yes\"} == 0\n",
    mended: "groups:\n- name: kube\n  rules:\n  - alert: NodeNotReady\n    expr: kube_node_status_condition{condition=\"Ready\",status=\"true\"} == 0\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    let mut found: Vec<Diagnostic> = Vec::new();
    for query in super::queries(wiring) {
        for (selector, _) in query.expr.selectors() {
            let Some(name) = selector.metric_name() else { continue };
            let mut known = sources.selected(selector);
            let mut meant = false;
            // A misspelt metric is judged as the one that was meant.
            if matches!(known, Known::Nothing)
                && let Some(metric) = sources::meant(wiring, name)
            {
                known = Known::Instrumented(metric);
                meant = true;
            }
            for matcher in &selector.matchers {
                let Some(values) = series::values(&known, &matcher.name) else { continue };
                if matcher.matches("") || values.iter().any(|value| matcher.matches(value)) {
                    continue;
                }
                let listed: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
                let of = match (&known, meant) {
                    (Known::Instrumented(metric), true) => {
                        format!("`{}`, which was probably meant,", metric.name.value)
                    }
                    _ => format!("`{name}`"),
                };
                let how = match matcher.op {
                    MatchOp::Equal => "is never",
                    MatchOp::Regex => "never matches",
                    MatchOp::NotEqual => "is always",
                    MatchOp::NotRegex => "always matches",
                };
                let diagnostic =
                    Diagnostic::error("", format!("`{}` of {of} {how} {:?}", matcher.name, matcher.value))
                        .at(&query.place(matcher.value_span))
                        .label("selects nothing");
                let diagnostic = query.besides(diagnostic);
                let diagnostic = match &known {
                    Known::Instrumented(metric) => {
                        let given = metric.label_sources.iter().find(|source| source.label == *matcher.name);
                        let place: Option<&Span> = given.map(|source| &source.given.span);
                        let diagnostic = match place {
                            Some(place) => {
                                diagnostic.related(place, format!("only ever {}", listed.join(", ")))
                            }
                            None => diagnostic,
                        };
                        diagnostic.because("assuming that all code that counts it is documented").help(
                            "match what the code writes, or let the code write what is matched: for a response, its \
                             status code",
                        )
                    }
                    _ => diagnostic.because(format!("it is one of {}", listed.join(", "))),
                };
                let cause = format!("values of {} that {:?} does not match", matcher.name, matcher.value);
                found.push(diagnostic.shared(cause));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn values_are_those_that_the_code_writes() {
        let guide = |matcher: &str| {
            format!(
                "```python\nfrom prometheus_client import Counter\nC = Counter('requests', 'h', ['path', 'status'])\ndef f(r):\n  \
                 status = 'ok'\n  if r.bad:\n    status = 'error'\n  C.labels(path=r.path, \
                 status=status).inc()\n```\n```yaml\ngroups:\n- name: g\n  rules:\n  - alert: A\n    expr: \
                 requests_total{{{matcher}}} > 1\n```\n"
            )
        };
        check(
            "unknown-label-value",
            &guide("status=~\"5..\""),
            &["15:34 `status` of `requests_total` never matches \"5..\""],
        );
        check(
            "unknown-label-value",
            &guide("status=\"bad\""),
            &["15:33 `status` of `requests_total` is never \"bad\""],
        );
        for fine in
            ["status=\"error\"", "status=~\"e.*\"", "status!=\"ok\"", "path=\"/x\"", "status!~\"5..\""]
        {
            check("unknown-label-value", &guide(fine), &[]);
        }
    }
}
