//! Programs that two parts of the documents bring.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{Release, Wiring};

pub const CHECK: Check = Check {
    id: "installed-twice",
    harm: Harm::Risk,
    title: "two charts bring the same program",
    explanation: "kube-prometheus-stack brings a Prometheus, an Alertmanager and a Grafana. A second one beside them has dashboards, \
                  datasources, silences and a password of its own: people look at one, and what is provisioned goes to the other.",
    example: "services: {}\n```\n```sh\nhelm install stack prometheus-community/kube-prometheus-stack -n monitoring\nhelm install grafana grafana/grafana -n monitoring\n",
    mended: "services: {}\n```\n```sh\nhelm install stack prometheus-community/kube-prometheus-stack -n monitoring --set grafana.enabled=false\nhelm install grafana grafana/grafana -n monitoring\n",
    find,
};

/// A program, the charts that bring it with the value that switches it off or on, and its image.
struct Program {
    name: &'static str,
    charts: &'static [(&'static str, Switch)],
    image: &'static str,
    keeps: &'static str,
}

enum Switch {
    Always,
    On(&'static str),
    Off(&'static str),
}

const PROGRAMS: [Program; 3] = [
    Program {
        name: "Grafana",
        charts: &[
            ("kube-prometheus-stack", Switch::Off("grafana.enabled")),
            ("grafana", Switch::Always),
            ("loki-stack", Switch::On("grafana.enabled")),
        ],
        image: "grafana/grafana",
        keeps: "dashboards, datasources and a password",
    },
    Program {
        name: "Prometheus",
        charts: &[
            ("kube-prometheus-stack", Switch::Off("prometheus.enabled")),
            ("prometheus", Switch::Always),
            ("loki-stack", Switch::On("prometheus.enabled")),
        ],
        image: "prom/prometheus",
        keeps: "targets, rules and data",
    },
    Program {
        name: "Alertmanager",
        charts: &[
            ("kube-prometheus-stack", Switch::Off("alertmanager.enabled")),
            ("prometheus", Switch::Off("alertmanager.enabled")),
            ("alertmanager", Switch::Always),
        ],
        image: "prom/alertmanager",
        keeps: "routes and silences",
    },
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    PROGRAMS.iter().filter_map(|program| judge(wiring, program)).collect()
}

fn judge(wiring: &Wiring, program: &Program) -> Option<Diagnostic> {
    let charts: Vec<&Release> =
        wiring.releases.iter().filter(|release| release.complete && brings(program, release)).collect();
    let first = charts.first()?;
    let images = wiring.running(program.image).filter(|(workload, _)| {
        workload.namespace.as_deref().is_some_and(|namespace| namespace == first.namespace)
    });
    let images = images.filter_map(|(_, container)| container.image.as_ref()).map(|image| &image.span);
    // One may be called again, to change its values.
    let others = charts.iter().filter(|release| {
        release.namespace == first.namespace
            && (release.chart.value != first.chart.value || release.name.value != first.name.value)
    });
    let mut places = others.map(|release| &release.chart.span).chain(images);
    let second: &Span = places.next()?;
    let found = Diagnostic::warning("", format!("this is a second {}", program.name))
        .at(second)
        .label(format!("has {} of its own", program.keeps))
        .related(&first.chart.span, format!("this chart brings {} already", program.name))
        .help("switch off the one or the other");
    Some(places.fold(found, |found, place| found.related(place, "and so does this")))
}

fn brings(program: &Program, release: &Release) -> bool {
    let is = |key: &str, wanted: &str| release.values.get(key).is_some_and(|value| value.value == wanted);
    let mut charts = program.charts.iter().filter(|(chart, _)| *chart == release.chart.value);
    charts.any(|(_, switch)| match switch {
        Switch::Always => true,
        Switch::On(key) => is(key, "true"),
        Switch::Off(key) => !is(key, "false"),
    })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn one_in_each_namespace_and_one_that_is_upgraded_are_no_two() {
        let guide = |commands: &str| format!("```sh\n{commands}\n```\n");
        let stack = "helm install stack prometheus-community/kube-prometheus-stack -n monitoring";
        let id = "installed-twice";
        let second = |chart: &str| guide(&format!("{stack}\nhelm install second {chart} -n monitoring"));
        check(id, &second("grafana/grafana"), &["3:21 this is a second Grafana"]);
        check(id, &second("prometheus-community/alertmanager"), &["3:21 this is a second Alertmanager"]);
        check(id, &second("grafana/loki"), &[]);
        check(id, &guide(&format!("{stack}\nhelm install g grafana/grafana -n other")), &[]);
        check(
            id,
            &guide(&format!(
                "{stack}\nhelm upgrade stack prometheus-community/kube-prometheus-stack -n monitoring"
            )),
            &[],
        );
        let off = "--set grafana.enabled=false";
        check(id, &guide(&format!("{stack} {off}\nhelm install g grafana/grafana -n monitoring")), &[]);
        // What the missing values say is not known.
        check(id, &guide(&format!("{stack} -f my.yaml\nhelm install g grafana/grafana -n monitoring")), &[]);
    }

    #[test]
    fn a_deployment_beside_the_chart_is_one_more() {
        let guide = |namespace: &str| {
            format!(
                "```sh\nhelm install stack prometheus-community/kube-prometheus-stack -n monitoring\n```\n```yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: p, namespace: {namespace}}}\nspec: {{template: {{spec: {{containers: [{{image: 'prom/prometheus:v2.45.0'}}]}}}}}}\n```\n"
            )
        };
        check("installed-twice", &guide("monitoring"), &["8:47 this is a second Prometheus"]);
        check("installed-twice", &guide("other"), &[]);
    }
}
