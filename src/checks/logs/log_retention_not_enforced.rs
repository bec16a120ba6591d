//! Retention of logs that is written down and not applied.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{LokiConfig, Wiring};

pub const CHECK: Check = Check {
    id: "log-retention-not-enforced",
    harm: Harm::Silent,
    title: "nothing applies this retention",
    explanation: "Loki deletes logs only where the compactor is told to (`compactor.retention_enabled: true`), after \
                  `limits_config.retention_period`. The `table_manager` does it for the stores of old, not for \
                  `boltdb-shipper` and `tsdb`. Otherwise the retention stands in the config and logs stay for ever.",
    example: "auth_enabled: false\nschema_config:\n  configs: [{from: 2024-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}]\nlimits_config:\n  retention_period: 744h\n",
    mended: "auth_enabled: false\nschema_config:\n  configs: [{from: 2024-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}]\nlimits_config:\n  retention_period: 744h\ncompactor:\n  working_directory: /loki/compactor\n  retention_enabled: true\n  delete_request_store: filesystem\n",
    find,
};

/// The stores whose index a compactor keeps.
const SHIPPED: [&str; 2] = ["boltdb-shipper", "tsdb"];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    wiring.logs.loki.iter().filter_map(judge).collect()
}

fn judge(config: &LokiConfig) -> Option<Diagnostic> {
    if config.is_on("compactor.retention_enabled") {
        return None;
    }
    if let Some(period) =
        config.get("limits_config.retention_period").filter(|period| !is_zero(&period.value))
    {
        let found = Diagnostic::error("", "Loki does not apply this retention")
            .at(&period.span)
            .label("only a compactor deletes, and none is told to")
            .because("Loki keeps every log line until the disk is full, and says nothing")
            .help(
                "add `retention_enabled: true` and, since Loki 3, `delete_request_store` under `compactor`",
            );
        return Some(match config.get("compactor.retention_enabled") {
            Some(off) => found.related(&off.span, "off"),
            None => found,
        });
    }
    let period = config.get("table_manager.retention_period").filter(|period| !is_zero(&period.value))?;
    let store = config.settings.iter().rfind(|setting| setting.path == "schema_config.configs[].store")?;
    SHIPPED.contains(&store.value.value.as_str()).then(|| {
        Diagnostic::error("", format!("the table manager deletes nothing of a `{}` store", store.value.value))
            .at(&period.span)
            .label("applied by nothing")
            .related(&store.value.span, "this store is the compactor's")
            .because("Loki keeps every log line until the disk is full, and says nothing")
            .help("set `compactor.retention_enabled: true` and `limits_config.retention_period`")
    })
}

pub(super) fn is_zero(duration: &str) -> bool {
    duration.chars().all(|c| matches!(c, '0' | 's' | 'm' | 'h' | 'd' | 'w'))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn the_table_manager_is_for_the_stores_of_old() {
        let guide = |store: &str| {
            format!(
                "```yaml\nservices: {{loki: {{image: 'grafana/loki:2.8.0'}}}}\n```\n```yaml\nauth_enabled: false\nschema_config: \
                 {{configs: [{{store: {store}, object_store: filesystem}}]}}\ntable_manager: {{retention_deletes_enabled: \
                 true, retention_period: 72h}}\n```\n"
            )
        };
        check("log-retention-not-enforced", &guide("boltdb"), &[]);
        check(
            "log-retention-not-enforced",
            &guide("boltdb-shipper"),
            &["7:68 the table manager deletes nothing of a `boltdb-shipper` store"],
        );
    }
}
