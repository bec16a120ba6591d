//! Where Prometheus sends and reads elsewhere: `remote_write`, `remote_read`, `tracing`. Checked, then not needed.

use super::alerting::SIGV4;
use super::http_client;
use crate::diagnostic::{Diagnostic, Spanned};
use crate::documents::relabel;
use crate::documents::shape::{self, Key, Want, key};
use crate::documents::value;
use crate::documents::yaml::{Mapping, Node};
use crate::golang::quote;
use crate::stack::{Names, Version};
use crate::time::Duration;

const QUEUE: &[Key] = &[
    key("capacity", Want::Integer),
    key("max_shards", Want::Integer),
    key("min_shards", Want::Integer),
    key("max_samples_per_send", Want::Integer),
    key("batch_send_deadline", Want::Duration),
    key("min_backoff", Want::Duration),
    key("max_backoff", Want::Duration),
    key("retry_on_http_429", Want::Bool),
    key("sample_age_limit", Want::Duration).since(2, 50),
];

const METADATA: &[Key] = &[
    key("send", Want::Bool),
    key("send_interval", Want::Duration),
    key("max_samples_per_send", Want::Integer),
];

const AZURE_AD: &[Key] = &[
    key("cloud", Want::Text),
    key("managed_identity", Want::Mapping("managed_identity", &[key("client_id", Want::Text)])),
    key(
        "workload_identity",
        Want::Mapping(
            "workload_identity",
            &[key("client_id", Want::Text), key("tenant_id", Want::Text), key("token_file_path", Want::Text)],
        ),
    )
    .since(3, 7),
    key(
        "oauth",
        Want::Mapping(
            "oauth",
            &[key("client_id", Want::Text), key("client_secret", Want::Secret), key("tenant_id", Want::Text)],
        ),
    )
    .since(2, 48),
    key("sdk", Want::Mapping("sdk", &[key("tenant_id", Want::Text)])).since(2, 52),
    key("scope", Want::Text).since(3, 9),
];

const WRITE: &[Key] = &[
    key("remote_timeout", Want::Duration),
    key("headers", Want::SecretPairs),
    key("send_exemplars", Want::Bool),
    key("send_native_histograms", Want::Bool),
    key("round_robin_dns", Want::Bool).since(3, 1),
    key("protobuf_message", Want::Word(&["prometheus.WriteRequest", "io.prometheus.write.v2.Request"]))
        .since(2, 54),
    key("failed_request_logging", Want::Bool).since(3, 12),
    key("metadata_config", Want::Mapping("metadata_config", METADATA)),
    key("queue_config", Want::Mapping("queue_config", QUEUE)),
    key("sigv4", Want::Mapping("sigv4", SIGV4)),
    key("azuread", Want::Mapping("azuread", AZURE_AD)).since(2, 45),
    key("google_iam", Want::Mapping("google_iam", &[key("credentials_file", Want::Text)])).since(3, 0),
];

const READ: &[Key] = &[
    key("remote_timeout", Want::Duration),
    key("chunked_read_limit", Want::Unsigned).since(3, 0),
    key("headers", Want::SecretPairs),
    key("read_recent", Want::Bool),
    key("filter_external_labels", Want::Bool).since(2, 34),
];

const TRACING: &[Key] = &[
    key("client_type", Want::Word(&["http", "grpc"])),
    key("endpoint", Want::Text),
    key("sampling_fraction", Want::Float),
    key("insecure", Want::Bool),
    key("tls_config", Want::Mapping("tls_config", http_client::TLS_CONFIG)),
    key("headers", Want::SecretPairs),
    key("compression", Want::Word(&["", "gzip"])),
    key("timeout", Want::Duration),
];

pub fn write(node: &Node, version: Version, names: Names, problems: &mut Vec<Diagnostic>) {
    let mut known: Vec<Spanned<String>> = Vec::new();
    value::list(node, problems, |node, problems| {
        let mut mapping = section(node, "remote write config", problems)?;
        url(&mut mapping, "url for remote_write is empty", problems);
        name(&mut mapping, "remote write configs", &mut known, problems);
        if let Some(node) = mapping.get("write_relabel_configs") {
            relabel::read_with(node, names, problems);
        }
        let before = problems.len();
        shape::check(&mut mapping, WRITE, version, problems);
        if problems.len() == before {
            if let Some(queue) = node.get("queue_config") {
                check_queue(queue, problems);
            }
            let reason =
                "authorization header must be changed via the basic_auth, authorization, oauth2 … parameter";
            check_headers(node, reason, problems);
        }
        http_client::check(&mut mapping, version, problems);
        one_authentication(node, problems);
        mapping.finish(problems);
        Some(())
    });
}

pub fn read(node: &Node, version: Version, problems: &mut Vec<Diagnostic>) {
    let mut known: Vec<Spanned<String>> = Vec::new();
    value::list(node, problems, |node, problems| {
        let mut mapping = section(node, "remote read config", problems)?;
        url(&mut mapping, "url for remote_read is empty", problems);
        name(&mut mapping, "remote read configs", &mut known, problems);
        if let Some(node) = mapping.get("required_matchers") {
            value::label_pairs(node, version.utf8_names(), problems);
        }
        shape::check(&mut mapping, READ, version, problems);
        let reason =
            "authorization header must be changed via the basic_auth, authorization, oauth2 … parameter";
        check_headers(node, reason, problems);
        http_client::check(&mut mapping, version, problems);
        mapping.finish(problems);
        Some(())
    });
}

