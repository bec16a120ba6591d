//! Passwords written down for an Elasticsearch whose operator makes its own.

use crate::checks::{Check, Harm, chart_value_ignored};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::{Object, Reached, Wiring};

pub const CHECK: Check = Check {
    id: "elasticsearch-password-guessed",
    harm: Harm::Breaks,
    title: "the operator makes the password, and it is another one",
    explanation: "Elastic's operator gives the user `elastic` a random password, in the Secret `NAME-es-elastic-user` of the \
                  object's own namespace. One that is written into a config is not it: Elasticsearch answers 401. Take it from the \
                  Secret; a program in another namespace needs a copy of the Secret there.",
    example: "apiVersion: elasticsearch.k8s.elastic.co/v1\nkind: Elasticsearch\nmetadata: {name: logs, namespace: logging}\nspec: {version: 8.8.0}\n---8<---\n# jaeger-values.yaml\nprovisionDataStore: {cassandra: false}\nstorage:\n  type: elasticsearch\n  elasticsearch: {scheme: https, host: logs-es-http.logging.svc, user: elastic, password: secret}\n",
    mended: "apiVersion: elasticsearch.k8s.elastic.co/v1\nkind: Elasticsearch\nmetadata: {name: logs, namespace: logging}\nspec: {version: 8.8.0}\n---8<---\n# jaeger-values.yaml\nprovisionDataStore: {cassandra: false}\nstorage:\n  type: elasticsearch\n  elasticsearch: {scheme: https, host: logs-es-http.logging.svc, user: elastic, existingSecret: logs-es-elastic-user, existingSecretKey: elastic}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    // A host, and the password that stands beside it.
    for host in wiring.settings.iter().filter(|setting| setting.key() == "host" || setting.key() == "hosts[]")
    {
        let beside = host.path.trim_end_matches("[]");
        let beside = beside.rsplit_once('.').map_or("", |(above, _)| above);
        let password = wiring.settings.iter().find(|setting| {
            setting.path == format!("{beside}.password")
                && setting.value.span.file.path() == host.value.span.file.path()
        });
        let Some(password) = password.filter(|password| !password.value.value.contains(['$', '{'])) else {
            continue;
        };
        let Some(object) = operated(wiring, &host.value) else { continue };
        let name = &object.name.value;
        let diagnostic = Diagnostic::error("", "this is not the password: the operator makes one")
            .at(&password.value.span)
            .label("Elasticsearch answers 401")
            .related(&object.name.span, format!("its password is in the Secret `{name}-es-elastic-user`"))
            .because("assuming that nobody sets this very password by hand")
            .help("take it from the Secret, copied to the namespace that needs it");
        // Since version 4 Jaeger's chart asks Elasticsearch for nothing but its maintenance.
        found.push(match of_jaeger(wiring, &password.value) {
            true => chart_value_ignored::of_old_chart(diagnostic),
            false => diagnostic,
        });
    }
    found
}

fn of_jaeger(wiring: &Wiring, value: &Spanned<String>) -> bool {
    let same = |own: &Spanned<String>| own.span.same_as(&value.span);
    wiring.releases.iter().any(|release| release.is_jaegers() && release.values.values().any(same))
}

fn operated<'w>(wiring: &'w Wiring, host: &Spanned<String>) -> Option<&'w Object> {
    let host = host.value.trim_start_matches("https://").split(':').next().unwrap_or_default();
    let service = match wiring.reach(host, None) {
        Reached::Service(service) => service,
        Reached::Elsewhere(services) => services.into_iter().next()?,
        _ => return None,
    };
    wiring.objects.iter().find(|object| {
        object.kind.value == "Elasticsearch"
            && object.api_version.value.contains("k8s.elastic.co")
            && service.name.value == format!("{}-es-http", object.name.value)
    })
}
