//! Programs that write to Elasticsearch as the user who may do everything.

use crate::checks::{Check, Harm, chart_value_ignored, whole};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "elasticsearch-superuser",
    harm: Harm::Risk,
    title: "this program writes as the superuser",
    explanation: "`elastic` may read and delete every index and make users. What ships logs or traces runs on every node and holds the \
                  password there: whoever gets into one has all of Elasticsearch. A user or an API key that may write its own indices is \
                  enough; Elastic's operator makes one for each Beat by itself.",
    example: "filebeat.inputs: []\noutput.elasticsearch:\n  hosts: ['https://logs:9200']\n  username: elastic\n",
    mended: "filebeat.inputs: []\noutput.elasticsearch:\n  hosts: ['https://logs:9200']\n  username: filebeat_writer\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let is_super = |user: &&Spanned<String>| user.value == "elastic";
    let beats = wiring.logs.filebeat.iter().filter_map(|config| {
        let user = config.get("output.elasticsearch.username").filter(is_super)?;
        Some(match &config.joined {
            // It is left out with the address beside it.
            Some(joined) => told(user)
                .related(&joined.span, "the operator makes a user of its own for this Beat")
                .help("leave out `username` and `password`")
                .follows_from("operator-address-added", &whole(&user.span)),
            None => told(user),
        })
    });
    let outputs = wiring.logs.fluent_bit.iter().flat_map(|config| config.of("OUTPUT"));
    let outputs = outputs.filter_map(|output| output.get("http_user").filter(is_super)).map(told);
    let charts = wiring.releases.iter().filter(|release| release.is_jaegers());
    let charts =
        charts.filter_map(|release| release.values.get("storage.elasticsearch.user").filter(is_super));
    let charts = charts.map(|user| chart_value_ignored::of_old_chart(told(user)));
    let containers = wiring.workloads.iter().flat_map(|workload| &workload.containers);
    let jaegers = containers.filter(|container| container.image_name().contains("jaegertracing/"));
    let jaegers =
        jaegers.filter_map(|container| container.variable("ES_USERNAME").filter(is_super)).map(told);
    beats.chain(outputs).chain(charts).chain(jaegers).collect()
}

fn told(user: &Spanned<String>) -> Diagnostic {
    Diagnostic::warning("", "this program writes as the superuser `elastic`")
        .at(&user.span)
        .label("may read and delete everything")
        .help("make a user, or an API key, that may write these indices alone")
        .shared("programs that write as the superuser")
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_user_of_its_own_is_right() {
        let guide =
            |user: &str| format!("```conf\n[OUTPUT]\n  Name es\n  Host es\n  HTTP_User {user}\n```\n");
        let found = ["5:13 this program writes as the superuser `elastic`"];
        check("elasticsearch-superuser", &guide("elastic"), &found);
        check("elasticsearch-superuser", &guide("fluent_bit"), &[]);
    }
}
