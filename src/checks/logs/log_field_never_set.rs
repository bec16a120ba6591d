//! Fields of log lines that no code ever fills in.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{LogField, Wiring};

pub const CHECK: Check = Check {
    id: "log-field-never-set",
    harm: Harm::Silent,
    title: "no code gives this field of the log a value",
    explanation: "A formatter that reads `record.correlation_id` writes what code put there: by a filter, a LoggerAdapter, or \
                  `extra={…}`. Where nothing does, each line has `null`, and no search joins the lines of a request.",
    example: "services: {api: {build: .}}\n```\n```py\nlog_record['request_id'] = getattr(record, 'request_id', None)\n",
    mended: "services: {api: {build: .}}\n```\n```py\nlog_record['request_id'] = getattr(record, 'request_id', None)\nclass RequestId(logging.Filter):\n    def filter(self, record):\n        record.request_id = current_request_id()\n        return True\n",
    find,
};

/// What Python's logging and common libraries set by themselves.
const SET: [&str; 9] = [
    "request",
    "status_code",
    "server_time",
    "exc_info",
    "exc_text",
    "stack_info",
    "taskName",
    "otelTraceID",
    "otelSpanID",
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut files: Vec<Vec<&LogField>> = Vec::new();
    let unset = wiring.logs.fields.iter().filter(|field| !field.set);
    for field in unset.filter(|field| !SET.contains(&field.name.value.as_str())) {
        let of_file = |known: &&mut Vec<&LogField>| {
            std::ptr::eq(known[0].name.span.file.text(), field.name.span.file.text())
        };
        match files.iter_mut().find(of_file) {
            Some(known) => known.push(field),
            None => files.push(vec![field]),
        }
    }
    files.iter().map(|fields| told(fields)).collect()
}

/// All of one file are one finding.
fn told(fields: &[&LogField]) -> Diagnostic {
    let first = &fields[0].name;
    let names: Vec<String> = fields.iter().map(|field| format!("`{}`", field.name.value)).collect();
    let ties = fields.iter().any(|field| ties(field));
    // A field of a type: `userId?: string`.
    let text = first.span.file.text();
    let typed = text[first.span.end..].starts_with("?:");
    let joined = if ties { "; the lines of a request can't be joined" } else { "" };
    let diagnostic = Diagnostic::error("", format!("no code ever sets {}", names.join(", ")))
        .at(&first.span)
        .label("empty in every line")
        .because(format!("assuming that all of the logging code is documented{joined}"))
        .help(match (typed, ties) {
            (true, true) => "set it where the entry is made: the id of the current span, or one that the server answers with",
            (true, false) => "set it where the entry is made, or leave it out",
            (false, true) => "set it for each request by a `logging.Filter`, or take the id of the current span",
            (false, false) => "set it by a `logging.Filter` or `extra={…}`, or leave it out",
        });
    // That nobody is logged in may be meant.
    let diagnostic = if ties { diagnostic } else { diagnostic.mild() };
    fields.iter().skip(1).fold(diagnostic, |told, field| told.related(&field.name.span, "nor this"))
}

/// Whether a field joins the lines of a request.
fn ties(field: &LogField) -> bool {
    let name = field.name.value.to_lowercase().replace('_', "");
    ["correlationid", "requestid", "traceid", "spanid", "transactionid"].contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn all_fields_of_a_file_are_one_finding() {
        let read = |name: &str| format!("log_record['{name}'] = getattr(record, '{name}', None)\n");
        let guide = |code: &str| format!("```py\nimport logging\n{code}```\n");
        check(
            "log-field-never-set",
            &guide(&(read("request_id") + &read("user_id"))),
            &["3:45 no code ever sets `request_id`, `user_id`"],
        );
        check("log-field-never-set", &guide(&read("status_code")), &[]);
    }
}
