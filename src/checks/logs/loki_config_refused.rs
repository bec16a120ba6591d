//! Configs that Loki itself does not load.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "loki-config-refused",
    harm: Harm::Breaks,
    title: "Loki refuses this config",
    explanation: "Loki reads its config strictly: an unknown key stops it, also one that an older version knew. Loki 3 \
                  dropped many (`enforce_metric_name`, `shared_store`, `max_look_back_period` …), and stores structured \
                  metadata by default, for which the schema has to be v13 with `tsdb`. Judged for the version of the image \
                  in the documents, else for the newest.",
    example: "auth_enabled: false\nschema_config:\n  configs: [{from: 2024-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}]\nlimits_config:\n  enforce_metric_name: false\n",
    mended: "auth_enabled: false\nschema_config:\n  configs: [{from: 2024-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}]\nlimits_config:\n  reject_old_samples: true\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    // A config stops the program once, whatever is wrong in it.
    let problems = wiring.logs.loki.iter().flat_map(|config| {
        let cause = format!("the Loki config at {}", config.place);
        config.problems.iter().map(move |problem| problem.clone().shared(cause.clone()))
    });
    problems.collect()
}
