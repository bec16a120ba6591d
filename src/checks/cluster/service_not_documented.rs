//! Services that the documents count on and don't have.

use std::collections::BTreeMap;

use crate::checks::scraping::{exporter_not_deployed, jobs};
use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{Object, Reached, Wiring};
use crate::stack::{Discovery, RelabelAction, ScrapeConfig};

pub const CHECK: Check = Check {
    id: "service-not-documented",
    harm: Harm::Risk,
    title: "the documents count on a Service that they don't have",
    explanation: "An exporter that is told `redis://redis-service:6379`, a job that keeps the Service `backend-service`, a ServiceMonitor for \
                  `app: api`: if there is no such Service, the exporter reports that the database is down, and the job or the monitor has no \
                  targets, without a word. It may well be made by the application's own manifests; nothing here says so.",
    example: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: redis-exporter, namespace: app}\nspec:\n  template:\n    spec:\n      containers: [{name: a, image: 'oliver006/redis_exporter:v1.52.0', env: [{name: REDIS_ADDR, value: 'redis://redis-service:6379'}]}]\n",
    mended: "apiVersion: v1\nkind: Service\nmetadata: {name: redis-service, namespace: app}\nspec: {ports: [{port: 6379}]}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: redis-exporter, namespace: app}\nspec:\n  template:\n    spec:\n      containers: [{name: a, image: 'oliver006/redis_exporter:v1.52.0', env: [{name: REDIS_ADDR, value: 'redis://redis-service:6379'}]}]\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    // Only where what runs in the cluster is documented at all.
    if !wiring.workloads.iter().any(|workload| workload.namespace.is_some()) && wiring.releases.is_empty() {
        return Vec::new();
    }
    let mut missing: BTreeMap<String, (Span, &'static str, String, Vec<Span>)> = BTreeMap::new();
    let mut miss = |name: String, place: Span, label: &'static str, kept: String| {
        let (first, _, _, others) = missing.entry(name).or_insert((place.clone(), label, kept, Vec::new()));
        if first.in_own_file().start != place.in_own_file().start {
            others.push(place);
        }
    };
    for address in wiring.addresses.iter().filter(|address| is_of_workload(wiring, &address.place)) {
        if matches!(wiring.reach(&address.host, address.from.as_deref()), Reached::Unknown) {
            miss(address.host.clone(), address.place.clone(), "asks for this name", String::new());
        }
    }
    for job in jobs(wiring) {
        for (name, place) in exporter_not_deployed::kept_services(job) {
            // Of an exporter that is told by itself.
            if !exporter_not_deployed::is_monitoring_s_own(&name)
                && matches!(wiring.reach(&name, None), Reached::Unknown)
            {
                miss(name, place, "keeps only this Service's endpoints", kept(job));
            }
        }
    }
    let named = missing.into_iter().map(|(name, (place, label, kept, others))| {
        let found = Diagnostic::warning("", format!("no document has a Service `{name}`"))
            .at(&place)
            .label(label)
            .because(format!("assuming that nothing undocumented makes it{kept}"));
        others.iter().fold(found, |found, other| found.related(other, "here, too"))
    });
    let mut found: Vec<Diagnostic> = named.collect();
    found.extend(unselected(wiring));
    found
}

/// What else a job asks of the Service whose endpoints it keeps.
fn kept(job: &ScrapeConfig) -> String {
    let namespaces = job.discovery.iter().find_map(|discovery| match discovery {
        Discovery::Kubernetes { namespaces, .. } => Some(namespaces),
        _ => None,
    });
    let namespace = namespaces.and_then(|namespaces| match namespaces.as_slice() {
        [only] => Some(format!(", in the namespace `{only}`")),
        _ => None,
    });
    let port = job.relabel_configs.iter().find_map(|relabel| {
        let of_port = relabel.source_labels == ["__meta_kubernetes_endpoint_port_name"];
        relabel.only_value().filter(|_| of_port && relabel.action == RelabelAction::Keep)
    });
    let port = port.map(|port| format!(", with a port called `{port}`"));
    [namespace, port].into_iter().flatten().collect()
}

/// Whether a place is in an object that runs containers.
fn is_of_workload(wiring: &Wiring, place: &Span) -> bool {
    const KINDS: [&str; 4] = ["Deployment", "StatefulSet", "DaemonSet", "Pod"];
    let own = place.in_own_file();
    let is_here = |object: &Object| {
        object.settings.iter().any(|setting| {
            let value = setting.value.span.in_own_file();
            value.file.path() == own.file.path() && value.start == own.start
        })
    };
    wiring.objects.iter().any(|object| KINDS.contains(&object.kind.value.as_str()) && is_here(object))
}

/// ServiceMonitors of which no documented Service has the labels.
fn unselected(wiring: &Wiring) -> Vec<Diagnostic> {
    let monitors =
        wiring.monitors.iter().filter(|monitor| monitor.kind == "ServiceMonitor" && !monitor.expressions);
    let found = monitors.filter_map(|monitor| {
        let (name, value) = monitor.selector.first()?;
        let labelled = |object: &Object| object.labels.get(name).is_some_and(|own| own.value == value.value);
        let named =
            |object: &Object| object.name.value == value.value || object.name.value == monitor.name.value;
        // One that is meant is told by monitor-selects-nothing.
        if wiring.objects_of("Service").any(|object| labelled(object) || named(object)) {
            return None;
        }
        Some(
            Diagnostic::warning("", format!("no document has a Service for `{}`", monitor.name.value))
                .at(&value.span)
                .label(format!("no Service has `{name}: {}`", value.value))
                .because("assuming that nothing undocumented makes it")
                .follows_from("operator-skips", &monitor.name.span),
        )
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn jobs_and_monitors_count_on_services() {
        let guide = |more: &str| {
            format!(
                "```yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: p}}\nspec: {{template: {{spec: {{containers: [{{image: \
                 'prom/prometheus:v2.45.0'}}]}}}}}}\n```\n```yaml\n{more}```\n"
            )
        };
        let job = "scrape_configs:\n- job_name: a\n  kubernetes_sd_configs: [{role: endpoints}]\n  relabel_configs:\n  - \
                   {source_labels: [__meta_kubernetes_service_name], action: keep, regex: backend-service}\n";
        check("service-not-documented", &guide(job), &["12:5 no document has a Service `backend-service`"]);
        check("service-not-documented", &format!("```yaml\n{job}```\n"), &[]);
        let monitor = "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: api}\nspec: {selector: \
                       {matchLabels: {app: api}}, endpoints: [{port: http}]}\n";
        check("service-not-documented", &guide(monitor), &["11:38 no document has a Service for `api`"]);
        let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: x, labels: {app: api}}\nspec: {ports: [{port: 80}]}\n";
        check("service-not-documented", &guide(&format!("{monitor}{service}")), &[]);
    }
}
