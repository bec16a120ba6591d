//! Certificates at paths that nothing mounts.

use crate::checks::safety::is_under;
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "certificate-not-mounted",
    harm: Harm::Breaks,
    title: "nothing mounts the file of this certificate",
    explanation: "A Beat that is told a certificate's path ends at once if there is no such file. Elastic's operator \
                  mounts the certificate of the cluster that `elasticsearchRef` names by itself, and writes its path into \
                  the config; a path of one's own needs a mount of one's own.",
    example: "apiVersion: beat.k8s.elastic.co/v1beta1\nkind: Beat\nmetadata: {name: f}\nspec:\n  type: filebeat\n  config:\n    output.elasticsearch:\n      ssl.certificate_authorities: [/mnt/elastic/tls.crt]\n  daemonSet: {podTemplate: {spec: {containers: [{name: filebeat}]}}}\n",
    mended: "apiVersion: beat.k8s.elastic.co/v1beta1\nkind: Beat\nmetadata: {name: f}\nspec:\n  type: filebeat\n  config:\n    output.elasticsearch:\n      ssl.certificate_authorities: [/mnt/elastic/tls.crt]\n  daemonSet: {podTemplate: {spec: {containers: [{name: filebeat, volumeMounts: [{name: ca, mountPath: /mnt/elastic}]}], volumes: [{name: ca, secret: {secretName: ca}}]}}}\n",
    find,
};

/// The last words of the keys that hold a path.
const KEYS: [&str; 3] = ["certificate_authorities[]", "certificate", "ca_file"];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for object in wiring.objects_of("Beat") {
        let own = |workload: &&crate::stack::wiring::Workload| {
            workload.kind == "Beat" && workload.name.value == object.name.value
        };
        let Some(workload) = wiring.workloads.iter().find(own) else { continue };
        let mounts = || workload.containers.iter().flat_map(|container| &container.mounts);
        for setting in object.settings.iter().filter(|setting| KEYS.contains(&setting.key())) {
            let path = setting.value.value.as_str();
            if !path.starts_with('/') || mounts().any(|mount| is_under(path, &mount.path.value)) {
                continue;
            }
            let diagnostic = Diagnostic::error("", format!("nothing mounts {path}"))
                .at(&setting.value.span)
                .label("there is no such file in the container")
                .related(&workload.place, "its mounts are listed here");
            found.push(match object.get("spec.elasticsearchRef.name") {
                Some(name) => diagnostic
                    .related(&name.span, "the operator already mounts the certificate of this cluster")
                    .help("leave `hosts`, credentials and certificates to `elasticsearchRef`"),
                None => diagnostic,
            });
        }
    }
    found
}
