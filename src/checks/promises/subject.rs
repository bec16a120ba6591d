//! What an item of a list is about, and whether some rule, query, metric or panel is about it, too.

use crate::checks::queries;
use crate::promql::ast::ExprKind;
use crate::stack::wiring::{LogRule, Wiring};
use crate::stack::{Rule, RuleKind};

/// The words that say what a text is about.
pub fn words(text: &str) -> Vec<String> {
    let text = text.split(['(', '<', '>', '≥', '≤']).next().unwrap_or_default();
    let all = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    all.filter(|word| {
        word.len() > 2 && !EMPTY.contains(&word.as_str()) && !word.chars().all(|c| c.is_ascii_digit())
    })
    .collect()
}

/// The words that say what a text is about; where it has none but weak ones, those: "data processing rate".
pub fn words_or_weak(text: &str) -> Vec<String> {
    const WEAK: [&str; 6] = ["data", "processing", "platform", "capacity", "responses", "requests"];
    let words = words(text);
    if !words.is_empty() {
        return words;
    }
    let text = text.split(['(', '<', '>', '≥', '≤']).next().unwrap_or_default().to_lowercase();
    let all = text.split(|c: char| !c.is_alphanumeric());
    all.filter(|word| WEAK.contains(word)).map(str::to_owned).collect()
}

/// Words that every such text may have.
const EMPTY: [&str; 62] = [
    "the",
    "and",
    "for",
    "per",
    "all",
    "high",
    "low",
    "rate",
    "rates",
    "total",
    "number",
    "count",
    "average",
    "usage",
    "use",
    "level",
    "levels",
    "time",
    "times",
    "trends",
    "overview",
    "summary",
    "status",
    "statistics",
    "stats",
    "analysis",
    "metrics",
    "metric",
    "real",
    "critical",
    "warning",
    "failure",
    "failures",
    "failed",
    "target",
    "types",
    "percentile",
    "95th",
    "99th",
    "p50",
    "p95",
    "p99",
    "requests",
    "second",
    "seconds",
    "minute",
    "95",
    "with",
    "from",
    "above",
    "below",
    "more",
    "than",
    "over",
    "data",
    "type",
    "internal",
    "capacity",
    "responses",
    "processing",
    "key",
    "platform",
];

/// Words that stand for the same.
const SAME: [&[&str]; 21] = [
    &["latency", "response", "duration", "slow", "seconds"],
    &["error", "errors", "5xx", "fail", "status"],
    &[
        "down",
        "unreachable",
        "availability",
        "available",
        "uptime",
        "unavailable",
        "up",
        "health",
        "notready",
        "ready",
    ],
    &["service", "services", "application", "api", "app", "system", "instance"],
    &["cpu", "resource", "resources", "utilization", "saturation", "processor", "container"],
    &["memory", "resource", "resources", "utilization", "saturation", "ram", "container"],
    &["disk", "storage", "filesystem", "volume", "persistent", "persistentvolume", "kubelet"],
    &["database", "postgres", "postgresql", "pg", "sql", "mysql", "timescaledb", "query", "db"],
    &["connection", "connections", "pool", "numbackends", "activity"],
    &["cache", "redis", "hit", "miss", "hits"],
    &["queue", "kafka", "lag", "consumer", "consumergroup", "depth", "backlog"],
    &["network", "bandwidth", "transmit", "receive", "throughput"],
    &["restart", "restarts", "crash", "crashlooping", "looping"],
    &["node", "nodes", "host"],
    &["pod", "pods", "container", "containers", "kube"],
    &["security", "breach", "breaches", "unauthorized", "auth", "login", "intrusion"],
    &["certificate", "certificates", "cert", "ssl", "tls", "expiration", "expiry", "expires"],
    &["request", "traffic", "throughput", "http", "requests", "api"],
    &["user", "users", "engagement", "session", "sessions"],
    &["deployment", "deployments", "rollout", "deploy"],
    &["endpoint", "endpoints", "route", "path"],
];

/// The parts that a subject stands for, each with a name: CPU, memory and disk for "resource utilization"; itself, where
/// it stands for nothing else.
pub fn parts_of(words: &[String]) -> Vec<(&'static str, Vec<String>)> {
    const COLLECTIVE: [&str; 5] = ["resource", "resources", "utilization", "utilisation", "infrastructure"];
    const PARTS: [(&str, &str); 3] = [("CPU", "cpu"), ("memory", "memory"), ("disk", "disk")];
    let collective = words.iter().any(|word| matches!(word.as_str(), "resource" | "resources"))
        && words.iter().all(|word| COLLECTIVE.contains(&word.as_str()));
    match collective {
        true => PARTS.iter().map(|(name, word)| (*name, vec![(*word).to_owned()])).collect(),
        false => vec![("this", words.to_vec())],
    }
}

