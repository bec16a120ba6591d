//! The templates in the labels and annotations of alerting rules, expanded as Prometheus does.
//!
//! A template is parsed once, when its rule is loaded, and expanded at every evaluation. What can go wrong then
//! becomes the text itself, `<error expanding template: …>`, as there.

use std::sync::Arc;

use crate::golang::regex;
use crate::golang::template::value::{ANY_MAP, STRING_MAP};
use crate::golang::template::value::{Element, Signature, StrKind, Type};
use crate::golang::template::{Library, Mode, Templates, Value, escape_query};
use crate::labels::Labels;
use crate::stack::Version;
use crate::stack::alert_template::{self, TemplateError};
use crate::time::{Duration, Timestamp};
use crate::twin::humanize;

/// What an alert's templates can see.
#[derive(Clone, Debug)]
pub struct AlertTemplateData {
    fields: Value,
    external_url: String,
    now: Timestamp,
}

impl AlertTemplateData {
    /// `labels` are those of the expression's result, before the rule's own.
    pub fn new(
        labels: &Labels,
        external_labels: &Labels,
        external_url: &str,
        value: f64,
        now: Timestamp,
    ) -> Self {
        let fields = vec![
            Value::string_map(&STRING_MAP, labels.iter()),
            Value::string_map(&STRING_MAP, external_labels.iter()),
            external_url.into(),
            Value::Float(value),
        ];
        AlertTemplateData { fields: Value::object(&DATA, fields), external_url: external_url.to_owned(), now }
    }
}

/// Answers a template's `query`: the samples, or why there are none.
pub type Query<'q> = dyn Fn(&str) -> Result<Vec<(Labels, f64)>, String> + 'q;

/// The text of one label or annotation of an alerting rule, parsed. Cheap to clone.
#[derive(Clone, Debug)]
pub struct AlertTemplate(Parsed);

#[derive(Clone, Debug)]
enum Parsed {
    /// Without any action.
    Plain(Arc<str>),
    Template {
        templates: Arc<Templates>,
        name: Arc<str>,
        version: Version,
    },
}

impl AlertTemplate {
    /// Parses the text as Prometheus does when it loads the rule `alert`.
    pub fn parse(alert: &str, text: &str, version: Version) -> Result<Self, TemplateError> {
        if !text.contains("{{") {
            return Ok(AlertTemplate(Parsed::Plain(text.into())));
        }
        let templates = Arc::new(alert_template::parse(alert, text, version)?);
        let name = alert_template::name(alert).into();
        Ok(AlertTemplate(Parsed::Template { templates, name, version }))
    }

    /// Whether the text is the same for every alert.
    pub fn is_plain(&self) -> bool {
        matches!(self.0, Parsed::Plain(_))
    }

    /// The text for an alert. An error becomes the text, as in Prometheus.
    pub fn expand(&self, data: &AlertTemplateData, query: &Query<'_>) -> String {
        match self.try_expand(data, query) {
            Ok(text) => text,
            Err(error) => format!("<error expanding template: {error}>"),
        }
    }

    /// The text for an alert, or the error alone.
    pub fn try_expand(&self, data: &AlertTemplateData, query: &Query<'_>) -> Result<String, String> {
        match &self.0 {
            Parsed::Plain(text) => Ok(text.to_string()),
            Parsed::Template { templates, name, version } => {
                let library = Functions { version: *version, data: Some(data), query };
                templates
                    .execute(name, &data.fields, &library, Mode::Text)
                    .map_err(|error| format!("error executing template {name}: {error}"))
            }
        }
    }
}

static DATA: Type = Type {
    name: "struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value float64 }",
    fields: &["Labels", "ExternalLabels", "ExternalURL", "Value"],
    json_fields: &[],
    element: Element::Any,
    methods: &[],
    text: None,
};

static SAMPLE: Type = Type {
    name: "*template.sample",
    fields: &["Labels", "Value"],
    json_fields: &[],
    element: Element::Any,
    methods: &[],
    text: None,
};

static QUERY_RESULT: Type = Type {
    name: "template.queryResult",
    fields: &[],
    json_fields: &[],
    element: Element::Typed("*template.sample"),
    methods: &[],
    text: None,
};

/// The functions that Prometheus adds to Go's.
struct Functions<'f> {
    version: Version,
    data: Option<&'f AlertTemplateData>,
    query: &'f Query<'f>,
}

/// From this version on `title` sees words, not letters.
const TITLE_BY_WORD: Version = Version::new(3, 2);
/// From this version on `parseDuration` takes negative durations.
const NEGATIVE_DURATIONS: Version = Version::new(3, 6);

