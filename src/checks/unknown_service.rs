//! Names that lead to no Service from where they are looked up.

use super::{Check, Harm, config_not_loaded};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Address, Reached, Service, Wiring};

pub const CHECK: Check = Check {
    id: "unknown-service",
    harm: Harm::Breaks,
    title: "no Service has this name in this namespace",
    explanation: "A short name is looked up in the namespace of the pod that asks: `loki` there means \
                  `loki.NAMESPACE.svc`. Charts and operators name their Services after the release. A name is only \
                  found here when the documents have the Service that was meant, under another name or in another \
                  namespace.",
    example: "apiVersion: v1\nkind: Service\nmetadata: {name: loki, namespace: logging}\nspec: {ports: [{port: 3100}]}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: grafana, namespace: monitoring}\ndata:\n  datasources.yml: |\n    apiVersion: 1\n    datasources: [{name: Loki, type: loki, url: 'http://loki:3100'}]\n",
    mended: "apiVersion: v1\nkind: Service\nmetadata: {name: loki, namespace: logging}\nspec: {ports: [{port: 3100}]}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: grafana, namespace: monitoring}\ndata:\n  datasources.yml: |\n    apiVersion: 1\n    datasources: [{name: Loki, type: loki, url: 'http://loki.logging:3100'}]\n",
    find,
};

const SAME: &str = "the same name";

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    // One cause a name and namespace, wherever it is written.
    let mut found: Vec<(String, Diagnostic)> = Vec::new();
    for address in super::addresses(wiring) {
        let Some(diagnostic) = judge(wiring, &address) else { continue };
        match found.iter_mut().find(|(message, _)| *message == diagnostic.message) {
            Some((_, first)) => {
                first.related.push((address.place.clone(), SAME.to_owned()));
                first.mends.extend(diagnostic.mends);
            }
            None => found.push((diagnostic.message.clone(), diagnostic)),
        }
    }
    let told = found.into_iter().map(|(_, diagnostic)| {
        // Where one of the places is read, the name is wrong there already.
        match diagnostic.related.iter().any(|(_, label)| label == SAME) {
            true => diagnostic,
            false => config_not_loaded::after(wiring, diagnostic),
        }
    });
    told.collect()
}

fn judge(wiring: &Wiring, address: &Address) -> Option<Diagnostic> {
    let Address { host, port, from, place, .. } = address;
    match wiring.reach(host, from.as_deref()) {
        Reached::Service(_) | Reached::Outside => None,
        Reached::Elsewhere(services) => {
            let service = services.first()?;
            let namespace = service.namespace.as_deref()?;
            // Nobody knows from where.
            let from = from.as_deref()?;
            let wanted = format!("the namespace `{from}` has no Service `{host}`");
            let found = Diagnostic::error("", wanted)
                .at(place)
                .label(format!("looked up in `{from}`"))
                .related(&service.name.span, format!("it is in `{namespace}`"))
                .help(format!("write `{}.{namespace}`", service.name.value));
            Some(renamed(found, address, &format!("{}.{namespace}", service.name.value)))
        }
        Reached::Unknown => {
            if let Some(service) = misspelt(wiring, address) {
                let name = &service.name.value;
                let found = Diagnostic::error("", format!("no service is named `{host}`"))
                    .at(place)
                    .label("does not resolve")
                    .related(&service.name.span, "there is this one")
                    .help(format!("write `{name}`"));
                return Some(renamed(found, address, name));
            }
            let meant = wiring.services.iter().find(|service| is_meant(service, host, *port))?;
            let made_by = meant.made_by.as_deref()?;
            let name = &meant.name.value;
            let found = Diagnostic::error("", format!("no Service is named `{host}`"))
                .at(place)
                .label("does not resolve")
                .related(&meant.name.span, format!("{made_by} makes `{name}`"))
                .help(format!("write `{name}`"));
            let found = match is_of_old_jaeger(meant, host) {
                true => found.because(SINCE_JAEGER_4),
                false => found,
            };
            Some(renamed(found, address, name))
        }
    }
}

const SINCE_JAEGER_4: &str = "assuming version 4 of the chart, which is installed where none is stated: it makes a single Service, called \
                              like the release";

/// A Service that Jaeger's chart made up to version 3, where it now makes one for all.
fn is_of_old_jaeger(service: &Service, host: &str) -> bool {
    let own = service.name.value.as_str();
    let of_chart = service.made_by.as_deref().is_some_and(|made_by| made_by.ends_with(" of jaeger"));
    let short = host.split('.').next().unwrap_or_default();
    let part = short.strip_prefix(own).and_then(|rest| rest.strip_prefix('-'));
    of_chart && matches!(part, Some("query" | "collector" | "agent"))
}

