//! Loki's config: its settings, and what Loki itself refuses.
//!
//! Promises: keys are judged for the versions whose reference is known, 2.8 to 3.7, and only in the blocks that
//! `loki_keys.txt` lists; configs for other versions are read without being judged.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::wiring::flat;
use super::yaml::{Kind, Node, unknown_key};
use crate::diagnostic::Diagnostic;
use crate::stack::Version;
use crate::stack::wiring::{Home, LokiConfig};

/// Taken where nothing says which one runs.
pub const NEWEST: Version = Version::new(3, 7);
const OLDEST: Version = Version::new(2, 8);
/// Structured metadata is on by default since.
const STRUCTURED: Version = Version::new(3, 0);

pub fn read(document: &Node, home: Home, version: Version) -> LokiConfig {
    let mut config = LokiConfig {
        home,
        place: document.span.file.span(document.span.start..document.span.start),
        version,
        settings: flat(document),
        problems: Vec::new(),
    };
    if version >= OLDEST {
        keys(document, "", version, &mut config.problems);
        structured_metadata(&mut config, document);
        delete_requests(&mut config);
    }
    if document.get("schema_config").is_none() && version.major >= 2 {
        config.problems.push(
            Diagnostic::error("", "Loki does not start without `schema_config`")
                .at(&config.place)
                .label("`schema_config` is missing here"),
        );
    }
    config
}

/// The versions of a key: since, until.
type Versions = (Option<Version>, Option<Version>);

/// Every key that is known, by the block it stands in.
static KEYS: LazyLock<BTreeMap<&'static str, BTreeMap<&'static str, Versions>>> = LazyLock::new(|| {
    let mut blocks: BTreeMap<&str, BTreeMap<&str, Versions>> = BTreeMap::new();
    for line in include_str!("loki_keys.txt").lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_whitespace();
        let Some(path) = words.next() else { continue };
        let (mut since, mut until) = (None, None);
        for word in words {
            match word.split_at(1) {
                ("+", version) => since = Version::parse(version),
                (_, version) => until = Version::parse(version),
            }
        }
        let (block, key) = path.rsplit_once('.').unwrap_or(("", path));
        blocks.entry(block).or_default().insert(key, (since, until));
    }
    blocks
});

fn keys(node: &Node, block: &str, version: Version, problems: &mut Vec<Diagnostic>) {
    if let Kind::Sequence(items) = &node.kind {
        return items.iter().for_each(|item| keys(item, block, version, problems));
    }
    let (Some(known), Some(entries)) = (KEYS.get(block), node.entries()) else { return };
    let fits = |(since, until): &Versions| {
        since.is_none_or(|since| since <= version) && until.is_none_or(|until| version <= until)
    };
    for (name, value) in entries {
        let Some(text) = name.scalar() else { continue };
        let path = if block.is_empty() { text.to_owned() } else { format!("{block}.{text}") };
        match known.get(text) {
            Some(versions) if fits(versions) => keys(value, &path, version, problems),
            Some((_, Some(until))) if *until < version => problems.push(
                Diagnostic::error("", format!("Loki {version} no longer knows `{path}`"))
                    .at(&name.span)
                    .label(format!("known until {until}"))
                    .because(format!("Loki stops at start: field {text} not found")),
            ),
            Some((Some(since), _)) if version < *since => problems.push(
                Diagnostic::error("", format!("Loki {version} does not know `{path}` yet"))
                    .at(&name.span)
                    .label(format!("known since {since}"))
                    .because(format!("Loki stops at start: field {text} not found")),
            ),
            _ => {
                let names: Vec<&str> =
                    known.iter().filter(|(_, it)| fits(it)).map(|(name, _)| *name).collect();
                let mut problem = unknown_key(name, "Loki's config", &names)
                    .because(format!("Loki stops at start: field {text} not found"));
                problem.message = format!("Loki {version} does not know `{path}`");
                problems.push(problem);
            }
        }
    }
}

