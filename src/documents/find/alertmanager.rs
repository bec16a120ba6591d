//! The Alertmanager of a stack: its config, its version, its template files.

use std::path::{Path, PathBuf};

use super::firedrill::FiredrillFile;
use super::folder::{self, Content, Found};
use super::{Loader, glob};
use crate::diagnostic::{Diagnostic, SourceFile, Spanned};
use crate::documents::alertmanager;
use crate::stack::alertmanager::{Alertmanager, Version};

const IMAGES: [&str; 2] = ["prom/alertmanager", "prometheus/alertmanager"];

impl Loader {
    /// The one Alertmanager config: the one that firedrill.yaml names, or the one there is.
    pub(super) fn alertmanager(
        &mut self,
        found: &[Found],
        described: &FiredrillFile,
    ) -> Option<Alertmanager> {
        let file = self.alertmanager_file(found, described)?;
        let version = self.alertmanager_version(found, described);
        let (read, problems) = alertmanager::read(&file.source, version);
        self.problems.extend(problems);
        let mut read = read?;
        let folder = file.path.parent().map(Path::to_path_buf).unwrap_or_default();
        read.template_files = self.template_files(&read.templates, &folder);
        read.external_url =
            described.alertmanager_external_url.as_ref().map(|url| url.value.clone()).unwrap_or_default();
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

    fn alertmanager_version(&mut self, found: &[Found], described: &FiredrillFile) -> Version {
        let stated = described.alertmanager_version.as_ref().map(|stated| stated.value.clone());
        let tag = || {
            let tags = found.iter().find_map(|file| folder::image_tag_of(&file.source, &IMAGES));
            tags.map(|tag| tag.value)
        };
        match stated.or_else(tag).and_then(|text| Version::parse(&text)) {
            Some(version) => version,
            None => {
                self.notes.push("no file says which Alertmanager runs: the newest is imitated".into());
                Version::NEWEST
            }
        }
    }

    /// What the `templates` globs match. As in Alertmanager, one that matches nothing is no error.
    fn template_files(&mut self, patterns: &[Spanned<String>], folder: &Path) -> Vec<SourceFile> {
        let mut files: Vec<SourceFile> = Vec::new();
        for pattern in patterns {
            let paths = template_paths(&pattern.value, folder);
            if paths.is_empty() {
                self.problems.push(
                    Diagnostic::warning(
                        "templates-match-nothing",
                        "no file matches this entry of `templates`",
                    )
                    .at(&pattern.span)
                    .because("Alertmanager starts without them, and what uses them fails when it is sent"),
                );
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

/// A path inside a container is looked for in the config's folder, the longest suffix first.
fn template_paths(pattern: &str, folder: &Path) -> Vec<PathBuf> {
    let paths = glob::matching(&folder.join(pattern));
    if !paths.is_empty() || !pattern.starts_with('/') {
        return paths;
    }
    let inside = pattern.trim_start_matches('/');
    let starts = std::iter::once(0).chain(inside.match_indices('/').map(|(at, _)| at + 1));
    let mut found = starts.map(|start| glob::matching(&folder.join(&inside[start..])));
    found.find(|paths| !paths.is_empty()).unwrap_or_default()
}
