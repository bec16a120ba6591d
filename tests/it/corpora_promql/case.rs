//! One command of a test file.

use firedrill::time::{Duration, Timestamp};
use regex::Regex;

pub struct Load {
    pub step: Duration,
    /// Lines in the notation for test series.
    pub series: Vec<String>,
    /// Classic histograms are loaded as native ones too.
    pub with_nhcb: bool,
}

/// An expression, when to evaluate it, and what must come out.
pub struct Eval {
    pub line: usize,
    pub command: String,
    pub when: When,
    pub expr: String,
    pub ordered: bool,
    pub failures: Vec<Expectation>,
    pub warnings: Vec<Expectation>,
    pub infos: Vec<Expectation>,
    pub no_warnings: bool,
    pub no_infos: bool,
    pub range_vector: Option<(Timestamp, Timestamp, Duration)>,
    pub string: Option<String>,
    pub scalar: Option<f64>,
    pub series: Vec<String>,
}

#[derive(Clone, Copy)]
pub enum When {
    Instant(Timestamp),
    Range { start: Timestamp, end: Timestamp, step: Duration },
}

pub enum Expectation {
    Any,
    Message(String),
    Pattern(Regex),
}

impl Eval {
    pub fn new(line: usize, command: &str, when: When, expr: String) -> Self {
        Eval {
            line,
            command: command.to_owned(),
            when,
            expr,
            ordered: false,
            failures: Vec::new(),
            warnings: Vec::new(),
            infos: Vec::new(),
            no_warnings: false,
            no_infos: false,
            range_vector: None,
            string: None,
            scalar: None,
            series: Vec::new(),
        }
    }

    pub fn expects_failure(&self) -> bool {
        !self.failures.is_empty()
    }
}

impl Expectation {
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Expectation::Any => true,
            Expectation::Message(message) => message == text,
            Expectation::Pattern(pattern) => pattern.is_match(text),
        }
    }

    pub fn describe(&self) -> String {
        match self {
            Expectation::Any => "anything".to_owned(),
            Expectation::Message(message) => format!("{message:?}"),
            Expectation::Pattern(pattern) => format!("/{pattern}/"),
        }
    }
}
