//! Stores of logs that grow for ever.

use super::log_retention_not_enforced::is_zero;
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{LokiConfig, Release, Wiring};

pub const CHECK: Check = Check {
    id: "logs-never-deleted",
    harm: Harm::Risk,
    title: "nothing ever deletes these logs",
    explanation: "Without retention Loki keeps all logs, and Elasticsearch all indices. The volume fills up, and then no log \
                  is stored any more. Loki: `compactor.retention_enabled` and `limits_config.retention_period`. \
                  Elasticsearch: a lifecycle policy that the index template names, or a job that deletes old indices.",
    example: "auth_enabled: false\nschema_config:\n  configs: [{from: 2024-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}]\ncommon: {path_prefix: /loki}\n",
    mended: "auth_enabled: false\nschema_config:\n  configs: [{from: 2024-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}]\ncommon: {path_prefix: /loki}\nlimits_config: {retention_period: 744h}\ncompactor: {working_directory: /loki/compactor, retention_enabled: true, delete_request_store: filesystem}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let loki = wiring.logs.loki.iter().filter_map(|config| of_loki(wiring, config));
    let charts = wiring.releases.iter().filter_map(of_loki_stack);
    loki.chain(charts).chain(of_elasticsearch(wiring)).collect()
}

fn of_loki(wiring: &Wiring, config: &LokiConfig) -> Option<Diagnostic> {
    let set = |path: &str| config.get(path).is_some_and(|value| !is_zero(&value.value));
    if set("limits_config.retention_period")
        || set("table_manager.retention_period")
        || config.settings.iter().any(|setting| setting.path.starts_with("limits_config.retention_stream"))
    {
        return None;
    }
    let store =
        config.settings.iter().rfind(|setting| setting.path == "schema_config.configs[].object_store")?;
    // A bucket may have rules of its own.
    if store.value.value != "filesystem" {
        return None;
    }
    let off = ["compactor.retention_enabled", "table_manager.retention_period"]
        .iter()
        .find_map(|path| config.get(path));
    let found = Diagnostic::warning("", "Loki never deletes a log")
        .at(&store.value.span)
        .label("on a disk that only grows")
        .because("no `retention_period` is set, and no compactor applies one")
        .help("set `limits_config.retention_period` and `compactor.retention_enabled: true`");
    let found = match off {
        Some(off) => found.related(&off.span, "means: keep for ever"),
        None => found,
    };
    let promised = wiring.workloads.iter().find(|workload| {
        workload.containers.iter().any(|container| container.image_name().ends_with("grafana/loki"))
    });
    Some(match promised {
        Some(workload) => found.related(&workload.place, "its volume fills up"),
        None => found,
    })
}

/// The chart's own config of Loki keeps everything.
fn of_loki_stack(release: &Release) -> Option<Diagnostic> {
    let set = |path: &str| {
        let value = release.values.get(path).map_or("0", |value| value.value.as_str());
        value != "false" && !is_zero(value)
    };
    let deletes = [
        "loki.config.limits_config.retention_period",
        "loki.config.table_manager.retention_period",
        "loki.config.compactor.retention_enabled",
    ];
    if release.chart.value != "loki-stack"
        || release.sets("loki.enabled", "false")
        || deletes.iter().any(|path| set(path))
    {
        return None;
    }
    let found = Diagnostic::warning("", "Loki never deletes a log")
        .at(&release.chart.span)
        .label("its config keeps everything by default")
        .help("set `loki.config.compactor.retention_enabled: true` and `loki.config.limits_config.retention_period`");
    Some(match release.complete {
        true => found.because("the chart's default is `table_manager.retention_deletes_enabled: false`"),
        false => found.because(
            "the chart's default is `table_manager.retention_deletes_enabled: false`; assuming that the values which are not \
             documented leave it",
        ),
    })
}

/// An index a day, from what ships by the day, and nothing that takes the old ones away.
fn of_elasticsearch(wiring: &Wiring) -> Option<Diagnostic> {
    let words = ["curator", "_ilm", "lifecycle", "index-cleaner"];
    let mentions = |text: &str| words.iter().any(|word| text.to_lowercase().contains(word));
    let managed = wiring.settings.iter().any(|setting| {
        setting.path.contains("setup.ilm")
            || mentions(&setting.path)
            || setting.value.value.contains("curator")
    });
    let commanded = wiring.commands.iter().flatten().any(|word| mentions(&word.value));
    if managed || commanded {
        return None;
    }
    let outputs = wiring.logs.fluent_bit.iter().flat_map(|config| config.of("OUTPUT"));
    let output = outputs.into_iter().find(|output| {
        matches!(output.name().to_lowercase().as_str(), "es" | "opensearch")
            && output.is_on("logstash_format")
    })?;
    let (key, _) = output.entry("logstash_format")?;
    Some(
        Diagnostic::warning("", "nothing deletes the indices that this makes, one a day")
            .at(&key.span)
            .label("a new index every day")
            .because("no document has a lifecycle policy, or a job that deletes indices: the disks of Elasticsearch fill up")
            .help("set up an ILM policy with a delete phase, and name it in an index template for these indices"),
    )
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn loki_stack_keeps_all_logs() {
        let guide = |flags: &str| format!("```sh\nhelm install l grafana/loki-stack {flags}\n```\n");
        let kept = "2:16 Loki never deletes a log";
        check("logs-never-deleted", &guide(""), &[kept]);
        check("logs-never-deleted", &guide("-f not-shown.yaml"), &[kept]);
        let set = "--set loki.config.limits_config.retention_period=744h";
        check("logs-never-deleted", &guide(set), &[]);
        check("logs-never-deleted", &guide("--set loki.enabled=false"), &[]);
    }
}
