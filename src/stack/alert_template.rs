//! The templates in alerting rules as text: what Prometheus accepts when it loads a rule.
//!
//! Promises: the functions of each version, and the errors of `promtool check rules` with their place. What a
//! template gives for an alert is the twin's business.

use super::Version;
use crate::golang::template::value::{Parameter, Signature};
use crate::golang::template::{Library, Templates, Value};

/// Why a text is no template, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateError {
    /// As `promtool check rules` says it, without the name of the label or annotation.
    pub message: String,
    /// Byte offset in the text that the team wrote.
    pub at: usize,
}

/// Parses the text of a label or annotation as Prometheus does when it loads the rule `alert`.
pub fn parse(alert: &str, text: &str, version: Version) -> Result<Templates, TemplateError> {
    let mut templates = Templates::new();
    match templates.parse(&name(alert), &format!("{PRELUDE}{text}"), &Known(version)) {
        Ok(()) => Ok(templates),
        Err(error) => Err(TemplateError {
            message: error.message,
            at: error.at.saturating_sub(PRELUDE.len()).min(text.len()),
        }),
    }
}

/// What Prometheus calls the template of an alert.
pub fn name(alert: &str) -> String {
    format!("__alert_{alert}")
}

/// What a function takes, where the version has it.
pub fn signature(name: &str, version: Version) -> Option<Signature> {
    let (_, since, signature) = FUNCTIONS.iter().find(|(known, ..)| *known == name)?;
    (version >= *since).then_some(*signature)
}

/// Prometheus puts this before every text. Places in errors count it in.
const PRELUDE: &str = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}\
{{$externalURL := .ExternalURL}}{{$value := .Value}}";

const ANY: Signature = Signature::fixed(&[Parameter::Any]);
const TEXT: Signature = Signature::fixed(&[Parameter::Str]);
const NOTHING: Signature = Signature::fixed(&[]);
const A_SAMPLE: Parameter = Parameter::Exactly("*template.sample");
const A_RESULT: Parameter = Parameter::Exactly("template.queryResult");

const fn v(major: u32, minor: u32) -> Version {
    Version::new(major, minor)
}

/// Each function with the version it came with and what it takes.
const FUNCTIONS: &[(&str, Version, Signature)] = &[
    ("args", v(0, 0), Signature::variadic(&[Parameter::Any])),
    ("externalURL", v(2, 0), NOTHING),
    ("first", v(0, 0), Signature::fixed(&[A_RESULT])),
    ("graphLink", v(0, 0), TEXT),
    ("humanize", v(0, 0), ANY),
    ("humanize1024", v(0, 0), ANY),
    ("humanizeDuration", v(0, 0), ANY),
    ("humanizePercentage", v(0, 0), ANY),
    ("humanizeTimestamp", v(0, 0), ANY),
    ("label", v(0, 0), Signature::fixed(&[Parameter::Str, A_SAMPLE])),
    ("match", v(0, 0), Signature::fixed(&[Parameter::Str, Parameter::Str])),
    ("now", v(3, 6), NOTHING),
    ("parseDuration", v(2, 32), TEXT),
    ("pathPrefix", v(0, 0), NOTHING),
    ("query", v(0, 0), TEXT),
    ("reReplaceAll", v(0, 0), Signature::fixed(&[Parameter::Str, Parameter::Str, Parameter::Str])),
    ("safeHtml", v(0, 0), TEXT),
    ("sortByLabel", v(0, 0), Signature::fixed(&[Parameter::Str, A_RESULT])),
    ("stripDomain", v(2, 36), TEXT),
    ("stripPort", v(2, 33), TEXT),
    ("strvalue", v(0, 0), Signature::fixed(&[A_SAMPLE])),
    ("tableLink", v(0, 0), TEXT),
    ("title", v(0, 0), TEXT),
    ("toDuration", v(3, 6), ANY),
    ("toLower", v(0, 0), TEXT),
    ("toTime", v(2, 38), ANY),
    ("toUpper", v(0, 0), TEXT),
    ("urlQueryEscape", v(3, 8), TEXT),
    ("value", v(0, 0), Signature::fixed(&[A_SAMPLE])),
];

/// Parsing asks only whether a function is there.
struct Known(Version);

impl Library for Known {
    fn signature(&self, name: &str) -> Option<Signature> {
        signature(name, self.0)
    }

    fn call(&self, name: &str, _: &[Value]) -> Result<Value, String> {
        Err(format!("{name} is not called while templates are read"))
    }
}
