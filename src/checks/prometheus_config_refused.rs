//! A Prometheus config that Prometheus would not start with.

use super::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "prometheus-config-refused",
    harm: Harm::Breaks,
    title: "Prometheus does not start with this config",
    explanation: "The config is read as strictly as the version of the documented image reads it (without one, as \
                  the newest). One mistake is enough: Prometheus does not start, or keeps its old config.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: api\n  scrape_intervall: 15s\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: api\n  scrape_interval: 15s\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let configs = wiring.prometheus.iter();
    let problems = configs.flat_map(|config| {
        config.problems.iter().filter(|problem| super::is_new_error(wiring, problem)).map(|problem| {
            let version = config.version;
            let consequence = format!("Prometheus {version} does not start with this config");
            super::refused(problem, &consequence, config.source.path())
        })
    });
    problems.collect()
}
