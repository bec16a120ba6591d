//! Kibanas that are to log in as the superuser.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::Version;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "kibana-user-refused",
    harm: Harm::Breaks,
    title: "Kibana does not start as the user `elastic`",
    explanation: "Since version 8 Kibana ends at start with `value of \"elastic\" is forbidden`: the superuser may not write the indices that \
                  Kibana needs. It logs in as `kibana_system`, whose password has to be set, or by a service account's token \
                  (`ELASTICSEARCH_SERVICEACCOUNTTOKEN`).",
    example: "services:\n  kibana:\n    image: docker.elastic.co/kibana/kibana:8.8.0\n    environment: [ELASTICSEARCH_USERNAME=elastic]\n",
    mended: "services:\n  kibana:\n    image: docker.elastic.co/kibana/kibana:8.8.0\n    environment: [ELASTICSEARCH_USERNAME=kibana_system]\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let containers = wiring.workloads.iter().flat_map(|workload| &workload.containers);
    let kibanas = containers.filter(|container| container.runs("kibana/kibana") || container.runs("kibana"));
    // Before version 8 it only warned.
    let kibanas = kibanas.filter(|container| {
        let version = container.image_tag().and_then(Version::parse);
        version.is_none_or(|version| version.major >= 8)
    });
    let users = kibanas.filter_map(|container| container.variable("ELASTICSEARCH_USERNAME"));
    let configured =
        wiring.objects_of("Kibana").filter_map(|object| object.get("spec.config.elasticsearch.username"));
    users.chain(configured).filter(|user| user.value == "elastic").map(told).collect()
}

fn told(user: &Spanned<String>) -> Diagnostic {
    Diagnostic::error("", "Kibana does not start as the superuser `elastic`")
        .at(&user.span)
        .label("forbidden since version 8")
        .help(
            "take `kibana_system`, and set its password in Elasticsearch first, or a service account's token",
        )
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn version_7_only_warns() {
        let guide = |tag: &str, user: &str| {
            format!(
                "```yaml\napiVersion: v1\nkind: Pod\nmetadata: {{name: k}}\nspec:\n  containers:\n  - image: docker.elastic.co/kibana/kibana{tag}\n    env: [{{name: ELASTICSEARCH_USERNAME, value: {user}}}]\n```\n"
            )
        };
        let found = ["8:49 Kibana does not start as the superuser `elastic`"];
        let id = "kibana-user-refused";
        check(id, &guide(":8.8.0", "elastic"), &found);
        check(id, &guide("", "elastic"), &found);
        check(id, &guide(":7.17.0", "elastic"), &[]);
        check(id, &guide(":8.8.0", "kibana_system"), &[]);
    }
}
