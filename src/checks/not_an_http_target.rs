//! Databases and brokers scraped as if they spoke HTTP.

use super::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::Discovery;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "not-an-http-target",
    harm: Harm::Breaks,
    title: "this target does not speak HTTP",
    explanation: "Prometheus asks its targets for `/metrics` over HTTP. A database answers with an error of its own \
                  protocol or not at all: `up` is 0 for ever, and an alert on it fires for ever. An exporter beside \
                  the database speaks HTTP.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: postgres\n  static_configs:\n  - targets: ['postgres:5432']\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: postgres\n  static_configs:\n  - targets: ['postgres-exporter:9187']\n",
    find,
};

/// The port, whose it is, words of which a host's name has one, and the exporter.
const PROTOCOLS: [(&str, &str, &[&str], &str); 7] = [
    ("5432", "PostgreSQL", &["postgres", "pg", "timescale", "database", "db"], "postgres_exporter"),
    ("6379", "Redis", &["redis", "cache", "valkey"], "redis_exporter"),
    ("3306", "MySQL", &["mysql", "maria", "database", "db"], "mysqld_exporter"),
    ("27017", "MongoDB", &["mongo", "database", "db"], "mongodb_exporter"),
    ("9092", "Kafka", &["kafka", "broker"], "kafka_exporter"),
    ("5672", "RabbitMQ", &["rabbit", "broker", "queue", "mq"], "RabbitMQ's own plugin, at port 15692"),
    ("11211", "Memcached", &["memcache", "cache"], "memcached_exporter"),
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let configs = wiring.prometheus.iter().filter_map(|config| config.config.as_ref());
    // Through an exporter such as blackbox_exporter the address is only a parameter.
    let jobs = configs.flat_map(|config| &config.scrape_configs).filter(|job| job.relabel_configs.is_empty());
    let discoveries = jobs.flat_map(|job| &job.discovery);
    let targets = discoveries.filter_map(|discovery| match discovery {
        Discovery::Static { targets, .. } => Some(targets),
        _ => None,
    });
    let found = targets.flatten().filter_map(|target| {
        let (host, port) = target.value.rsplit_once(':')?;
        let host = host.to_lowercase();
        let (_, name, _, exporter) = PROTOCOLS
            .iter()
            .find(|(known, _, words, _)| *known == port && words.iter().any(|word| host.contains(word)))?;
        Some(
            Diagnostic::error("", format!("{name} does not speak HTTP"))
                .at(&target.span)
                .label(format!("port {port} is {name}'s own"))
                .because("each scrape fails, so `up` is 0 for ever")
                .help(format!("scrape an exporter instead: {exporter}")),
        )
    });
    found.collect()
}