/// Whether a text has each of these words itself.
pub fn says(text: &str, words: &[String]) -> bool {
    let parts = parts(text);
    words.iter().all(|word| parts.iter().any(|part| same_stem(part, word)))
}

/// Whether a text, such as a metric's or an alert's name, is about all of these words.
pub fn is_about(text: &str, subject: &[String]) -> bool {
    let parts = parts(text);
    subject.iter().all(|word| {
        parts
            .iter()
            .any(|part| same_stem(part, word) || SAME.iter().any(|set| has(set, word) && has(set, part)))
    })
}

fn has(set: &[&str], word: &str) -> bool {
    set.iter().any(|own| same_stem(own, word))
}

/// `deployments` and `deployment`, `completion` and `completions`.
fn same_stem(a: &str, b: &str) -> bool {
    let stem =
        |word: &str| word.trim_end_matches("ies").trim_end_matches('y').trim_end_matches('s').to_owned();
    a == b || stem(a) == stem(b) && stem(a).len() > 2
}

/// `HighErrorRate` and `http_requests_total` in their words.
fn parts(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let mut before = ' ';
    for c in text.chars() {
        if !c.is_alphanumeric() {
            parts.push(String::new());
        } else {
            if c.is_uppercase() && before.is_lowercase() || parts.is_empty() {
                parts.push(String::new());
            }
            if let Some(last) = parts.last_mut() {
                last.extend(c.to_lowercase());
            }
        }
        before = c;
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// All that a rule is about: its name, its metrics, its summary.
pub fn of_rule(rule: &Rule) -> String {
    let mut text = rule.name().value.clone();
    for (selector, _) in rule.expr.selectors() {
        text.push(' ');
        text.push_str(&selector.to_string());
    }
    if let RuleKind::Alerting { annotations, .. } = &rule.kind {
        for (_, value) in annotations {
            text.push(' ');
            text.push_str(&value.value);
        }
    }
    text
}

pub fn of_log_rule(rule: &LogRule) -> String {
    let texts = [&rule.name, &rule.query].into_iter().chain(&rule.texts);
    texts.map(|text| text.value.as_str()).collect::<Vec<_>>().join(" ")
}

/// Each text that says what is measured or drawn: metrics of the code, selectors of queries, titles of panels.
pub fn measured(wiring: &Wiring) -> Vec<String> {
    // A label tells apart what its name says.
    let metrics =
        wiring.metrics.iter().map(|metric| format!("{} {}", metric.name.value, metric.labels.join(" ")));
    let mut all: Vec<String> = metrics.collect();
    for query in queries(wiring) {
        all.extend(query.expr.selectors().into_iter().map(|(selector, _)| selector.to_string()));
    }
    for dashboard in &wiring.grafana.dashboards {
        all.extend(dashboard.panels.iter().map(|panel| panel.title.value.clone()));
    }
    all.extend(crate::checks::rules(wiring).map(of_rule));
    all
}

/// A number with its unit, as a fraction where it is a percentage and in seconds where it is a time.
pub fn threshold(text: &str) -> Option<f64> {
    let at = text.find(['<', '>', '≥', '≤'])?;
    let behind = text[at..].trim_start_matches(['<', '>', '=', '≥', '≤', ' ']);
    let end = behind.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(behind.len());
    let number: f64 = behind[..end].parse().ok()?;
    let unit = behind[end..].trim_start();
    Some(match unit {
        _ if unit.starts_with('%') => number / 100.0,
        _ if unit.starts_with("ms") => number / 1000.0,
        _ => number,
    })
}

/// Whether a rule's expression has a number; a percentage may be written either way, and so may a limit's rest.
pub fn has_number(rule: &Rule, wanted: f64) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() < 1e-9 * b.abs().max(1e-3);
    let mut found = false;
    rule.expr.walk(&mut |expr| {
        if let ExprKind::Number(number) = &expr.kind {
            let value = number.value;
            found |= near(value, wanted)
                || near(value, wanted * 100.0)
                || near(1.0 - value, wanted)
                || near(value * 1000.0, wanted);
        }
    });
    found
}
