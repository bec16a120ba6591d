//! ServiceMonitors and PodMonitors whose selector or port fits nothing of what is documented.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, nearest};
use crate::stack::wiring::{Monitor, Object, Wiring};

pub const CHECK: Check = Check {
    id: "monitor-selects-nothing",
    harm: Harm::Silent,
    title: "the monitor selects no Service, or a port that it does not have",
    explanation: "A ServiceMonitor selects Services by *their* labels, not by their pods', in its own namespace unless \
                  `namespaceSelector` says otherwise, and an endpoint's `port` is the *name* of one of the Service's ports. \
                  What fits nothing makes no targets, without a word.",
    example: "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: api, namespace: app}\nspec:\n  selector: {matchLabels: {app: api}}\n  endpoints: [{port: metrics}]\n---\napiVersion: v1\nkind: Service\nmetadata: {name: api, namespace: app, labels: {app: api}}\nspec: {ports: [{name: http, port: 80}]}\n",
    mended: "apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: api, namespace: app}\nspec:\n  selector: {matchLabels: {app: api}}\n  endpoints: [{port: http}]\n---\napiVersion: v1\nkind: Service\nmetadata: {name: api, namespace: app, labels: {app: api}}\nspec: {ports: [{name: http, port: 80}]}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let monitors =
        wiring.monitors.iter().filter(|monitor| monitor.kind == "ServiceMonitor" && !monitor.expressions);
    monitors.filter_map(|monitor| judge(wiring, monitor)).collect()
}

fn judge(wiring: &Wiring, monitor: &Monitor) -> Option<Diagnostic> {
    let (name, value) = monitor.selector.first()?;
    let looks = |object: &Object| {
        monitor.namespaces.as_ref().is_none_or(|names| names.iter().any(|name| name == object.namespace()))
    };
    let fits = |object: &&Object| {
        let label = |(name, value): &(String, crate::diagnostic::Spanned<String>)| {
            object.labels.get(name).is_some_and(|own| own.value == value.value)
        };
        monitor.selector.iter().all(label)
    };
    let fitting: Vec<&Object> = wiring.objects_of("Service").filter(fits).collect();
    let found = |message: &str| Diagnostic::error("", format!("`{}` {message}", monitor.name.value));
    if fitting.is_empty() {
        // Only a Service that is meant says that the selector is wrong, and not the documents incomplete.
        let meant = wiring.objects_of("Service").find(|object| {
            looks(object) && (object.name.value == value.value || object.name.value == monitor.name.value)
        })?;
        let has = match meant.labels.get(name) {
            Some(own) => format!("has `{name}: {}`", own.value),
            None => format!("has no label `{name}` of its own"),
        };
        return Some(
            found("selects no Service")
                .at(&value.span)
                .label("no Service has this label")
                .related(&meant.name.span, has),
        );
    }
    let Some(service) = fitting.iter().find(|object| looks(object)) else {
        let elsewhere = fitting[0];
        return Some(
            found("looks for its Service in another namespace")
                .at(&monitor.place)
                .label(format!(
                    "looks in `{}`",
                    monitor.namespaces.as_ref().map_or(String::new(), |names| names.join("`, `"))
                ))
                .related(&elsewhere.name.span, format!("it is in `{}`", elsewhere.namespace()))
                .help("add `namespaceSelector: {matchNames: […]}`"),
        );
    };
    let ports = service.settings.iter().filter(|setting| setting.path == "spec.ports[].name");
    let ports: Vec<&str> = ports.map(|setting| setting.value.value.as_str()).collect();
    let unknown = monitor.endpoints.iter().filter_map(|endpoint| endpoint.port.as_ref());
    let port = unknown.into_iter().find(|port| !ports.contains(&port.value.as_str()))?;
    let diagnostic = found(&format!("asks for a port `{}` that the Service does not have", port.value))
        .at(&port.span)
        .label("no port has this name")
        .related(
            &service.name.span,
            match ports.is_empty() {
                true => "its ports have no names".to_owned(),
                false => format!("its ports are {}", ports.join(", ")),
            },
        );
    Some(match nearest(&port.value, ports) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
        None => diagnostic,
    })
}
