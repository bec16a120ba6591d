//! Command-line flags that a program does not start with.

use super::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned, nearest};
use crate::stack::Version;
use crate::stack::wiring::{Container, Wiring};

pub const CHECK: Check = Check {
    id: "flag-refused",
    harm: Harm::Breaks,
    title: "the program does not start with this flag",
    explanation: "Prometheus, Alertmanager, node_exporter and postgres_exporter take flags with two dashes, and end at one that they do \
                  not know. Prometheus 3 has dropped some of Prometheus 2. A flag counts as unknown here only where it is a slip away from one that \
                  there is, or is known to be gone.",
    example: "services:\n  prometheus:\n    image: prom/prometheus:v3.1.0\n    command: ['--config.file=/etc/prometheus/prometheus.yml', '--storage.tsdb.retention=15d']\n",
    mended: "services:\n  prometheus:\n    image: prom/prometheus:v3.1.0\n    command: ['--config.file=/etc/prometheus/prometheus.yml', '--storage.tsdb.retention.time=15d']\n",
    find,
};

struct Program {
    images: [&'static str; 2],
    name: &'static str,
    flags: &'static str,
    /// Gone: the flag, since which major version, and what to write.
    gone: &'static [(&'static str, u32, &'static str)],
}

const EVERYWHERE: &str = "help help-long help-man version log.level log.format web.listen-address web.config.file web.systemd-socket";

const PROGRAMS: [Program; 4] = [
    Program {
        images: ["prom/prometheus", "prometheus/prometheus"],
        name: "Prometheus",
        flags: include_str!("prometheus_flags.txt"),
        gone: &[
            ("storage.tsdb.retention", 3, "write `--storage.tsdb.retention.time`"),
            (
                "storage.tsdb.allow-overlapping-blocks",
                3,
                "leave it out: overlapping blocks are always allowed",
            ),
            (
                "alertmanager.timeout",
                3,
                "leave it out: `timeout` stands in the config, under `alertmanagers`",
            ),
            ("storage.local.path", 2, "write `--storage.tsdb.path`"),
            ("storage.local.retention", 2, "write `--storage.tsdb.retention.time`"),
            ("alertmanager.url", 2, "write the Alertmanagers into the config, under `alerting`"),
        ],
    },
    Program {
        images: ["prom/alertmanager", "prometheus/alertmanager"],
        name: "Alertmanager",
        flags: "config.file storage.path data.retention data.maintenance-interval alerts.gc-interval web.external-url \
                web.route-prefix web.get-concurrency web.timeout web.ui-path cluster.listen-address cluster.advertise-address cluster.peer \
                cluster.peer-timeout cluster.peers-resolve-timeout cluster.gossip-interval cluster.pushpull-interval cluster.tcp-timeout \
                cluster.probe-timeout cluster.probe-interval cluster.settle-timeout cluster.reconnect-interval cluster.reconnect-timeout \
                cluster.tls-config cluster.allow-insecure-public-advertise-address-discovery cluster.label cluster.peer-name \
                silences.max-silences silences.max-silence-size-bytes enable-feature auto-gomemlimit auto-gomemlimit.ratio auto-gomaxprocs",
        gone: &[],
    },
    Program {
        images: ["prom/node-exporter", "prometheus/node-exporter"],
        name: "node_exporter",
        flags: "path.procfs path.sysfs path.rootfs path.udev.data web.telemetry-path web.disable-exporter-metrics web.max-requests \
                collector.disable-defaults runtime.gomaxprocs collector.filesystem.mount-points-exclude \
                collector.filesystem.mount-points-include collector.filesystem.fs-types-exclude collector.filesystem.fs-types-include \
                collector.netclass.ignored-devices collector.netdev.device-exclude collector.netdev.device-include \
                collector.textfile.directory collector.systemd.unit-include collector.systemd.unit-exclude collector.diskstats.device-exclude \
                collector.cpu.info collector.processes collector.systemd collector.textfile collector.filesystem",
        gone: &[],
    },
    Program {
        images: ["prometheuscommunity/postgres-exporter", "prometheus-community/postgres-exporter"],
        name: "postgres_exporter",
        flags: "web.telemetry-path disable-default-metrics disable-settings-metrics auto-discover-databases extend.query-path dumpmaps \
                constantLabels exclude-databases include-databases metric-prefix config.file collection-timeout collector.stat_statements",
        gone: &[],
    },
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let containers = wiring.workloads.iter().flat_map(|workload| &workload.containers);
    let started = containers.filter(|container| !container.overrides_entrypoint);
    started.flat_map(of).collect()
}

fn of(container: &Container) -> Vec<Diagnostic> {
    let Some(program) =
        PROGRAMS.iter().find(|program| program.images.iter().any(|image| container.runs(image)))
    else {
        return Vec::new();
    };
    let version = container.image_tag().and_then(Version::parse);
    container.args.iter().filter_map(|arg| judge(program, version, arg)).collect()
}

fn judge(program: &Program, version: Option<Version>, arg: &Spanned<String>) -> Option<Diagnostic> {
    let dashes = arg.value.len() - arg.value.trim_start_matches('-').len();
    let flag = arg.value.trim_start_matches('-').split('=').next()?;
    if dashes == 0 || flag.len() < 2 || flag.contains(['$', '{', ' ']) {
        return None;
    }
    let name = program.name;
    let refused = |message: String, label: &str| {
        Diagnostic::error("", message).at(&arg.span).label(label).because(format!("{name} ends at once"))
    };
    let known: Vec<&str> = EVERYWHERE.split_whitespace().chain(program.flags.split_whitespace()).collect();
    let positive = flag.strip_prefix("no-").unwrap_or(flag);
    let gone = program.gone.iter().find(|(gone, since, _)| {
        *gone == flag && version.map_or(*since < 3, |version| version.major >= *since)
    });
    if let Some((_, since, help)) = gone {
        return Some(refused(format!("{name} {since} no longer has the flag `{flag}`"), "gone").help(*help));
    }
    if known.contains(&positive) {
        return (dashes == 1).then(|| {
            refused(format!("{name} takes `{flag}` only with two dashes"), "with one, each letter is a flag")
                .help(format!("write `--{flag}`"))
                .mend(&arg.span, format!("-{}", arg.span.text()))
        });
    }
    let near = nearest(flag, known.iter().copied())
        .filter(|near| strsim::damerau_levenshtein(flag, near) <= 2 && (near.len() > 8 || dashes == 2))?;
    // One that came later may be a letter away from another.
    Some(
        refused(format!("{name} has no flag `{flag}`"), "not known")
            .help(format!("did you mean `--{near}`?")),
    )
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn flags_are_those_of_the_program_in_its_version() {
        let guide = |image: &str, flag: &str| {
            format!("```yaml\nservices:\n  a:\n    image: {image}\n    command: ['{flag}']\n```\n")
        };
        let prometheus = "prom/prometheus:v2.45.0";
        for fine in
            ["--config.file=a", "--web.enable-lifecycle", "--storage.tsdb.retention=1d", "--some.new-flag"]
        {
            check("flag-refused", &guide(prometheus, fine), &[]);
        }
        check("flag-refused", &guide("grafana/loki:2.8.0", "-config.file=a"), &[]);
        check(
            "flag-refused",
            &guide(prometheus, "-config.file=a"),
            &["5:15 Prometheus takes `config.file` only with two dashes"],
        );
        check(
            "flag-refused",
            &guide(prometheus, "--storage.tsdb.retention.tim=1d"),
            &["5:15 Prometheus has no flag `storage.tsdb.retention.tim`"],
        );
        check(
            "flag-refused",
            &guide("prom/prometheus:v3.0.1", "--storage.tsdb.retention=1d"),
            &["5:15 Prometheus 3 no longer has the flag `storage.tsdb.retention`"],
        );
        check("flag-refused", &guide("prom/node-exporter:v1.7.0", "--no-collector.textfile"), &[]);
    }
}
