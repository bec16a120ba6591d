//! From a folder or files to the [`Stack`]: which file is what, which files belong together, and the version.
//!
//! Promises: all problems of all files at once; what was taken otherwise than it is written is in the stack's
//! notes. Refuses a `rule_files` entry that matches nothing, which Prometheus passes over in silence.

mod alertmanager;
mod folder;
pub mod glob;
mod sending;
#[cfg(test)]
mod tests;
mod within;

use std::path::{Path, PathBuf};

use super::{firedrill, guessed, images, prometheus, rules};
use crate::diagnostic::{Diagnostic, Severity, SourceFile, Spanned};
use crate::stack::wiring::Wiring;
use crate::stack::{Prometheus, Stack, Version};
use crate::workload::ServiceSpec;

use firedrill::FiredrillFile;
use folder::{Content, Found};

pub use folder::documents;

/// A stack with warnings, or everything that makes the documents unusable.
pub type Loaded = Result<(Stack, Vec<Diagnostic>), Vec<Diagnostic>>;

/// The stack that a folder or some files hold. `version` is imitated whatever the documents say.
pub fn load<P: AsRef<Path>>(paths: &[P], version: Option<Version>) -> Loaded {
    let mut loader = Loader { asked: version, ..Loader::default() };
    let stack = loader.stack(paths);
    loader.finish(stack)
}

/// A stack of rule files alone, as a unit test names them.
pub fn load_rules<P: AsRef<Path>>(paths: &[P], version: Option<Version>) -> Loaded {
    let version = version.unwrap_or(Version::NEWEST);
    let mut loader = Loader::default();
    let mut stack =
        Stack { path: names(paths).join(" "), prometheus: Prometheus::new(version), ..Stack::default() };
    for path in paths {
        match folder::read(path.as_ref()) {
            Ok(file) => {
                let (groups, problems) = rules::read(&file, version);
                stack.rule_groups.extend(groups);
                stack.files.push(file);
                loader.problems.extend(problems);
            }
            Err(problem) => loader.problems.push(problem),
        }
    }
    loader.finish(stack)
}

/// Reads one file, with a diagnostic instead of an I/O error or of bytes that are no text.
pub fn read_file(path: &Path) -> Result<SourceFile, Diagnostic> {
    folder::read(path)
}

#[derive(Default)]
struct Loader {
    asked: Option<Version>,
    problems: Vec<Diagnostic>,
    notes: Vec<String>,
}

impl Loader {
    fn finish(self, stack: Stack) -> Loaded {
        match self.problems.iter().any(|problem| problem.severity == Severity::Error) {
            true => Err(self.problems),
            false => Ok((stack, self.problems)),
        }
    }

    fn stack<P: AsRef<Path>>(&mut self, paths: &[P]) -> Stack {
        let found = folder::find(paths, &mut self.problems);
        let described = self.firedrill(&found);
        let config_file = self.config_file(&found, &described);
        let (version, stated) = self.version(&found, &described);
        let mut files: Vec<SourceFile> = Vec::new();
        files
            .extend(found.iter().filter(|file| file.content == Content::Firedrill).map(|f| f.source.clone()));
        let within = within::within(&found, version, alertmanager::alertmanager_version(&found, &described));
        let mut config = None;
        let mut config_within = None;
        if let Some(file) = &config_file {
            files.push(file.source.clone());
            let (read, problems) = prometheus::read(&file.source, version);
            self.problems.extend(problems);
            config = read;
        } else if described.prometheus.is_none() {
            config_within = self.prometheus_within(&within);
            config = config_within.and_then(|found| found.config.clone());
            files.extend(config_within.map(|found| found.source.clone()));
        }
        let mut rule_files = match config_within {
            Some(_) => self.rule_objects(&found),
            None => self.rule_files(&found, config_file.as_ref(), config.as_ref(), &described),
        };
        let has_config = config_file.is_some() || config_within.is_some();
        rule_files.extend(self.rules_within(&within, config_within, has_config, &found));
        let has_none = !has_config && rule_files.is_empty() && within.alertmanagers.is_empty();
        if has_none && self.problems.is_empty() {
            self.problems.push(nothing_found(paths));
        }
        let mut rule_groups = Vec::new();
        for file in &rule_files {
            let (groups, problems) = rules::read(file, version);
            rule_groups.extend(groups);
            self.problems.extend(problems);
        }
        files.extend(rule_files);
        let alertmanager = self.alertmanager(&found, &described, &within);
        files.extend(alertmanager.iter().map(|alertmanager| alertmanager.place.file.clone()));
        let mut prometheus = config.unwrap_or_else(|| Prometheus::new(version));
        prometheus.version = stated;
        if let Some(alertmanager) = &alertmanager {
            self.sending(&mut prometheus, &rule_groups, alertmanager, &within, config_within);
        }
        let programs = ["prom/prometheus", "prometheus/prometheus"];
        let external_url = described.external_url.map(|url| url.value);
        prometheus.external_url =
            external_url.or_else(|| within::external_url(&within, &programs)).unwrap_or_default();
        Stack {
            path: names(paths).join(" "),
            files,
            prometheus,
            rule_groups,
            alertmanager,
            more_rules: within.more_rules(),
            services: self.services(&found, described.services, &within),
            start: described.start,
            images: found.iter().flat_map(|file| images::named(&file.source)).collect(),
            image_map: described.images,
            notes: std::mem::take(&mut self.notes),
        }
    }

