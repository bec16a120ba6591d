//! Metadata of containers asked of a Docker that the agent can't reach.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{FilebeatConfig, Wiring};

pub const CHECK: Check = Check {
    id: "docker-metadata-unreachable",
    harm: Harm::Silent,
    title: "the agent can't ask Docker",
    explanation: "`add_docker_metadata` asks Docker through `/var/run/docker.sock`. Where the socket is not mounted, and on nodes with \
                  containerd, there is none: Filebeat logs that once and adds nothing. In Kubernetes `add_kubernetes_metadata` says \
                  more.",
    example: "apiVersion: beat.k8s.elastic.co/v1beta1\nkind: Beat\nmetadata: {name: logs}\nspec:\n  type: filebeat\n  version: 8.8.0\n  config:\n    processors: [{add_docker_metadata: {host: 'unix:///var/run/docker.sock'}}]\n  daemonSet:\n    podTemplate:\n      spec:\n        containers: [{name: filebeat}]\n",
    mended: "apiVersion: beat.k8s.elastic.co/v1beta1\nkind: Beat\nmetadata: {name: logs}\nspec:\n  type: filebeat\n  version: 8.8.0\n  config:\n    processors: [{add_kubernetes_metadata: {host: node}}]\n  daemonSet:\n    podTemplate:\n      spec:\n        containers: [{name: filebeat}]\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    wiring.logs.filebeat.iter().filter_map(|config| judge(wiring, config)).collect()
}

fn judge(wiring: &Wiring, config: &FilebeatConfig) -> Option<Diagnostic> {
    let operated = config.operated.as_ref()?;
    let place = config.docker_metadata.as_ref()?;
    let pod = wiring.workloads.iter().find(|workload| {
        workload.kind == "Beat"
            && workload.name.value == operated.value
            && workload.namespace == config.namespace
    })?;
    let mounted = pod
        .containers
        .iter()
        .flat_map(|container| &container.mounts)
        .any(|mount| "/var/run/docker.sock".starts_with(mount.path.value.trim_end_matches('/')));
    (!mounted).then(|| {
        Diagnostic::error("", "Filebeat can't ask Docker: it does not see the socket")
            .at(place)
            .label("adds nothing")
            .related(&pod.place, "mounts no /var/run/docker.sock")
            .help("leave it out: `add_kubernetes_metadata` knows the container")
    })
}
