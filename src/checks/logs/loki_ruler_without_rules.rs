//! A ruler of Loki that has no rules to evaluate.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Home, LokiConfig, Wiring};

pub const CHECK: Check = Check {
    id: "loki-ruler-without-rules",
    harm: Harm::Silent,
    title: "Loki's ruler reads a folder into which nothing is put",
    explanation: "With `storage.type: local` the ruler reads rules from `DIRECTORY/TENANT/*.yaml`, the tenant being `fake` where \
                  `auth_enabled` is off; its API can't write there. Without a rule file no alert on logs ever fires. `rule_path` \
                  is a scratch folder of the ruler, and has to be another one.",
    example: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: loki}\ndata:\n  local-config.yaml: |\n    auth_enabled: false\n    schema_config: {configs: [{from: 2024-01-01, store: tsdb, object_store: s3, schema: v13, index: {prefix: i_, period: 24h}}]}\n    ruler:\n      alertmanager_url: http://alertmanager:9093\n      storage: {type: local, local: {directory: /loki/rules}}\n",
    mended: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: loki}\ndata:\n  local-config.yaml: |\n    auth_enabled: false\n    schema_config: {configs: [{from: 2024-01-01, store: tsdb, object_store: s3, schema: v13, index: {prefix: i_, period: 24h}}]}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    wiring.logs.loki.iter().filter_map(|config| judge(wiring, config)).collect()
}

fn judge(wiring: &Wiring, config: &LokiConfig) -> Option<Diagnostic> {
    config.get("ruler.alertmanager_url")?;
    let directory = config.get("ruler.storage.local.directory")?;
    let Home::ConfigMap { namespace, .. } = &config.home else { return None };
    // A ConfigMap mounted there may hold rules.
    let filled = wiring.running("grafana/loki").any(|(workload, container)| {
        workload.namespace.as_ref() == Some(namespace)
            && container.mounts.iter().any(|mount| {
                let volume = workload.volumes.iter().find(|volume| volume.name == mount.source);
                let within = mount.path.value.starts_with(directory.value.as_str());
                within && volume.is_some_and(|volume| volume.config_map.is_some() || volume.secret.is_some())
            })
    });
    if filled {
        return None;
    }
    let found = Diagnostic::error("", "Loki's ruler has no rules: no alert on logs ever fires")
        .at(&directory.span)
        .label("no document puts a rule file here")
        .help(format!(
            "mount a ConfigMap with rules at {}/fake, or leave out the ruler",
            directory.value.trim_end_matches('/')
        ));
    Some(match config.get("ruler.rule_path").filter(|path| path.value == directory.value) {
        Some(path) => found.related(&path.span, "the ruler's scratch folder must be another one"),
        None => found,
    })
}
