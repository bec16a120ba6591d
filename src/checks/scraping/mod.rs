//! What scrape jobs find among the documented objects, and what they don't.

pub mod annotation_missing;
pub mod annotation_unread;
pub mod database_down_unseen;
pub mod exporter_not_deployed;
pub mod exporter_unused;
pub mod instance_shared;
pub mod job_takes_exporters;
pub mod kubelet_needs_https;
pub mod label_renamed;
pub mod meta_label_missing;
pub mod metrics_in_two_places;
pub mod metrics_not_served;
pub mod monitor_selects_nothing;
pub mod monitoring_not_scraped;
pub mod port_annotation_unread;
pub mod query_counts_tables;
pub mod query_name_doubled;
pub mod scraped_twice;
pub mod scrapes_everything;
pub mod scrapes_one_pod_of_many;
pub mod target_down_unseen;
pub mod worker_not_scrapable;

use crate::stack::wiring::{Home, Wiring};
use crate::stack::{Discovery, KubernetesRole, ScrapeConfig};

/// Every job of every Prometheus.
pub fn jobs(wiring: &Wiring) -> impl Iterator<Item = &ScrapeConfig> {
    let configs = wiring.prometheus.iter().filter_map(|config| config.config.as_ref());
    configs.flat_map(|config| &config.scrape_configs)
}

/// Whether a job passes its targets to an exporter as a parameter, as blackbox_exporter has it.
fn is_probe(job: &ScrapeConfig) -> bool {
    job.params.iter().any(|(name, _)| name == "module")
        || job.relabel_configs.iter().any(|relabel| relabel.target_label == "__param_target")
}

fn has_role(job: &ScrapeConfig, wanted: &[KubernetesRole]) -> bool {
    job.discovery.iter().any(|discovery| match discovery {
        Discovery::Kubernetes { role, .. } => wanted.contains(role),
        _ => false,
    })
}

/// Whether all of the scrape configuration is in the documents: no chart adds jobs of its own.
fn all_jobs_known(wiring: &Wiring) -> bool {
    wiring.prometheus.iter().any(|config| config.home != Home::Values)
        && wiring.prometheus.iter().all(|config| config.config.is_some())
}
