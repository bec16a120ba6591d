//! `prometheus.yml`, read as strictly as `promtool check config` reads it, for the version that is imitated.
//!
//! Promises: the same verdict, for the same reason, but all reasons at once and each with its place. Keys
//! that this version does not know yet, or no more, are unknown keys. Files that the config names
//! (certificates, passwords) are not looked at.

mod alerting;
mod discovery;
mod http_client;
mod remote;
mod scrape;
#[cfg(test)]
mod tests;

use super::shape::{self, Key, Want, key};
use super::value;
use super::yaml::{self, Mapping, Node};
use crate::diagnostic::{Diagnostic, SourceFile, Spanned};
use crate::golang::quote;
use crate::labels::Labels;
use crate::stack::{Names, Prometheus, Version};
use crate::time::Duration;

/// The config that a file holds; `None` when nothing can be made of it.
pub fn read(file: &SourceFile, version: Version) -> (Option<Prometheus>, Vec<Diagnostic>) {
    let (root, mut problems) = yaml::read_one(file);
    let Some(root) = root else {
        if problems.is_empty() {
            problems.push(
                Diagnostic::error("empty-file", "this Prometheus config is empty")
                    .at(&file.span(0..0))
                    .label("wanted `scrape_configs`, `rule_files` …"),
            );
        }
        return (None, problems);
    };
    let config = top(&root, version, &mut problems);
    (config, problems)
}

/// Whether a document looks like a Prometheus config.
pub fn recognize(root: &Node) -> bool {
    ["global", "scrape_configs", "rule_files"].iter().any(|key| root.get(key).is_some())
        && root.get("kind").is_none()
        && root.get("route").is_none()
        && root.get("tests").is_none()
        && root.get("receivers").is_none()
}

const GLOBAL: &[Key] = &[
    key("query_log_file", Want::Text),
    key("scrape_failure_log_file", Want::Text).since(2, 55),
    key("keep_dropped_targets", Want::Unsigned).since(2, 47),
    key("scrape_native_histograms", Want::Bool).since(3, 8),
    key("convert_classic_histograms_to_nhcb", Want::Bool).since(3, 4),
    key("always_scrape_classic_histograms", Want::Bool).since(3, 5),
    key("extra_scrape_metrics", Want::Bool).since(3, 9),
];

const OTLP: &[Key] = &[
    key("promote_all_resource_attributes", Want::Bool).since(3, 5),
    key("promote_resource_attributes", Want::Texts),
    key("ignore_resource_attributes", Want::Texts).since(3, 5),
    key(
        "translation_strategy",
        Want::Word(&[
            "UnderscoreEscapingWithSuffixes",
            "UnderscoreEscapingWithoutSuffixes",
            "NoUTF8EscapingWithSuffixes",
            "NoTranslation",
        ]),
    )
    .since(3, 0),
    key("keep_identifying_resource_attributes", Want::Bool).since(3, 1),
    key("convert_histograms_to_nhcb", Want::Bool).since(3, 4),
    key("promote_scope_metadata", Want::Bool).since(3, 6),
    key("label_name_underscore_sanitization", Want::Bool).since(3, 8),
    key("label_name_preserve_multiple_underscores", Want::Bool).since(3, 8),
];

const STORAGE: &[Key] = &[
    key(
        "tsdb",
        Want::Mapping(
            "tsdb",
            &[
                key("out_of_order_time_window", Want::Duration),
                key("stale_series_compaction_threshold", Want::Float).since(3, 10),
                key(
                    "chunk_encoding",
                    Want::Mapping("chunk_encoding", &[key("floats", Want::Word(&["", "xor", "xor2"]))]),
                )
                .since(3, 12),
                key(
                    "retention",
                    Want::Mapping(
                        "retention",
                        &[
                            key("time", Want::Duration),
                            key("size", Want::Bytes),
                            key("percentage", Want::Float).since(3, 11),
                        ],
                    ),
                )
                .since(3, 8),
            ],
        ),
    ),
    key("exemplars", Want::Mapping("exemplars", &[key("max_exemplars", Want::Integer)])),
];

const TOP: &[Key] = &[
    key("runtime", Want::Mapping("runtime", &[key("gogc", Want::Integer)])).since(2, 53),
    key("storage", Want::Mapping("storage", STORAGE)),
    key("otlp", Want::Mapping("otlp", OTLP)).since(2, 54),
];

/// What scrape configs inherit.
struct Global {
    scrape_interval: Duration,
    scrape_timeout: Duration,
    evaluation_interval: Duration,
    rule_query_offset: Duration,
    external_labels: Labels,
    limits: scrape::Limits,
    names: Names,
}

