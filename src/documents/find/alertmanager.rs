//! The Alertmanager of a stack: its config, its version, its template files.

use std::path::{Path, PathBuf};

use super::firedrill::FiredrillFile;
use super::folder::{self, Content, Found};
use super::within::external_url;
use super::{Loader, glob};
use crate::diagnostic::{Diagnostic, SourceFile, Spanned};
use crate::documents::alertmanager;
use crate::stack::alertmanager::{Alertmanager, Version};
use crate::stack::wiring::Wiring;

const IMAGES: [&str; 2] = ["prom/alertmanager", "prometheus/alertmanager"];

impl Loader {
    /// The one Alertmanager config: the one that firedrill.yaml names, the one there is, or the one within others.
    pub(super) fn alertmanager(
        &mut self,
        found: &[Found],
        described: &FiredrillFile,
        within: &Wiring,
    ) -> Option<Alertmanager> {
        let version = alertmanager_version(found, described);
        let mut read = match self.alertmanager_file(found, described) {
            Some(file) => {
                let (read, problems) = alertmanager::read(&file.source, version.unwrap_or(Version::NEWEST));
                self.problems.extend(problems);
                let mut read = read?;
                let folder = file.path.parent().map(Path::to_path_buf).unwrap_or_default();
                read.template_files = self.template_files(&read.templates, &folder);
                read
            }
            None if described.alertmanager.is_some() => return None,
            None => self.alertmanager_within(within)?,
        };
        if version.is_none() {
            self.notes.push("no file says which Alertmanager runs: the newest is imitated".into());
        }
        read.external_url = described
            .alertmanager_external_url
            .as_ref()
            .map(|url| url.value.clone())
            .or_else(|| external_url(within, &IMAGES))
            .unwrap_or_default();
        Some(read)
    }

    fn alertmanager_file(&mut self, found: &[Found], described: &FiredrillFile) -> Option<Found> {
        if let Some(named) = &described.alertmanager {
            let path = PathBuf::from(&named.value);
            return match folder::read(&path) {
                Ok(source) => Some(Found { path, source, content: Content::Alertmanager }),
                Err(problem) => {
                    self.problems.push(problem.at(&named.span).label("named here"));
                    None
                }
            };
        }
        let mut configs = found.iter().filter(|file| file.content == Content::Alertmanager);
        let first = configs.next()?;
        for other in configs {
            self.problems.push(
                Diagnostic::error("two-alertmanager-configs", "here is more than one Alertmanager config")
                    .at(&other.source.span(0..0))
                    .label("another one")
                    .related(&first.source.span(0..0), "the first")
                    .help("say which in firedrill.yaml: `alertmanager: path/to/alertmanager.yml`"),
            );
        }
        Some(first.clone())
    }

    /// What the `templates` globs match. As in Alertmanager, one that matches nothing is no error.
    fn template_files(&mut self, patterns: &[Spanned<String>], folder: &Path) -> Vec<SourceFile> {
        let mut files: Vec<SourceFile> = Vec::new();
        for pattern in patterns {
            let mut paths = glob::matching(&folder.join(&pattern.value));
            if paths.is_empty() {
                paths = glob::from_container(&pattern.value, folder, |_| true)
                    .map_or_else(Vec::new, |(_, paths)| paths);
            }
            if paths.is_empty() {
                self.problems.push(templates_match_nothing(pattern));
            }
            for path in paths {
                match folder::read(&path) {
                    Ok(file) => files.push(file),
                    Err(problem) => self.problems.push(problem.at(&pattern.span).label("matched by this")),
                }
            }
        }
        files
    }
}

pub(super) fn templates_match_nothing(pattern: &Spanned<String>) -> Diagnostic {
    Diagnostic::warning("templates-match-nothing", "no file matches this entry of `templates`")
        .at(&pattern.span)
        .because("Alertmanager starts without them, and what uses them fails when it is sent")
}

/// The version that is stated, or that an image's tag names.
pub(super) fn alertmanager_version(found: &[Found], described: &FiredrillFile) -> Option<Version> {
    let stated = described.alertmanager_version.as_ref().map(|stated| stated.value.clone());
    let tag = || {
        let tags = found.iter().find_map(|file| folder::image_tag_of(&file.source, &IMAGES));
        tags.map(|tag| tag.value)
    };
    stated.or_else(tag).and_then(|text| Version::parse(&text))
}
