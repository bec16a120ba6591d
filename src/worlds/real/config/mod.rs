//! The configs that the real programs run with: the team's own, with as few substitutions as possible.
//!
//! Every change is made at its place and nowhere else, and is told in the report. What can't be run outside of its
//! cluster is refused, at its place, before anything is started.

mod alertmanager;
pub mod phase;
mod prometheus;
mod rules;

pub use alertmanager::alertmanager;
pub use prometheus::{Reached, prometheus};
pub use rules::{RuleFile, rules};

use crate::diagnostic::{Diagnostic, SourceFile};
use crate::worlds::edit::{Edits, Substitution};

/// A file that a component reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    pub text: String,
    pub substitutions: Vec<Substitution>,
}

impl Written {
    fn of(edits: Edits) -> Result<Written, Vec<Diagnostic>> {
        let (text, substitutions) = edits.apply().map_err(|conflict| vec![conflict.into()])?;
        Ok(Written { text, substitutions })
    }

    fn as_it_is(file: &SourceFile) -> Written {
        Written { text: file.text().to_owned(), substitutions: Vec::new() }
    }
}

/// A text in YAML that is read as itself, whatever is in it. JSON's strings are YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn refused(message: impl Into<String>) -> Diagnostic {
    Diagnostic::error("real-world", message)
}
