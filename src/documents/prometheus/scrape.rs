//! `scrape_configs`.

use super::{Global, discovery, http_client};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::documents::relabel;
use crate::documents::shape::{self, Key, Want, key};
use crate::documents::value;
use crate::documents::yaml::{Mapping, Node, wrong_type};
use crate::golang::quote;
use crate::stack::{self, Discovery, Names, ScrapeConfig, Version};
use crate::time::Duration;

const PROTOCOLS: [&str; 5] = [
    "OpenMetricsText0.0.1",
    "OpenMetricsText1.0.0",
    "PrometheusProto",
    "PrometheusText0.0.4",
    "PrometheusText1.0.0",
];

pub const ESCAPING: [&str; 4] = ["allow-utf-8", "underscores", "dots", "values"];

const OPTIONS: &[Key] = &[
    key("track_timestamps_staleness", Want::Bool).since(2, 48),
    key("enable_compression", Want::Bool).since(2, 49),
    key("native_histogram_bucket_limit", Want::Unsigned).since(2, 45),
    key("native_histogram_min_bucket_factor", Want::Float).since(2, 50),
    key("keep_dropped_targets", Want::Unsigned).since(2, 47),
    key("scrape_classic_histograms", Want::Bool).since(2, 45).until(2, u32::MAX),
    key("always_scrape_classic_histograms", Want::Bool).since(3, 0),
    key("convert_classic_histograms_to_nhcb", Want::Bool).since(3, 0),
    key("scrape_native_histograms", Want::Bool).since(3, 8),
    key("scrape_failure_log_file", Want::Text).since(2, 55),
    key("extra_scrape_metrics", Want::Bool).since(3, 9),
    key("fallback_scrape_protocol", Want::Word(&PROTOCOLS)).since(3, 0),
];

/// Limits that scrape configs inherit; 0 is none.
#[derive(Clone, Default)]
pub struct Limits {
    body_size: u64,
    samples: u64,
    targets: u64,
    labels: u64,
    name_length: u64,
    value_length: u64,
}

/// All jobs; a name given twice is an error.
pub fn read_all(
    node: &Node,
    global: &Global,
    version: Version,
    problems: &mut Vec<Diagnostic>,
) -> Vec<ScrapeConfig> {
    let Some(items) = node.items() else {
        problems.push(wrong_type(node, "a list of scrape configs"));
        return Vec::new();
    };
    let mut names: Vec<Spanned<String>> = Vec::new();
    let mut read = Vec::new();
    for item in items {
        if item.is_null() {
            problems.push(
                Diagnostic::error("empty-value", "empty or null scrape config section")
                    .at(&item.span)
                    .label("nothing here"),
            );
            continue;
        }
        let Some(mut mapping) = Mapping::of(item, "scrape config", problems) else { continue };
        let name = job_name(&mut mapping, problems);
        if let Some(name) = &name {
            match names.iter().find(|known| known.value == name.value) {
                Some(first) => problems.push(
                    Diagnostic::error(
                        "duplicate-job",
                        format!("found multiple scrape configs with job name {}", quote(&name.value)),
                    )
                    .at(&name.span)
                    .label("again here")
                    .related(&first.span, "first here"),
                ),
                None => names.push(name.clone()),
            }
        }
        read.extend(one(mapping, name, global, version, problems));
    }
    read
}

fn job_name(mapping: &mut Mapping<'_>, problems: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
    match mapping.get("job_name") {
        Some(node) => value::filled(node, "job_name", problems),
        None => {
            problems.push(mapping.missing("job_name").because("job_name is empty"));
            None
        }
    }
}

