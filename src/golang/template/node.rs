//! What a template is made of, each node with its place and its text as Go writes it in errors.

use std::fmt;

/// A parsed template: one `define`, or the whole text.
#[derive(Debug, Clone)]
pub struct Tree {
    pub name: String,
    /// The name of the text it was parsed from: what errors call it.
    pub parse_name: String,
    pub text: std::sync::Arc<str>,
    pub root: Vec<Node>,
}

impl Tree {
    /// Nothing but white space: a later empty definition replaces no earlier one.
    pub fn is_empty(&self) -> bool {
        self.root.iter().all(|node| matches!(&node.kind, Kind::Text(text) if text.trim().is_empty()))
    }

    /// `name:line:column` of an offset, as execution errors have it.
    pub fn location(&self, at: usize) -> String {
        let before = &self.text[..at.min(self.text.len())];
        let line = 1 + before.matches('\n').count();
        let column = before.len() - before.rfind('\n').map_or(0, |newline| newline + 1);
        format!("{}:{line}:{column}", self.parse_name)
    }
}

#[derive(Debug, Clone)]
pub struct Node {
    pub at: usize,
    pub kind: Kind,
}

#[derive(Debug, Clone)]
pub enum Kind {
    // Nodes of a list.
    Text(String),
    Action(Pipe),
    If(Branch),
    With(Branch),
    Range(Branch),
    Template { name: String, pipe: Option<Pipe> },
    Break,
    Continue,
    // Operands.
    Field(Vec<String>),
    Variable(Vec<String>),
    Chain(Box<Node>, Vec<String>),
    Identifier(String),
    Dot,
    Nil,
    Bool(bool),
    Number(Number),
    Str { source: String, text: String },
    Pipe(Pipe),
}

#[derive(Debug, Clone)]
pub struct Branch {
    pub pipe: Pipe,
    pub list: Vec<Node>,
    pub else_list: Option<Vec<Node>>,
}

#[derive(Debug, Clone)]
pub struct Pipe {
    pub at: usize,
    pub is_assignment: bool,
    pub declared: Vec<String>,
    pub commands: Vec<Command>,
}

#[derive(Debug, Clone)]
pub struct Command {
    pub at: usize,
    pub arguments: Vec<Node>,
}

#[derive(Debug, Clone)]
pub struct Number {
    pub source: String,
    pub int: Option<i64>,
    pub float: Option<f64>,
}

impl Number {
    /// Whether the text by itself means a float: `1.0`, `1e3`.
    pub fn is_float_syntax(&self) -> bool {
        let is_hex = self.source.len() > 2
            && self.source[..2].eq_ignore_ascii_case("0x")
            && !self.source.contains(['p', 'P']);
        !is_hex && !self.source.starts_with('\'') && self.source.contains(['.', 'e', 'E', 'p', 'P'])
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Text(text) => f.write_str(text),
            Kind::Action(pipe) => write!(f, "{{{{{pipe}}}}}"),
            Kind::If(branch) => branch.write("if", f),
            Kind::With(branch) => branch.write("with", f),
            Kind::Range(branch) => branch.write("range", f),
            Kind::Template { name, pipe } => {
                write!(f, "{{{{template {}", crate::golang::quote(name))?;
                if let Some(pipe) = pipe {
                    write!(f, " {pipe}")?;
                }
                f.write_str("}}")
            }
            Kind::Break => f.write_str("{{break}}"),
            Kind::Continue => f.write_str("{{continue}}"),
            Kind::Field(names) => names.iter().try_for_each(|name| write!(f, ".{name}")),
            Kind::Variable(names) => f.write_str(&names.join(".")),
            Kind::Chain(node, names) => {
                match node.kind {
                    Kind::Pipe(_) => write!(f, "({node})")?,
                    _ => write!(f, "{node}")?,
                }
                names.iter().try_for_each(|name| write!(f, ".{name}"))
            }
            Kind::Identifier(name) => f.write_str(name),
            Kind::Dot => f.write_str("."),
            Kind::Nil => f.write_str("nil"),
            Kind::Bool(value) => write!(f, "{value}"),
            Kind::Number(number) => f.write_str(&number.source),
            Kind::Str { source, .. } => f.write_str(source),
            Kind::Pipe(pipe) => write!(f, "{pipe}"),
        }
    }
}

impl Branch {
    fn write(&self, keyword: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{{{keyword} {}}}}}", self.pipe)?;
        self.list.iter().try_for_each(|node| write!(f, "{node}"))?;
        if let Some(list) = &self.else_list {
            f.write_str("{{else}}")?;
            list.iter().try_for_each(|node| write!(f, "{node}"))?;
        }
        f.write_str("{{end}}")
    }
}

impl fmt::Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.declared.is_empty() {
            let sign = if self.is_assignment { "=" } else { ":=" };
            write!(f, "{} {sign} ", self.declared.join(", "))?;
        }
        for (at, command) in self.commands.iter().enumerate() {
            if at > 0 {
                f.write_str(" | ")?;
            }
            write!(f, "{command}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, argument) in self.arguments.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            match argument.kind {
                Kind::Pipe(_) => write!(f, "({argument})")?,
                _ => write!(f, "{argument}")?,
            }
        }
        Ok(())
    }
}
