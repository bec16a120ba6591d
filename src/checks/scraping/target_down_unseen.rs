//! Jobs whose targets can go down without any rule seeing it.

use crate::checks::{Check, Harm, alert_queries, rules};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::{Expr, ExprKind, VectorSelector};
use crate::stack::ScrapeConfig;
use crate::stack::wiring::Wiring;

use super::{all_jobs_known, jobs};

pub const CHECK: Check = Check {
    id: "target-down-unseen",
    harm: Harm::Risk,
    title: "no rule would see that the targets of these jobs are down",
    explanation: "A target that can't be scraped has no new samples: rules about its metrics find nothing and are quiet. Only its `up` \
                  says so. Where an alert watches `up` of one job, the others are usually forgotten.",
    example: "# prometheus.yml\nrule_files: [rules.yml]\nscrape_configs:\n- job_name: api\n  static_configs: [{targets: ['api:80']}]\n- job_name: node\n  static_configs: [{targets: ['node-exporter:9100']}]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up{job=\"api\"} == 0\n  - alert: Busy\n    expr: node_load1 > 8\n",
    mended: "# prometheus.yml\nrule_files: [rules.yml]\nscrape_configs:\n- job_name: api\n  static_configs: [{targets: ['api:80']}]\n- job_name: node\n  static_configs: [{targets: ['node-exporter:9100']}]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: TargetDown\n    expr: up == 0\n  - alert: Busy\n    expr: node_load1 > 8\n",
    find,
};

/// More than anybody looks at.
const SHOWN: usize = 8;

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    // A chart's own rules watch all targets.
    if !all_jobs_known(wiring) || wiring.chart_with_rules().is_some() {
        return Vec::new();
    }
    let watching: Vec<&VectorSelector> =
        alert_queries(wiring).flat_map(|query| watching(query.expr)).collect();
    let watched = |job: &ScrapeConfig| {
        let name = &job.job_name.value;
        watching.iter().any(|selector| {
            let of_job = |matcher: &crate::promql::ast::Matcher| matcher.matches(name);
            selector.matchers.iter().filter(|matcher| &*matcher.name == "job").all(of_job)
        })
    };
    let relabelled = |job: &ScrapeConfig| job.relabel_configs.iter().any(|it| it.target_label == "job");
    if jobs(wiring).any(relabelled) || !jobs(wiring).any(watched) {
        return Vec::new();
    }
    let unseen: Vec<&ScrapeConfig> = jobs(wiring).filter(|job| !watched(job)).collect();
    let Some(first) = unseen.first() else { return Vec::new() };
    let found = Diagnostic::warning(
        "",
        format!("no rule would see that the targets of `{}` are down", first.job_name.value),
    )
    .at(&first.job_name.span)
    .label("no alert reads `up` of this job");
    let found = unseen
        .iter()
        .skip(1)
        .take(SHOWN)
        .fold(found, |found, job| found.related(&job.job_name.span, "nor of this one"));
    let alert = rules(wiring).find(|rule| watching_any(&rule.expr));
    let found = match alert {
        Some(alert) => found.related(&alert.name().span, "this one watches another job"),
        None => found,
    };
    vec![
        found
            .because("alerts on a target's metrics are quiet when there are none")
            .help("add an alert on `up == 0` for all jobs, with `{{ $labels.job }}` and `{{ $labels.instance }}` in its text"),
    ]
}

fn watching_any(expr: &Expr) -> bool {
    !watching(expr).is_empty()
}

/// What an expression reads to see that something is gone: `up`, and all within `absent`.
fn watching(expr: &Expr) -> Vec<&VectorSelector> {
    let mut found: Vec<&VectorSelector> = Vec::new();
    for (selector, _) in expr.selectors() {
        if selector.metric_name().is_none_or(|name| name == "up") {
            found.push(selector);
        }
    }
    expr.walk(&mut |expr| {
        if let ExprKind::Call(call) = &expr.kind
            && matches!(call.function.name, "absent" | "absent_over_time")
        {
            let inside = call.args.iter().flat_map(Expr::selectors).map(|(selector, _)| selector);
            // Of a metric without a job nobody knows whose it is.
            found.extend(inside.filter(|it| it.matchers.iter().any(|matcher| &*matcher.name == "job")));
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_job_beside_a_watched_one_is_told() {
        let guide = |expr: &str| {
            format!(
                "```yaml\nrule_files: [r.yml]\nscrape_configs:\n- job_name: a\n  static_configs: [{{targets: ['a:1']}}]\n- job_name: b\n  static_configs: [{{targets: ['b:1']}}]\n```\n```yaml\ngroups:\n- name: g\n  rules:\n  - alert: A\n    expr: {expr}\n```\n"
            )
        };
        let found = ["6:13 no rule would see that the targets of `b` are down"];
        check("target-down-unseen", &guide("up{job=\"a\"} == 0"), &found);
        check("target-down-unseen", &guide("absent(x{job=\"a\"})"), &found);
        for fine in
            ["up == 0", "up{job=~\"a|b\"} == 0", "up{job!=\"c\"} < 1", "sum by (job) (up) < 1", "x > 1"]
        {
            check("target-down-unseen", &guide(fine), &[]);
        }
        let both = guide("up{job=\"a\"} == 0").replace(
            "expr: up{job=\"a\"} == 0",
            "expr: up{job=\"a\"} == 0\n  - alert: B\n    expr: absent(up{job=\"b\"})",
        );
        check("target-down-unseen", &both, &[]);
    }
}
