//! Fluent Bit's classic config: sections with keys, and what Fluent Bit itself refuses.
//!
//! Promises: plugins are known by name; the properties of the commonest, from `fluent_bit_keys.txt`, are judged.
//! What a newer version added is accepted in older ones too. Lines that include other files make parsers unknown.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::diagnostic::{Diagnostic, SourceFile, Spanned, nearest};
use crate::stack::Version;
use crate::stack::wiring::{FluentBitConfig, Home, Section};

/// What every plugin of a kind takes.
const COMMON: [(&str, &[&str]); 3] = [
    (
        "in",
        &[
            "name",
            "tag",
            "alias",
            "log_level",
            "log_suppress_interval",
            "mem_buf_limit",
            "host",
            "port",
            "listen",
            "routable",
            "storage.type",
            "storage.pause_on_chunks_overlimit",
            "threaded",
            "tls",
            "processors",
            "interface",
        ],
    ),
    ("filter", &["name", "match", "match_regex", "alias", "log_level", "log_suppress_interval"]),
    (
        "out",
        &[
            "name",
            "match",
            "match_regex",
            "alias",
            "log_level",
            "log_suppress_interval",
            "host",
            "port",
            "retry_limit",
            "storage.total_limit_size",
            "tls",
            "workers",
            "processors",
        ],
    ),
];
/// Prefixes of what every plugin takes.
const COMMON_PREFIXES: [&str; 6] = ["tls.", "net.", "thread.", "storage.", "rate_", "_debug."];

const PLUGINS: [(&str, &str); 3] = [
    (
        "in",
        "blob collectd cpu disk docker docker_events dummy ebpf elasticsearch emitter etw event_test event_type exec \
         exec_wasi fluentbit_logs fluentbit_metrics forward gpu_metrics head health http kafka kmsg kubernetes_events \
         lib mem mqtt netif nginx_metrics nginx_exporter_metrics node_exporter_metrics opentelemetry podman_metrics proc \
         process_exporter_metrics prometheus_remote_write prometheus_scrape prometheus_textfile random serial splunk \
         statsd stdin syslog systemd tail tcp thermal udp unix_socket windows_exporter_metrics winevtlog winlog winstat",
    ),
    (
        "filter",
        "alter_size aws checklist ecs expect geoip2 grep kubernetes log_to_metrics lua modify multiline nest nightfall \
         parser record_modifier rewrite_tag stdout sysinfo tensorflow throttle throttle_size type_converter wasm",
    ),
    (
        "out",
        "azure azure_blob azure_kusto azure_logs_ingestion bigquery chronicle cloudwatch cloudwatch_logs counter datadog \
         es exit file firehose flowcounter forward gcs gelf http influxdb kafka kafka-rest kinesis kinesis_firehose \
         kinesis_streams lib logdna loki nats newrelic nrlogs null opensearch opentelemetry oracle_log_analytics pgsql plot \
         prometheus_exporter prometheus_remote_write retry s3 skywalking slack splunk stackdriver stdout syslog tcp td udp \
         vivo_exporter websocket",
    ),
];

pub fn read(source: &SourceFile, home: Home, version: Option<Version>) -> FluentBitConfig {
    let sections = sections(source);
    let mut problems = Vec::new();
    for section in &sections {
        let kind = match section.kind.value.to_uppercase().as_str() {
            "INPUT" => "in",
            "FILTER" => "filter",
            "OUTPUT" => "out",
            _ => continue,
        };
        check(section, kind, &mut problems);
    }
    FluentBitConfig { home, place: source.span(0..0), version, sections, problems }
}

/// `[SECTION]` lines, and `key value` lines below them.
fn sections(source: &SourceFile) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut at = 0;
    for line in source.text().split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        let text = line.trim();
        let spanned =
            |text: &str, start: usize| Spanned::new(text.to_owned(), source.span(start..start + text.len()));
        if text.is_empty() || text.starts_with(['#', '@']) {
            continue;
        }
        if let Some(kind) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
            sections.push(Section { kind: spanned(kind, start + 1), entries: Vec::new() });
            continue;
        }
        let Some(section) = sections.last_mut() else { continue };
        let (key, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let value = rest.trim();
        let value_start = start + text.len() - value.len();
        section.entries.push((spanned(key, start), spanned(value, value_start)));
    }
    sections
}

