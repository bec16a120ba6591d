//! What the documents are made of: files, the fenced blocks of guides, here-documents, and the configs inside of
//! ConfigMaps, each classified by its content.
//!
//! Promises: every part is there, with what it is or why it is not read; what can't be parsed keeps its problems
//! and stops nothing else.

mod classify;
mod mended;
#[cfg(test)]
mod tests;

use std::path::Path;

use super::find;
use super::shell::{self, HelmCommand};
use super::yaml::Node;
use super::{markdown, prose};
use crate::diagnostic::{Diagnostic, SourceFile, Span, Spanned};
use crate::stack::wiring::{HereDocument, Listed, PartKind};

/// Parts within parts within parts: deeper than any guide.
const DEEPEST: usize = 8;

#[derive(Clone, Debug)]
pub struct Part {
    pub kind: PartKind,
    /// The file that it is said to be.
    pub name: Option<String>,
    /// A fence's word or a file's extension.
    pub language: String,
    /// Its text, mended where it can't be parsed otherwise.
    pub source: SourceFile,
    /// The fence, or the beginning.
    pub place: Span,
    /// The ConfigMap or Secret that holds it: namespace, name, key.
    pub holder: Option<Holder>,
    /// Its YAML or JSON documents, as far as they can be read.
    pub documents: Vec<Node>,
    /// Why it is not read, where it isn't.
    pub unread: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub namespace: String,
    pub name: String,
    pub key: String,
}

/// All parts of some files.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    pub parts: Vec<Part>,
    pub releases: Vec<HelmCommand>,
    /// What guides say in lists and tables.
    pub prose: Vec<Listed>,
    pub here_documents: Vec<HereDocument>,
    /// Every shell command's words.
    pub commands: Vec<Vec<Spanned<String>>>,
    /// YAML and JSON that no program could parse.
    pub broken: Vec<Diagnostic>,
    /// Files that can't be read at all.
    pub unreadable: Vec<Diagnostic>,
}

/// Everything at `paths`, folders walked.
pub fn read<P: AsRef<Path>>(paths: &[P]) -> Parts {
    let mut parts = Parts::default();
    for file in find::documents(paths, &mut parts.unreadable) {
        parts.file(&file);
    }
    parts
}

impl Parts {
    /// Takes a whole file apart.
    pub fn file(&mut self, file: &SourceFile) {
        let name = Some(file.path().to_owned());
        let extension = file.path().rsplit_once('.').map_or("", |(_, extension)| extension);
        match extension {
            "md" | "markdown" => self.guide(file),
            _ => self.text(file, name, extension, file.span(0..0), None, 0),
        }
    }

    fn guide(&mut self, file: &SourceFile) {
        self.prose.extend(prose::read(file));
        for block in markdown::blocks(file) {
            self.text(&block.source, block.name, &block.language, block.place, None, 0);
        }
    }

    fn text(
        &mut self,
        source: &SourceFile,
        name: Option<String>,
        language: &str,
        place: Span,
        holder: Option<Holder>,
        depth: usize,
    ) {
        let mut read = classify::read(source, name.as_deref(), language);
        let mut source = source.clone();
        // What else is wrong in it is told too, not only what no parser gets past.
        if !read.problems.is_empty()
            && let Some(mended) = mended::templates_quoted(&source)
        {
            let again = classify::read(&mended, name.as_deref(), language);
            if again.problems.len() < read.problems.len() {
                (read.kind, read.documents, read.unread) = (again.kind, again.documents, again.unread);
                source = mended;
            }
        }
        let mut part = Part {
            kind: read.kind,
            name,
            language: language.to_owned(),
            source: source.clone(),
            place,
            holder,
            documents: read.documents,
            unread: read.unread,
        };
        self.broken.extend(read.problems);
        if depth >= DEEPEST {
            part.unread = Some("it is nested too deep".to_owned());
            self.parts.push(part);
            return;
        }
        let inside: Vec<(SourceFile, Holder)> = part.documents.iter().flat_map(held).collect();
        let is_shell = part.kind == PartKind::Shell;
        self.parts.push(part);
        for (source, holder) in inside {
            let name = Some(holder.key.clone());
            let language = holder.key.rsplit_once('.').map_or("", |(_, extension)| extension).to_owned();
            let place = source.span(0..0);
            self.text(&source, name, &language, place, Some(holder), depth + 1);
        }
        if is_shell {
            let shell = shell::read(&source);
            self.releases.extend(shell.releases);
            self.commands.extend(shell.commands);
            for document in shell.here_documents {
                self.here_documents.push(HereDocument {
                    source: document.source.clone(),
                    quoted: document.quoted,
                    place: document.place.clone(),
                });
                let extension = document.file.as_deref().and_then(|file| file.rsplit_once('.'));
                let language = extension.map_or("yaml", |(_, extension)| extension).to_owned();
                self.text(&document.source, document.file, &language, document.place, None, depth + 1);
            }
        }
    }
}

/// What a text of a file's name is taken for.
pub fn kind(source: &SourceFile, name: &str) -> PartKind {
    let language = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    classify::read(source, Some(name), language).kind
}

/// The texts that a ConfigMap or a Secret's `stringData` holds.
fn held(document: &Node) -> Vec<(SourceFile, Holder)> {
    let kind = document.get("kind").and_then(Node::scalar);
    let data = match kind {
        Some("ConfigMap") => document.get("data"),
        Some("Secret") => document.get("stringData"),
        Some("List") => {
            let items = document.get("items").and_then(Node::items).unwrap_or_default();
            return items.iter().filter(|item| item.get("items").is_none()).flat_map(held).collect();
        }
        _ => None,
    };
    let metadata = document.get("metadata");
    let text = |key| metadata.and_then(|node| node.get(key)).and_then(Node::scalar);
    let entries = data.and_then(Node::entries).unwrap_or_default().iter();
    entries
        .filter_map(|(key, value)| {
            let holder = Holder {
                namespace: text("namespace").unwrap_or("default").to_owned(),
                name: text("name").unwrap_or_default().to_owned(),
                key: key.scalar()?.to_owned(),
            };
            Some((value.view()?, holder))
        })
        .collect()
}
