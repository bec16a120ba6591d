//! Metrics of containers that count a pod's containers and the pod itself.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::{AggregateOp, Expr, ExprKind, VectorSelector};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "pod-counted-too",
    harm: Harm::Risk,
    title: "this selects each container, and once more the pod that it is in",
    explanation: "cAdvisor has series for each container, for the pod as a whole (with an empty `container`), and with some runtimes for its \
                  pause container. A selector that says nothing of `container` takes them all: a sum is twice what there is, an alert \
                  fires for the container and for the pod, and the pod's limit is often 0. Write `container!=\"\"`.",
    example: "groups:\n- name: pods\n  rules:\n  - alert: Memory\n    expr: container_memory_working_set_bytes{namespace=\"shop\"} > 1e9\n",
    mended: "groups:\n- name: pods\n  rules:\n  - alert: Memory\n    expr: container_memory_working_set_bytes{namespace=\"shop\", container!=\"\"} > 1e9\n",
    find,
};

const METRICS: [&str; 7] = [
    "container_cpu_usage_seconds_total",
    "container_memory_usage_bytes",
    "container_memory_working_set_bytes",
    "container_memory_rss",
    "container_memory_cache",
    "container_cpu_cfs_throttled_seconds_total",
    "container_cpu_cfs_throttled_periods_total",
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for query in crate::checks::queries(wiring) {
        for (selector, range) in query.expr.selectors() {
            let Some(name) = selector.metric_name().filter(|name| METRICS.contains(name)) else { continue };
            if tells_apart(selector) {
                continue;
            }
            let place = query.place(selector.name.as_ref().map_or(range, |name| name.span));
            let then = match (is_summed(query.expr, selector), query.rule.is_some_and(crate::checks::alerts))
            {
                (true, _) => ": what is summed is counted twice",
                (false, true) => ": the alert is told twice, once without a container's name",
                (false, false) => "",
            };
            let told = Diagnostic::warning(
                "",
                format!("`{name}` is there for each container, and for its pod once more"),
            )
            .at(&place)
            .label("no word of `container`")
            .because(format!(
                "cAdvisor has a series for the pod as a whole, too, with an empty `container`{then}"
            ))
            .help("add `container!=\"\"`");
            found.push(query.besides(told).shared("series of cAdvisor for whole pods"));
        }
    }
    found
}

/// Whether an aggregation adds up the series of a selector.
fn is_summed(expr: &Expr, selector: &VectorSelector) -> bool {
    let mut summed = false;
    expr.walk(&mut |inner| {
        if let ExprKind::Aggregate(aggregate) = &inner.kind
            && matches!(aggregate.op, AggregateOp::Sum | AggregateOp::Count)
        {
            summed |= aggregate.expr.selectors().iter().any(|(own, _)| std::ptr::eq(*own, selector));
        }
    });
    summed
}

/// Whether series of whole pods are left out, or only they are meant.
fn tells_apart(selector: &VectorSelector) -> bool {
    const TELLING: [&str; 6] = [
        "container",
        "container_name",
        "image",
        "name",
        "id",
        "container_label_io_kubernetes_container_name",
    ];
    selector.matchers.iter().any(|matcher| TELLING.contains(&&*matcher.name))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_word_of_the_container_tells_it_from_its_pod() {
        let guide = |matcher: &str| {
            format!(
                "```promql\nsum by (pod) (rate(container_cpu_usage_seconds_total{{namespace=\"a\"{matcher}}}[5m]))\n```\n"
            )
        };
        check(
            "pod-counted-too",
            &guide(""),
            &[
                "2:20 `container_cpu_usage_seconds_total` is there for each container, and for its pod once more",
            ],
        );
        for fine in [", container!=\"\"", ", container=\"\"", ", image=~\".+\"", ", id=\"/\""] {
            check("pod-counted-too", &guide(fine), &[]);
        }
    }
}
