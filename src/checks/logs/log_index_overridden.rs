//! Names of indices that another option makes void.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{FilebeatConfig, Section, Wiring};

pub const CHECK: Check = Check {
    id: "log-index-overridden",
    harm: Harm::Silent,
    title: "another option makes this index name void",
    explanation: "With `Logstash_Format On` Fluent Bit writes to `logstash-YYYY.MM.DD`, or to `Logstash_Prefix` in place of \
                  `logstash`; `Index` is not looked at. With index lifecycle management on, Filebeat 7 ignores `index`. \
                  Searches and index patterns for the name that was meant find nothing.",
    example: "[OUTPUT]\n    Name            es\n    Match           *\n    Index           shop\n    Logstash_Format On\n    Suppress_Type_Name On\n",
    mended: "[OUTPUT]\n    Name            es\n    Match           *\n    Logstash_Prefix shop\n    Logstash_Format On\n    Suppress_Type_Name On\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let outputs = wiring.logs.fluent_bit.iter().flat_map(|config| config.of("OUTPUT"));
    let fluent_bit = outputs.filter_map(of_fluent_bit);
    fluent_bit.chain(wiring.logs.filebeat.iter().filter_map(of_filebeat)).collect()
}

fn of_fluent_bit(output: &Section) -> Option<Diagnostic> {
    let plugin = output.name().to_lowercase();
    if !matches!(plugin.as_str(), "es" | "opensearch") || !output.is_on("logstash_format") {
        return None;
    }
    let index = output.get("index")?;
    let (format, _) = output.entry("logstash_format")?;
    let prefix = output.get("logstash_prefix").map_or("logstash", |prefix| prefix.value.as_str());
    Some(
        Diagnostic::error("", format!("logs don't go to the index `{}`", index.value))
            .at(&index.span)
            .label("not looked at")
            .related(&format.span, format!("they go to `{prefix}-YYYY.MM.DD`"))
            .help(format!("write `Logstash_Prefix {}` instead of `Index`", index.value)),
    )
}

fn of_filebeat(config: &FilebeatConfig) -> Option<Diagnostic> {
    let index = config.get("output.elasticsearch.index")?;
    let ilm = config.get("setup.ilm.enabled");
    if ilm.is_some_and(|ilm| ilm.value == "false") {
        return None;
    }
    // Later ones keep the name: their data streams are called as `index` says.
    if config.version.is_none_or(|version| version.major != 7) {
        return None;
    }
    let found = Diagnostic::error("", format!("logs don't go to the index `{}`", index.value))
        .at(&index.span)
        .label("not looked at")
        .because("Filebeat 7 writes to the rollover alias while index lifecycle management is on");
    let found = match ilm {
        Some(ilm) => found.related(&ilm.span, "on"),
        None => found,
    };
    Some(
        found
            .help("set `setup.ilm.enabled: false`, or leave out `index` and name `setup.ilm.rollover_alias`"),
    )
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn filebeat_7_ignores_the_index_while_ilm_is_on() {
        let guide = |version: &str, ilm: &str| {
            format!(
                "```yaml\napiVersion: beat.k8s.elastic.co/v1beta1\nkind: Beat\nmetadata: {{name: a}}\nspec:\n  type: filebeat\n  \
                 version: {version}\n  config:\n    output.elasticsearch.index: shop\n    setup.template.name: shop\n{ilm}```\n"
            )
        };
        let on = "    setup.ilm.enabled: true\n";
        let found = ["9:33 logs don't go to the index `shop`"];
        check("log-index-overridden", &guide("7.17.0", on), &found);
        check("log-index-overridden", &guide("7.17.0", ""), &found);
        check("log-index-overridden", &guide("7.17.0", "    setup.ilm.enabled: false\n"), &[]);
        check("log-index-overridden", &guide("8.8.0", on), &[]);
    }
}
