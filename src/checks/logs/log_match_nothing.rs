//! Filters and outputs of Fluent Bit for tags that no input gives.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::documents::find::glob;
use crate::stack::wiring::{FluentBitConfig, Section, Wiring};

pub const CHECK: Check = Check {
    id: "log-match-nothing",
    harm: Harm::Silent,
    title: "no input gives a tag that this matches",
    explanation: "Fluent Bit routes by tags: a filter or output sees the records whose tag its `Match` fits. One that fits no tag \
                  does nothing, and records that no output matches are dropped without a word. With `Tag kube.*` an input of \
                  files gives `kube.var.log.containers.NAME.log`.",
    example: "[INPUT]\n    Name  tail\n    Path  /var/log/containers/*.log\n    Tag   kube.*\n    DB    /var/log/a.db\n[OUTPUT]\n    Name  stdout\n    Match k8s.*\n",
    mended: "[INPUT]\n    Name  tail\n    Path  /var/log/containers/*.log\n    Tag   kube.*\n    DB    /var/log/a.db\n[OUTPUT]\n    Name  stdout\n    Match kube.*\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    wiring.logs.fluent_bit.iter().flat_map(judge).collect()
}

fn judge(config: &FluentBitConfig) -> Vec<Diagnostic> {
    let inputs: Vec<&Section> = config.of("INPUT").collect();
    // Filters may give new tags, and an included file more inputs.
    let retags = config.of("FILTER").any(|filter| {
        matches!(filter.name().to_lowercase().as_str(), "rewrite_tag" | "lua" | "log_to_metrics")
    });
    if inputs.is_empty() || retags {
        return Vec::new();
    }
    let tags: Vec<String> = inputs.iter().map(|input| tag(input)).collect();
    let matchers = config.of("FILTER").chain(config.of("OUTPUT"));
    let idle = matchers.filter_map(|section| {
        let pattern = section.get("match")?;
        (!tags.iter().any(|tag| fits(&pattern.value, tag))).then(|| {
            let what = section.kind.value.to_lowercase();
            let given: Vec<String> = tags.iter().map(|tag| format!("`{tag}`")).collect();
            let found =
                Diagnostic::error("", format!("this {what} gets no record: no tag fits `{}`", pattern.value))
                    .at(&pattern.span)
                    .label("fits no tag");
            match inputs[0].get("tag") {
                Some(tag) => found.related(&tag.span, format!("tags: {}", given.join(", "))),
                None => found.because(format!("the inputs' tags are {}", given.join(", "))),
            }
        })
    });
    let mut found: Vec<Diagnostic> = idle.collect();
    let outputs: Vec<&Section> = config.of("OUTPUT").collect();
    let open = outputs.iter().any(|output| output.get("match_regex").is_some());
    let dropped = inputs.iter().zip(&tags).find(|(_, tag)| {
        !outputs.iter().any(|output| output.get("match").is_some_and(|pattern| fits(&pattern.value, tag)))
    });
    if let Some((input, tag)) = dropped.filter(|_| !open && !outputs.is_empty() && found.is_empty()) {
        found.push(
            Diagnostic::error("", format!("no output takes the records with the tag `{tag}`"))
                .at(&input.get("tag").or(input.get("name")).unwrap_or(&input.kind).span)
                .label("dropped without a word"),
        );
    }
    found
}

/// The tag of an input's records, a `*` standing for what is filled in.
fn tag(input: &Section) -> String {
    match input.get("tag") {
        Some(tag) => tag.value.clone(),
        None => format!("{}.0", input.name().to_lowercase()),
    }
}

/// Whether a pattern may fit a tag; both may have a `*`.
fn fits(pattern: &str, tag: &str) -> bool {
    let filled = tag.replace('*', "var.log.containers.x");
    let path = |text: &str| text.replace('/', "_");
    glob::fits_path(&path(pattern), &path(&filled))
        || glob::fits_path(&path(tag), &path(&pattern.replace('*', "x")))
}