    /// Those of firedrill.yaml. A guide has none beside it: of that, those that it tells of.
    fn services(
        &mut self,
        found: &[Found],
        described: Vec<ServiceSpec>,
        within: &Wiring,
    ) -> Vec<ServiceSpec> {
        let has = |content| found.iter().any(|file| file.content == content);
        if has(Content::Firedrill) || !has(Content::Guide) {
            return described;
        }
        let guessed = guessed::services(within);
        if !guessed.is_empty() {
            let names: Vec<&str> = guessed.iter().map(|service| service.name.value.as_str()).collect();
            self.notes.push(format!(
                "the services are those that the guide tells of, their traffic a guess: {}; `firedrill init` writes them down",
                names.join(", ")
            ));
        }
        guessed
    }

    fn firedrill(&mut self, found: &[Found]) -> FiredrillFile {
        let mut files = found.iter().filter(|file| file.content == Content::Firedrill);
        let Some(first) = files.next() else { return FiredrillFile::default() };
        for other in files {
            self.problems.push(
                Diagnostic::error("two-firedrill-files", "a stack has one firedrill.yaml")
                    .at(&other.source.span(0..0))
                    .label("another one")
                    .related(&first.source.span(0..0), "the first"),
            );
        }
        let (read, problems) = firedrill::read(&first.source);
        self.problems.extend(problems);
        let mut read = read.unwrap_or_default();
        // Paths in it count from its folder.
        let folder = first.path.parent().map(Path::to_path_buf).unwrap_or_default();
        let absolute =
            |path: &mut Spanned<String>| path.value = folder.join(&path.value).display().to_string();
        read.prometheus.iter_mut().for_each(absolute);
        read.alertmanager.iter_mut().for_each(absolute);
        read.rules.iter_mut().for_each(absolute);
        read
    }

    /// The one Prometheus config: the one that firedrill.yaml names, or the one there is.
    fn config_file(&mut self, found: &[Found], described: &FiredrillFile) -> Option<Found> {
        if let Some(named) = &described.prometheus {
            let path = PathBuf::from(&named.value);
            match folder::read(&path) {
                Ok(source) => return Some(Found { path, source, content: Content::Prometheus }),
                Err(problem) => self.problems.push(problem.at(&named.span).label("named here")),
            }
            return None;
        }
        let mut configs: Vec<&Found> =
            found.iter().filter(|file| file.content == Content::Prometheus).collect();
        let rank = |file: &Found| {
            let named = file.path.file_stem().is_some_and(|stem| stem == "prometheus");
            (!named, file.path.components().count())
        };
        configs.sort_by_key(|file| rank(file));
        let (first, rest) = configs.split_first()?;
        if let Some(second) = rest.iter().find(|other| rank(other) == rank(first)) {
            self.problems.push(
                Diagnostic::error("two-prometheus-configs", "here is more than one Prometheus config")
                    .at(&second.source.span(0..0))
                    .label("another one")
                    .related(&first.source.span(0..0), "the first")
                    .help("say which in firedrill.yaml: `prometheus: path/to/prometheus.yml`"),
            );
        }
        Some((*first).clone())
    }

    fn version(&mut self, found: &[Found], described: &FiredrillFile) -> (Version, Option<Spanned<String>>) {
        if let Some(version) = self.asked {
            return (version, None);
        }
        if let Some(stated) = &described.prometheus_version
            && let Some(version) = Version::parse(&stated.value)
        {
            return (version, Some(stated.clone()));
        }
        let tags: Vec<Spanned<String>> =
            found.iter().filter_map(|file| folder::image_tag(&file.source)).collect();
        let Some(first) = tags.first() else {
            self.notes.push("no file says which Prometheus runs: the newest is imitated".into());
            return (Version::NEWEST, None);
        };
        if let Some(other) = tags.iter().find(|tag| tag.value != first.value) {
            self.notes.push(format!(
                "{} and {} name different versions of Prometheus: {} is imitated",
                first.span, other.span, first.value
            ));
        }
        (Version::parse(&first.value).unwrap_or(Version::NEWEST), Some(first.clone()))
    }

    /// What an operator hands to Prometheus, whatever its config says.
    fn rule_objects(&self, found: &[Found]) -> Vec<SourceFile> {
        let objects = found.iter().filter(|file| file.content == Content::RuleObjects);
        objects.map(|file| file.source.clone()).collect()
    }

