//! Certificates that a config names and no container has.

use crate::checks::safety::is_under;
use crate::checks::{Check, Harm, chart_value_ignored};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Container, Setting, Wiring, Workload};

pub const CHECK: Check = Check {
    id: "certificate-not-mounted",
    harm: Harm::Breaks,
    title: "the container does not have this certificate",
    explanation: "A path in a config is a path in the program's own container. A certificate has to be mounted there from its \
                  Secret; Filebeat and Jaeger stop at start where the file is missing.",
    example: "apiVersion: beat.k8s.elastic.co/v1beta1\nkind: Beat\nmetadata: {name: logs}\nspec:\n  type: filebeat\n  version: 8.8.0\n  config:\n    output.elasticsearch.ssl.certificate_authorities: [/mnt/elastic/tls.crt]\n  daemonSet:\n    podTemplate:\n      spec:\n        containers: [{name: filebeat}]\n",
    mended: "apiVersion: beat.k8s.elastic.co/v1beta1\nkind: Beat\nmetadata: {name: logs}\nspec:\n  type: filebeat\n  version: 8.8.0\n  config:\n    output.elasticsearch.ssl.certificate_authorities: [/mnt/elastic/tls.crt]\n  daemonSet:\n    podTemplate:\n      spec:\n        containers: [{name: filebeat, volumeMounts: [{name: ca, mountPath: /mnt/elastic}]}]\n        volumes: [{name: ca, secret: {secretName: ca}}]\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for config in &wiring.logs.filebeat {
        let Some(operated) = &config.operated else { continue };
        let pod = wiring.workloads.iter().find(|workload| {
            workload.kind == "Beat"
                && workload.name.value == operated.value
                && workload.namespace == config.namespace
        });
        let paths = config.settings.iter().filter(|setting| is_certificate(setting));
        found.extend(paths.filter_map(|setting| of_pod(setting, pod?)));
    }
    found.extend(wiring.releases.iter().filter(|release| release.is_jaegers()).filter_map(|release| {
        let ca = release.values.get("storage.elasticsearch.tls.ca")?;
        let has = |key: &str| release.values.keys().any(|known| known.starts_with(key));
        // The chart mounts the Secret only where TLS is switched on.
        if has("storage.elasticsearch.tls.enabled") || has("collector.extraSecretMounts") || has("collector.extraConfigmapMounts") {
            return None;
        }
        Some(chart_value_ignored::of_old_chart(
            Diagnostic::error("", "the chart neither mounts nor uses this certificate")
                .at(&ca.span)
                .label("without `tls.enabled` it is passed over")
                .related(&release.chart.span, "this chart, up to version 3")
                .because("Jaeger does not trust the certificate of Elasticsearch's own CA, and can't connect")
                .help("set `storage.elasticsearch.tls.enabled: true` and `tls.secretName`, the Secret that has the CA"),
        ))
    }));
    found
}

fn is_certificate(setting: &Setting) -> bool {
    let path = setting.path.trim_end_matches("[]");
    ["certificate_authorities", "ssl.certificate", "ssl.key"].iter().any(|end| path.ends_with(end))
        && setting.value.value.starts_with('/')
}

fn of_pod(setting: &Setting, workload: &Workload) -> Option<Diagnostic> {
    let path = setting.value.value.as_str();
    let sees = |container: &Container| container.mounts.iter().any(|mount| is_under(path, &mount.path.value));
    if workload.containers.iter().any(sees) {
        return None;
    }
    Some(
        Diagnostic::error("", "the container does not have this certificate")
            .at(&setting.value.span)
            .label("nothing is mounted here")
            .related(&workload.place, "its pods")
            .because("Filebeat stops at start: no such file")
            .help("mount the Secret with the CA, or leave the setting out: with `elasticsearchRef` the operator trusts the CA by itself"),
    )
}
