//! Texts that show `instance`, where all targets of the job have the same.

use crate::checks::{Check, Harm, sources, templates};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;
use crate::stack::{RelabelAction, ScrapeConfig};

pub const CHECK: Check = Check {
    id: "instance-of-a-proxy",
    harm: Harm::Silent,
    title: "the text shows an `instance` that is the same for all targets",
    explanation: "`instance` is the address that is scraped. A job that scrapes all its targets through one address, as nodes \
                  through the API server, gives all of them that address: the alert does not say which node is down. Set \
                  `instance` from the node's name.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: nodes\n  kubernetes_sd_configs: [{role: node}]\n  relabel_configs:\n  - {target_label: __address__, replacement: 'kubernetes.default.svc:443'}\nrule_files: [rules.yml]\n---8<---\n# rules.yml\ngroups:\n- name: nodes\n  rules:\n  - alert: NodeDown\n    expr: up{job=\"nodes\"} == 0\n    annotations: {summary: 'Node {{ $labels.instance }} is down'}\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: nodes\n  kubernetes_sd_configs: [{role: node}]\n  relabel_configs:\n  - {target_label: __address__, replacement: 'kubernetes.default.svc:443'}\n  - {source_labels: [__meta_kubernetes_node_name], target_label: instance}\nrule_files: [rules.yml]\n---8<---\n# rules.yml\ngroups:\n- name: nodes\n  rules:\n  - alert: NodeDown\n    expr: up{job=\"nodes\"} == 0\n    annotations: {summary: 'Node {{ $labels.instance }} is down'}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let proxied: Vec<(&ScrapeConfig, &str, &crate::diagnostic::Span)> = sources::jobs(wiring)
        .filter_map(|job| Some((job, one_address(job)?.0, one_address(job)?.1)))
        .collect();
    let mut found = Vec::new();
    for rule in crate::checks::rules(wiring).filter(|rule| crate::checks::alerts(rule)) {
        let selectors = rule.expr.selectors();
        let jobs = selectors.iter().flat_map(|(selector, _)| &selector.matchers);
        let job = jobs.into_iter().find(|matcher| &*matcher.name == "job" && !matcher.matches(""));
        let Some((config, address, place)) =
            proxied.iter().find(|(config, ..)| job.is_some_and(|job| job.matches(&config.job_name.value)))
        else {
            continue;
        };
        let texts = templates::texts(rule);
        let mut used = texts.iter().flat_map(|(_, text)| templates::labels(text));
        let Some((_, shown)) = used.find(|(label, _)| *label == "instance") else { continue };
        found.push(
            Diagnostic::error(
                "",
                format!("`instance` is `{address}` for every target of `{}`", config.job_name.value),
            )
            .at(&shown)
            .label("does not say which")
            .related(place, "all targets get this address")
            .because("`instance` is the address that is scraped, unless relabelling sets another")
            .help(MEND)
            .shared(cause(config)),
        );
    }
    found
}

pub const MEND: &str =
    "add `{source_labels: [__meta_kubernetes_node_name], target_label: instance}` to the job";

/// What all findings about a job's `instance` have in common.
pub fn cause(job: &ScrapeConfig) -> String {
    format!("the `instance` of the job {}", job.job_name.value)
}

/// The address through which a job scrapes all its targets, if it keeps no `instance` of their own.
pub fn one_address(job: &ScrapeConfig) -> Option<(&str, &crate::diagnostic::Span)> {
    let set = |label: &str| job.relabel_configs.iter().rfind(|relabel| relabel.target_label == label);
    let address = set("__address__")?;
    let constant = address.action == RelabelAction::Replace && !address.replacement.contains('$');
    (constant && set("instance").is_none()).then_some((address.replacement.as_str(), &address.place))
}
