//! Names of indices that another option makes void.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{FilebeatConfig, Section, Wiring};

pub const CHECK: Check = Check {
    id: "log-index-overridden",
    harm: Harm::Silent,
    title: "another option makes this index name void",
    explanation: "With `Logstash_Format On` Fluent Bit writes to `logstash-YYYY.MM.DD`, or to `Logstash_Prefix` in place of \
                  `logstash`; `Index` is not looked at. With index lifecycle management on, Filebeat 7 ignores `index`, and \
                  Filebeat 8 ignores `setup.template.name` and `.pattern`, so that the indices get neither the template nor \
                  the policy. Searches and index patterns for the name that was meant find nothing.",
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
    let major = config.version.map_or(8, |version| version.major);
    let templates = ["setup.template.name", "setup.template.pattern"].map(|path| config.get(path));
    let found = match (major, templates) {
        (7, _) => Diagnostic::error("", format!("logs don't go to the index `{}`", index.value))
            .at(&index.span)
            .label("not looked at")
            .because("Filebeat 7 writes to the rollover alias while index lifecycle management is on"),
        (_, [Some(name), pattern]) if major >= 8 => {
            let found = Diagnostic::error("", "no template and no policy applies to these indices")
                .at(&name.span)
                .label("not looked at")
                .related(&index.span, "these indices get no mapping and no retention of Filebeat's")
                .because(
                    "Filebeat 8 ignores `setup.template.name` and `.pattern` while index lifecycle management is on, and \
                     sets up its data stream `filebeat-VERSION` instead",
                );
            match pattern {
                Some(pattern) => found.related(&pattern.span, "nor this"),
                None => found,
            }
        }
        _ => return None,
    };
    let found = match ilm {
        Some(ilm) => found.related(&ilm.span, "on"),
        None => found,
    };
    Some(
        found
            .help("set `setup.ilm.enabled: false`, or leave out `index` and the template's name and pattern"),
    )
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn filebeat_8_ignores_the_template_s_name_while_ilm_is_on() {
        let guide = |ilm: &str| {
            format!(
                "```yaml\nfilebeat.inputs: []\noutput.elasticsearch:\n  index: shop\nsetup.template.name: shop\n{ilm}```\n"
            )
        };
        check("log-index-overridden", &guide("setup.ilm.enabled: false\n"), &[]);
        check(
            "log-index-overridden",
            &guide("setup.ilm.enabled: true\n"),
            &["5:22 no template and no policy applies to these indices"],
        );
    }
}
