//! How application code logs: where its handlers write, and which fields tie a line to its request.
//!
//! Promises: only what stands in the code as a literal; code is not run. A field counts as set where any documented
//! code gives it a value in one of the usual ways.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::diagnostic::{SourceFile, Spanned};
use crate::stack::wiring::{LogField, LogSink, SinkKind};

/// Where the code of a file sends its logs.
pub fn sinks(file: &SourceFile) -> Vec<LogSink> {
    let text = file.text();
    let mut sinks: Vec<(usize, LogSink)> = Vec::new();
    let mut add = |at: usize, length: usize, kind: SinkKind| {
        sinks.push((at, LogSink { kind, place: file.span(at..at + length) }));
    };
    for (at, name) in text.match_indices("SysLogHandler") {
        // An import is no handler yet.
        let line = line_of(text, at);
        if line.trim_start().starts_with("import") || line.contains(" import ") {
            continue;
        }
        let behind = &text[at..];
        let end = behind.find(['}', ')']).unwrap_or(behind.len());
        add(at, name.len(), SinkKind::Syslog { address: behind[..end].contains("address") });
    }
    for found in matches(&FILE_HANDLERS, text) {
        if let Some(path) = found.get(2).or_else(|| found.get(1)) {
            add(path.start(), path.len(), SinkKind::File(path.as_str().to_owned()));
        }
    }
    for found in matches(&POSTED, text) {
        if let Some(path) = found.get(1).or_else(|| found.get(2)) {
            add(path.start(), path.len(), SinkKind::Endpoint(path.as_str().to_owned()));
        }
    }
    sinks.sort_by_key(|(at, _)| *at);
    sinks.into_iter().map(|(_, sink)| sink).collect()
}

/// The fields that code may give a log line, such as those that tie it to a request, over all documented code.
pub fn fields(files: &[&SourceFile]) -> Vec<LogField> {
    let mut fields: Vec<LogField> = Vec::new();
    for file in files {
        let text = file.text();
        let read = matches(&READ, text).into_iter().chain(matches(&DECLARED, text));
        let mut places: Vec<Range<usize>> =
            read.filter_map(|found| found.get(1)).map(|name| name.range()).collect();
        places.extend(optional(text));
        places.sort_by_key(|place| place.start);
        places.dedup();
        for place in places {
            let name = &text[place.clone()];
            let set = files.iter().any(|other| is_set(other.text(), name));
            fields.push(LogField { name: Spanned::new(name.to_owned(), file.span(place)), set });
        }
    }
    fields
}

/// The optional fields of a type of log entries; none where code spreads objects into others, which may set any.
fn optional(text: &str) -> Vec<Range<usize>> {
    if SPREAD.as_ref().is_some_and(|regex| regex.is_match(text)) {
        return Vec::new();
    }
    let types = matches(&LOG_TYPE, text).into_iter().filter_map(|found| found.get(1));
    let fields = types.flat_map(|fields| {
        let names = matches(&OPTIONAL, fields.as_str()).into_iter().filter_map(|found| found.get(1));
        let names: Vec<Range<usize>> =
            names.map(|name| fields.start() + name.start()..fields.start() + name.end()).collect();
        names
    });
    fields.collect()
}

/// `getattr(record, 'correlation_id', None)`, of a log record.
static READ: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"getattr\(\s*record\s*,\s*['"](\w+)['"]"#).ok());
/// `correlationId?: string;` in a type of TypeScript.
static DECLARED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?m)^\s*((?:correlation|trace|span|request)_?[iI][dD])\?:\s*string\s*[;,]?\s*$").ok()
});
/// `interface LogEntry { … }`, `type LogRecord = { … }`
static LOG_TYPE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:interface|type)\s+\w*Log\w*\s*=?\s*\{([^{}]*)\}").ok());
/// `userId?: string;`
static OPTIONAL: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?m)^\s*(\w+)\?:").ok());
/// `{...fields}`
static SPREAD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[{,]\s*\.\.\.\w").ok());
/// `logging.FileHandler('…')`, `'filename': '…'`, `new transports.File({ filename: '…' })`
static FILE_HANDLERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"FileHandler\(\s*['"]([^'"]+)['"]|['"]?filename['"]?\s*[:=]\s*['"](/[^'"]+)['"]"#).ok()
});
/// `fetch('/api/logs', { method: 'POST'`, and the same with axios and sendBeacon.
static POSTED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?:fetch\(\s*['"`](/[\w/.-]*logs?(?:/[\w/.-]*)?)['"`]\s*,\s*\{\s*method:\s*['"]POST|(?:axios\.post|sendBeacon)\(\s*['"`](/[\w/.-]*logs?(?:/[\w/.-]*)?)['"`])"#,
    )
    .ok()
});

