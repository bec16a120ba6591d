//! A message about a place in somebody's own files, and the one way it is drawn.
//!
//! Every complaint that a person reads about their files is a [`Diagnostic`]: a stable id, one plain
//! sentence, the place, what was wanted and got, and why or what next. Nothing else in the project
//! prints such messages.
//!
//! A text that stands inside another (a fenced block of a guide, a ConfigMap's block scalar) is a [`SourceFile`]
//! too, a view: its readers need not know, and whatever is said of its places is said of the person's own file.

mod excerpt;
#[cfg(test)]
mod tests;
mod view;

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// A file somebody wrote, as it was read, or a text that stands inside one. Cheap to clone and to point into.
#[derive(Clone)]
pub struct SourceFile(Arc<SourceText>);

struct SourceText {
    path: String,
    text: String,
    /// Where a view's text stands in the file around it.
    origin: Option<view::Origin>,
    /// Bytes that no message shows. Readers add to it as they learn what is secret, and whatever points
    /// into the file later must heed it: hence here, and not with each message.
    secrets: Mutex<Vec<Range<usize>>>,
}

impl SourceText {
    fn secrets(&self) -> Vec<Range<usize>> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl SourceFile {
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        SourceFile(Arc::new(SourceText {
            path: path.into(),
            text: text.into(),
            origin: None,
            secrets: Mutex::default(),
        }))
    }

    /// A text inside of this one, put together from `pieces`: what each reads, and where it stands here.
    pub fn view<'t>(&self, pieces: impl IntoIterator<Item = (Range<usize>, &'t str)>) -> SourceFile {
        let (text, origin) = view::Origin::of(self, pieces);
        SourceFile(Arc::new(SourceText {
            path: self.path().to_owned(),
            text,
            origin: Some(origin),
            secrets: Mutex::default(),
        }))
    }

    /// The path as the person named it, for messages; a view has that of the file around it.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// What no message shows.
    pub fn secret_texts(&self) -> Vec<String> {
        let own = self.0.secrets();
        own.into_iter().filter_map(|range| Some(self.text().get(range)?.to_owned())).collect()
    }

    /// A span of this file; the range is cut to the text and to character boundaries.
    pub fn span(&self, range: Range<usize>) -> Span {
        let floor = |at: usize| {
            let mut at = at.min(self.text().len());
            while !self.text().is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = floor(range.start);
        Span { file: self.clone(), start, end: floor(range.end).max(start) }
    }

    /// One-based line and column (in characters) of a byte offset, in the person's own file.
    pub fn line_column(&self, at: usize) -> (usize, usize) {
        if let Some(origin) = &self.0.origin {
            return origin.outer.line_column(origin.range(at..at).start);
        }
        let before = &self.text()[..at.min(self.text().len())];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceFile({})", self.path())
    }
}

/// A stretch of a [`SourceFile`], in bytes.
#[derive(Clone)]
pub struct Span {
    pub file: SourceFile,
    pub start: usize,
    pub end: usize,
}

impl Span {
    pub fn line(&self) -> usize {
        self.file.line_column(self.start).0
    }

    pub fn text(&self) -> &str {
        &self.file.text()[self.start..self.end]
    }

    /// The same place in the person's own file: for a view, the file around it.
    pub fn in_own_file(&self) -> Span {
        match &self.file.0.origin {
            Some(origin) => origin.outer.span(origin.range(self.start..self.end)).in_own_file(),
            None => self.clone(),
        }
    }

    /// Whether both are the same stretch of somebody's file.
    pub fn same_as(&self, other: &Span) -> bool {
        self.is_within(other) && other.is_within(self)
    }

    /// Whether it lies in another stretch of the same file.
    pub fn is_within(&self, outer: &Span) -> bool {
        let (own, outer) = (self.in_own_file(), outer.in_own_file());
        own.file.path() == outer.file.path() && outer.start <= own.start && own.end <= outer.end
    }

    /// The text as anybody may see it: without its secrets.
    pub fn shown(&self) -> String {
        let own = self.in_own_file();
        excerpt::concealed(&own.file, own.start..own.end)
    }

    /// One-based line and column behind its end, in the person's own file.
    pub fn end_line_column(&self) -> (usize, usize) {
        let own = self.in_own_file();
        own.file.line_column(own.end)
    }

    /// The line that it begins on, without what is secret.
    pub fn shown_line(&self) -> String {
        let own = self.in_own_file();
        excerpt::of(&own.file, &[&own.file.span(own.start..own.start)]).text
    }

    /// From now on no message shows what stands here.
    pub fn conceal(&self) {
        let own = self.in_own_file();
        let mut secrets = own.file.0.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        if own.start < own.end && !secrets.contains(&(own.start..own.end)) {
            secrets.push(own.start..own.end);
        }
    }
}

/// `path:line:column`, the form that editors and terminals turn into a link.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.file.line_column(self.start);
        write!(f, "{}:{line}:{column}", self.file.path())
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Two spans never make two values differ: places are for messages only.
impl PartialEq for Span {
    fn eq(&self, _: &Span) -> bool {
        true
    }
}

/// A value together with the place it was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    pub value: T,
    pub span: Span,
}

