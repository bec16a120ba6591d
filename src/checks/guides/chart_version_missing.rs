//! Charts that are installed in whatever version is the newest that day.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Release, Wiring};

pub const CHECK: Check = Check {
    id: "chart-version-missing",
    harm: Harm::Style,
    title: "the chart's version is whatever is the newest",
    explanation: "Without `--version` Helm installs the newest chart. Another major version has other values, Services and programs: Jaeger's \
                  version 4 passes over all that was written for version 3. What a guide was tried with is what it should say.",
    example: "a: 1\n```\n```sh\nhelm install grafana grafana/grafana\n",
    mended: "a: 1\n```\n```sh\nhelm install grafana grafana/grafana --version 8.5.0\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut open = wiring.releases.iter().filter(|release| is_open(release));
    let Some(first) = open.next() else { return Vec::new() };
    let found = Diagnostic::warning("", "this chart has no version of its own")
        .at(&first.chart.span)
        .label("whatever is the newest")
        .help("state the version that the guide was tried with: `--version …`");
    vec![open.fold(found, |found, release| found.related(&release.chart.span, "nor has this"))]
}

/// From a repository, and without a version.
fn is_open(release: &Release) -> bool {
    let from = release.repository.as_deref().filter(|repository| !repository.starts_with(['.', '/', '~']));
    release.version.is_none()
        && from.is_some_and(|from| !from.contains('$'))
        && !release.chart.value.contains(".tgz")
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn charts_of_repositories_are_told_together() {
        let guide = |commands: &str| format!("```sh\n{commands}\n```\n");
        let id = "chart-version-missing";
        let found = ["2:16 this chart has no version of its own"];
        check(id, &guide("helm install g grafana/grafana"), &found);
        check(id, &guide("helm install g grafana/grafana\nhelm upgrade --install l grafana/loki"), &found);
        check(id, &guide("helm install g grafana/grafana --version=8.5.0"), &[]);
        check(id, &guide("helm install g ./charts/grafana\nhelm install h grafana-8.5.0.tgz"), &[]);
    }
}
