//! Dashboards in the envelope of Grafana's HTTP API.

use crate::checks::{Check, Harm, whole};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "dashboard-wrapped",
    harm: Harm::Silent,
    title: "Grafana's provisioning does not read a dashboard inside of `dashboard`",
    explanation: "`{\"dashboard\": {…}}` is what Grafana's HTTP API takes. In a file that is provisioned, in a \
                  ConfigMap for the sidecar, and in the import dialogue, the dashboard itself is expected: Grafana \
                  logs `Dashboard title cannot be empty` and goes on without it. Files that a command of the \
                  documents posts to `/api/dashboards` are right as they are.",
    example: "# overview.json\n{\"dashboard\": {\"title\": \"Overview\", \"panels\": []}}\n",
    mended: "# overview.json\n{\"title\": \"Overview\", \"panels\": []}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let posted = |words: &Vec<crate::diagnostic::Spanned<String>>| {
        words.iter().any(|word| word.value.contains("/api/dashboards"))
    };
    if wiring.commands.iter().any(posted) {
        return Vec::new();
    }
    let wrapped = wiring.grafana.dashboards.iter().filter_map(|dashboard| dashboard.wrapped.as_ref());
    let found = wrapped.map(|place| {
        Diagnostic::error("", "Grafana's provisioning does not find the dashboard in this envelope")
            .at(place)
            .label("the HTTP API wants this, a file must not have it")
            .because(
                "Grafana logs `Dashboard title cannot be empty` and shows no dashboard; no documented command posts \
                 it to `/api/dashboards/db`",
            )
            .help("leave out the outer braces and `dashboard`, so that `title` and `panels` are the file's own keys")
            .follows_from("dashboard-not-loaded", &whole(place))
    });
    found.collect()
}
