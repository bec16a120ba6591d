//! Parsers for Docker's log format where the kubelet writes another.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{FluentBitConfig, Wiring};

pub const CHECK: Check = Check {
    id: "log-parser-misfit",
    harm: Harm::Silent,
    title: "the parser is for Docker's log files, the cluster writes the CRI's",
    explanation: "Since Kubernetes 1.24 container logs are written by containerd or CRI-O, as `TIME stdout F line`. Docker's are \
                  JSON. The wrong parser leaves each line as it is: no time of its own, `log` is not unwrapped, and JSON in \
                  it is not merged. Fluent Bit's `multiline.parser docker, cri` and Promtail's `cri: {}` read the new format.",
    example: "[INPUT]\n    Name    tail\n    Path    /var/log/containers/*.log\n    Parser  docker\n    Tag     kube.*\n",
    mended: "[INPUT]\n    Name    tail\n    Path    /var/log/containers/*.log\n    multiline.parser docker, cri\n    Tag     kube.*\n",
    find,
};

const ASSUMED: &str = "assuming that the nodes run containerd or CRI-O, as Kubernetes does since 1.24 unless Docker is added by hand";

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = wiring.logs.fluent_bit.iter().flat_map(of_fluent_bit).collect();
    let jobs = wiring.logs.promtail.iter().flat_map(|config| &config.jobs);
    // Only pods' logs are the kubelet's.
    let of_pods = jobs.filter(|job| {
        job.discovers.as_ref().is_some_and(|discovers| discovers.value == "kubernetes_sd_configs")
    });
    found.extend(
        of_pods.filter_map(|job| job.parser.as_ref()).filter(|parser| parser.value == "docker").map(
            |parser| {
                Diagnostic::error("", "this stage does not read the lines that the cluster writes")
                    .at(&parser.span)
                    .label("for Docker's JSON")
                    .because(ASSUMED)
                    .help("write `cri: {}`")
            },
        ),
    );
    found
}

fn of_fluent_bit(config: &FluentBitConfig) -> Vec<Diagnostic> {
    let inputs = config.of("INPUT").filter(|input| {
        let path = input.get("path").map_or("", |path| path.value.as_str());
        input.name().eq_ignore_ascii_case("tail")
            && (path.starts_with("/var/log/containers") || path.starts_with("/var/log/pods"))
    });
    let parsers = inputs.filter_map(|input| input.get("parser").filter(|parser| parser.value == "docker"));
    let found = parsers.map(|parser| {
        Diagnostic::error("", "this parser does not read the lines that the cluster writes")
            .at(&parser.span)
            .label("for Docker's JSON")
            .because(ASSUMED)
            .help("write `multiline.parser docker, cri`, which reads both")
    });
    found.collect()
}