fn one(
    mut mapping: Mapping<'_>,
    name: Option<Spanned<String>>,
    global: &Global,
    version: Version,
    problems: &mut Vec<Diagnostic>,
) -> Option<ScrapeConfig> {
    let node = mapping.node;
    let (interval, timeout) = times(&mut mapping, name.as_ref(), global, problems);
    let names = names(&mut mapping, global.names, version, problems);
    let text = |mapping: &mut Mapping<'_>, key, default: &str, problems: &mut Vec<Diagnostic>| {
        let read = mapping.get(key).and_then(|node| value::string(node, problems));
        read.map(|text| text.value).filter(|text| !text.is_empty()).unwrap_or_else(|| default.to_owned())
    };
    let metrics_path = text(&mut mapping, "metrics_path", "/metrics", problems);
    let scheme = text(&mut mapping, "scheme", "http", problems);
    let params = mapping.get("params").map(|node| params(node, problems)).unwrap_or_default();
    let honor_labels = mapping.get("honor_labels").and_then(|node| value::boolean(node, problems));
    let honor_timestamps = mapping.get("honor_timestamps").and_then(|node| value::boolean(node, problems));
    let limits = limits(&mut mapping, &global.limits, problems);
    let relabel_configs = mapping.get("relabel_configs");
    let relabel_configs =
        relabel_configs.map(|node| relabel::read_with(node, names, problems)).unwrap_or_default();
    let metric_relabel_configs = mapping.get("metric_relabel_configs");
    let metric_relabel_configs =
        metric_relabel_configs.map(|node| relabel::read_with(node, names, problems)).unwrap_or_default();
    let discovery = discovery::read(&mut mapping, version, problems);
    http_client::check(&mut mapping, version, problems);
    if version >= Version::new(2, 49)
        && let Some(node) = mapping.get("scrape_protocols")
    {
        protocols(node, version, problems);
    }
    shape::check(&mut mapping, OPTIONS, version, problems);
    mapping.finish(problems);
    let config = ScrapeConfig {
        place: node.span.clone(),
        job_name: name?,
        scrape_interval: interval,
        scrape_timeout: timeout,
        metrics_path,
        scheme,
        params,
        honor_labels: honor_labels.unwrap_or(false),
        honor_timestamps: honor_timestamps.unwrap_or(true),
        body_size_limit: limits.body_size,
        sample_limit: limits.samples,
        label_limit: limits.labels,
        label_name_length_limit: limits.name_length,
        label_value_length_limit: limits.value_length,
        target_limit: limits.targets,
        discovery,
        relabel_configs,
        metric_relabel_configs,
    };
    // A list with a mistake in it says nothing about what the targets become.
    let written = node.get("relabel_configs").and_then(Node::items).map_or(0, <[Node]>::len);
    if written == config.relabel_configs.len() {
        check_targets(&config, written > 0, problems);
    }
    Some(config)
}

/// The addresses of static targets, as relabelling leaves them.
fn check_targets(config: &ScrapeConfig, relabelled: bool, problems: &mut Vec<Diagnostic>) {
    for discovery in &config.discovery {
        let Discovery::Static { targets, labels } = discovery else { continue };
        for target in targets {
            let mut builder = labels.builder();
            for (name, value) in [
                ("__address__", target.value.as_str()),
                ("__scheme__", &config.scheme),
                ("__metrics_path__", &config.metrics_path),
                ("__scrape_interval__", &config.scrape_interval.to_string()),
                ("__scrape_timeout__", &config.scrape_timeout.to_string()),
            ] {
                builder.set(name, value);
            }
            if labels.get("job").is_none() {
                builder.set("job", config.job_name.value.as_str());
            }
            for (name, values) in &config.params {
                builder.set(format!("__param_{name}"), values.first().map_or("", String::as_str));
            }
            let Some(labels) = stack::relabel::apply(&config.relabel_configs, &builder.build()) else {
                continue;
            };
            let address = labels.value("__address__");
            let reason = match address {
                "" => "this target has no address".to_owned(),
                // Without relabelling this is said already.
                address if relabelled && address.contains('/') => {
                    format!("{} is not a valid hostname", quote(address))
                }
                _ => continue,
            };
            let label = if relabelled { "after `relabel_configs`" } else { "empty" };
            problems.push(Diagnostic::error("bad-target", reason).at(&target.span).label(label));
        }
    }
}

/// The interval and the timeout, the latter never longer.
fn times(
    mapping: &mut Mapping<'_>,
    name: Option<&Spanned<String>>,
    global: &Global,
    problems: &mut Vec<Diagnostic>,
) -> (Duration, Duration) {
    let mut own = |key| {
        let read = mapping.get(key).and_then(|node| value::duration(node, problems));
        read.filter(|duration| *duration != Duration::ZERO)
    };
    let interval = own("scrape_interval").unwrap_or(global.scrape_interval);
    let timeout = own("scrape_timeout").unwrap_or(global.scrape_timeout.min(interval));
    if timeout > interval {
        let job = quote(name.map_or("", |name| &name.value));
        let reason =
            format!("scrape timeout greater than scrape interval for scrape config with job name {job}");
        problems.push(timeout_too_long(reason, mapping.node, timeout, interval));
    }
    (interval, timeout)
}

