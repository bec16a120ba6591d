//! Plain HTTP, or no password, to an Elasticsearch that wants both.

use crate::checks::{Check, Harm, chart_value_ignored};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{Reached, Section, Service, Wiring};

pub const CHECK: Check = Check {
    id: "elasticsearch-wants-tls",
    harm: Harm::Breaks,
    title: "this Elasticsearch speaks TLS and wants a password",
    explanation: "Since version 8 Elasticsearch has security on. Elastic's chart (8.5.1) and its operator serve HTTPS with a \
                  certificate of their own and a password in a Secret. Whatever comes by plain HTTP or without credentials gets \
                  nothing. Set `tls On`, `HTTP_User` and `HTTP_Passwd` in Fluent Bit, `https://` elsewhere, and trust the CA.",
    example: "[OUTPUT]\n    Name  es\n    Match *\n    Host  elasticsearch-master\n    Port  9200\n    Suppress_Type_Name On\n```\n```sh\nhelm install elasticsearch elastic/elasticsearch\n",
    mended: "[OUTPUT]\n    Name  es\n    Match *\n    Host  elasticsearch-master\n    Port  9200\n    tls   On\n    HTTP_User elastic\n    HTTP_Passwd ${PASSWORD}\n    Suppress_Type_Name On\n```\n```sh\nhelm install elasticsearch elastic/elasticsearch\n",
    find,
};

/// An Elasticsearch with security on.
struct Secured {
    /// How its Services are called.
    names: Vec<String>,
    namespace: String,
    place: Span,
    because: &'static str,
}

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let secured = secured(wiring);
    let mut found: Vec<Diagnostic> = Vec::new();
    for config in &wiring.logs.fluent_bit {
        for output in config.of("OUTPUT").filter(|output| output.name().eq_ignore_ascii_case("es")) {
            found.extend(of_fluent_bit(wiring, &secured, output));
        }
    }
    // The operator gives the right address to what it joins; what is wrong with another beside it is told by itself.
    for config in wiring.logs.filebeat.iter().filter(|config| config.joined.is_none()) {
        found.extend(of_filebeat(wiring, &secured, config));
    }
    // URLs wherever they stand: Kibana's, Jaeger's, Grafana's.
    let addresses = wiring.addresses.iter().filter(|address| address.place.text().contains("http://"));
    let plain = |store, place: &Span| {
        told(store, place, "plain HTTP")
            .help("write `https://`, with the CA and the password from its Secrets")
    };
    for address in addresses.filter(|address| address.port.is_none_or(|port| port == 9200)) {
        let store = reached(wiring, &secured, &address.host, address.from.as_deref());
        found.extend(store.map(|store| plain(store, &address.place)));
    }
    let ignored = chart_value_ignored::ignored(wiring);
    for release in &wiring.releases {
        // What the chart passes over asks nobody.
        let read =
            release.values.values().filter(|value| !chart_value_ignored::is_among(&ignored, &value.span));
        for value in read {
            let Some((_, rest)) = value.value.split_once("http://") else { continue };
            let host = rest.split([':', '/']).next().unwrap_or_default();
            let store = reached(wiring, &secured, host, Some(&release.namespace));
            let told = store.map(|store| plain(store, &value.span));
            found.extend(told.filter(|told| !found.iter().any(|known| known.same_as(told))));
        }
    }
    found
}

fn told(store: &Secured, place: &Span, label: &str) -> Diagnostic {
    Diagnostic::error("", "this Elasticsearch answers only to HTTPS and with a password")
        .at(place)
        .label(label)
        .related(&store.place, "security is on")
        .because(store.because)
        .shared(format!("security of {}", store.names.join(", ")))
}

fn of_fluent_bit(wiring: &Wiring, secured: &[Secured], output: &Section) -> Option<Diagnostic> {
    let host = output.get("host")?;
    let store = reached(wiring, secured, &host.value, None)?;
    let lacks: Vec<&str> = [
        (!output.is_on("tls")).then_some("`tls On`"),
        output
            .get("http_user")
            .or(output.get("cloud_auth"))
            .is_none()
            .then_some("`HTTP_User` and `HTTP_Passwd`"),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!lacks.is_empty()).then(|| {
        told(store, &host.span, &format!("without {}", lacks.join(", ")))
            .help(format!("add {}", lacks.join(", ")))
    })
}

