//! Which files there are, and what each holds, judged by its content.

use std::fs;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, SourceFile, Spanned};
use crate::documents::{prometheus, rules, yaml};
use crate::stack::Version;

const MOST_FILES: usize = 10_000;
const DEEPEST: usize = 12;
const LARGEST: u64 = 64 * 1024 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    Firedrill,
    Prometheus,
    Alertmanager,
    Rules,
    RuleObjects,
    /// Markdown, with configs in its fenced blocks.
    Guide,
    /// Manifests, Compose files, scenarios …
    Other,
}

#[derive(Clone, Debug)]
pub struct Found {
    pub path: PathBuf,
    pub source: SourceFile,
    pub content: Content,
}

/// All YAML files at `paths`, folders walked, in the order of their names; a guide only where it is named itself, since
/// guides beside a config show others.
pub fn find<P: AsRef<Path>>(paths: &[P], problems: &mut Vec<Diagnostic>) -> Vec<Found> {
    let mut files = Vec::new();
    for path in paths {
        let path = path.as_ref();
        if path.is_dir() {
            walk(path, 0, &is_yaml, &mut files, problems);
        } else {
            files.push(path.to_path_buf());
        }
    }
    files.truncate(MOST_FILES);
    let mut found: Vec<Found> = Vec::new();
    for path in files {
        match read(&path) {
            Ok(source) => {
                let content = content(&path, &source);
                found.push(Found { path, source, content });
            }
            Err(problem) => problems.push(problem),
        }
    }
    found
}

/// All files at `paths` that documents are made of: guides, YAML and JSON; folders walked, in the order of names.
pub fn documents<P: AsRef<Path>>(paths: &[P], problems: &mut Vec<Diagnostic>) -> Vec<SourceFile> {
    let mut files = Vec::new();
    for path in paths {
        let path = path.as_ref();
        match path.is_dir() {
            true => walk(path, 0, &is_document, &mut files, problems),
            false => files.push(path.to_path_buf()),
        }
    }
    files.truncate(MOST_FILES);
    let mut read_files = Vec::new();
    for path in files {
        match read(&path) {
            Ok(source) => read_files.push(source),
            Err(problem) => problems.push(problem),
        }
    }
    read_files
}

/// A file as text, or what keeps it from being read.
pub fn read(path: &Path) -> Result<SourceFile, Diagnostic> {
    let shown = path.display().to_string();
    let unreadable = |reason: String| {
        Diagnostic::error("unreadable-file", format!("{shown} can't be read")).because(reason)
    };
    let size = fs::metadata(path).map_err(|error| unreadable(reason(&error)))?.len();
    if size > LARGEST {
        return Err(unreadable(format!("it has {size} bytes, and {LARGEST} is the most that is read")));
    }
    let bytes = fs::read(path).map_err(|error| unreadable(reason(&error)))?;
    String::from_utf8(bytes)
        .map(|text| SourceFile::new(shown.clone(), text))
        .map_err(|error| invalid_utf8(&shown, error.as_bytes(), error.utf8_error().valid_up_to()))
}

/// Points at the first byte that is no UTF-8, with the text as far as it can be shown.
fn invalid_utf8(path: &str, bytes: &[u8], at: usize) -> Diagnostic {
    let file = SourceFile::new(path, String::from_utf8_lossy(bytes));
    // Before the first wrong byte the lossy text is the same, byte for byte.
    Diagnostic::error("invalid-utf8", "this file is not UTF-8")
        .at(&file.span(at..at + char::REPLACEMENT_CHARACTER.len_utf8()))
        .label(format!("the byte 0x{:02x} is not text", bytes.get(at).copied().unwrap_or_default()))
        .help("save the file as UTF-8")
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file or folder".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        std::io::ErrorKind::IsADirectory => "it is a folder".into(),
        _ => error.to_string(),
    }
}

fn walk(
    folder: &Path,
    depth: usize,
    wanted: &dyn Fn(&Path) -> bool,
    files: &mut Vec<PathBuf>,
    problems: &mut Vec<Diagnostic>,
) {
    const SKIPPED: [&str; 3] = ["node_modules", "target", "vendor"];
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            problems.push(
                Diagnostic::error("unreadable-file", format!("{} can't be read", folder.display()))
                    .because(reason(&error)),
            );
            return;
        }
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with('.') || files.len() >= MOST_FILES {
            continue;
        }
        if path.is_dir() {
            if depth < DEEPEST && !SKIPPED.contains(&name) {
                walk(&path, depth + 1, wanted, files, problems);
            }
        } else if wanted(&path) {
            files.push(path);
        }
    }
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

fn is_alertmanager(root: &yaml::Node) -> bool {
    root.get("route").is_some() && root.get("receivers").is_some() && root.get("kind").is_none()
}

fn is_document(path: &Path) -> bool {
    const KNOWN: [&str; 6] = ["yaml", "yml", "json", "md", "markdown", "rules"];
    path.extension().and_then(|extension| extension.to_str()).is_some_and(|it| KNOWN.contains(&it))
}

fn content(path: &Path, source: &SourceFile) -> Content {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    if stem == "firedrill" {
        return Content::Firedrill;
    }
    if path.extension().is_some_and(|extension| extension == "md" || extension == "markdown") {
        return Content::Guide;
    }
    let (documents, problems) = yaml::read(source);
    if documents.iter().any(rules::is_rule_object) {
        return Content::RuleObjects;
    }
    match documents.first() {
        Some(first) if prometheus::recognize(first) => Content::Prometheus,
        Some(first) if first.get("groups").is_some_and(|groups| groups.items().is_some()) => {
            if first.get("tests").is_some() { Content::Other } else { Content::Rules }
        }
        Some(first) if is_alertmanager(first) => Content::Alertmanager,
        // What it was meant to be, so that its mistake is told.
        None if stem == "alertmanager" => Content::Alertmanager,
        None if stem == "prometheus" => Content::Prometheus,
        _ if problems.is_empty() => match stem == "prometheus" && !documents.iter().any(rules::is_object) {
            true => Content::Prometheus,
            false => Content::Other,
        },
        _ if source.text().contains("kind: PrometheusRule") => Content::RuleObjects,
        None if source.text().lines().any(|line| line.starts_with("groups:")) => Content::Rules,
        _ => Content::Other,
    }
}

/// The tag of a Prometheus image that a manifest or Compose file names.
pub fn image_tag(source: &SourceFile) -> Option<Spanned<String>> {
    image_tag_of(source, &["prom/prometheus", "prometheus/prometheus"])
}

/// The tag of the first of these images that the file names with a version.
pub fn image_tag_of(source: &SourceFile, images: &[&str]) -> Option<Spanned<String>> {
    let text = source.text();
    for image in images {
        for (at, _) in text.match_indices(&format!("{image}:")) {
            let start = at + image.len() + 1;
            let length = text[start..]
                .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')))
                .unwrap_or(text.len() - start);
            let tag = &text[start..start + length];
            if Version::parse(tag).is_some() {
                let version = tag.strip_prefix('v').unwrap_or(tag).to_owned();
                return Some(Spanned::new(version, source.span(start..start + length)));
            }
        }
    }
    None
}
