//! Addresses of an Elasticsearch beside the one that the operator sets.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{FilebeatConfig, Wiring};

pub const CHECK: Check = Check {
    id: "operator-address-added",
    harm: Harm::Risk,
    title: "this address is added to the one that the operator sets",
    explanation: "`elasticsearchRef` makes Elastic's operator write the address, the CA, the user and the password into the Beat's config. \
                  What `config` says is merged into that: single values replace the operator's, lists are added to its lists. \
                  With `hosts` the Beat has two addresses of the same Elasticsearch. Without `https://` each connection to the second \
                  fails, and is tried again for ever; logs arrive by the operator's own.",
    example: "apiVersion: beat.k8s.elastic.co/v1beta1\nkind: Beat\nmetadata: {name: logs}\nspec:\n  type: filebeat\n  version: 8.8.0\n  elasticsearchRef: {name: store}\n  config:\n    output.elasticsearch.hosts: ['store-es-http:9200']\n",
    mended: "apiVersion: beat.k8s.elastic.co/v1beta1\nkind: Beat\nmetadata: {name: logs}\nspec:\n  type: filebeat\n  version: 8.8.0\n  elasticsearchRef: {name: store}\n  config:\n    output.elasticsearch.compression_level: 1\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    wiring.logs.filebeat.iter().filter_map(judge).collect()
}

fn judge(config: &FilebeatConfig) -> Option<Diagnostic> {
    let joined = config.joined.as_ref()?;
    let host = config.under("output.elasticsearch.hosts").next()?;
    let plain = !host.value.value.starts_with("https://")
        && config.get("output.elasticsearch.protocol").is_none_or(|protocol| protocol.value != "https");
    let found = Diagnostic::warning("", "this Beat has a second address of the same Elasticsearch")
        .at(&host.value.span)
        .label("added to the operator's own")
        .related(&joined.span, "the operator sets the address, the CA, the user and the password")
        .because(match plain {
            true => {
                "without `https://` it means plain HTTP: logs arrive by the operator's address, and connections to this \
                 one fail again and again"
            }
            false => "the operator's list and this one are joined",
        });
    let others = ["output.elasticsearch.username", "output.elasticsearch.password"];
    let others = others.into_iter().filter_map(|path| config.get(path));
    let found = others.fold(found, |found, value| found.related(&value.span, "replaces the operator's"));
    Some(
        found.help(
            "leave out `hosts`, `username`, `password` and the certificates: `elasticsearchRef` sets them",
        ),
    )
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn what_the_operator_does_not_join_has_its_own_address() {
        let guide = |joined: &str| {
            format!(
                "```yaml\napiVersion: beat.k8s.elastic.co/v1beta1\nkind: Beat\nmetadata: {{name: a}}\nspec:\n  type: filebeat\n  version: 8.8.0\n{joined}  config:\n    output.elasticsearch:\n      hosts: ['b-es-http:9200']\n```\n```yaml\napiVersion: elasticsearch.k8s.elastic.co/v1\nkind: Elasticsearch\nmetadata: {{name: b}}\nspec: {{version: 8.8.0}}\n```\n"
            )
        };
        let joined = "  elasticsearchRef: {name: b}\n";
        let second = "11:15 this Beat has a second address of the same Elasticsearch";
        check("operator-address-added", &guide(joined), &[second]);
        check("elasticsearch-wants-tls", &guide(joined), &[]);
        let alone = "10:15 this Elasticsearch answers only to HTTPS and with a password";
        check("operator-address-added", &guide(""), &[]);
        check("elasticsearch-wants-tls", &guide(""), &[alone]);
    }
}
