//! Spans with the same status whatever the response was.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "span-status-constant",
    harm: Harm::Silent,
    title: "the span says this status whatever the response was",
    explanation: "A framework turns most errors into responses before they leave the view, so code that runs after it sees no \
                  exception. With a status written into the code, failed requests look like good ones in every search for \
                  `http.status_code`. Take it from the response.",
    example: "services: {api: {build: .}}\n```\n```py\nspan.set_attribute(\"http.status_code\", 200)\n",
    mended: "services: {api: {build: .}}\n```\n```py\nspan.set_attribute(\"http.status_code\", response.status_code)\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let found = wiring.traces.constant_statuses.iter().map(|place| {
        Diagnostic::error("", "every request's span says that it went well")
            .at(place)
            .label("whatever the response was")
            .because("a response with an error is no exception here: its span has this status too")
            .help("take the status from the response")
    });
    found.collect()
}