/// The properties of a plugin, in lower case.
static PROPERTIES: LazyLock<BTreeMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let lines = include_str!("fluent_bit_keys.txt").lines().filter(|line| !line.starts_with('#'));
    let plugins = lines.filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words.collect()))
    });
    plugins.collect()
});

fn check(section: &Section, kind: &str, problems: &mut Vec<Diagnostic>) {
    let Some(name) = section.get("name") else {
        problems.push(
            Diagnostic::error("", "this section names no plugin")
                .at(&section.kind.span)
                .label("`Name` is missing")
                .because("Fluent Bit stops at start"),
        );
        return;
    };
    let plugin = name.value.to_lowercase();
    let known = PLUGINS.iter().find(|(own, _)| *own == kind).map_or("", |(_, names)| *names);
    if !known.split_whitespace().any(|known| known == plugin) {
        // Fluent Bit loads plugins written in Go from files of their own.
        let diagnostic =
            Diagnostic::error("", format!("Fluent Bit has no plugin `{}` of this kind", name.value))
                .at(&name.span)
                .label("unknown here")
                .because("assuming that no plugin file is loaded, Fluent Bit stops at start");
        problems.push(match nearest(&plugin, known.split_whitespace()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic,
        });
        return;
    }
    let Some(own) = PROPERTIES.get(format!("{kind}.{plugin}").as_str()) else { return };
    let common = COMMON.iter().find(|(own, _)| *own == kind).map_or(&[][..], |(_, keys)| *keys);
    for (key, _) in &section.entries {
        let name = key.value.to_lowercase();
        let fits = |known: &&str| match known.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => **known == name,
        };
        if common.contains(&name.as_str())
            || COMMON_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            || own.iter().any(fits)
        {
            continue;
        }
        let diagnostic =
            Diagnostic::error("", format!("the plugin `{plugin}` has no property `{}`", key.value))
                .at(&key.span)
                .label("unknown here")
                .because(format!("Fluent Bit stops at start: unknown configuration property '{name}'"));
        problems.push(match nearest(&name, own.iter().chain(common).copied()) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn problems(text: &str, expected: &[&str]) {
        let config = read(&SourceFile::new("fluent-bit.conf", text), Home::File(None), None);
        let got: Vec<String> = config
            .problems
            .iter()
            .map(|problem| {
                let place = problem.place.as_ref().map(ToString::to_string).unwrap_or_default();
                format!("{} {}", place.trim_start_matches("fluent-bit.conf:"), problem.message)
            })
            .collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn properties_are_known_by_plugin_whatever_their_case() {
        problems(
            "[INPUT]\n    Name  tail\n    Path /a\n    Mem_Buf_Limit 5MB\n    multiline.parser docker, cri\n[OUTPUT]\n    name \
             loki\n    match *\n    tls.verify Off\n    Labels job=a\n[FILTER]\n  Name modify\n  Match *\n  Rename a b\n",
            &[],
        );
        problems(
            "[INPUT]\n    Name tail\n    Paths /a\n[OUTPUT]\n    Name es\n    Indexx a\n",
            &[
                "3:5 the plugin `tail` has no property `Paths`",
                "6:5 the plugin `es` has no property `Indexx`",
            ],
        );
    }

    #[test]
    fn plugins_are_known_by_their_kind() {
        problems(
            "[OUTPUT]\n  Name elasticsearch\n",
            &["2:8 Fluent Bit has no plugin `elasticsearch` of this kind"],
        );
        problems("[INPUT]\n  Path /a\n", &["1:2 this section names no plugin"]);
    }

    #[test]
    fn a_value_goes_to_the_line_s_end() {
        let file = SourceFile::new("a.conf", "[SERVICE]\n    Parsers_File   a b.conf  \n");
        let config = read(&file, Home::File(None), None);
        let value = config.sections[0].get("parsers_file").expect("the key");
        assert_eq!((value.value.as_str(), value.span.text()), ("a b.conf", "a b.conf"));
    }
}