pub fn tracing(node: &Node, version: Version, problems: &mut Vec<Diagnostic>) {
    let Some(mut mapping) = Mapping::of(node, "tracing", problems) else { return };
    shape::check(&mut mapping, TRACING, version, problems);
    let endpoint = node.get("endpoint").filter(|node| !node.is_null() && node.scalar() != Some(""));
    if endpoint.is_none() {
        problems.push(mapping.missing("endpoint").because("tracing endpoint must be set"));
    }
    check_headers(node, "custom authorization header configuration is not yet supported", problems);
    mapping.finish(problems);
}

fn section<'n>(node: &'n Node, what: &'static str, problems: &mut Vec<Diagnostic>) -> Option<Mapping<'n>> {
    if node.is_null() {
        problems.push(
            Diagnostic::error("empty-value", format!("empty or null {what} section"))
                .at(&node.span)
                .label("nothing here"),
        );
        return None;
    }
    Mapping::of(node, what, problems)
}

fn url(mapping: &mut Mapping<'_>, reason: &str, problems: &mut Vec<Diagnostic>) {
    match mapping.get("url") {
        Some(node) => drop(value::url(node, problems)),
        None => problems.push(mapping.missing("url").because(reason)),
    }
}

fn name(
    mapping: &mut Mapping<'_>,
    what: &str,
    known: &mut Vec<Spanned<String>>,
    problems: &mut Vec<Diagnostic>,
) {
    let Some(name) = mapping.get("name").and_then(|node| value::string(node, problems)) else { return };
    if let Some(first) = known.iter().find(|known| known.value == name.value) {
        problems.push(
            Diagnostic::error(
                "duplicate-name",
                format!("found multiple {what} with job name {}", quote(&name.value)),
            )
            .at(&name.span)
            .label("again here")
            .related(&first.span, "first here"),
        );
    }
    if !name.value.is_empty() {
        known.push(name);
    }
}

/// Checked for every version: older ones take what they then can't work with.
fn check_queue(queue: &Node, problems: &mut Vec<Diagnostic>) {
    let mut quiet = Vec::new();
    let mut number = |key, default| {
        queue
            .get(key)
            .and_then(|node| value::integer(node, i64::MIN..=i64::MAX, &mut quiet))
            .unwrap_or(default)
    };
    let (most, least) = (number("max_shards", 50), number("min_shards", 1));
    let (batch, capacity) = (number("max_samples_per_send", 2000), number("capacity", 10_000));
    let mut quiet = Vec::new();
    let mut time = |key, default| {
        queue.get(key).and_then(|node| value::duration(node, &mut quiet)).unwrap_or(Duration(default))
    };
    let (first_wait, last_wait) = (time("min_backoff", 30), time("max_backoff", 5000));
    let broken = [
        (most <= 0, "max_shards", "max_shards must be positive"),
        (least <= 0, "min_shards", "min_shards must be positive"),
        (least > most, "min_shards", "min_shards must not be greater than max_shards"),
        (batch <= 0, "max_samples_per_send", "max_samples_per_send must be positive"),
        (capacity <= 0, "capacity", "capacity must be positive"),
        (last_wait < first_wait, "max_backoff", "max_backoff must not be less than min_backoff"),
    ];
    for (_, key, reason) in broken.into_iter().filter(|(broken, ..)| *broken) {
        let place = queue.get(key).map_or(&queue.span, |node| &node.span);
        problems.push(
            Diagnostic::warning("remote-write-queue", format!("remote write queue {reason}")).at(place),
        );
    }
}

fn check_headers(node: &Node, authorization: &str, problems: &mut Vec<Diagnostic>) {
    const RESERVED: [&str; 14] = [
        "content-encoding",
        "content-length",
        "content-type",
        "user-agent",
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "www-authenticate",
        "accept-encoding",
        "x-prometheus-remote-write-version",
        "x-prometheus-remote-read-version",
        "x-amz-date",
        "x-amz-content-sha256",
    ];
    for (name, _) in node.get("headers").and_then(Node::entries).unwrap_or_default() {
        let header = name.scalar().unwrap_or_default();
        let lower = header.to_ascii_lowercase();
        let reason = match lower.as_str() {
            "authorization" => authorization.to_owned(),
            reserved if RESERVED.contains(&reserved) || reserved == "x-amz-security-token" => {
                format!("{header} is a reserved header. It must not be changed")
            }
            _ => continue,
        };
        problems.push(Diagnostic::error("bad-header", reason).at(&name.span));
    }
}

fn one_authentication(node: &Node, problems: &mut Vec<Diagnostic>) {
    let ways = ["basic_auth", "authorization", "oauth2", "sigv4", "azuread", "google_iam"];
    let entries = node.entries().unwrap_or_default().iter();
    let set: Vec<_> = entries
        .filter(|(name, value)| ways.contains(&name.scalar().unwrap_or_default()) && !value.is_null())
        .map(|(name, _)| name)
        .collect();
    let of_http_client = |name: &&Node| ways[..3].contains(&name.scalar().unwrap_or_default());
    if let [first, .., last] = set[..]
        && !set.iter().all(of_http_client)
    {
        problems.push(
            Diagnostic::error(
                "bad-http-client",
                "at most one of basic_auth, authorization, oauth2, sigv4, azuread or google_iam must be configured",
            )
            .at(&last.span)
            .label("this")
            .related(&first.span, "and this"),
        );
    }
}
