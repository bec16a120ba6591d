//! `firedrill.yaml`: what the other files can't say. Which files count, which versions are imitated, when the
//! world begins, and the services that stand in for the team's application.

use super::yaml::{self, Mapping, Node, wrong_type};
use super::{check_settings, images, services, value};
use crate::diagnostic::{Diagnostic, SourceFile, Spanned};
use crate::stack::{ImageMap, Version};
use crate::time::Timestamp;
use crate::workload::ServiceSpec;

#[derive(Clone, Debug, Default)]
pub struct FiredrillFile {
    /// The Prometheus config, relative to this file.
    pub prometheus: Option<Spanned<String>>,
    /// The Alertmanager config, relative to this file.
    pub alertmanager: Option<Spanned<String>>,
    /// Rule files beside those that the Prometheus config names; globs, relative to this file.
    pub rules: Vec<Spanned<String>>,
    pub prometheus_version: Option<Spanned<String>>,
    pub alertmanager_version: Option<Spanned<String>>,
    pub start: Option<Timestamp>,
    /// Where links in alerts lead: Prometheus' `--web.external-url`.
    pub external_url: Option<Spanned<String>>,
    /// Alertmanager's `--web.external-url`.
    pub alertmanager_external_url: Option<Spanned<String>>,
    pub services: Vec<ServiceSpec>,
    /// Images to use in the place of those in the other files.
    pub images: ImageMap,
}

/// An empty file says nothing, and that is fine.
pub fn read(file: &SourceFile) -> (Option<FiredrillFile>, Vec<Diagnostic>) {
    let (root, mut problems) = yaml::read_one(file);
    let Some(root) = root else {
        let empty = problems.is_empty().then(FiredrillFile::default);
        return (empty, problems);
    };
    let read = top(&root, &mut problems);
    (read, problems)
}

fn top(root: &Node, problems: &mut Vec<Diagnostic>) -> Option<FiredrillFile> {
    let mut mapping = Mapping::of(root, "firedrill.yaml", problems)?;
    let mut read = FiredrillFile {
        prometheus: mapping.get("prometheus").and_then(|node| value::filled(node, "a path", problems)),
        alertmanager: mapping.get("alertmanager").and_then(|node| value::filled(node, "a path", problems)),
        rules: mapping.get("rules").map(|node| one_or_more(node, problems)).unwrap_or_default(),
        prometheus_version: mapping.get("version").and_then(|node| version(node, problems)),
        start: mapping.get("start").and_then(|node| value::instant(node, "2026-01-05T08:00:00Z", problems)),
        external_url: mapping.get("external_url").and_then(|node| value::url(node, problems)),
        ..FiredrillFile::default()
    };
    if let Some(node) = mapping.get("external_urls") {
        external_urls(node, &mut read, problems);
    }
    if let Some(node) = mapping.get("versions") {
        versions(node, &mut read, problems);
    }
    if let Some(node) = mapping.get("images") {
        read.images = images::read(node, problems);
    }
    if let Some(node) = mapping.get("checks") {
        // For `firedrill check`, which reads them itself; a mistake in them is told to everybody.
        check_settings::read(node, problems);
    }
    if let Some(node) = mapping.get("services") {
        read.services = services::read_services(node, problems);
    }
    if let Some(node) = mapping.get("metrics") {
        read.services.push(services::read_metrics(node, problems));
    }
    mapping.finish(problems);
    Some(read)
}

fn external_urls(node: &Node, read: &mut FiredrillFile, problems: &mut Vec<Diagnostic>) {
    let Some(mut mapping) = Mapping::of(node, "external_urls", problems) else { return };
    if let Some(url) = mapping.get("prometheus").and_then(|node| value::url(node, problems)) {
        read.external_url = Some(url);
    }
    read.alertmanager_external_url = mapping.get("alertmanager").and_then(|node| value::url(node, problems));
    mapping.finish(problems);
}

fn versions(node: &Node, read: &mut FiredrillFile, problems: &mut Vec<Diagnostic>) {
    let Some(mut mapping) = Mapping::of(node, "versions", problems) else { return };
    if let Some(node) = mapping.get("prometheus") {
        if let Some(first) = &read.prometheus_version {
            problems.push(
                Diagnostic::error("duplicate-key", "the version of Prometheus stands here twice")
                    .at(&node.span)
                    .label("again here")
                    .related(&first.span, "first here"),
            );
        }
        read.prometheus_version = version(node, problems);
    }
    read.alertmanager_version = mapping.get("alertmanager").and_then(|node| version(node, problems));
    mapping.finish(problems);
}

fn version(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
    let text = value::string(node, problems)?;
    if Version::parse(&text.value).is_none() {
        problems.push(
            Diagnostic::error("bad-version", "this is not a version")
                .at(&node.span)
                .label("wanted a version such as `2.45.0` or `3.1`"),
        );
        return None;
    }
    Some(text)
}

fn one_or_more(node: &Node, problems: &mut Vec<Diagnostic>) -> Vec<Spanned<String>> {
    match (node.scalar(), node.items()) {
        (Some(_), _) => value::filled(node, "a path", problems).into_iter().collect(),
        (_, Some(_)) => value::list(node, problems, |node, problems| value::filled(node, "a path", problems)),
        _ => {
            problems.push(wrong_type(node, "a path or a list of paths"));
            Vec::new()
        }
    }
}
