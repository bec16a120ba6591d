//! Alertmanager's templates: what they see, and what they give.
//!
//! Promises: the default texts and the team's own files give what the real program of that version gives, errors
//! included. Refused: nothing that it accepts, but for Go's unusual times and zones.

mod data;
mod defaults;
mod functions;
mod mail;
mod route_labels;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::diagnostic::{SourceFile, Span};
use crate::golang::template::{Mode, ParseError, Templates as Parsed};
use crate::stack::alertmanager::Version;

pub use data::{Data, TemplateAlert};
use functions::Functions;

/// The templates of a configuration: the default ones, and the team's own over them.
#[derive(Clone, Debug)]
pub struct Templates {
    parsed: Arc<Parsed>,
    version: Version,
    /// Settings' texts that were expanded before: each is expanded again for every notification.
    settings: Arc<Mutex<HashMap<String, Arc<Parsed>>>>,
}

/// Why a template gives nothing, in Go's words.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    pub message: String,
    /// The place in the team's file, where it is the file that can't be read.
    pub place: Option<Span>,
}

impl Templates {
    /// Reads the team's files, in their order, over the defaults of that version.
    pub fn new(files: &[SourceFile], version: Version) -> Result<Templates, TemplateError> {
        let functions = Functions { version, data: None, route_label: None };
        let mut parsed = Parsed::new();
        for text in defaults::texts(version) {
            parsed
                .parse("", &text, &functions)
                .map_err(|error| TemplateError { message: error.message, place: None })?;
        }
        for file in files {
            let name = file.path().rsplit(['/', '\\']).next().unwrap_or(file.path());
            parsed.parse(name, file.text(), &functions).map_err(|error| TemplateError {
                message: error.message,
                place: Some(file.span(error.at..error.at + 1)),
            })?;
        }
        Ok(Templates::of(parsed, version))
    }

    fn of(parsed: Parsed, version: Version) -> Templates {
        Templates { parsed: Arc::new(parsed), version, settings: Arc::default() }
    }

    /// Whether a setting's text is a template; else why not, in Go's words, and at which byte.
    pub fn check(&self, template: &str) -> Result<(), (String, usize)> {
        self.parsed(template).map(drop).map_err(|error| (error.message, error.at))
    }

    /// Expands a setting's text.
    pub fn text(&self, template: &str, data: &Data) -> Result<String, TemplateError> {
        self.expand(template, data, Mode::Text)
    }

    /// Expands a setting's text as HTML: what it prints is escaped for its place.
    pub fn html(&self, template: &str, data: &Data) -> Result<String, TemplateError> {
        self.expand(template, data, Mode::Html)
    }

    fn expand(&self, template: &str, data: &Data, mode: Mode) -> Result<String, TemplateError> {
        let functions = Functions { version: self.version, data: Some(data), route_label: None };
        self.expand_with(template, data, &functions, mode)
    }

    fn expand_with(
        &self,
        template: &str,
        data: &Data,
        functions: &Functions<'_>,
        mode: Mode,
    ) -> Result<String, TemplateError> {
        if template.is_empty() {
            return Ok(String::new());
        }
        let failed = |message| TemplateError { message, place: None };
        let parsed = self.parsed(template).map_err(|error| failed(error.message))?;
        parsed.execute("", data.value(self.version), functions, mode).map_err(|error| failed(error.0))
    }

    fn parsed(&self, template: &str) -> Result<Arc<Parsed>, ParseError> {
        // A panic elsewhere leaves no half-made entry behind.
        let known = || self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(parsed) = known().get(template) {
            return Ok(parsed.clone());
        }
        let functions = Functions { version: self.version, data: None, route_label: None };
        let mut parsed = Parsed::over(self.parsed.clone());
        parsed.parse("", template, &functions)?;
        let parsed = Arc::new(parsed);
        known().insert(template.to_owned(), parsed.clone());
        Ok(parsed)
    }
}

/// The defaults of the newest version.
impl Default for Templates {
    fn default() -> Self {
        match Templates::new(&[], Version::NEWEST) {
            Ok(templates) => templates,
            Err(_) => Templates::of(Parsed::new(), Version::NEWEST),
        }
    }
}

#[cfg(test)]
mod tests;
