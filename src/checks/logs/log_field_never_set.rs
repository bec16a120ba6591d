//! Ids in log lines that no code ever fills in.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

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

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let unset = wiring.logs.fields.iter().filter(|field| !field.set);
    // Of the ids that tie lines together; that a user is missing may be meant.
    let ties = unset.filter(|field| {
        let name = field.name.value.to_lowercase().replace('_', "");
        ["correlationid", "requestid", "traceid", "spanid", "transactionid"].contains(&name.as_str())
    });
    let found = ties.map(|field| {
        Diagnostic::error("", format!("no code ever sets `{}`", field.name.value))
            .at(&field.name.span)
            .label("empty in every line")
            .because("assuming that all of the logging code is documented; the lines of a request can't be joined")
            .help("set it for each request: in Python by a `logging.Filter`, or take the id of the current span")
    });
    found.collect()
}
