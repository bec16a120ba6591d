//! Databases that can end without any rule seeing it.

use crate::checks::{Check, Harm, alerts, rules};
use crate::diagnostic::{Diagnostic, Span};
use crate::promql::ast::ExprKind;
use crate::stack::Rule;
use crate::stack::wiring::Wiring;

use super::jobs;

pub const CHECK: Check = Check {
    id: "database-down-unseen",
    harm: Harm::Risk,
    title: "no rule would see that this database is down",
    explanation: "An exporter answers its scrapes while its database is down: `up` stays 1, most of its metrics are gone, and alerts on \
                  them are quiet. It says so by a metric of its own, such as `pg_up` or `redis_up`, which turns 0.",
    example: "# prometheus.yml\nrule_files: [rules.yml]\nscrape_configs:\n- job_name: postgres\n  static_configs: [{targets: ['postgres-exporter:9187']}]\n---8<---\n# rules.yml\ngroups:\n- name: db\n  rules:\n  - alert: ExporterDown\n    expr: up{job=\"postgres\"} == 0\n",
    mended: "# prometheus.yml\nrule_files: [rules.yml]\nscrape_configs:\n- job_name: postgres\n  static_configs: [{targets: ['postgres-exporter:9187']}]\n---8<---\n# rules.yml\ngroups:\n- name: db\n  rules:\n  - alert: ExporterDown\n    expr: up{job=\"postgres\"} == 0\n  - alert: DatabaseDown\n    expr: pg_up == 0\n",
    find,
};

/// What an exporter looks at.
struct Watched {
    name: &'static str,
    /// What the exporter is called.
    exporters: &'static [&'static str],
    /// What it says about that.
    up: &'static str,
    /// What its metrics' names begin with.
    prefix: &'static str,
}

const WATCHED: [Watched; 5] = [
    Watched {
        name: "PostgreSQL",
        exporters: &["postgres-exporter", "postgresql-exporter", "pg-exporter", "timescaledb-exporter"],
        up: "pg_up",
        prefix: "pg_",
    },
    Watched { name: "Redis", exporters: &["redis-exporter"], up: "redis_up", prefix: "redis_" },
    Watched {
        name: "MySQL",
        exporters: &["mysqld-exporter", "mysql-exporter"],
        up: "mysql_up",
        prefix: "mysql_",
    },
    Watched { name: "MongoDB", exporters: &["mongodb-exporter"], up: "mongodb_up", prefix: "mongodb_" },
    Watched {
        name: "Memcached",
        exporters: &["memcached-exporter"],
        up: "memcached_up",
        prefix: "memcached_",
    },
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let alerting = || rules(wiring).filter(|rule| alerts(rule));
    if alerting().next().is_none() {
        return Vec::new();
    }
    let mut unseen = WATCHED.iter().filter_map(|watched| {
        let place = exporter(watched, wiring)?;
        (!rules(wiring).any(|rule| sees(rule, watched))).then_some((watched, place))
    });
    let Some((first, place)) = unseen.next() else { return Vec::new() };
    let found = Diagnostic::warning("", format!("no rule would see that {} is down", first.name))
        .at(&place)
        .label(format!("answers with `{} 0` then, and `up` is 1", first.up));
    let found = unseen.fold(found, |found, (watched, place)| {
        found.related(&place, format!("nor {}: `{}`", watched.name, watched.up))
    });
    vec![
        found
            .because(format!("no documented rule reads `{}`, or whether its metrics are gone", first.up))
            .help(format!("add an alert on `{} == 0`", first.up)),
    ]
}

/// Where the documents run, install or scrape the exporter.
fn exporter(watched: &Watched, wiring: &Wiring) -> Option<Span> {
    let named = |text: &str| {
        let text = text.to_lowercase().replace('_', "-");
        watched.exporters.iter().any(|exporter| text.contains(exporter))
    };
    let mut containers = wiring.workloads.iter().flat_map(|workload| &workload.containers);
    let image = containers.find_map(|container| {
        container.image.as_ref().filter(|_| named(container.image_name())).map(|image| image.span.clone())
    });
    let release = || wiring.releases.iter().find(|release| named(&release.chart.value));
    let target = || {
        jobs(wiring).find_map(|job| {
            let listed = job.listed().find(|target| named(&target.value));
            let of_name = named(&job.job_name.value).then_some(&job.job_name);
            listed.or(of_name).map(|name| name.span.clone())
        })
    };
    image.or_else(|| release().map(|release| release.chart.span.clone())).or_else(target)
}

/// Whether a rule looks at the database's own `up`, or at whether its metrics are there; perhaps by a pattern of names.
fn sees(rule: &Rule, watched: &Watched) -> bool {
    let selectors = rule.expr.selectors();
    let reads =
        selectors.iter().any(|(selector, _)| selector.metric_name().is_none_or(|name| name == watched.up));
    let mut misses = false;
    rule.expr.walk(&mut |expr| {
        if let ExprKind::Call(call) = &expr.kind
            && matches!(call.function.name, "absent" | "absent_over_time")
        {
            let inside = call.args.iter().flat_map(|argument| argument.selectors());
            misses |= inside.into_iter().any(|(selector, _)| {
                selector.metric_name().is_some_and(|name| name.starts_with(watched.prefix))
            });
        }
    });
    reads || misses
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn the_exporter_s_own_word_counts_and_so_does_its_silence() {
        let guide = |expr: &str| {
            format!(
                "```yaml\nservices: {{e: {{image: 'oliver006/redis_exporter:v1.5.0'}}}}\n```\n```yaml\ngroups:\n- name: g\n  rules:\n  - alert: A\n    expr: {expr}\n```\n"
            )
        };
        let found = ["2:23 no rule would see that Redis is down"];
        check("database-down-unseen", &guide("up == 0"), &found);
        check("database-down-unseen", &guide("redis_memory_used_bytes > 1"), &found);
        check("database-down-unseen", &guide("redis_up == 0"), &[]);
        check("database-down-unseen", &guide("absent(redis_memory_used_bytes)"), &[]);
        check("database-down-unseen", &guide("'{__name__=~\".+_up\"} == 0'"), &[]);
    }
}