/// The service of Compose that a name is a slip away from; one of another number is another one.
fn misspelt<'w>(wiring: &'w Wiring, address: &Address) -> Option<&'w Service> {
    let host = address.host.as_str();
    let slip = if host.len() < 8 { 1 } else { 2 };
    let letters = |name: &str| name.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let in_compose = address.from.is_none() && !wiring.compose_files.is_empty() && host.len() > 4;
    wiring.services.iter().find(|service| {
        let name = &service.name.value;
        in_compose
            && service.namespace.is_none()
            && letters(name) != letters(host)
            && strsim::damerau_levenshtein(name, host) <= slip
    })
}

/// With the mend: another host where the address names this one.
fn renamed(found: Diagnostic, address: &Address, host: &str) -> Diagnostic {
    match address.place.text().find(&address.host) {
        Some(at) => {
            let start = address.place.start + at;
            found.mend(&address.place.file.span(start..start + address.host.len()), host)
        }
        None => found,
    }
}

/// Whether a chart's Service is most likely what a name that does not exist stands for.
fn is_meant(service: &Service, host: &str, port: Option<u16>) -> bool {
    let short = host.split('.').next().unwrap_or_default();
    let same_port = match (service.ports.first(), port) {
        (Some(own), Some(port)) => own.number == port,
        _ => false,
    };
    let words: Vec<&str> = short.split('-').collect();
    let name = &service.name.value;
    if is_of_old_jaeger(service, host) {
        return true;
    }
    service.made_by.is_some()
        && same_port
        && !name.ends_with("-operated")
        && words.last().is_some_and(|word| name.split('-').any(|part| part == *word))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_chart_names_its_services_after_the_release() {
        let guide = |chart: &str, url: &str| {
            format!(
                "```sh\nhelm install {chart} -n m\n```\n```yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, \
                 namespace: m}}\ndata:\n  d.yml: |\n    datasources: [{{url: 'http://{url}'}}]\n```\n"
            )
        };
        let stack = "s prometheus-community/kube-prometheus-stack";
        check("unknown-service", &guide(stack, "s-kube-prometheus-stack-prometheus:9090"), &[]);
        check("unknown-service", &guide(stack, "prometheus-operated:9090"), &[]);
        check("unknown-service", &guide(stack, "web:9090"), &[]);
        check(
            "unknown-service",
            &guide(stack, "prometheus:9090"),
            &["10:25 no Service is named `prometheus`"],
        );
        check(
            "unknown-service",
            &guide("elasticsearch elastic/elasticsearch", "elasticsearch:9200"),
            &["10:25 no Service is named `elasticsearch`"],
        );
    }

    #[test]
    fn jaeger_s_chart_makes_a_single_service_since_version_4() {
        let guide = |chart: &str, url: &str| {
            format!(
                "```sh\nhelm install {chart} -n m\n```\n```yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, \
                 namespace: m}}\ndata:\n  d.yml: |\n    datasources: [{{url: 'http://{url}'}}]\n```\n"
            )
        };
        let id = "unknown-service";
        let found = ["10:25 no Service is named `jaeger-query`"];
        check(id, &guide("jaeger jaegertracing/jaeger", "jaeger-query:16686"), &found);
        check(id, &guide("jaeger jaegertracing/jaeger --version 4.1.0", "jaeger-query"), &found);
        check(id, &guide("jaeger jaegertracing/jaeger --version 3.4.1", "jaeger-query:16686"), &[]);
        check(id, &guide("jaeger jaegertracing/jaeger", "jaeger:16686"), &[]);
        // Of another release.
        check(id, &guide("traces jaegertracing/jaeger", "jaeger-query:80"), &[]);
        check(id, &guide("jaeger ./jaeger", "web:80"), &[]);
    }

    #[test]
    fn a_slip_in_a_compose_file_s_name_is_found() {
        let guide = |target: &str| {
            format!(
                "```yaml\nservices:\n  alertmanager: {{image: 'prom/alertmanager:v0.27.0'}}\n  kafka2: {{image: 'kafka:3'}}\n```\n\
                 ```yaml\nscrape_configs:\n- job_name: a\n  static_configs: [{{targets: ['{target}']}}]\n```\n"
            )
        };
        check("unknown-service", &guide("alertmanger:9093"), &["9:31 no service is named `alertmanger`"]);
        for fine in ["alertmanager:9093", "kafka1:9308", "shop:80", "alertmanagement.example.com:80"] {
            check("unknown-service", &guide(fine), &[]);
        }
    }

    #[test]
    fn what_is_not_documented_is_not_claimed() {
        check(
            "unknown-service",
            "```yaml\nscrape_configs:\n- job_name: a\n  static_configs: [{targets: ['backend:8000']}]\n```\n",
            &[],
        );
    }
}
