//! Gauges that the code only ever lets rise.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Change, MetricKind, Wiring};

pub const CHECK: Check = Check {
    id: "gauge-only-rises",
    harm: Harm::Silent,
    title: "the code only ever increments this gauge",
    explanation: "A gauge shows how much there is now: what comes must also go. One that is only incremented counts \
                  everybody who ever came. An alert below a threshold fires after each restart and never again; one above \
                  it fires for ever.",
    example: "# values.yaml\na: 1\n```\n```python\nfrom prometheus_client import Gauge\nACTIVE = Gauge('active_users', 'Users that are active')\ndef login():\n    ACTIVE.inc()\n",
    mended: "# values.yaml\na: 1\n```\n```python\nfrom prometheus_client import Gauge\nACTIVE = Gauge('active_users', 'Users that are active')\ndef login():\n    ACTIVE.inc()\ndef logout():\n    ACTIVE.dec()\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let gauges = wiring.metrics.iter().filter(|metric| metric.kind == MetricKind::Gauge);
    let found = gauges.filter_map(|metric| {
        let first = metric.uses.first()?;
        if !metric.uses.iter().all(|it| it.change == Change::Rises) {
            return None;
        }
        let name = &metric.name.value;
        let mut diagnostic = Diagnostic::error("", format!("the gauge `{name}` only ever rises"))
            .at(&first.place)
            .label("incremented, and never decremented or set")
            .related(&metric.name.span, "a gauge")
            .because("assuming that all code that changes it is documented")
            .help("decrement it when what it counts ends, or set it to what there is");
        for rule in crate::checks::rules(wiring).filter(|rule| crate::checks::alerts(rule)) {
            let selectors = rule.expr.selectors();
            if selectors.iter().any(|(selector, _)| selector.metric_name() == Some(name)) {
                diagnostic = diagnostic.related(&rule.name().span, "so this alert does not see it fall");
            }
        }
        Some(diagnostic)
    });
    found.collect()
}
