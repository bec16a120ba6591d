//! Which items of `alerting.alertmanagers` can't lead to the stack's Alertmanager.
//!
//! Promises: only what the config and the documented Services prove. Where nothing says at which names Alertmanager
//! answers, every name that is kept may be its own.

use super::Loader;
use crate::labels::Labels;
use crate::stack::alertmanager::{Alertmanager, Version};
use crate::stack::wiring::{Home, PrometheusConfig, Reached, Service, Wiring};
use crate::stack::{Alertmanagers, Discovery, Prometheus, Rule, RuleGroup, RuleKind, Unsent, relabel};

const IMAGES: [&str; 2] = ["prom/alertmanager", "prometheus/alertmanager"];
/// From here on Alertmanager's API v1 answers that it is gone.
const WITHOUT_API_V1: Version = Version(27);

impl Loader {
    /// Notes on each item why it leads nowhere, and warns where an alert has no way left. `config` is where Prometheus'
    /// config stands, if it is within other documents.
    pub(super) fn sending(
        &mut self,
        prometheus: &mut Prometheus,
        rule_groups: &[RuleGroup],
        alertmanager: &Alertmanager,
        within: &Wiring,
        config: Option<&PrometheusConfig>,
    ) {
        let namespace = config.and_then(|config| match &config.home {
            Home::ConfigMap { namespace, .. } => Some(namespace.as_str()),
            _ => None,
        });
        for item in &mut prometheus.alertmanagers {
            item.astray = by_api(item, alertmanager.version).or_else(|| by_targets(item, within, namespace));
        }
        // The operator adds its Alertmanager to what a chart's values say.
        if let Some(config) = config.filter(|config| config.home == Home::Values) {
            prometheus.alertmanagers.push(Alertmanagers::of_operator(config.source.span(0..0)));
        }
        let alerts = |rule: &Rule| matches!(rule.kind, RuleKind::Alerting { .. });
        if rule_groups.iter().flat_map(|group| &group.rules).any(alerts) {
            self.problems.extend(prometheus.unsent().map(|unsent| unsent.warning()));
        }
    }
}

fn by_api(item: &Alertmanagers, version: Version) -> Option<Unsent> {
    let api = item.api_version.as_ref().filter(|api| api.value == "v1" && version >= WITHOUT_API_V1)?;
    Some(Unsent { place: api.span.clone(), why: format!("Alertmanager {version} has no API v1 any more") })
}

fn by_targets(item: &Alertmanagers, within: &Wiring, namespace: Option<&str>) -> Option<Unsent> {
    let astray = |why: &str| Some(Unsent { place: item.place.clone(), why: why.to_owned() });
    if item.discovery.is_empty() {
        return astray("names no target");
    }
    let mut lost = None;
    let mut dropped = 0;
    for discovery in &item.discovery {
        let Discovery::Static { targets, labels } = discovery else { return None };
        for target in targets {
            let mut target_labels = labels.builder();
            target_labels.set("__address__", target.value.as_str());
            target_labels.set("__scheme__", item.scheme.as_str());
            target_labels.set("__alerts_path__", format!("{}/api/v2/alerts", item.path_prefix));
            let Some(kept) = relabel::apply(&item.relabel_configs, &target_labels.build()) else {
                dropped += 1;
                continue;
            };
            match not_served(&kept, within, namespace) {
                Some(why) => lost = lost.or(Some(Unsent { place: target.span.clone(), why })),
                None => return None,
            }
        }
    }
    match dropped {
        _ if lost.is_some() => lost,
        0 => astray("names no target"),
        _ => astray("its `relabel_configs` drop every target"),
    }
}

/// Why no documented Alertmanager answers there.
fn not_served(target: &Labels, within: &Wiring, namespace: Option<&str>) -> Option<String> {
    if !IMAGES.iter().any(|image| within.running(image).next().is_some()) {
        return None;
    }
    let (host, port) = address(target);
    match within.reach(host, namespace) {
        Reached::Service(service) => {
            let known = service.complete && !service.ports.is_empty();
            if known && !service.ports.iter().any(|own| own.number == port) {
                return Some(format!("the Service `{}` has no port {port}", service.name.value));
            }
            let other = leads_to_alertmanager(service, within) == Some(false);
            other.then(|| format!("`{}` runs no Alertmanager", service.name.value))
        }
        Reached::Elsewhere(services) => {
            let elsewhere = services.first().and_then(|service| service.namespace.as_deref());
            Some(format!("the Service `{host}` is in the namespace `{}`", elsewhere.unwrap_or_default()))
        }
        Reached::Unknown => {
            let mut services = within.services.iter();
            let named = services.any(|service| leads_to_alertmanager(service, within) == Some(true));
            named.then(|| format!("nothing documented is named `{host}`"))
        }
        Reached::Outside => None,
    }
}

