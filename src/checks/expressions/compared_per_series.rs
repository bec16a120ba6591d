//! Thresholds that each of several series is held to by itself, where the words mean their sum.

use super::spoken;
use crate::checks::sources::{self, Known, Sources};
use crate::checks::{Check, Harm, Query, series, templates, values};
use crate::diagnostic::Diagnostic;
use crate::promql::ast::{BinaryOp, ExprKind, VectorSelector};
use crate::stack::wiring::{MetricKind, Wiring};
use crate::stack::{Discovery, KubernetesRole, Rule};

pub const CHECK: Check = Check {
    id: "compared-per-series",
    harm: Harm::Risk,
    title: "each series is compared by itself, though the text speaks of the whole",
    explanation: "A metric with labels of its own has a series for each of their values: connections by database and \
                  state, lag by partition, users by type. Without a sum each is compared with the threshold by itself: 79 \
                  idle and 79 active connections are not above 80. Where the text does not say which of them, it is not \
                  what was meant. So is `up` of a job that discovers pods: a text that says that the service is down is told \
                  of each pod that restarts.",
    example: "groups:\n- name: db\n  rules:\n  - alert: ManyConnections\n    expr: pg_stat_activity_count > 80\n    annotations: {summary: 'Database has {{ $value }} connections'}\n",
    mended: "groups:\n- name: db\n  rules:\n  - alert: ManyConnections\n    expr: sum by (instance) (pg_stat_activity_count) > 80\n    annotations: {summary: 'Database has {{ $value }} connections'}\n",
    find,
};

/// Series that stand for parts of one thing, of those in the catalogue: the labels that tell the parts apart, and those
/// of the whole.
const PARTS: [(&str, &[&str], &str); 6] = [
    ("pg_stat_activity_count", &["datname", "state"], "job, instance"),
    ("pg_locks_count", &["datname", "mode"], "job, instance"),
    ("kafka_consumergroup_lag", &["consumergroup", "topic", "partition"], "consumergroup, topic"),
    ("kafka_consumergroup_lag_sum", &["consumergroup", "topic"], "consumergroup"),
    ("redis_db_keys", &["db"], "job, instance"),
    ("node_cpu_seconds_total", &["cpu", "mode"], "job, instance"),
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let sources = Sources::new(wiring);
    let queries = crate::checks::queries(wiring);
    queries.filter_map(|query| judge(&query, &sources).or_else(|| one_of_many_down(&query, wiring))).collect()
}

fn judge(query: &Query, sources: &Sources) -> Option<Diagnostic> {
    let rule = query.rule.filter(|rule| crate::checks::alerts(rule))?;
    let ExprKind::Binary(binary) = &query.expr.unwrap_parens().kind else { return None };
    let (side, _, _) = values::comparison(binary, sources)?;
    let selector = plain(side)?;
    let name = selector.metric_name()?;
    let known = sources.selected(selector);
    let parts = PARTS.iter().find(|(part, ..)| *part == name);
    let labels: Vec<String> = match (&known, parts) {
        (Known::Catalogued(_), Some((_, labels, _))) => {
            labels.iter().map(|label| (*label).to_owned()).collect()
        }
        (Known::Instrumented(metric), _) if metric.kind == MetricKind::Gauge && !metric.labels.is_empty() => {
            // Not those that all of an application's metrics have.
            let own =
                metric.labels.iter().filter(|label| !matches!(label.as_str(), "app" | "version" | "env"));
            own.cloned().collect()
        }
        _ => return None,
    };
    let fixed = series::of(side, sources);
    // That the text means one value of a label is told by itself; its mend is part of this one's.
    let meant = spoken::of(query, sources).filter(|spoken| spoken.metric == name);
    let is_meant = |label: &String| meant.as_ref().is_some_and(|spoken| spoken.label == *label);
    let free: Vec<&String> =
        labels.iter().filter(|label| fixed.value(label).is_none() && !is_meant(label)).collect();
    let texts = templates::texts(rule);
    let told = texts.iter().flat_map(|(_, text)| templates::labels(text));
    let told: Vec<&str> = told.map(|(label, _)| label).collect();
    // A text that names all the parts' labels but one says which series it means, and a part of it.
    let untold: Vec<&&String> = free.iter().filter(|label| !told.contains(&label.as_str())).collect();
    if texts.is_empty() || untold.is_empty() {
        return None;
    }
    let listed: Vec<String> = free.iter().map(|label| format!("`{label}`")).collect();
    let listed = listed.join(" and ");
    let whole = match &meant {
        Some(spoken) => format!("{name}{{{}=\"{}\"}}", spoken.label, spoken.value),
        None => selector.to_string(),
    };
    let sum = match parts {
        Some((.., by)) => format!("sum by ({by}) ({whole})"),
        None => format!("sum({whole})"),
    };
    let told = Diagnostic::error("", format!("each {listed} of `{name}` is compared by itself"))
        .at(&query.place(side.span))
        .label("many series, none of them the whole")
        .because(format!("there is a series for each {listed} at least, and the text speaks of one number"))
        .help(format!("sum them: `{sum}`, or say in the text which it is"));
    Some(query.besides(told))
}