    /// The rule files in the order in which Prometheus would load them, each once.
    fn rule_files(
        &mut self,
        found: &[Found],
        config_file: Option<&Found>,
        config: Option<&Prometheus>,
        described: &FiredrillFile,
    ) -> Vec<SourceFile> {
        let mut taken: Vec<Found> = Vec::new();
        let folder =
            config_file.and_then(|file| file.path.parent()).map(Path::to_path_buf).unwrap_or_default();
        let named = config.map(|config| config.rule_files.as_slice()).unwrap_or_default();
        for pattern in named.iter().chain(&described.rules) {
            for file in self.matching(pattern, &folder, found) {
                if !taken.iter().any(|known| same_file(&known.path, &file.path)) {
                    taken.push(file);
                }
            }
        }
        for file in found {
            let known = taken.iter().any(|known| same_file(&known.path, &file.path));
            match file.content {
                // An operator hands these to Prometheus.
                Content::RuleObjects if !known => taken.push(file.clone()),
                Content::Rules if !known && config_file.is_none() => taken.push(file.clone()),
                // Where the config is not readable, what it names is not known.
                Content::Rules if !known && config.is_some() => self.problems.push(
                    Diagnostic::warning("unused-rule-file", "Prometheus does not load this rule file")
                        .at(&file.source.span(0..0))
                        .label("no entry of `rule_files` matches it")
                        .help("name it under `rule_files`, or under `rules` in firedrill.yaml"),
                ),
                _ => {}
            }
        }
        taken.into_iter().map(|file| file.source).collect()
    }

    /// The files that a `rule_files` entry names. A path inside a container is looked for in the folder.
    fn matching(&mut self, pattern: &Spanned<String>, folder: &Path, found: &[Found]) -> Vec<Found> {
        let mut paths = glob::matching(&folder.join(&pattern.value));
        if paths.is_empty() {
            // A bare `*.yml` also matches files of other kinds.
            let is_rules = |path: &Path| {
                let known = found.iter().find(|file| same_file(&file.path, path));
                known.is_none_or(|file| matches!(file.content, Content::Rules | Content::RuleObjects))
            };
            if let Some((fits, matched)) = glob::from_container(&pattern.value, folder, is_rules) {
                self.notes.push(format!(
                    "{}: `{}` is a path in a container; taken for `{}`",
                    pattern.span,
                    pattern.value,
                    fits.display()
                ));
                paths = matched;
            }
        }
        if paths.is_empty() {
            self.problems.push(no_match(pattern, folder, found));
        }
        let mut files = Vec::new();
        for path in paths {
            match folder::read(&path) {
                Ok(source) => files.push(Found { path, source, content: Content::Rules }),
                // What lies in the folder was tried already.
                Err(problem) if self.problems.iter().any(|known| same_complaint(known, &problem)) => {}
                Err(problem) if problem.place.is_some() => self.problems.push(problem),
                Err(problem) => self.problems.push(problem.at(&pattern.span).label("matched by this")),
            }
        }
        files
    }
}

fn no_match(pattern: &Spanned<String>, folder: &Path, found: &[Found]) -> Diagnostic {
    let rules = found.iter().filter(|file| matches!(file.content, Content::Rules | Content::RuleObjects));
    let known: Vec<String> = rules
        .map(|file| file.path.strip_prefix(folder).unwrap_or(&file.path).display().to_string())
        .collect();
    let shown = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let diagnostic =
        Diagnostic::error("rule-files-match-nothing", "no file matches this entry of `rule_files`")
            .at(&pattern.span)
            .label(format!("looked in {}", shown.display()))
            .because("Prometheus starts without these rules and says nothing");
    match known.len() {
        0 => diagnostic,
        1..=5 => diagnostic.help(format!("rule files here: {}", known.join(", "))),
        more => diagnostic.help(format!("rule files here: {}, and {} more", known[..5].join(", "), more - 5)),
    }
}

fn nothing_found<P: AsRef<Path>>(paths: &[P]) -> Diagnostic {
    Diagnostic::error("no-stack", format!("there is no monitoring stack in {}", names(paths).join(", "))).because(
        "looked for a Prometheus config (`prometheus.yml`, or a YAML file with `scrape_configs`, `rule_files` or \
         `global`), rule files (with `groups`) and PrometheusRule objects, also in ConfigMaps and in a guide that is named \
         itself",
    )
}

fn same_complaint(one: &Diagnostic, other: &Diagnostic) -> bool {
    let place = |problem: &Diagnostic| problem.place.as_ref().map(|span| span.to_string());
    one.message == other.message && place(one) == place(other)
}

fn names<P: AsRef<Path>>(paths: &[P]) -> Vec<String> {
    paths.iter().map(|path| path.as_ref().display().to_string()).collect()
}

fn same_file(one: &Path, other: &Path) -> bool {
    one == other || matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}
