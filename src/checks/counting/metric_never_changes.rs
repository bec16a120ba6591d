//! Metrics that the code makes and never changes.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{InstrumentedMetric, MetricKind, Wiring};

pub const CHECK: Check = Check {
    id: "metric-never-changes",
    harm: Harm::Silent,
    title: "the code makes this metric and never changes it",
    explanation: "A metric without labels that nothing changes is exported as 0 for ever: the panel shows that all is quiet. \
                  One with labels is not exported at all before it is changed for the first time.",
    example: "# values.yaml\na: 1\n```\n```python\nfrom prometheus_client import Counter, Gauge\nCPU = Gauge('cpu_usage_percent', 'CPU')\nREQUESTS = Counter('requests', 'Requests')\nREQUESTS.inc()\n",
    mended: "# values.yaml\na: 1\n```\n```python\nfrom prometheus_client import Counter, Gauge\nCPU = Gauge('cpu_usage_percent', 'CPU')\nREQUESTS = Counter('requests', 'Requests')\nREQUESTS.inc()\nCPU.set(measured())\n",
    find,
};

/// Whether nothing changes a metric. Code that changes nothing at all is cut down to what it makes.
pub fn is_idle(metric: &InstrumentedMetric, wiring: &Wiring) -> bool {
    let mut others = wiring.metrics.iter();
    metric.uses.is_empty()
        && others.any(|other| {
            std::ptr::eq(other.name.span.file.text(), metric.name.span.file.text()) && !other.uses.is_empty()
        })
}

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    for metric in wiring.metrics.iter().filter(|metric| is_idle(metric, wiring)) {
        let code: *const str = metric.name.span.file.text();
        let what = match (metric.kind, metric.labels.is_empty()) {
            (MetricKind::Gauge | MetricKind::Counter, true) => "exported as 0 for ever",
            (_, true) => "exported without a single observation",
            (_, false) => "never exported: no values of its labels are ever used",
        };
        // All of one file are one finding.
        let same = found
            .iter_mut()
            .find(|known| known.place.as_ref().is_some_and(|place| std::ptr::eq(place.file.text(), code)));
        match same {
            Some(known) => known.related.push((metric.name.span.clone(), what.to_owned())),
            None => found.push(
                Diagnostic::error("", format!("nothing ever changes `{}`", metric.name.value))
                    .at(&metric.name.span)
                    .label(what)
                    .because("assuming that all code that changes it is documented")
                    .help("change it where what it measures happens, or leave it out"),
            ),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn code_that_only_makes_metrics_is_taken_for_an_excerpt() {
        let guide = |use_of_it: &str| {
            format!(
                "```js\nconst p = require('prom-client');\nconst a = new p.Counter({{name: 'a'}});\nconst b = new p.Gauge({{name: 'b', collect() {{ this.set(1); }}}});\nconst c = new p.Gauge({{name: 'c'}});\n{use_of_it}\n```\n"
            )
        };
        check("metric-never-changes", &guide("a.inc();"), &["5:31 nothing ever changes `c`"]);
        check("metric-never-changes", &guide("a.inc(); c.set(1);"), &[]);
        let alone = "```python\nfrom prometheus_client import Gauge\nG = Gauge('g', 'h')\n```\n";
        check("metric-never-changes", alone, &[]);
    }
}
