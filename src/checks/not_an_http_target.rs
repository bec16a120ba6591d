//! Databases and brokers scraped as if they spoke HTTP.

use super::{Check, Harm, rules_not_loaded};
use crate::catalogue::protocols::{self, Program};
use crate::diagnostic::{Diagnostic, Span};
use crate::promql::ast::{BinaryOp, ExprKind};
use crate::stack::Rule;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "not-an-http-target",
    harm: Harm::Breaks,
    title: "this target does not speak HTTP",
    explanation: "Prometheus asks its targets for `/metrics` over HTTP. A database answers with an error of its own \
                  protocol or not at all: `up` is 0 for ever, and an alert on it fires for ever. An exporter beside \
                  the database speaks HTTP.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: postgres\n  static_configs:\n  - targets: ['postgres:5432']\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: postgres\n  static_configs:\n  - targets: ['postgres-exporter:9187']\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let configs = wiring.prometheus.iter().filter_map(|config| config.config.as_ref());
    // Through an exporter such as blackbox_exporter the address is only a parameter.
    let jobs = configs.flat_map(|config| &config.scrape_configs).filter(|job| job.relabel_configs.is_empty());
    let targets = jobs.flat_map(|job| job.listed().map(move |target| (job, target)));
    let found = targets.filter_map(|(job, target)| {
        let (_, port) = target.value.rsplit_once(':')?;
        let Program { name, exporter, .. } = protocols::behind(&target.value)?;
        let found = Diagnostic::error("", format!("{name} does not speak HTTP"))
            .at(&target.span)
            .label(format!("port {port} is {name}'s own"))
            .because("each scrape fails, so `up` is 0 for ever")
            .help(format!("scrape an exporter instead: {exporter}"));
        Some(fires_for_ever(wiring, found, &job.job_name.value))
    });
    found.collect()
}

/// With the alert that a target which is never up sets off.
pub fn fires_for_ever(wiring: &Wiring, found: Diagnostic, job: &str) -> Diagnostic {
    let Some(alert) = super::rules(wiring).find(|rule| fires_when_down(rule, job)) else { return found };
    // Another job's finding may have named it.
    let name = &alert.name().span;
    let is_named =
        |place: &Span| std::ptr::eq(place.file.text(), name.file.text()) && place.start == name.start;
    if found.related.iter().any(|(place, _)| is_named(place)) {
        return found;
    }
    let label = match rules_not_loaded::is_lost(wiring, alert) {
        true => "so this alert fires for ever, once these rules are loaded",
        false => "so this alert fires for ever",
    };
    found.related(name, label)
}

/// Whether a rule alerts on `up == 0` of a job.
fn fires_when_down(rule: &Rule, job: &str) -> bool {
    let ExprKind::Binary(binary) = &rule.expr.unwrap_parens().kind else { return false };
    let (ExprKind::Vector(vector), ExprKind::Number(number)) =
        (&binary.lhs.unwrap_parens().kind, &binary.rhs.unwrap_parens().kind)
    else {
        return false;
    };
    let below = matches!((binary.op, number.value), (BinaryOp::Equal, 0.0) | (BinaryOp::Less, 1.0));
    let others = vector.matchers.iter().filter(|matcher| &*matcher.name != "__name__");
    let mut of_job = others.map(|matcher| &*matcher.name == "job" && matcher.matches(job));
    super::alerts(rule) && below && vector.metric_name() == Some("up") && of_job.all(|fits| fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::wiring::of_text;

    #[test]
    fn the_alert_that_fires_for_ever_is_named() {
        let told = |expr: &str| {
            let guide = format!(
                "```yaml\nscrape_configs:\n- job_name: db\n  static_configs: [{{targets: ['redis:6379']}}]\n```\n```yaml\n\
                 groups:\n- name: g\n  rules:\n  - alert: Down\n    expr: {expr}\n```\n"
            );
            find(&of_text("guide.md", &guide)).iter().map(|found| found.related.len()).collect::<Vec<_>>()
        };
        assert_eq!(told("up == 0"), [1]);
        assert_eq!(told("up{job=~\"db|web\"} < 1"), [1]);
        assert_eq!(told("up{job=\"web\"} == 0"), [0]);
        assert_eq!(told("up{instance=\"a\"} == 0"), [0]);
    }
}
