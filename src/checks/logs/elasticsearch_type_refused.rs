//! Document types for an Elasticsearch that has none.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::Version;
use crate::stack::wiring::{Section, Wiring};

pub const CHECK: Check = Check {
    id: "elasticsearch-type-refused",
    harm: Harm::Breaks,
    title: "Elasticsearch 8 refuses documents with a type",
    explanation: "Fluent Bit's output `es` sends a `_type` with each document unless `Suppress_Type_Name On` is set. \
                  Elasticsearch 8 has no types and answers 400 to the whole bulk: no log is stored, and with `Retry_Limit False` \
                  Fluent Bit tries for ever.",
    example: "[OUTPUT]\n    Name   es\n    Match  *\n    Host   elasticsearch\n    Type   _doc\n```\n```yaml\nservices: {elasticsearch: {image: 'docker.elastic.co/elasticsearch/elasticsearch:8.11.0'}}\n",
    mended: "[OUTPUT]\n    Name   es\n    Match  *\n    Host   elasticsearch\n    Suppress_Type_Name On\n```\n```yaml\nservices: {elasticsearch: {image: 'docker.elastic.co/elasticsearch/elasticsearch:8.11.0'}}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let Some((place, assumed)) = elasticsearch_8(wiring) else { return Vec::new() };
    let outputs = wiring.logs.fluent_bit.iter().flat_map(|config| config.of("OUTPUT"));
    let typed = outputs
        .filter(|output| output.name().eq_ignore_ascii_case("es") && !output.is_on("suppress_type_name"));
    typed.map(|output| told(output, &place, assumed)).collect()
}

fn told(output: &Section, store: &crate::diagnostic::Span, assumed: bool) -> Diagnostic {
    let (place, label) = match output.entry("type") {
        Some((key, _)) => (&key.span, "sent with each document"),
        None => (&output.kind.span, "sends the type `_doc` by default"),
    };
    let found = Diagnostic::error("", "Elasticsearch 8 refuses these documents: types are gone")
        .at(place)
        .label(label)
        .related(store, "this Elasticsearch");
    let endless = output
        .get("retry_limit")
        .filter(|limit| matches!(limit.value.to_lowercase().as_str(), "false" | "no_limits"));
    let found = match endless {
        Some(limit) => found.related(&limit.span, "tried again for ever, until the buffer is full"),
        None => found,
    };
    let found = found.help("write `Suppress_Type_Name On`");
    match assumed {
        true => found.because("assuming the chart's newest version, as none is stated: it is Elasticsearch 8.5.1, which answers 400 to `_type`"),
        false => found.because("it answers 400: action/metadata line contains an unknown parameter [_type]"),
    }
}

/// Where an Elasticsearch of version 8 or later runs, and whether its version is the chart's default.
fn elasticsearch_8(wiring: &Wiring) -> Option<(crate::diagnostic::Span, bool)> {
    let new = |version: &str| Version::parse(version).is_some_and(|version| version.major >= 8);
    let image = wiring.running("elasticsearch/elasticsearch").chain(wiring.running("elasticsearch"));
    let mut images =
        image.filter_map(|(_, container)| Some((container.image.as_ref()?, container.image_tag()?)));
    if let Some((image, _)) = images.find(|(_, tag)| new(tag)) {
        return Some((image.span.clone(), false));
    }
    let object = wiring.objects.iter().find(|object| object.kind.value == "Elasticsearch");
    if let Some(object) = object {
        let version: Option<&Spanned<String>> = object
            .settings
            .iter()
            .find(|setting| setting.path == "spec.version")
            .map(|setting| &setting.value);
        return version.filter(|version| new(&version.value)).map(|version| (version.span.clone(), false));
    }
    let release = wiring.releases.iter().find(|release| release.chart.value == "elasticsearch")?;
    match release.values.get("imageTag").or(release.version.as_ref()) {
        Some(tag) => new(&tag.value).then(|| (tag.span.clone(), false)),
        None => Some((release.chart.span.clone(), true)),
    }
}