fn matches<'t>(regex: &Option<Regex>, text: &'t str) -> Vec<regex::Captures<'t>> {
    regex.as_ref().map(|regex| regex.captures_iter(text).collect()).unwrap_or_default()
}

fn line_of(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    text[start..].lines().next().unwrap_or_default()
}

/// Whether code gives the field a value: an attribute, a key of `extra`, a key or property of an object.
fn is_set(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].trim_end_matches(['\'', '"']);
        let behind = text[at + name.len()..].trim_start_matches(['\'', '"']);
        let whole = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
            && !behind.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        let reads = before.trim_end().ends_with("getattr(record,");
        let quoted_attribute = before.trim_end().ends_with("setattr(record,");
        let behind = behind.trim_start();
        let assigned = behind.starts_with('=') && !behind.starts_with("==") && !behind.starts_with("=>");
        // `log_record['correlation_id'] = getattr(record, 'correlation_id', None)` copies, and sets nothing.
        let copied = line_of(text, at).contains("getattr(record") || before.ends_with('[');
        // A key with a value; `name?: string` is a type.
        let key = behind.starts_with(':') && !behind[1..].trim_start().starts_with("string");
        let short = before.trim_end().ends_with(['{', ',']) && behind.starts_with([',', '}']);
        whole && !reads && (quoted_attribute || !copied && (assigned || key || short))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: &str, expected_sinks: &[SinkKind], expected_fields: &[(&str, bool)]) {
        let file = SourceFile::new("app", code);
        let got: Vec<SinkKind> = sinks(&file).into_iter().map(|sink| sink.kind).collect();
        assert_eq!(got, expected_sinks);
        let fields = fields(&[&file]);
        let got: Vec<(&str, bool)> =
            fields.iter().map(|field| (field.name.value.as_str(), field.set)).collect();
        assert_eq!(got, expected_fields);
    }

    #[test]
    fn handlers_are_found_with_where_they_write() {
        check(
            "'h': {\n  'class': 'logging.handlers.SysLogHandler',\n  'formatter': 'json',\n},",
            &[SinkKind::Syslog { address: false }],
            &[],
        );
        check(
            "from logging.handlers import SysLogHandler\nh = SysLogHandler(address=('syslog', 514))",
            &[SinkKind::Syslog { address: true }],
            &[],
        );
        check("logging.FileHandler('/var/log/app.log')", &[SinkKind::File("/var/log/app.log".into())], &[]);
        check(
            "fetch('/api/logs', {\n  method: 'POST',\n})\nfetch('/api/login', {method: 'POST'})",
            &[SinkKind::Endpoint("/api/logs".into())],
            &[],
        );
    }

    #[test]
    fn a_field_is_set_where_code_gives_it_a_value() {
        let read = "r['request_id'] = getattr(record, 'request_id', None)\n";
        check(read, &[], &[("request_id", false)]);
        check(&format!("{read}record.request_id = current()\n"), &[], &[("request_id", true)]);
        check(&format!("{read}log.info('x', extra={{'request_id': id}})\n"), &[], &[("request_id", true)]);
        let declared = "interface Entry {\n  correlationId?: string;\n}\n";
        check(declared, &[], &[("correlationId", false)]);
        check(&format!("{declared}const e = {{ correlationId: id }};\n"), &[], &[("correlationId", true)]);
        check(&format!("{declared}const e = {{ level, correlationId }};\n"), &[], &[("correlationId", true)]);
        let typed = "interface LogEntry {\n  level: string;\n  userId?: string;\n}\n";
        check(typed, &[], &[("userId", false)]);
        check(&format!("{typed}const e = {{ ...fields }};\n"), &[], &[]);
    }
}