pub fn timeout_too_long(reason: String, node: &Node, timeout: Duration, interval: Duration) -> Diagnostic {
    let place = |key| node.get(key).map(|node| &node.span);
    let diagnostic = Diagnostic::error("scrape-timeout", reason);
    match (place("scrape_timeout"), place("scrape_interval")) {
        (Some(timeout_place), Some(interval_place)) => diagnostic
            .at(timeout_place)
            .label(format!("wanted {interval} at most"))
            .related(interval_place, "the interval"),
        (Some(place), None) => {
            diagnostic.at(place).label(format!("wanted {interval}, the interval, at most, got {timeout}"))
        }
        (None, place) => {
            let place = place.unwrap_or(&node.span);
            diagnostic.at(place).label(format!("the timeout is {timeout}"))
        }
    }
}

fn names(
    mapping: &mut Mapping<'_>,
    inherited: Names,
    version: Version,
    problems: &mut Vec<Diagnostic>,
) -> Names {
    let mut names = inherited;
    if version >= Version::new(3, 0)
        && let Some(node) = mapping.get("metric_name_validation_scheme")
        && let Some(scheme) = value::one_of(node, "a validation scheme", &["utf8", "legacy"], problems)
    {
        names = if scheme == "legacy" { Names::Legacy } else { Names::Utf8 };
    }
    if version >= Version::new(3, 4)
        && let Some(node) = mapping.get("metric_name_escaping_scheme")
        && let Some(scheme) = value::one_of(node, "an escaping scheme", &ESCAPING, problems)
        && scheme == "allow-utf-8"
        && names == Names::Legacy
    {
        let reason = "utf8 metric names requested but validation scheme is not set to UTF8";
        problems.push(Diagnostic::error("bad-names", reason).at(&node.span));
    }
    names
}

pub fn limits(mapping: &mut Mapping<'_>, inherited: &Limits, problems: &mut Vec<Diagnostic>) -> Limits {
    let body_size = mapping.get("body_size_limit").and_then(|node| value::bytes(node, problems));
    let mut own = |key, inherited| {
        let read = mapping.get(key).and_then(|node| value::unsigned(node, problems));
        read.filter(|limit| *limit != 0).unwrap_or(inherited)
    };
    Limits {
        body_size: body_size.filter(|limit| *limit != 0).unwrap_or(inherited.body_size),
        samples: own("sample_limit", inherited.samples),
        targets: own("target_limit", inherited.targets),
        labels: own("label_limit", inherited.labels),
        name_length: own("label_name_length_limit", inherited.name_length),
        value_length: own("label_value_length_limit", inherited.value_length),
    }
}

pub fn protocols(node: &Node, version: Version, problems: &mut Vec<Diagnostic>) {
    let known: Vec<&str> = PROTOCOLS
        .into_iter()
        .filter(|name| *name != "PrometheusText1.0.0" || version >= Version::new(3, 0))
        .collect();
    let mut seen: Vec<&str> = Vec::new();
    let Some(items) = node.items() else {
        problems.push(wrong_type(node, "a list of scrape protocols"));
        return;
    };
    if items.is_empty() {
        problems.push(
            Diagnostic::error("empty-value", "scrape_protocols cannot be empty")
                .at(&node.span)
                .label("wanted one protocol at least"),
        );
    }
    for item in items {
        let Some(name) = value::one_of(item, "a scrape protocol", &known, problems) else { continue };
        if seen.contains(&name) {
            let reason = "duplicated protocol in scrape_protocols";
            problems.push(Diagnostic::error("duplicate-value", reason).at(&item.span).label("again here"));
        }
        seen.push(name);
    }
}

fn params(node: &Node, problems: &mut Vec<Diagnostic>) -> Vec<(String, Vec<String>)> {
    let Some(entries) = node.entries() else {
        problems.push(wrong_type(node, "a mapping of parameters to lists of values"));
        return Vec::new();
    };
    let mut params = Vec::new();
    for (name, values) in entries {
        if values.is_null() {
            continue;
        }
        let values = value::strings(values, problems).into_iter().map(|value| value.value).collect();
        params.push((name.scalar().unwrap_or_default().to_owned(), values));
    }
    params
}
