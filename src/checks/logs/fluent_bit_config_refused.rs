//! Configs that Fluent Bit itself does not load.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{FluentBitConfig, Wiring};

pub const CHECK: Check = Check {
    id: "fluent-bit-config-refused",
    harm: Harm::Breaks,
    title: "Fluent Bit refuses this config",
    explanation: "Fluent Bit stops at a plugin or a property that it does not know, and at a parser that no parsers file \
                  defines. Names are of any case.",
    example: "[INPUT]\n    Name  tail\n    Paths /var/log/containers/*.log\n",
    mended: "[INPUT]\n    Name  tail\n    Path  /var/log/containers/*.log\n",
    find,
};

/// Those of the image's own `parsers.conf`.
const SHIPPED: [&str; 29] = [
    "apache",
    "apache2",
    "apache_error",
    "nginx",
    "k8s-nginx-ingress",
    "json",
    "logfmt",
    "docker",
    "docker-daemon",
    "syslog-rfc5424",
    "syslog-rfc3164-local",
    "syslog-rfc3164",
    "mongodb",
    "envoy",
    "istio-envoy-proxy",
    "cri",
    "kube-custom",
    "kmsg-netfilter-log",
    "ceph",
    "cinder",
    "first_line",
    "java_multi",
    "docker_multiline",
    "java",
    "python",
    "go",
    "ruby",
    "wc_parser",
    "ambari",
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let configs = &wiring.logs.fluent_bit;
    let refused = configs.iter().flat_map(|config| config.problems.clone());
    refused.chain(configs.iter().flat_map(|config| unknown_parsers(config, configs))).collect()
}

/// Parsers that neither the documented files nor the image's own define.
fn unknown_parsers(config: &FluentBitConfig, all: &[FluentBitConfig]) -> Vec<Diagnostic> {
    let defined = all.iter().flat_map(|config| config.of("PARSER").chain(config.of("MULTILINE_PARSER")));
    let defined: Vec<&str> = defined.map(|parser| parser.name()).collect();
    let used = config.of("INPUT").chain(config.of("FILTER")).filter_map(|section| section.get("parser"));
    let unknown = used.filter(|parser| {
        !defined.contains(&parser.value.as_str()) && !SHIPPED.contains(&parser.value.as_str())
    });
    // Without a parsers file there is no parser at all.
    let file = config.of("SERVICE").find_map(|service| service.get("parsers_file"));
    let found = unknown.map(|parser| {
        let found = Diagnostic::error("", format!("no parser is called `{}`", parser.value))
            .at(&parser.span)
            .label("defined nowhere");
        match file {
            Some(file) => found
                .related(&file.span, "parsers come from here")
                .because("assuming that the documents hold all parsers files"),
            None => found.because("no `Parsers_File` is named under [SERVICE]"),
        }
    });
    found.collect()
}