fn of_filebeat(
    wiring: &Wiring,
    secured: &[Secured],
    config: &crate::stack::wiring::FilebeatConfig,
) -> Option<Diagnostic> {
    let hosts = config.under("output.elasticsearch.hosts");
    let plain = hosts.into_iter().find(|host| !host.value.value.starts_with("https://"))?;
    let protocol = config.get("output.elasticsearch.protocol");
    if protocol.is_some_and(|protocol| protocol.value == "https") {
        return None;
    }
    let host = plain.value.value.trim_start_matches("http://");
    let host = host.split([':', '/']).next().unwrap_or_default();
    let store = reached(wiring, secured, host, config.namespace.as_deref())?;
    Some(
        told(store, &plain.value.span, "no scheme means plain HTTP")
            .help(format!("write `https://{}`", plain.value.value.trim_start_matches("http://"))),
    )
}

/// The secured store that a name leads to, or is most likely meant for.
fn reached<'s>(
    wiring: &Wiring,
    secured: &'s [Secured],
    host: &str,
    from: Option<&str>,
) -> Option<&'s Secured> {
    let named = |service: &Service| {
        secured.iter().find(|store| {
            store.names.contains(&service.name.value)
                && service.namespace.as_ref().is_none_or(|own| *own == store.namespace)
        })
    };
    match wiring.reach(host, from) {
        Reached::Service(service) => named(service),
        Reached::Elsewhere(services) => services.into_iter().find_map(named),
        // A wrong name for the only Elasticsearch there is.
        Reached::Unknown if host.starts_with("elasticsearch") && secured.len() == 1 => secured.first(),
        _ => None,
    }
}

fn secured(wiring: &Wiring) -> Vec<Secured> {
    let off = |settings: &str| settings == "false";
    let operated = wiring.objects.iter().filter(|object| {
        let disabled = object.settings.iter().any(|setting| {
            setting.path == "spec.http.tls.selfSignedCertificate.disabled" && setting.value.value == "true"
                || turns_off(&setting.path, &setting.value.value)
        });
        object.kind.value == "Elasticsearch"
            && object.api_version.value.contains("k8s.elastic.co")
            && !disabled
    });
    let operated = operated.map(|object| Secured {
        names: vec![format!("{}-es-http", object.name.value), format!("{}-es-default", object.name.value)],
        namespace: object.namespace.as_ref().map_or_else(|| "default".to_owned(), |name| name.value.clone()),
        place: object.name.span.clone(),
        because: "the operator serves HTTPS with a certificate of its own, and a password in a Secret",
    });
    let charts = wiring.releases.iter().filter(|release| {
        let value = |key: &str| release.values.get(key).map(|value| value.value.as_str());
        let stated = value("imageTag").or(release.version.as_ref().map(|version| version.value.as_str()));
        let old = stated.is_some_and(|tag| !tag.starts_with('8') && !tag.starts_with('9'));
        release.chart.value == "elasticsearch"
            && !old
            && !value("createCert").is_some_and(off)
            && value("protocol") != Some("http")
            && !release.values.iter().any(|(path, value)| turns_off(path, &value.value))
    });
    let charts = charts.map(|release| {
        let value = |key: &str| release.values.get(key).map(|value| value.value.as_str());
        Secured {
            names: vec![format!(
                "{}-{}",
                value("clusterName").unwrap_or("elasticsearch"),
                value("nodeGroup").unwrap_or("master")
            )],
            namespace: release.namespace.clone(),
            place: release.chart.span.clone(),
            because: "assuming the chart's newest version, 8.5.1, as none is stated: it makes certificates and a password by default",
        }
    });
    operated.chain(charts).collect()
}

/// `esConfig` holds a file of its own, so that the key may stand within a text.
fn turns_off(path: &str, value: &str) -> bool {
    let key = "xpack.security.enabled";
    path.ends_with(key) && value == "false" || value.contains(&format!("{key}: false"))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn the_chart_of_version_7_is_open() {
        let guide = |version: &str| {
            format!(
                "```sh\nhelm install elasticsearch elastic/elasticsearch {version}\n```\n```yaml\nurl: \
                 http://elasticsearch-master:9200\n```\n```conf\n[OUTPUT]\n  Name es\n  Host elasticsearch-master\n```\n"
            )
        };
        check("elasticsearch-wants-tls", &guide("--version 7.17.3"), &[]);
        check(
            "elasticsearch-wants-tls",
            &guide(""),
            &[
                "5:6 this Elasticsearch answers only to HTTPS and with a password",
                "10:8 this Elasticsearch answers only to HTTPS and with a password",
            ],
        );
    }
}