impl<T> Spanned<T> {
    pub fn new(value: T, span: Span) -> Self {
        Spanned { value, span }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Stable, kebab-case: people search for it and ignore by it.
    pub id: &'static str,
    pub severity: Severity,
    /// One plain sentence, without a full stop.
    pub message: String,
    /// Where, in their file. `None` only when there is no file to point into (a missing folder).
    pub place: Option<Span>,
    /// What stands beside the caret: wanted and got, or what is wrong just there.
    pub label: String,
    /// Other places that matter, each with its own words.
    pub related: Vec<(Span, String)>,
    pub because: Option<String>,
    pub help: Option<String>,
    /// What it follows from or has in common with others, where it is not a matter of its own; the first that there
    /// is counts.
    pub causes: Vec<Cause>,
    /// It does less harm than what its check finds otherwise.
    pub mild: bool,
    /// What would be written where, if the one right text is known.
    pub mends: Vec<(Span, String)>,
    /// The name that it is about, for those who do more with it than tell: a label, an alert.
    pub subject: Option<String>,
}

/// Why a diagnostic is not told by itself.
#[derive(Clone, Debug)]
pub enum Cause {
    /// Another diagnostic, of this id and at a place within this one, explains it.
    Follows { id: &'static str, within: Span },
    /// All with the same words have one cause, and one of them stands for all.
    Shared(String),
}

impl Diagnostic {
    pub fn error(id: &'static str, message: impl Into<String>) -> Self {
        Diagnostic {
            id,
            severity: Severity::Error,
            message: message.into(),
            place: None,
            label: String::new(),
            related: Vec::new(),
            because: None,
            help: None,
            causes: Vec::new(),
            mild: false,
            mends: Vec::new(),
            subject: None,
        }
    }

    pub fn warning(id: &'static str, message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(id, message) }
    }

    pub fn at(mut self, span: &Span) -> Self {
        self.place = Some(span.clone());
        self
    }

    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    pub fn related(mut self, span: &Span, label: impl Into<String>) -> Self {
        self.related.push((span.clone(), label.into()));
        self
    }

    pub fn because(mut self, because: impl Into<String>) -> Self {
        self.because = Some(because.into());
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The safe mend: `text` in the place of what stands at `span`.
    pub fn mend(mut self, span: &Span, text: impl Into<String>) -> Self {
        self.mends.push((span.clone(), text.into()));
        self
    }

    pub fn about(mut self, name: &str) -> Self {
        self.subject = Some(name.to_owned());
        self
    }

    /// Where there is a diagnostic `id` within `place`, this one only follows from it.
    pub fn follows_from(mut self, id: &'static str, place: &Span) -> Self {
        self.causes.push(Cause::Follows { id, within: place.clone() });
        self
    }

    /// A risk, where its check finds worse.
    pub fn mild(mut self) -> Self {
        self.mild = true;
        self
    }

    /// All with the same `cause` are told once: `the metric http_requests_total`. Said again, it takes the place of the former.
    pub fn shared(mut self, cause: impl Into<String>) -> Self {
        self.causes.retain(|known| matches!(known, Cause::Follows { .. }));
        self.causes.push(Cause::Shared(cause.into()));
        self
    }

    /// Whether both say the same about the same place.
    pub fn same_as(&self, other: &Diagnostic) -> bool {
        let place = |diagnostic: &Diagnostic| {
            let place = diagnostic.place.as_ref()?.in_own_file();
            Some((place.file.path().to_owned(), place.start, place.end))
        };
        self.id == other.id && self.message == other.message && place(self) == place(other)
    }

    /// `help: did you mean …?` when one of `known` is close to `got`.
    pub fn suggest<'a>(self, got: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match nearest(got, known) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self,
        }
    }

    /// The message as a person sees it, with the excerpt of their file and the caret.
    pub fn render(&self, colour: bool) -> String {
        self.render_with(colour, &[])
    }

    /// The same with `notes` below it, each a name and its text.
    pub fn render_with(&self, colour: bool, notes: &[(String, String)]) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(&self.message).id(self.id));
        // An excerpt may be cut within a line: the place is said as it is in the file.
        let mut renumbered: Vec<(String, String)> = Vec::new();
        let place = self.place.iter().map(|span| (span, self.label.as_str(), AnnotationKind::Primary));
        let related = self.related.iter();
        let related = related.map(|(span, label)| (span, label.as_str(), AnnotationKind::Context));
        let places: Vec<(Span, &str, AnnotationKind)> =
            place.chain(related).map(|(span, label, kind)| (span.in_own_file(), label, kind)).collect();
        let mut drawn: Vec<&SourceFile> = Vec::new();
        for (span, ..) in &places {
            if !drawn.iter().any(|file| Arc::ptr_eq(&file.0, &span.file.0)) {
                drawn.push(&span.file);
            }
        }
        for file in drawn {
            let here = |span: &Span| Arc::ptr_eq(&span.file.0, &file.0);
            let annotations: Vec<_> = places.iter().filter(|(span, ..)| here(span)).collect();
            let excerpt = excerpt::of(file, &annotations.iter().map(|(span, ..)| span).collect::<Vec<_>>());
            if let (Some((first, ..)), Some(range)) = (annotations.first(), excerpt.spans.first()) {
                let shown = excerpt.location(file, range.start);
                if shown != first.to_string() {
                    renumbered.push((shown, first.to_string()));
                }
            }
            let mut snippet = Snippet::source(excerpt.text).path(file.path()).line_start(excerpt.first_line);
            for ((_, label, kind), range) in annotations.into_iter().zip(excerpt.spans) {
                snippet = snippet.annotation(kind.span(range).label(*label));
            }
            group = group.element(snippet);
        }
        if let Some(because) = &self.because {
            group = group.element(Level::NOTE.with_name("because").message(because));
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help));
        }
        for (name, text) in notes {
            group = group.element(Level::NOTE.with_name(name.as_str()).message(text));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut rendered = renderer.render(&[group]);
        for (shown, meant) in renumbered {
            rendered = rendered.replacen(&shown, &meant, 1);
        }
        rendered
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

/// The known word that was probably meant, if any is near enough to say so.
pub fn nearest<'a>(got: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&got.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= 1 + got.len().max(name.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}
