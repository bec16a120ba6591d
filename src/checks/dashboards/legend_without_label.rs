//! Legends that name labels which their query's result never has.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::documents::dashboard::filled_in;
use crate::promql;
use crate::routing::{Inference, Known};
use crate::stack::Stack;
use crate::stack::wiring::{Target, Wiring};

pub const CHECK: Check = Check {
    id: "legend-without-label",
    harm: Harm::Silent,
    title: "the legend names a label that the query drops",
    explanation: "`{{label}}` in a legend is replaced by the label of each series in the query's result. An aggregation \
                  keeps only the labels that it is told to, so the legend stays empty there, and lines can't be told \
                  apart.",
    example: "# overview.json\n{\"title\": \"Overview\", \"panels\": [{\"title\": \"Requests\", \"targets\": [{\"expr\": \"sum(rate(http_requests_total[5m])) by (job)\", \"legendFormat\": \"{{instance}}\"}]}]}\n",
    mended: "# overview.json\n{\"title\": \"Overview\", \"panels\": [{\"title\": \"Requests\", \"targets\": [{\"expr\": \"sum(rate(http_requests_total[5m])) by (job, instance)\", \"legendFormat\": \"{{instance}}\"}]}]}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let panels = wiring.grafana.dashboards.iter().flat_map(|dashboard| &dashboard.panels);
    panels.flat_map(|panel| &panel.targets).flat_map(judge).collect()
}

fn judge(target: &Target) -> Vec<Diagnostic> {
    let (Some(legend), Ok(expr)) = (&target.legend, promql::parse(&filled_in(&target.text.value))) else {
        return Vec::new();
    };
    // Recorded series have any labels: no rules are needed to know what an expression drops.
    let stack = Stack::default();
    let labels = Inference::new(&stack).query(&expr);
    let dropped =
        named(&legend.value).filter(|name| *labels.get(name) == Known::Absent && *name != "__name__");
    let found = dropped.map(|name| {
        Diagnostic::error("", format!("the legend's `{{{{{name}}}}}` is always empty"))
            .at(&legend.span)
            .label(format!("no series of the result has `{name}`"))
            .related(&target.text.span, format!("drops `{name}`"))
            .help(format!(
                "keep the label in the aggregation, as in `by ({name})`, or leave it out of the legend"
            ))
    });
    found.collect()
}

/// The labels in `{{ }}`.
fn named(legend: &str) -> impl Iterator<Item = &str> {
    legend.split("{{").skip(1).filter_map(|piece| Some(piece.split_once("}}")?.0.trim()))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    fn guide(query: &str, legend: &str) -> String {
        format!(
            "```json\n{{\"title\": \"A\", \"panels\": [{{\"targets\": [{{\"expr\": \"{query}\", \"legendFormat\":\n\
             \"{legend}\"}}]}}]}}\n```\n"
        )
    }

    #[test]
    fn only_what_is_surely_dropped_is_told() {
        for (query, legend) in [
            ("up", "{{job}}"),
            ("sum by (a) (b)", "{{ a }}"),
            ("sum without (a) (b)", "{{c}}"),
            ("sum by ($group) (b{x='$y'})", "{{a}}"),
            ("topk(3, a)", "{{b}}"),
        ] {
            check("legend-without-label", &guide(query, legend), &[]);
        }
        check(
            "legend-without-label",
            &guide("sum(a{x='$y'})", "{{x}}"),
            &["3:1 the legend's `{{x}}` is always empty"],
        );
        check(
            "legend-without-label",
            &guide(
                "histogram_quantile(0.9, sum by (le) (rate(a_bucket[$__rate_interval])))",
                "{{job}} {{le}}",
            ),
            &["3:1 the legend's `{{job}}` is always empty", "3:1 the legend's `{{le}}` is always empty"],
        );
    }
}
