//! Custom objects whose operator nobody installs.

use std::collections::BTreeMap;

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Object, Wiring};

pub const CHECK: Check = Check {
    id: "kind-without-operator",
    harm: Harm::Breaks,
    title: "nothing that is documented serves objects of this kind",
    explanation: "Kinds such as Jaeger, Elasticsearch or ServiceMonitor exist only where their operator is installed. \
                  Without it the cluster refuses the object: `no matches for kind`.",
    example: "apiVersion: elasticsearch.k8s.elastic.co/v1\nkind: Elasticsearch\nmetadata: {name: logs}\nspec: {version: 8.8.0}\n```\n```sh\nkubectl apply -f logs.yaml\n",
    mended: "apiVersion: elasticsearch.k8s.elastic.co/v1\nkind: Elasticsearch\nmetadata: {name: logs}\nspec: {version: 8.8.0}\n```\n```sh\nhelm install elastic-operator elastic/eck-operator -n elastic-system --create-namespace\n",
    find,
};

/// The end of an API group, its operator, and words of which a command or an image that installs it has one.
const OPERATORS: [(&str, &str, &[&str]); 7] = [
    (
        "k8s.elastic.co",
        "Elastic's operator (ECK)",
        &["eck-operator", "eck/", "elastic-operator", "eck-stack"],
    ),
    ("jaegertracing.io", "the Jaeger operator", &["jaeger-operator"]),
    (
        "monitoring.coreos.com",
        "the Prometheus operator",
        &["kube-prometheus", "prometheus-operator", "victoria-metrics-k8s-stack"],
    ),
    ("opentelemetry.io", "the OpenTelemetry operator", &["opentelemetry-operator"]),
    ("cert-manager.io", "cert-manager", &["cert-manager"]),
    ("external-secrets.io", "the External Secrets operator", &["external-secrets"]),
    ("grafana.integreatly.org", "the Grafana operator", &["grafana-operator"]),
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    // Only a guide says how things are set up; a folder of objects leaves that to others.
    if wiring.commands.is_empty() {
        return Vec::new();
    }
    let mut missing: BTreeMap<&str, (&str, Vec<&Object>)> = BTreeMap::new();
    for object in &wiring.objects {
        let group = object.api_version.value.split('/').next().unwrap_or_default();
        let of = |(end, ..): &&(&str, &str, &[&str])| group.ends_with(end);
        let Some((end, operator, words)) = OPERATORS.iter().find(of) else { continue };
        // External secrets are only listed so that nothing else is taken for their operator.
        if *end == "external-secrets.io" || installed(wiring, words, end) {
            continue;
        }
        missing.entry(end).or_insert((operator, Vec::new())).1.push(object);
    }
    let found = missing.into_values().map(|(operator, objects)| {
        let kind = &objects[0].kind;
        let first =
            Diagnostic::error("", format!("nothing installs {operator}, which {} objects need", kind.value))
                .at(&kind.span)
                .label("no matches for this kind")
                .because("assuming that it is not installed already")
                .help(format!("say how {operator} is installed, before this object is applied"));
        objects.iter().skip(1).take(5).fold(first, |found, object| {
            found.related(&object.kind.span, format!("{} `{}`, too", object.kind.value, object.name.value))
        })
    });
    found.collect()
}

fn installed(wiring: &Wiring, words: &[&str], group: &str) -> bool {
    let named = |text: &str| words.iter().any(|word| text.contains(word));
    let command = wiring.commands.iter().flatten().any(|word| named(&word.value));
    let images = wiring.workloads.iter().flat_map(|workload| &workload.containers);
    let image = images.filter_map(|container| container.image.as_ref()).any(|image| named(&image.value));
    let definition =
        wiring.objects_of("CustomResourceDefinition").any(|object| object.name.value.ends_with(group));
    command || image || definition
}
