//! Whatever the text, YAML is read or refused, and every node stands somewhere in it.
#![no_main]

use firedrill::documents::yaml::{self, Kind, Node};
use firedrill_fuzz::{file, shown};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (documents, problems) = yaml::read(&file("a.yaml", text));
    shown(&problems);
    documents.iter().for_each(visit);
});

fn visit(node: &Node) {
    assert!(node.span.file.text().get(node.span.start..node.span.end).is_some());
    match &node.kind {
        Kind::Mapping(entries) => entries.iter().for_each(|(key, value)| {
            visit(key);
            visit(value);
        }),
        Kind::Sequence(items) => items.iter().for_each(visit),
        _ => {
            // A caret inside a value, wherever it is asked for.
            let length = node.scalar().map_or(0, str::len);
            for at in [0, length / 2, length] {
                let within = node.span_within(at..length);
                assert!(within.file.text().get(within.start..within.end).is_some());
            }
        }
    }
}
