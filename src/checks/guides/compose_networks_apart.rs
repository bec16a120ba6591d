//! Services of Compose that name each other from networks that don't meet.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Wiring, Workload};

pub const CHECK: Check = Check {
    id: "compose-networks-apart",
    harm: Harm::Breaks,
    title: "the two services share no network",
    explanation: "A service that lists `networks` is on these alone, and no longer on the project's default network. \
                  Its name resolves only for services of the same networks.",
    example: "# docker-compose.yml\nservices:\n  prometheus:\n    image: prom/prometheus:v2.45.0\n    volumes: ['./prometheus.yml:/etc/prometheus/prometheus.yml']\n    networks: [monitoring]\n  api:\n    image: api:1\nnetworks: {monitoring: {}}\n---8<---\n# prometheus.yml\nscrape_configs:\n- job_name: api\n  static_configs: [{targets: ['api:8000']}]\n",
    mended: "# docker-compose.yml\nservices:\n  prometheus:\n    image: prom/prometheus:v2.45.0\n    volumes: ['./prometheus.yml:/etc/prometheus/prometheus.yml']\n    networks: [monitoring, default]\n  api:\n    image: api:1\nnetworks: {monitoring: {}}\n---8<---\n# prometheus.yml\nscrape_configs:\n- job_name: api\n  static_configs: [{targets: ['api:8000']}]\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for config in &wiring.prometheus {
        let Some(read) = &config.config else { continue };
        let Some(from) = wiring.mounted(&config.home).first().map(|mounted| mounted.workload) else {
            continue;
        };
        let jobs = read.scrape_configs.iter().flat_map(|job| &job.discovery);
        for discovery in jobs.chain(read.alertmanagers.iter().flat_map(|to| &to.discovery)) {
            for target in discovery.listed() {
                let host = target.value.split(':').next().unwrap_or_default();
                let named: Vec<&Workload> =
                    wiring.workloads.iter().filter(|to| to.file.is_some() && to.name.value == host).collect();
                let Some(to) = named.first() else { continue };
                if from.file.is_none() || named.iter().any(|to| meet(from, to)) {
                    continue;
                }
                found.push(
                    Diagnostic::error("", format!("`{}` and `{host}` share no network", from.name.value))
                        .at(&target.span)
                        .label("does not resolve from there")
                        .related(&from.place, format!("is on {}", networks(from).join(", ")))
                        .related(&to.place, format!("is on {}", networks(to).join(", "))),
                );
            }
        }
    }
    found
}

fn networks(workload: &Workload) -> Vec<&str> {
    match workload.networks.is_empty() {
        true => vec!["default"],
        false => workload.networks.iter().map(|network| network.value.as_str()).collect(),
    }
}

fn meet(a: &Workload, b: &Workload) -> bool {
    let (of_a, of_b) = (networks(a), networks(b));
    a.host_network || b.host_network || of_a.iter().any(|network| of_b.contains(network))
}
