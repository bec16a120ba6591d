//! From what discovery finds to what is scraped: default labels, relabelling, address and identity.

use std::collections::BTreeSet;

use crate::labels::Labels;
use crate::promql::Semantics;
use crate::stack::{ScrapeConfig, relabel};
use crate::time::{Duration, Timestamp};
use crate::twin::scrape::Rejected;
use crate::workload::{Workload, has_port};

/// What is scraped, how, and the labels that its samples get.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub job: String,
    pub labels: Labels,
    pub scheme: String,
    pub address: String,
    pub path: String,
    /// The parameters of the URL, by name.
    pub params: Vec<(String, String)>,
    pub interval: Duration,
    pub timeout: Duration,
    /// Labels and URL: two targets of a job with the same key are one.
    pub(super) key: String,
}

impl Target {
    pub fn url(&self) -> String {
        let mut url = format!("{}://{}{}", self.scheme, self.address, self.path);
        for (index, (name, value)) in self.params.iter().enumerate() {
            url.push(if index == 0 { '?' } else { '&' });
            url.push_str(&format!("{name}={value}"));
        }
        url
    }

    /// FNV-1a of the key: the same on every machine.
    pub(super) fn hash(&self) -> u64 {
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        self.key.bytes().fold(0xcbf2_9ce4_8422_2325, step)
    }
}

/// The job's targets at `at`, without those that relabelling drops, each once.
pub(super) fn find(
    config: &ScrapeConfig,
    semantics: Semantics,
    at: Timestamp,
    workload: &Workload,
    rejected: &mut Vec<Rejected>,
) -> Vec<Target> {
    let mut seen = BTreeSet::new();
    let mut targets = Vec::new();
    for discovery in &config.discovery {
        for discovered in workload.targets(at, &config.job_name.value, discovery) {
            match populate(config, semantics, &discovered) {
                Ok(Some(target)) if seen.insert(target.key.clone()) => targets.push(target),
                Ok(_) => {}
                Err(reason) => {
                    rejected.push(Rejected { job: config.job_name.value.clone(), discovered, reason })
                }
            }
        }
    }
    targets
}

/// `Ok(None)` where relabelling drops it; an error is Prometheus' reason not to scrape it.
fn populate(
    config: &ScrapeConfig,
    semantics: Semantics,
    discovered: &Labels,
) -> Result<Option<Target>, String> {
    let mut labels = discovered.builder();
    let defaults = [
        ("job", config.job_name.value.clone()),
        ("__scrape_interval__", config.scrape_interval.to_string()),
        ("__scrape_timeout__", config.scrape_timeout.to_string()),
        ("__metrics_path__", config.metrics_path.clone()),
        ("__scheme__", config.scheme.clone()),
    ];
    for (name, value) in defaults {
        if labels.get(name).is_empty() {
            labels.set(name, value);
        }
    }
    for (name, values) in &config.params {
        if let Some(first) = values.first() {
            labels.set(format!("__param_{name}"), first.as_str());
        }
    }
    let Some(relabelled) = relabel::apply(&config.relabel_configs, &labels.build()) else { return Ok(None) };
    let address = relabelled.value("__address__");
    if address.is_empty() {
        return Err("no address".to_owned());
    }
    let scheme = relabelled.value("__scheme__");
    let address = match (semantics, has_port(address), scheme) {
        (Semantics::V3, ..) | (_, true, _) => address.to_owned(),
        (Semantics::V2, false, "http" | "") => format!("{address}:80"),
        (Semantics::V2, false, "https") => format!("{address}:443"),
        (Semantics::V2, false, other) => return Err(format!("invalid scheme: \"{other}\"")),
    };
    if address.contains('/') {
        return Err(format!("\"{address}\" is not a valid hostname"));
    }
    let interval = positive(relabelled.value("__scrape_interval__"), "scrape interval")?;
    let timeout = positive(relabelled.value("__scrape_timeout__"), "scrape timeout")?;
    if timeout > interval {
        return Err(format!(
            "scrape timeout cannot be greater than scrape interval (\"{timeout}\" > \"{interval}\")"
        ));
    }
    let params = params(config, &relabelled);
    let mut shown = relabelled.builder();
    shown.retain(|name, _| !name.starts_with("__"));
    if shown.get("instance").is_empty() {
        shown.set("instance", address.as_str());
    }
    let mut target = Target {
        job: config.job_name.value.clone(),
        labels: shown.build(),
        scheme: scheme.to_owned(),
        path: relabelled.value("__metrics_path__").to_owned(),
        address,
        params,
        interval,
        timeout,
        key: String::new(),
    };
    target.key = format!("{} {}", target.labels, target.url());
    Ok(Some(target))
}

fn positive(text: &str, what: &str) -> Result<Duration, String> {
    let duration = Duration::parse(text).map_err(|error| format!("error parsing {what}: {error}"))?;
    match duration > Duration::ZERO {
        true => Ok(duration),
        false => Err(format!("{what} cannot be 0")),
    }
}

/// The config's parameters; a `__param_` label replaces the first value of its name.
fn params(config: &ScrapeConfig, labels: &Labels) -> Vec<(String, String)> {
    let mut params: Vec<(String, String)> = Vec::new();
    for (name, values) in &config.params {
        let of_label = labels.get(&format!("__param_{name}"));
        let first = of_label.map(str::to_owned).into_iter();
        params.extend(first.chain(values.iter().skip(1).cloned()).map(|value| (name.clone(), value)));
    }
    for (label, value) in labels.iter() {
        if let Some(name) = label.strip_prefix("__param_")
            && !config.params.iter().any(|(known, _)| known == name)
        {
            params.push((name.to_owned(), value.to_owned()));
        }
    }
    params.sort();
    params
}
