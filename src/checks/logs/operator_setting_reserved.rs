//! Settings of Elasticsearch that its operator sets itself.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Object, Wiring};

pub const CHECK: Check = Check {
    id: "operator-setting-reserved",
    harm: Harm::Style,
    title: "the operator sets this itself",
    explanation: "Elastic's operator runs every Elasticsearch with security and TLS, and sets the names, paths and addresses of \
                  its nodes. It warns of such settings in `config`; they are at best without effect, and may keep nodes from \
                  starting. TLS over HTTP is configured under `spec.http.tls`.",
    example: "apiVersion: elasticsearch.k8s.elastic.co/v1\nkind: Elasticsearch\nmetadata: {name: logs}\nspec:\n  version: 8.8.0\n  nodeSets:\n  - name: default\n    count: 1\n    config: {xpack.security.enabled: true}\n",
    mended: "apiVersion: elasticsearch.k8s.elastic.co/v1\nkind: Elasticsearch\nmetadata: {name: logs}\nspec:\n  version: 8.8.0\n  nodeSets:\n  - name: default\n    count: 1\n    config: {node.store.allow_mmap: false}\n",
    find,
};

/// As the operator's validation has them.
const RESERVED: [&str; 16] = [
    "cluster.name",
    "discovery.seed_hosts",
    "discovery.seed_providers",
    "cluster.initial_master_nodes",
    "network.host",
    "network.publish_host",
    "node.name",
    "path.data",
    "path.logs",
    "xpack.security.authc.reserved_realm.enabled",
    "xpack.security.enabled",
    "xpack.security.http.ssl.certificate",
    "xpack.security.http.ssl.enabled",
    "xpack.security.http.ssl.key",
    "xpack.security.transport.ssl.enabled",
    "xpack.security.transport.ssl.verification_mode",
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let operated = wiring.objects.iter().filter(|object| {
        object.kind.value == "Elasticsearch" && object.api_version.value.contains("k8s.elastic.co")
    });
    operated.filter_map(judge).collect()
}

fn judge(object: &Object) -> Option<Diagnostic> {
    let mut reserved = object.settings.iter().filter_map(|setting| {
        let key = setting.path.strip_prefix("spec.nodeSets[].config.")?;
        RESERVED.contains(&key).then_some((key, &setting.value.span))
    });
    let (key, place) = reserved.next()?;
    let found = Diagnostic::warning("", format!("the operator sets `{key}` itself"))
        .at(place)
        .label("reserved")
        .related(&object.name.span, "run by Elastic's operator")
        .help("leave it out; `spec.http.tls` configures TLS");
    Some(reserved.fold(found, |found, (key, place)| found.related(place, format!("and `{key}`"))))
}
