//! Several datasources that are each to be the default.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{Home, Release, Wiring};

pub const CHECK: Check = Check {
    id: "two-default-datasources",
    harm: Harm::Breaks,
    title: "two datasources are the default",
    explanation: "Grafana allows one default datasource an organisation. With two it stops at start: `Only one \
                  datasource per organization can be marked as default`. Charts bring defaults of their own: \
                  kube-prometheus-stack provisions its Prometheus as the default, and loki-stack has its Loki found by \
                  the same sidecar, as the default too.",
    example: "# datasources.yml\napiVersion: 1\ndatasources:\n- {name: Prometheus, type: prometheus, url: 'http://prometheus:9090', isDefault: true}\n- {name: Loki, type: loki, url: 'http://loki:3100', isDefault: true}\n",
    mended: "# datasources.yml\napiVersion: 1\ndatasources:\n- {name: Prometheus, type: prometheus, url: 'http://prometheus:9090', isDefault: true}\n- {name: Loki, type: loki, url: 'http://loki:3100'}\n",
    find,
};

struct Default {
    organisation: String,
    namespace: Option<String>,
    place: Span,
    what: String,
    mend: String,
    /// The key of the ConfigMap that nothing mounts and no sidecar finds.
    lost: Option<Span>,
}

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let written = wiring.grafana.datasources.iter().filter_map(|datasource| {
        Some(Default {
            organisation: datasource.organisation.clone(),
            namespace: datasource.namespace.clone(),
            place: datasource.default.clone()?,
            what: format!("`{}` is the default here", datasource.name.value),
            mend: format!("leave out `isDefault` of `{}`", datasource.name.value),
            lost: lost(wiring, &datasource.home),
        })
    });
    let mut defaults: Vec<Default> = written.collect();
    let stack = wiring.releases.iter().find(|release| release.chart.value == "kube-prometheus-stack");
    defaults.extend(stack.and_then(of_stack));
    // Only a sidecar finds what loki-stack brings.
    if stack.is_some() {
        let loki = wiring.releases.iter().filter(|release| release.chart.value == "loki-stack");
        defaults.extend(loki.filter_map(of_loki));
    }
    let mut found = Vec::new();
    while !defaults.is_empty() {
        let first = defaults.remove(0);
        let same = |other: &Default| {
            let together = match (&other.namespace, &first.namespace) {
                (Some(other), Some(own)) => other == own,
                _ => true,
            };
            other.organisation == first.organisation && together
        };
        let (others, rest): (Vec<Default>, Vec<Default>) =
            defaults.into_iter().partition(|other| same(other));
        defaults = rest;
        let Some(second) = others.first() else { continue };
        let diagnostic = Diagnostic::error("", "Grafana does not start with two default datasources")
            .at(&first.place)
            .label(first.what)
            .because(match first.lost.is_some() || second.lost.is_some() {
                true => {
                    "as soon as the ConfigMap is loaded, Grafana stops with `Only one datasource per organization can be \
                     marked as default`"
                }
                false => "Grafana stops with `Only one datasource per organization can be marked as default`",
            })
            .help(match others.len() {
                1 => format!("{}, or leave the default to it", second.mend),
                _ => {
                    let mends: Vec<&str> = others.iter().map(|other| other.mend.as_str()).collect();
                    format!("only one may be it: {}", mends.join(", and "))
                }
            });
        // What Grafana does not read stops nothing until it does.
        let diagnostic = match first.lost.or(second.lost.clone()) {
            Some(key) => diagnostic.follows_from("config-not-loaded", &key),
            None => diagnostic,
        };
        found.push(
            others.into_iter().fold(diagnostic, |found, other| found.related(&other.place, other.what)),
        );
    }
    found
}

fn lost(wiring: &Wiring, home: &Home) -> Option<Span> {
    let Home::ConfigMap { namespace, name, key } = home else { return None };
    let mut maps = wiring.config_maps.iter();
    let map = maps.find(|map| map.namespace == *namespace && map.name.value == *name)?;
    let (key, _) = map.keys.iter().find(|(known, _)| known.value == *key)?;
    let found = map.labels.contains_key("grafana_datasource") || !wiring.mounted(home).is_empty();
    (!found).then(|| key.span.clone())
}

fn set<'r>(release: &'r Release, key: &str) -> Option<&'r str> {
    release.values.get(key).map(|value| value.value.as_str())
}

fn of_stack(release: &Release) -> Option<Default> {
    let sidecar = "grafana.sidecar.datasources";
    let off = |key: &str| set(release, key) == Some("false");
    if ["grafana.enabled", &format!("{sidecar}.enabled"), &format!("{sidecar}.defaultDatasourceEnabled")]
        .iter()
        .any(|key| off(key))
        || off(&format!("{sidecar}.isDefaultDatasource"))
    {
        return None;
    }
    Some(Default {
        organisation: "1".to_owned(),
        namespace: Some(release.namespace.clone()),
        place: release.chart.span.clone(),
        what: "this chart provisions its Prometheus as the default".to_owned(),
        mend: format!("set `{sidecar}.defaultDatasourceEnabled: false` in the chart's values"),
        lost: None,
    })
}

fn of_loki(release: &Release) -> Option<Default> {
    let off = |key: &str| set(release, key) == Some("false");
    if off("loki.isDefault") || off("loki.enabled") || off("grafana.sidecar.datasources.enabled") {
        return None;
    }
    Some(Default {
        organisation: "1".to_owned(),
        namespace: Some(release.namespace.clone()),
        place: release.chart.span.clone(),
        what: match release.complete {
            true => "this chart gives the sidecar its Loki, as the default".to_owned(),
            false => "assuming its undocumented values don't change it, this chart gives the sidecar its Loki as the default"
                .to_owned(),
        },
        mend: "set `loki.isDefault: false` in the values of loki-stack".to_owned(),
        lost: None,
    })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    fn guide(values: &str) -> String {
        format!(
            "```sh\nhelm install p prometheus-community/kube-prometheus-stack -n m -f values.yaml\n```\nvalues.yaml\n```yaml\n\
             grafana:\n  adminPassword: x\n{values}  datasources:\n    d.yaml:\n      datasources:\n      - {{name: P, isDefault: \
             true}}\n```\n"
        )
    }

    #[test]
    fn the_chart_has_a_default_of_its_own() {
        check(
            "two-default-datasources",
            &guide(""),
            &["11:30 Grafana does not start with two default datasources"],
        );
        let off = "  sidecar: {datasources: {defaultDatasourceEnabled: false}}\n";
        check("two-default-datasources", &guide(off), &[]);
    }

    #[test]
    fn one_default_an_organisation_is_right() {
        check(
            "two-default-datasources",
            "```yaml\ndatasources:\n- {name: A, isDefault: true}\n- {name: B, isDefault: true, orgId: 2}\n```\n",
            &[],
        );
    }
}