/// Host and port; without one, the scheme's.
fn address(target: &Labels) -> (&str, u16) {
    let address = target.value("__address__");
    let with_port = address.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    with_port.unwrap_or((address, if target.value("__scheme__") == "https" { 443 } else { 80 }))
}

/// None where the documents don't show what is behind a Service.
fn leads_to_alertmanager(service: &Service, within: &Wiring) -> Option<bool> {
    let in_compose = || within.workloads.iter().find(|workload| workload.name.value == service.name.value);
    let workload = if service.namespace.is_some() { within.selected(service) } else { in_compose() }?;
    let runs = |image: &str| workload.containers.iter().any(|container| container.runs(image));
    Some(IMAGES.into_iter().any(runs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::documents::{prometheus, wiring};
    use crate::stack::Version as PrometheusVersion;

    const COMPOSE: &str = "services:
  prometheus: {image: 'prom/prometheus:v2.53.0'}
  alertmanager: {image: 'prom/alertmanager:v0.27.0'}
  grafana: {image: 'grafana/grafana:11.0.0'}
";
    const CLUSTER: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: am, namespace: monitoring}
spec:
  template:
    metadata: {labels: {app: am}}
    spec: {containers: [{name: am, image: 'quay.io/prometheus/alertmanager:v0.27.0'}]}
---
apiVersion: v1
kind: Service
metadata: {name: alerts, namespace: monitoring}
spec: {selector: {app: am}, ports: [{port: 9093}]}
";

    /// Why alerts are not sent by these items of `alerting.alertmanagers`, beside these documents.
    fn why(documents: &str, items: &str) -> String {
        let file = SourceFile::new("prometheus.yml", format!("alerting: {{alertmanagers: {items}}}\n"));
        let (config, problems) = prometheus::read(&file, PrometheusVersion::new(2, 53));
        assert!(problems.is_empty(), "{problems:?}");
        let mut config = config.unwrap();
        let documents = SourceFile::new("documents.yaml", documents);
        let within = wiring::of_files([&documents], None, None);
        for item in &mut config.alertmanagers {
            item.astray = by_api(item, Version(27)).or_else(|| by_targets(item, &within, None));
        }
        config.unsent().map_or_else(|| "sent".to_owned(), |unsent| unsent.why)
    }

    #[track_caller]
    fn check(documents: &str, items: &str, expected: &str) {
        assert_eq!(why(documents, items), expected, "{items}");
    }

    fn to(target: &str) -> String {
        format!("[{{static_configs: [{{targets: ['{target}']}}]}}]")
    }

    #[test]
    fn without_a_target_nothing_is_sent() {
        check("", "[]", "has no `alerting.alertmanagers`");
        check("", "[{scheme: https}]", "names no target");
        check("", "[{static_configs: [{targets: []}]}]", "names no target");
        let dropping = "[{static_configs: [{targets: [a]}], relabel_configs: [{source_labels: [__address__], regex: b, \
                        action: keep}]}]";
        check("", dropping, "its `relabel_configs` drop every target");
    }

    #[test]
    fn where_nothing_is_documented_every_name_may_be_alertmanager_s() {
        check("", &to("alerts.example.com:9093"), "sent");
        check("", "[{kubernetes_sd_configs: [{role: pod}]}]", "sent");
    }

    #[test]
    fn names_in_compose_are_those_of_its_services() {
        check(COMPOSE, &to("alertmanager:9093"), "sent");
        check(COMPOSE, &to("alertmanger:9093"), "nothing documented is named `alertmanger`");
        check(COMPOSE, &to("grafana:9093"), "`grafana` runs no Alertmanager");
        check(COMPOSE, "[{static_configs: [{targets: ['grafana:1', 'alertmanager:9093']}]}]", "sent");
    }

    #[test]
    fn names_in_a_cluster_are_those_of_its_services() {
        check(CLUSTER, &to("alerts.monitoring.svc:9093"), "sent");
        check(CLUSTER, &to("alerts:9094"), "the Service `alerts` has no port 9094");
        check(CLUSTER, &to("alerts"), "the Service `alerts` has no port 80");
        check(
            CLUSTER,
            &to("alerts.default:9093"),
            "the Service `alerts.default` is in the namespace `monitoring`",
        );
    }

    #[test]
    fn the_old_api_is_gone_from_0_27_on() {
        let v1 = "[{api_version: v1, static_configs: [{targets: ['a:9093']}]}]";
        check("", v1, "Alertmanager 0.27 has no API v1 any more");
    }
}