impl Library for Functions<'_> {
    fn signature(&self, name: &str) -> Option<Signature> {
        alert_template::signature(name, self.version)
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Result<Value, String> {
        let text = |at: usize| arguments.get(at).and_then(Value::as_str).unwrap_or("");
        let first = arguments.first().unwrap_or(&Value::Nil);
        let external_url = || self.data.map_or("", |data| data.external_url.as_str());
        Ok(match name {
            "query" => self.query(text(0))?,
            "first" => match items(first).first() {
                Some(sample) => sample.clone(),
                None => return Err("first() called on vector with no elements".into()),
            },
            "label" => sample_label(arguments.get(1), text(0)).into(),
            "strvalue" => sample_label(Some(first), "__value__").into(),
            "value" => sample_field(Some(first), 1),
            "sortByLabel" => {
                let mut samples = items(arguments.get(1).unwrap_or(&Value::Nil)).to_vec();
                samples.sort_by_key(|sample| sample_label(Some(sample), text(0)));
                Value::list(&QUERY_RESULT, samples)
            }
            "args" => Value::map(
                &ANY_MAP,
                arguments.iter().enumerate().map(|(at, value)| (format!("arg{at}").into(), value.clone())),
            ),
            "reReplaceAll" => replace_all(text(0), text(1), text(2))?.into(),
            "match" => {
                Value::Bool(regex::compile(text(0)).map_err(|error| error.to_string())?.is_match(text(1)))
            }
            "safeHtml" => Value::Str(text(0).into(), StrKind::Html),
            "title" if self.version >= TITLE_BY_WORD => humanize::title_by_word(text(0), true).into(),
            "title" => humanize::title_by_letter(text(0)).into(),
            "toUpper" => text(0).to_uppercase().into(),
            "toLower" => text(0).to_lowercase().into(),
            "graphLink" => format!("/graph?g0.expr={}&g0.tab=0", escape_query(text(0))).into(),
            "tableLink" => format!("/graph?g0.expr={}&g0.tab=1", escape_query(text(0))).into(),
            "urlQueryEscape" => escape_query(text(0)).into(),
            "stripPort" => split_host_port(text(0)).map_or(text(0), |(host, _)| host).into(),
            "stripDomain" => strip_domain(text(0)).into(),
            "humanize" => humanize::humanize(first)?.into(),
            "humanize1024" => humanize::humanize_1024(first)?.into(),
            "humanizeDuration" => humanize::humanize_duration(first)?.into(),
            "humanizePercentage" => humanize::humanize_percentage(first)?.into(),
            "humanizeTimestamp" => humanize::humanize_timestamp(first)?.into(),
            "toTime" => Value::Time(humanize::to_time(humanize::to_float(first)?)?),
            "toDuration" => Value::duration((humanize::to_float(first)? * 1e9) as i64),
            "now" => Value::Float(self.data.map_or(0.0, |data| data.now.seconds())),
            "externalURL" => external_url().into(),
            "pathPrefix" => url_path(external_url()).into(),
            "parseDuration" => {
                let (sign, rest) = match text(0).strip_prefix('-') {
                    Some(rest) if self.version >= NEGATIVE_DURATIONS => (-1.0, rest),
                    _ => (1.0, text(0)),
                };
                Value::Float(sign * Duration::parse(rest).map_err(|error| error.to_string())?.seconds())
            }
            _ => return Err(format!("{name} is not a function of Prometheus")),
        })
    }
}

impl Functions<'_> {
    fn query(&self, expression: &str) -> Result<Value, String> {
        let samples = (self.query)(expression)?.into_iter().map(|(labels, value)| {
            let labels = Value::string_map(&STRING_MAP, labels.iter());
            Value::object(&SAMPLE, vec![labels, Value::Float(value)])
        });
        Ok(Value::list(&QUERY_RESULT, samples.collect()))
    }
}

fn items(value: &Value) -> &[Value] {
    match value {
        Value::List(list) => &list.items,
        _ => &[],
    }
}

fn sample_field(sample: Option<&Value>, at: usize) -> Value {
    match sample {
        Some(Value::Struct(sample)) => sample.fields.get(at).cloned().unwrap_or(Value::Nil),
        _ => Value::Nil,
    }
}

fn sample_label(sample: Option<&Value>, name: &str) -> String {
    match sample_field(sample, 0) {
        Value::Map(labels) => labels.entries.get(name).and_then(Value::as_str).unwrap_or("").to_owned(),
        _ => String::new(),
    }
}

