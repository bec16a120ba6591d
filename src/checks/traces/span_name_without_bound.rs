//! Spans named after the path as it was requested.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "span-name-without-bound",
    harm: Harm::Risk,
    title: "a span gets a name for each path that is requested",
    explanation: "Jaeger lists operations by their spans' names, and metrics of spans have a series for each. A name with the path as it was \
                  requested (`GET /users/17`) is a new operation for each id: the list grows until nobody finds anything in it. Name \
                  spans after the route (`GET /users/:id`), and keep the path as an attribute.",
    example: "services: {api: {build: .}}\n```\n```js\nconst span = tracer.startSpan(`${req.method} ${req.path}`);\n",
    mended: "services: {api: {build: .}}\n```\n```js\nconst span = tracer.startSpan(`${req.method} ${req.route.path}`);\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut names = wiring.traces.path_names.iter();
    let Some(first) = names.next() else { return Vec::new() };
    let found = Diagnostic::warning("", "each path that is requested is an operation of its own")
        .at(first)
        .label("the path as it was requested, with every id in it")
        .because("Jaeger's list of operations, and metrics made of spans, get an entry for each")
        .help("name the span after the route's pattern, and put the path into an attribute");
    vec![names.fold(found, |found, place| found.related(place, "here too"))]
}