/// `up{job="api"} == 0` of a job with a target for each pod, told as if all of them were down.
fn one_of_many_down(query: &Query, wiring: &Wiring) -> Option<Diagnostic> {
    let rule = query.rule.filter(|rule| crate::checks::alerts(rule))?;
    let ExprKind::Binary(binary) = &query.expr.unwrap_parens().kind else { return None };
    let (ExprKind::Vector(vector), ExprKind::Number(number)) =
        (&binary.lhs.unwrap_parens().kind, &binary.rhs.unwrap_parens().kind)
    else {
        return None;
    };
    let is_up = vector.metric_name() == Some("up") && (binary.op, number.value) == (BinaryOp::Equal, 0.0);
    let job = vector.matchers.iter().find(|matcher| &*matcher.name == "job")?;
    if !is_up || !says_the_whole(rule) || !has_many_targets(wiring, &job.value) {
        return None;
    }
    Some(
        Diagnostic::error("", format!("`up` of each target of `{}` is compared by itself", job.value))
            .at(&query.place(query.expr.span))
            .label("true as soon as one of them is down")
            .because("the text says that the service is down, and there is a target for each of its pods")
            .help(format!(
                "name the one that is down, as in `{{{{ $labels.instance }}}}`; or ask whether all are: \
                 `absent({vector} == 1)`"
            )),
    )
}

/// Whether an alert's texts speak of a service, and of none of its instances.
fn says_the_whole(rule: &Rule) -> bool {
    const ONE: [&str; 4] = ["instance", "pod", "target", "replica"];
    let texts = templates::texts(rule);
    let shows = texts.iter().flat_map(|(_, text)| templates::labels(text));
    let shows_one = shows.into_iter().any(|(label, _)| !matches!(label, "job" | "severity" | "namespace"));
    let said: Vec<String> = texts.iter().map(|(_, text)| text.value.to_lowercase()).collect();
    let says = |word: &str| said.iter().any(|text| text.contains(word));
    !shows_one && says("service") && (says("down") || says("unavailable")) && !ONE.iter().any(|one| says(one))
}

/// Whether a job's targets are the pods of a Service, of which there may be many.
fn has_many_targets(wiring: &Wiring, job: &str) -> bool {
    let discovers = |discovery: &Discovery| {
        matches!(
            discovery,
            Discovery::Kubernetes {
                role: KubernetesRole::Pod | KubernetesRole::Endpoints | KubernetesRole::EndpointSlice,
                ..
            }
        )
    };
    let written = sources::jobs(wiring)
        .any(|config| config.job_name.value == job && config.discovery.iter().any(discovers));
    // The operator calls a job like its Service.
    let monitored = wiring.monitors.iter().any(|monitor| {
        monitor.selector.iter().any(|(_, value)| value.value == job) || monitor.name.value == job
    });
    let single = wiring.workloads.iter().any(|workload| {
        workload.name.value == job && workload.replicas.as_ref().is_some_and(|count| count.value == "1")
    });
    (written || monitored) && !single
}

/// A selector that is compared as it is.
fn plain(expr: &crate::promql::Expr) -> Option<&VectorSelector> {
    match &expr.unwrap_parens().kind {
        ExprKind::Vector(vector) => Some(vector),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_sum_or_a_text_that_says_which_is_right() {
        let guide = |expr: &str, text: &str| {
            format!(
                "```yaml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: {expr}\n    annotations: {{summary: '{text}'}}\n```\n"
            )
        };
        let found = ["6:11 each `datname` and `state` of `pg_stat_activity_count` is compared by itself"];
        check(
            "compared-per-series",
            &guide("pg_stat_activity_count > 80", "{{ $value }} connections"),
            &found,
        );
        check(
            "compared-per-series",
            &guide("sum(pg_stat_activity_count) > 80", "{{ $value }} connections"),
            &[],
        );
        let which = "{{ $labels.datname }} {{ $labels.state }}";
        check("compared-per-series", &guide("pg_stat_activity_count > 80", which), &[]);
        check("compared-per-series", &guide("node_filesystem_avail_bytes < 80", "disk"), &[]);
    }

    #[test]
    fn a_service_is_down_when_all_of_its_pods_are() {
        let guide = |expr: &str, text: &str, role: &str| {
            format!(
                "```yaml\nscrape_configs:\n- job_name: api\n  kubernetes_sd_configs: [{{role: {role}}}]\nrule_files: [r.yml]\n```\n```yaml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: {expr}\n    annotations: {{summary: '{text}'}}\n```\n"
            )
        };
        let down = "up{job=\"api\"} == 0";
        let found = ["12:11 `up` of each target of `api` is compared by itself"];
        check("compared-per-series", &guide(down, "The API service is down", "pod"), &found);
        check("compared-per-series", &guide(down, "The API service is down", "service"), &[]);
        check("compared-per-series", &guide(down, "A pod of the service is down", "pod"), &[]);
        check(
            "compared-per-series",
            &guide(down, "{{ $labels.instance }} of the service is down", "pod"),
            &[],
        );
        let all = "absent(up{job=\"api\"} == 1)";
        check("compared-per-series", &guide(all, "The API service is down", "pod"), &[]);
    }
}
