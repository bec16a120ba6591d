//! Rules about jobs that no scrape config has.

use super::{Check, Harm};
use crate::diagnostic::{Diagnostic, nearest};
use crate::promql::ast::MatchOp;
use crate::stack::Discovery;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "job-not-scraped",
    harm: Harm::Silent,
    title: "no scrape config has this job",
    explanation: "The label `job` is the scrape config's `job_name`. A rule about another job selects nothing, so its \
                  alert never fires: not even `up{job=\"…\"} == 0`, since there is no such `up`.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: api\nrule_files: [rules.yml]\n---8<---\n# rules.yml\ngroups:\n- name: db\n  rules:\n  - alert: Down\n    expr: up{job=\"postgres\"} == 0\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: postgres\nrule_files: [rules.yml]\n---8<---\n# rules.yml\ngroups:\n- name: db\n  rules:\n  - alert: Down\n    expr: up{job=\"postgres\"} == 0\n",
    find,
};

/// Jobs of the ServiceMonitors that kube-prometheus-stack brings; those named after the release aside.
const STACK_JOBS: [&str; 9] = [
    "apiserver",
    "kubelet",
    "node-exporter",
    "kube-state-metrics",
    "coredns",
    "kube-controller-manager",
    "kube-etcd",
    "kube-proxy",
    "kube-scheduler",
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let Some(own) = jobs(wiring) else { return Vec::new() };
    let stack = wiring.release_of("kube-prometheus-stack").is_some();
    let brought = STACK_JOBS.iter().filter(|_| stack).map(|job| (*job).to_owned());
    let jobs: Vec<String> = own.iter().cloned().chain(brought).collect();
    let mut found = Vec::new();
    for query in super::queries(wiring) {
        for (selector, place) in query.expr.selectors() {
            let wanted = selector.matchers.iter().find(|matcher| &*matcher.name == "job");
            let Some(wanted) = wanted.filter(|matcher| matcher.op == MatchOp::Equal) else { continue };
            let value = &*wanted.value;
            let of_release = wiring.releases.iter().any(|release| value.starts_with(&release.name.value));
            if value.is_empty() || of_release || jobs.iter().any(|job| job == value) {
                continue;
            }
            let diagnostic = Diagnostic::error("", format!("no scrape config has the job `{value}`"))
                .at(&query.place(place))
                .label("selects nothing")
                .because("an expression that selects nothing never fires")
                .shared(format!("the job {value}"));
            found.push(match nearest(value, jobs.iter().map(String::as_str)) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None if stack => diagnostic.help(format!(
                    "the documented jobs are: {}; the chart brings its own, such as kubelet and node-exporter",
                    own.join(", ")
                )),
                None => diagnostic.help(format!("the jobs are: {}", own.join(", "))),
            });
        }
    }
    found
}

/// Every job of the documented configs; `None` where they don't say.
fn jobs(wiring: &Wiring) -> Option<Vec<String>> {
    // The job of a monitor's targets is their Service's name, or a label's value.
    if wiring.prometheus.is_empty()
        || super::sources::takes_pushes(wiring)
        || wiring.operator_objects.iter().any(|it| it.kind.value.ends_with("Monitor"))
    {
        return None;
    }
    let mut jobs = Vec::new();
    for config in &wiring.prometheus {
        for job in &config.config.as_ref()?.scrape_configs {
            let relabels = job.relabel_configs.iter().chain(&job.metric_relabel_configs);
            let labelled = job.discovery.iter().any(|discovery| match discovery {
                Discovery::Static { labels, .. } => labels.get("job").is_some(),
                Discovery::Kubernetes { .. } => false,
                Discovery::Other { .. } => true,
            });
            // What maps all labels of pods may make a job of one.
            if job.honor_labels
                || labelled
                || relabels.into_iter().any(|relabel| relabel.target_label == "job")
            {
                return None;
            }
            jobs.push(job.job_name.value.clone());
        }
    }
    Some(jobs)
}
