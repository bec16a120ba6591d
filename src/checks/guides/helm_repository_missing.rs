//! Charts of repositories that no command adds.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "helm-repository-missing",
    harm: Harm::Breaks,
    title: "no command adds the repository of this chart",
    explanation: "`helm install NAME REPOSITORY/CHART` finds only charts of repositories that `helm repo add` has added \
                  under that name: `Error: repo … not found`. Documents that add some are taken to need the others added, too.",
    example: "a: 1\n```\n```sh\nhelm repo add grafana https://grafana.github.io/helm-charts\nhelm install elasticsearch elastic/elasticsearch\n",
    mended: "a: 1\n```\n```sh\nhelm repo add elastic https://helm.elastic.co\nhelm install elasticsearch elastic/elasticsearch\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let added: Vec<&str> = wiring.helm_repositories().collect();
    if added.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<(&str, Diagnostic)> = Vec::new();
    for release in &wiring.releases {
        let Some(repository) = release.repository.as_deref() else { continue };
        // A path, a URL or a registry is no repository's name.
        if added.contains(&repository) || repository.contains(['/', '.', ':']) || repository.is_empty() {
            continue;
        }
        if let Some((_, first)) = found.iter_mut().find(|(known, _)| *known == repository) {
            first.related.push((release.chart.span.clone(), "of it, too".to_owned()));
            continue;
        }
        found.push((
            repository,
            Diagnostic::error("", format!("no command adds the Helm repository `{repository}`"))
                .at(&release.chart.span)
                .label(format!("repo {repository} not found"))
                .because(format!(
                    "assuming that it is not added already; the documents do add {}",
                    added.join(", ")
                ))
                .help(match (repository, release.chart.value.as_str()) {
                    // Adding the old one would install what is at its end.
                    ("grafana", "grafana") => "add `helm repo add grafana-community \
                                               https://grafana-community.github.io/helm-charts`, and install \
                                               `grafana-community/grafana`"
                        .to_owned(),
                    _ => format!("add `helm repo add {repository} URL` before it"),
                })
                .shared("Helm repositories that no command adds"),
        ));
    }
    found.into_iter().map(|(_, diagnostic)| diagnostic).collect()
}
