//! Panels that ask a datasource which nobody provisions.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned, nearest};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "datasource-unknown",
    harm: Harm::Breaks,
    title: "no datasource has the name or uid that a panel asks",
    explanation: "A panel names its datasource by name or, since Grafana 8, by uid. Where none has it the panel shows \
                  `Datasource … was not found`. Dashboards exported from another Grafana have the uids of that one; \
                  give the provisioned datasource a `uid` of its own, or let a variable of type `datasource` choose.",
    example: "# datasources.yml\napiVersion: 1\ndatasources: [{name: Prometheus, type: prometheus, url: 'http://prometheus:9090'}]\n---8<---\n# overview.json\n{\"title\": \"Overview\", \"panels\": [{\"title\": \"Up\", \"datasource\": \"Prom\", \"targets\": [{\"expr\": \"up\"}]}]}\n",
    mended: "# datasources.yml\napiVersion: 1\ndatasources: [{name: Prometheus, type: prometheus, url: 'http://prometheus:9090'}]\n---8<---\n# overview.json\n{\"title\": \"Overview\", \"panels\": [{\"title\": \"Up\", \"datasource\": \"Prometheus\", \"targets\": [{\"expr\": \"up\"}]}]}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let datasources = &wiring.grafana.datasources;
    // A chart's sidecar may find more.
    let chart = wiring.releases.iter().any(|release| release.chart.value == "kube-prometheus-stack");
    if datasources.is_empty() {
        return Vec::new();
    }
    let names: Vec<&str> = datasources
        .iter()
        .flat_map(|datasource| {
            std::iter::once(datasource.name.value.as_str()).chain(datasource.uid.as_deref())
        })
        .collect();
    let known = |name: &str| {
        name.is_empty()
            || names.contains(&name)
            || name.contains(['$', '['])
            || name.starts_with("-- ")
            || matches!(name, "default" | "grafana" | "-100")
            || chart && matches!(name, "Prometheus" | "prometheus" | "Alertmanager" | "alertmanager")
    };
    let panels = wiring.grafana.dashboards.iter().flat_map(|dashboard| &dashboard.panels);
    let asked = panels.flat_map(|panel| {
        panel.datasource.iter().chain(panel.targets.iter().filter_map(|target| target.datasource.as_ref()))
    });
    // The same name again has the same cause.
    let mut missing: Vec<(&Spanned<String>, Diagnostic)> = Vec::new();
    for asked in asked.filter(|asked| !known(&asked.value)) {
        if let Some((_, first)) = missing.iter_mut().find(|(first, _)| first.value == asked.value) {
            first.related.push((asked.span.clone(), "asked here too".to_owned()));
            continue;
        }
        let found = Diagnostic::error("", format!("no datasource is called `{}`", asked.value))
            .at(&asked.span)
            .label("neither a name nor a uid")
            .related(&datasources[0].name.span, format!("provisioned: {}", names.join(", ")))
            .because("assuming that all datasources are provisioned by the documents");
        let found = match nearest(&asked.value, names.iter().copied()) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None => found,
        };
        missing.push((asked, found));
    }
    missing.into_iter().map(|(_, found)| found).collect()
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn uids_variables_and_grafana_s_own_are_known() {
        let guide = |asked: &str| {
            format!(
                "```yaml\ndatasources: [{{name: P, uid: p1, type: prometheus}}]\n```\n```json\n{{\"title\": \"A\", \
                 \"panels\": [{{\"datasource\":\n{asked}}}]}}\n```\n"
            )
        };
        for known in [
            "\"P\"",
            "null",
            "\"$source\"",
            "\"${DS_PROMETHEUS}\"",
            "\"-- Mixed --\"",
            "{\"type\": \"prometheus\", \"uid\": \"p1\"}",
        ] {
            check("datasource-unknown", &guide(known), &[]);
        }
        check(
            "datasource-unknown",
            &guide("{\"type\": \"prometheus\", \"uid\": \"PBFA\"}"),
            &["6:31 no datasource is called `PBFA`"],
        );
    }
}
