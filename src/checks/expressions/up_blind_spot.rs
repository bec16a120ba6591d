//! Alerts on `up == 0` that are blind when the target is no longer discovered.

use crate::checks::{Check, Harm, Query, sources};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::{BinaryOp, Expr, ExprKind, VectorSelector};
use crate::stack::wiring::Wiring;
use crate::stack::{Discovery, KubernetesRole};

pub const CHECK: Check = Check {
    id: "up-blind-spot",
    harm: Harm::Risk,
    title: "when the target is no longer discovered, this alert sees nothing",
    explanation: "`up` exists only for targets that service discovery finds. When a deployment is scaled to zero, a pod is \
                  evicted, a node is removed or a label changes, the target is gone and its `up` with it: `up == 0` selects \
                  nothing and the alert never fires. An alert on `absent(up{job=\"…\"})` beside it sees that.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: api\n  kubernetes_sd_configs: [{role: pod}]\nrule_files: [rules.yml]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: Down\n    expr: up{job=\"api\"} == 0\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: api\n  kubernetes_sd_configs: [{role: pod}]\nrule_files: [rules.yml]\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: Down\n    expr: up{job=\"api\"} == 0\n  - alert: Gone\n    expr: absent(up{job=\"api\"})\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let watched: Vec<&VectorSelector> =
        crate::checks::queries(wiring).flat_map(|query| absences(query.expr)).collect();
    let queries = crate::checks::alert_queries(wiring);
    queries.filter_map(|query| judge(&query, wiring, &watched)).collect()
}

fn judge(query: &Query, wiring: &Wiring, watched: &[&VectorSelector]) -> Option<Diagnostic> {
    let mut selector = None;
    query.expr.walk(&mut |expr| {
        if let ExprKind::Binary(binary) = &expr.kind
            && binary.op == BinaryOp::Equal
            && let (ExprKind::Vector(vector), ExprKind::Number(number)) =
                (&binary.lhs.unwrap_parens().kind, &binary.rhs.kind)
            && vector.metric_name() == Some("up")
            && number.value == 0.0
        {
            selector = Some((&**vector, expr.span));
        }
    });
    let (selector, span) = selector?;
    let job = selector.matchers.iter().find(|matcher| &*matcher.name == "job");
    let discoveries = sources::jobs(wiring)
        .filter(|config| job.is_none_or(|job| job.matches(&config.job_name.value)))
        .flat_map(|config| &config.discovery);
    let discoveries: Vec<&Discovery> =
        discoveries.filter(|discovery| !matches!(discovery, Discovery::Static { .. })).collect();
    let discovered = !discoveries.is_empty();
    let monitored = sources::stack_release(wiring).is_some()
        || wiring.operator_objects.iter().any(|object| object.kind.value.ends_with("Monitor"));
    let covered = watched.iter().any(|other| {
        let other = other.matchers.iter().find(|matcher| &*matcher.name == "job");
        match (job, other) {
            (Some(job), Some(other)) => other.matches(&job.value) || job.matches(&other.value),
            (_, None) => true,
            (None, Some(_)) => true,
        }
    });
    // A job that no config has is a finding of its own.
    let known = job.is_none_or(|job| {
        let mut jobs = sources::jobs(wiring);
        monitored || jobs.any(|config| job.matches(&config.job_name.value))
    });
    (!covered && known && (discovered || monitored)).then(|| {
        Diagnostic::error("", "this alert is blind when its targets are no longer discovered")
            .at(&query.place(span))
            .label("selects nothing then")
            .because(because(&discoveries))
            .help(match job {
                Some(job) => format!(
                    "add an alert on `absent(up{{job=\"{}\"}})`, or count what must be there",
                    job.value
                ),
                None => "add an alert on `absent(up{job=\"…\"})` for each job that must be there".to_owned(),
            })
            .follows_from("job-not-scraped", &query.place(span))
    })
}

/// When there is no `up` any more.
fn because(discoveries: &[&Discovery]) -> &'static str {
    let of_services = |discovery: &&Discovery| {
        matches!(discovery, Discovery::Kubernetes { role: KubernetesRole::Service, .. })
    };
    match !discoveries.is_empty() && discoveries.iter().all(of_services) {
        true => {
            "`up` exists only for what service discovery finds: it is 0 while a Service has no pods, and gone with the \
             Service or the annotation that it is found by"
        }
        false => {
            "`up` exists only for what service discovery finds: with no pod, node or endpoint left there is no `up`"
        }
    }
}

/// Selectors of `up` within `absent`.
fn absences(expr: &Expr) -> Vec<&VectorSelector> {
    let mut found = Vec::new();
    expr.walk(&mut |expr| {
        if let ExprKind::Call(call) = &expr.kind
            && matches!(call.function.name, "absent" | "absent_over_time")
        {
            let selectors = call.args.iter().flat_map(Expr::selectors).map(|(selector, _)| selector);
            found.extend(selectors.filter(|selector| selector.metric_name() == Some("up")));
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn static_targets_and_watched_jobs_are_not_found() {
        let guide = |sd: &str, more: &str| {
            format!(
                "```yaml\nscrape_configs:\n- job_name: a\n  {sd}\nrule_files: [r.yml]\n```\n```yaml\ngroups:\n- name: g\n  \
                 rules:\n  - alert: A\n    expr: up{{job=\"a\"}} == 0\n{more}```\n"
            )
        };
        let pods = "kubernetes_sd_configs: [{role: pod}]";
        check(
            "up-blind-spot",
            &guide(pods, ""),
            &["12:11 this alert is blind when its targets are no longer discovered"],
        );
        check("up-blind-spot", &guide("static_configs: [{targets: ['a:1']}]", ""), &[]);
        check("up-blind-spot", &guide(pods, "  - alert: B\n    expr: absent(up{job=\"a\"})\n"), &[]);
        check(
            "up-blind-spot",
            &guide(pods, "  - alert: B\n    expr: absent(up{job=\"b\"})\n").replace("r.yml", "x"),
            &["12:11 this alert is blind when its targets are no longer discovered"],
        );
    }
}
