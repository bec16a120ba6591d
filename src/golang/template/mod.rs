//! Go's `text/template` and `html/template`, as far as Prometheus and Alertmanager use them.
//!
//! Promises: the output and the error messages of the real package, for values of [`Value`], with the option
//! `missingkey=zero` that both programs set. Whatever a template does, executing it ends: depth, steps and output are
//! limited. Refused: channels, functions as values, complex numbers.

pub mod format;
pub mod json;
pub mod value;

mod builtin;
mod executor;
mod html;
mod lexer;
mod node;
mod number;
mod parser;
mod time_methods;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use builtin::{escape_html, escape_js, escape_query};
pub use value::{Method, Parameter, Signature, Type, Value};

use node::Tree;

/// The functions a program adds to Go's own.
pub trait Library {
    /// What the function of that name takes; `None` if there is none.
    fn signature(&self, name: &str) -> Option<Signature>;

    /// Calls it with arguments that fit the signature.
    fn call(&self, name: &str, arguments: &[Value]) -> Result<Value, String>;
}

/// Why a text is no template, in Go's words: `template: NAME:LINE: …`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    pub message: String,
    /// Byte offset in the text.
    pub at: usize,
}

/// Why a template could not be executed, in Go's words: `template: NAME:LINE:COLUMN: executing …`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ExecuteError(pub String);

/// Whether what actions print is escaped for the HTML around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Text,
    Html,
}

/// Templates that may call each other. Cheap to clone; parsed once, executed often.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    trees: BTreeMap<String, Arc<Tree>>,
    /// Where a name is looked up that isn't among the own ones.
    base: Option<Arc<Templates>>,
}

impl Templates {
    pub fn new() -> Self {
        Templates::default()
    }

    /// None of its own yet, but all of `base`, which stays as it is.
    pub fn over(base: Arc<Templates>) -> Self {
        Templates { trees: BTreeMap::new(), base: Some(base) }
    }

    /// Adds the template `name` and all that `text` defines. A later definition replaces an earlier one, unless it is empty.
    pub fn parse(&mut self, name: &str, text: &str, library: &dyn Library) -> Result<(), ParseError> {
        let is_function =
            |name: &str| library.signature(name).is_some() || builtin::signature(name).is_some();
        for (name, tree) in parser::parse(name, text, &is_function)? {
            if !(tree.is_empty() && self.contains(&name)) {
                self.trees.insert(name, Arc::new(tree));
            }
        }
        Ok(())
    }

    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// What the template `name` prints for `data`.
    pub fn execute(
        &self,
        name: &str,
        data: &Value,
        library: &dyn Library,
        mode: Mode,
    ) -> Result<String, ExecuteError> {
        match self.get(name) {
            Some(tree) => executor::execute(self, tree, data, library, mode).map_err(ExecuteError),
            None => Err(ExecuteError(format!(
                "template: no template {} associated with template \"\"",
                super::quote(name)
            ))),
        }
    }

    fn get(&self, name: &str) -> Option<&Tree> {
        match self.trees.get(name) {
            Some(tree) => Some(tree),
            None => self.base.as_ref()?.get(name),
        }
    }
}