fn top(root: &Node, version: Version, problems: &mut Vec<Diagnostic>) -> Option<Prometheus> {
    let mut mapping = Mapping::of(root, "the Prometheus config", problems)?;
    let global = match mapping.get("global") {
        Some(node) => global(node, version, problems),
        None => Global::default_of(version),
    };
    let rule_files = mapping.get("rule_files").map(|node| globs(node, "rule", problems)).unwrap_or_default();
    if version >= Version::new(2, 43)
        && let Some(node) = mapping.get("scrape_config_files")
    {
        globs(node, "scrape config", problems);
    }
    let jobs = mapping.get("scrape_configs");
    let scrape_configs =
        jobs.map(|node| scrape::read_all(node, &global, version, problems)).unwrap_or_default();
    let mut alerting = alerting::Alerting::default();
    if let Some(node) = mapping.get("alerting") {
        alerting = alerting::read(node, version, global.names, problems);
    }
    if let Some(node) = mapping.get("remote_write") {
        remote::write(node, version, global.names, problems);
    }
    if let Some(node) = mapping.get("remote_read") {
        remote::read(node, version, problems);
    }
    if let Some(node) = mapping.get("tracing") {
        remote::tracing(node, version, problems);
    }
    shape::check(&mut mapping, TOP, version, problems);
    mapping.finish(problems);
    Some(Prometheus {
        file: Some(root.span.file.clone()),
        version: None,
        imitated: version,
        scrape_interval: global.scrape_interval,
        scrape_timeout: global.scrape_timeout,
        evaluation_interval: global.evaluation_interval,
        rule_query_offset: global.rule_query_offset,
        external_labels: global.external_labels,
        external_url: String::new(),
        scrape_configs,
        alert_relabel_configs: alerting.relabel_configs,
        alertmanagers: alerting.alertmanagers,
        rule_files,
    })
}

impl Global {
    fn default_of(version: Version) -> Self {
        Global {
            scrape_interval: Duration::from_secs(60),
            scrape_timeout: Duration::from_secs(10),
            evaluation_interval: Duration::from_secs(60),
            rule_query_offset: Duration::ZERO,
            external_labels: Labels::empty(),
            limits: scrape::Limits::default(),
            names: if version.utf8_names() { Names::Utf8 } else { Names::Legacy },
        }
    }
}

fn global(node: &Node, version: Version, problems: &mut Vec<Diagnostic>) -> Global {
    let mut global = Global::default_of(version);
    let Some(mut mapping) = Mapping::of(node, "global", problems) else { return global };
    let duration = |mapping: &mut Mapping<'_>, key, problems: &mut Vec<Diagnostic>| {
        let read = mapping.get(key).and_then(|node| value::duration(node, problems));
        read.filter(|duration| *duration != Duration::ZERO)
    };
    let interval = duration(&mut mapping, "scrape_interval", problems);
    let timeout = duration(&mut mapping, "scrape_timeout", problems);
    let evaluation = duration(&mut mapping, "evaluation_interval", problems);
    if version >= Version::new(2, 53) {
        let offset = duration(&mut mapping, "rule_query_offset", problems);
        global.rule_query_offset = offset.unwrap_or_default();
    }
    global.scrape_interval = interval.unwrap_or(global.scrape_interval);
    global.evaluation_interval = evaluation.unwrap_or(global.evaluation_interval);
    global.scrape_timeout = timeout.unwrap_or(global.scrape_timeout.min(global.scrape_interval));
    if global.scrape_timeout > global.scrape_interval {
        problems.push(scrape::timeout_too_long(
            "global scrape timeout greater than scrape interval".into(),
            node,
            global.scrape_timeout,
            global.scrape_interval,
        ));
    }
    if version >= Version::new(3, 0)
        && let Some(node) = mapping.get("metric_name_validation_scheme")
        && let Some(scheme) = value::one_of(node, "a validation scheme", &["utf8", "legacy"], problems)
    {
        global.names = if scheme == "legacy" { Names::Legacy } else { Names::Utf8 };
    }
    if version >= Version::new(3, 4)
        && let Some(node) = mapping.get("metric_name_escaping_scheme")
    {
        value::one_of(node, "an escaping scheme", &scrape::ESCAPING, problems);
    }
    if let Some(node) = mapping.get("external_labels") {
        let pairs = value::label_pairs(node, global.names == Names::Utf8, problems);
        global.external_labels = external_labels(&pairs, version, problems);
    }
    if version >= Version::new(2, 49)
        && let Some(node) = mapping.get("scrape_protocols")
    {
        scrape::protocols(node, version, problems);
    }
    if version >= Version::new(2, 45) {
        global.limits = scrape::limits(&mut mapping, &scrape::Limits::default(), problems);
    }
    shape::check(&mut mapping, GLOBAL, version, problems);
    mapping.finish(problems);
    global
}

/// From Prometheus 3 on `$NAME` is an environment variable. The team's environment is not known here.
fn external_labels(
    pairs: &[(Spanned<String>, Spanned<String>)],
    version: Version,
    problems: &mut Vec<Diagnostic>,
) -> Labels {
    let expanded = pairs.iter().map(|(name, value)| {
        if version.major < 3 || !value.value.contains('$') {
            return (name.value.clone(), value.value.clone());
        }
        if value.value.replace("$$", "").contains('$') {
            problems.push(
                Diagnostic::warning("environment", "the environment that this label is made of is not known")
                    .at(&value.span)
                    .label("taken as it is written")
                    .because("Prometheus 3 replaces `$NAME` by an environment variable"),
            );
        }
        (name.value.clone(), value.value.replace("$$", "$"))
    });
    Labels::from_pairs(expanded.collect::<Vec<_>>())
}

/// Paths that may have one `*`, in the last part.
fn globs(node: &Node, what: &str, problems: &mut Vec<Diagnostic>) -> Vec<Spanned<String>> {
    value::list(node, problems, |node, problems| {
        let path = value::string(node, problems)?;
        let star = path.value.find('*');
        if star.is_some_and(|star| path.value[star..].contains('/')) {
            problems.push(
                Diagnostic::error("bad-path", format!("invalid {what} file path {}", quote(&path.value)))
                    .at(&path.span)
                    .label("`*` may only stand in the last part"),
            );
            return None;
        }
        Some(path)
    })
}