/// Loki 3 stores structured metadata unless told not to, and refuses a schema that can't.
fn structured_metadata(config: &mut LokiConfig, document: &Node) {
    let off =
        config.get("limits_config.allow_structured_metadata").is_some_and(|value| value.value == "false");
    let periods = document.get("schema_config").and_then(|node| node.get("configs")).and_then(Node::items);
    // The last period is the one that is written to.
    let Some(period) = periods.and_then(<[Node]>::last) else { return };
    if config.version < STRUCTURED || off {
        return;
    }
    let written = |key| Some((period.get(key)?, period.get(key)?.scalar()?));
    let schema = written("schema").filter(|(_, schema)| {
        schema.trim_start_matches('v').parse::<u32>().is_ok_and(|version| version < 13)
    });
    let store = written("store").filter(|(_, store)| *store != "tsdb");
    let Some((node, value)) = schema.or(store) else { return };
    let diagnostic = Diagnostic::error("", format!("Loki {} refuses this schema", config.version))
        .at(&node.span)
        .label(format!("`{value}` can't store structured metadata, which is on by default since 3.0"))
        .because("Loki stops at start: schema v13 and the index type `tsdb` are required to store structured metadata")
        .help(
            "add a period with `store: tsdb` and `schema: v13`, or set `allow_structured_metadata: false` in \
             `limits_config`",
        );
    let diagnostic = match (schema, store) {
        (Some(_), Some((node, store))) => diagnostic.related(&node.span, format!("nor can `{store}`")),
        _ => diagnostic,
    };
    config.problems.push(diagnostic);
}

/// Since version 3 retention needs a store for the requests to delete.
fn delete_requests(config: &mut LokiConfig) {
    let Some(on) = config.get("compactor.retention_enabled").filter(|value| value.value == "true") else {
        return;
    };
    if config.version < STRUCTURED || config.get("compactor.delete_request_store").is_some() {
        return;
    }
    let problem = Diagnostic::error(
        "",
        format!("Loki {} wants `compactor.delete_request_store`", config.version),
    )
    .at(&on.span)
    .label("retention is on")
    .because(
        "Loki stops at start: compactor.delete-request-store should be configured when retention is enabled",
    )
    .help("name the object store, as in `delete_request_store: filesystem`");
    config.problems.push(problem);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::documents::yaml;

    #[track_caller]
    fn check(version: (u32, u32), text: &str, expected: &[&str]) {
        let schema = "schema_config: {configs: [{from: 2024-01-01, store: tsdb, object_store: s3, schema: v13, index: {prefix: a, period: 24h}}]}\n";
        let schema = if text.contains("schema_config") { "" } else { schema };
        let (documents, problems) = yaml::read(&SourceFile::new("loki.yaml", format!("{text}{schema}")));
        assert!(problems.is_empty(), "{problems:?}");
        let config = read(&documents[0], Home::File(None), Version::new(version.0, version.1));
        let got: Vec<String> = config
            .problems
            .iter()
            .map(|problem| {
                format!("{} {}", problem.place.as_ref().map_or(0, |place| place.line()), problem.message)
            })
            .collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn keys_come_and_go_with_versions() {
        let text = "limits_config: {enforce_metric_name: false, max_streams_per_user: 5}\n";
        check((2, 8), text, &[]);
        check((2, 9), text, &[]);
        check((3, 0), text, &["1 Loki 3.0 no longer knows `limits_config.enforce_metric_name`"]);
        let text = "pattern_ingester: {enabled: true}\n";
        check((2, 9), text, &["1 Loki 2.9 does not know `pattern_ingester` yet"]);
        check((3, 7), text, &[]);
    }

    #[test]
    fn unknown_keys_are_refused() {
        check(
            (3, 4),
            "auth_enabled: false\nserver: {http_port: 3100}\n",
            &["2 Loki 3.4 does not know `server.http_port`"],
        );
        check((3, 4), "storage_configs: {}\n", &["1 Loki 3.4 does not know `storage_configs`"]);
        check((2, 4), "anything: 1\n", &[]);
        check(
            (3, 4),
            "ruler: {storage: {type: local, local: {directory: /r}}}\nanalytics: {reporting_enabled: false}\n",
            &[],
        );
        check(
            (2, 9),
            "storage_config: {boltdb_shipper: {shared_store: s3, cache_ttl: 24h}}\ncompactor: {shared_store: s3}\n",
            &[],
        );
    }

    #[test]
    fn loki_3_wants_a_schema_for_structured_metadata() {
        let text = |limit: &str| {
            format!(
                "limits_config: {{{limit}}}\nschema_config:\n  configs:\n  - {{from: 2020-10-24, store: boltdb-shipper, \
                 object_store: filesystem, schema: v11, index: {{prefix: i_, period: 24h}}}}\n"
            )
        };
        check((2, 9), &text(""), &[]);
        check((3, 1), &text(""), &["4 Loki 3.1 refuses this schema"]);
        check((3, 1), &text("allow_structured_metadata: false"), &[]);
    }
}