/// `reReplaceAll`, with what Go's `regexp.MustCompile` says of a bad pattern.
pub fn replace_all(pattern: &str, replacement: &str, text: &str) -> Result<String, String> {
    match regex::compile(pattern) {
        Ok(compiled) => Ok(regex::replace_all(&compiled, text, replacement)),
        Err(error) => {
            let can_be_raw = !pattern.contains(|c: char| c == '`' || (c.is_control() && c != '\t'));
            let shown = if can_be_raw { format!("`{pattern}`") } else { crate::golang::quote(pattern) };
            Err(format!("regexp: Compile({shown}): {error}"))
        }
    }
}

/// Go's `net.SplitHostPort`; `None` where that gives an error.
fn split_host_port(text: &str) -> Option<(&str, &str)> {
    let (before, port) = text.rsplit_once(':')?;
    let (host, rest) = match text.strip_prefix('[') {
        Some(inner) => {
            let (host, after) = inner.split_once(']')?;
            if after.len() != port.len() + 1 {
                return None;
            }
            (host, after)
        }
        None if before.contains(':') => return None,
        None => (before, port),
    };
    let has_bracket =
        host.contains('[') || (before == host && host.contains(']')) || rest.contains(['[', ']']);
    (!has_bracket).then_some((host, port))
}

fn strip_domain(text: &str) -> String {
    let (host, port) = split_host_port(text).unwrap_or((text, ""));
    if host.parse::<std::net::IpAddr>().is_ok() {
        return text.to_owned();
    }
    let host = host.split('.').next().unwrap_or("");
    match (port, host.contains(':')) {
        ("", _) => host.to_owned(),
        (port, true) => format!("[{host}]:{port}"),
        (port, false) => format!("{host}:{port}"),
    }
}

/// The path of an absolute URL.
fn url_path(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("", |at| &rest[at..]);
    path.split(['?', '#']).next().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEWEST: Version = Version::new(3, 14);

    fn expand(text: &str, version: Version) -> String {
        let labels = Labels::from_pairs([("job", "api"), ("instance", "web-1.example.org:9090")]);
        let external = Labels::from_pairs([("region", "eu")]);
        let data =
            AlertTemplateData::new(&labels, &external, "http://prom:9090/p", 0.0512, Timestamp(60_000));
        let query = |expression: &str| match expression {
            "bad" => Err("it is bad".to_owned()),
            _ => Ok(vec![(Labels::from_pairs([("b", "2")]), 2.0), (Labels::from_pairs([("b", "1")]), 1.0)]),
        };
        match AlertTemplate::parse("A", text, version) {
            Ok(template) => template.expand(&data, &query),
            Err(error) => format!("{} at {}", error.message, error.at),
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(expand(text, NEWEST), expected, "{text}");
    }

    #[test]
    fn alerts_say_what_prometheus_would_say() {
        check("nothing", "nothing");
        check("{{ $labels.job }} is at {{ $value | humanizePercentage }}", "api is at 5.12%");
        check("{{ $externalLabels.region }} {{ $externalURL }} {{ pathPrefix }}", "eu http://prom:9090/p /p");
        check("{{ $labels.nope }}|{{ printf \"%.2f\" $value }}", "|0.05");
        check(
            "{{ range query \"up\" | sortByLabel \"b\" }}{{ .Labels.b }}={{ . | value }} {{ end }}",
            "1=1 2=2 ",
        );
        check("{{ query \"up\" | first | label \"b\" }}", "2");
        check("{{ $labels.instance | stripPort | stripDomain }}", "web-1");
        check("{{ reReplaceAll \"(.*):.*\" \"$1!\" $labels.instance }}", "web-1.example.org!");
        check(
            "{{ now }} {{ toTime 0 }} {{ toDuration 90 }} {{ parseDuration \"-1m\" }}",
            "60 1970-01-01 00:00:00 +0000 UTC 1m30s -60",
        );
        check("{{ title \"it's ok\" }} {{ urlQueryEscape \"a b\" }}", "It's Ok a+b");
    }

    #[test]
    fn older_versions_know_less() {
        assert_eq!(expand("{{ title \"it's ok\" }}", Version::new(2, 42)), "It'S Ok");
        assert_eq!(
            expand("a {{ now }}", Version::new(2, 42)),
            "template: __alert_A:1: function \"now\" not defined at 5"
        );
    }

    #[test]
    fn errors_become_the_text() {
        check(
            "{{ query \"bad\" }}",
            "<error expanding template: error executing template __alert_A: template: __alert_A:1:115: executing \"__alert_A\" \
at <query \"bad\">: error calling query: it is bad>",
        );
        check(
            "{{ $value | toUpper }}",
            "<error expanding template: error executing template __alert_A: template: __alert_A:1:124: executing \"__alert_A\" \
at <toUpper>: wrong type for value; expected string; got float64>",
        );
    }
}
