//! Random routing trees and label sets: the same receivers as `amtool config routes test`.

use std::fmt::Write;
use std::process::Command;
use std::thread;

use firedrill::diagnostic::SourceFile;
use firedrill::documents::alertmanager;
use firedrill::labels::Labels;
use firedrill::stack::alertmanager::Version;
use firedrill::twin::alertmanager::RouteTree;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::real;

const CASES: usize = 1000;

#[derive(Clone, Debug)]
struct Route {
    matchers: Vec<(usize, &'static str, &'static str)>,
    continues: bool,
    routes: Vec<Route>,
}

fn routes() -> impl Strategy<Value = Vec<Route>> {
    let matcher = (
        0..3usize,
        prop_oneof![
            Just(("=", "a")),
            Just(("=", "b")),
            Just(("=", "")),
            Just(("!=", "a")),
            Just(("!=", "")),
            Just(("=~", "a|b")),
            Just(("=~", "b?")),
            Just(("=~", ".+")),
            Just(("!~", "a.*")),
            Just(("!~", "")),
        ],
    )
        .prop_map(|(label, (op, value))| (label, op, value));
    let matchers = prop::collection::vec(matcher, 0..3);
    let leaf = (matchers.clone(), any::<bool>()).prop_map(|(matchers, continues)| Route {
        matchers,
        continues,
        routes: Vec::new(),
    });
    let tree = leaf.prop_recursive(4, 24, 4, move |inner| {
        (matchers.clone(), any::<bool>(), prop::collection::vec(inner, 0..4))
            .prop_map(|(matchers, continues, routes)| Route { matchers, continues, routes })
    });
    prop::collection::vec(tree, 1..6)
}

/// The configuration; every route has a receiver of its own, named in the order of the tree.
fn config(routes: &[Route]) -> String {
    let mut text = "route:\n  receiver: r0\n  routes:\n".to_owned();
    let mut count = 1;
    write_routes(routes, 2, &mut count, &mut text);
    text.push_str("receivers:\n");
    for number in 0..count {
        writeln!(text, "- name: r{number}").unwrap();
    }
    text
}

fn write_routes(routes: &[Route], indent: usize, count: &mut usize, text: &mut String) {
    let pad = " ".repeat(indent);
    for route in routes {
        writeln!(text, "{pad}- receiver: r{count}").unwrap();
        *count += 1;
        writeln!(text, "{pad}  continue: {}", route.continues).unwrap();
        writeln!(text, "{pad}  matchers:").unwrap();
        for (label, op, value) in &route.matchers {
            writeln!(text, "{pad}  - 'l{label}{op}\"{value}\"'").unwrap();
        }
        if !route.routes.is_empty() {
            writeln!(text, "{pad}  routes:").unwrap();
            write_routes(&route.routes, indent + 2, count, text);
        }
    }
}

#[test]
fn random_trees_route_as_amtool_routes_them() {
    if !real::available(&["amtool"]) {
        return;
    }
    let mut runner = TestRunner::deterministic();
    let labels = prop::collection::btree_map(0..3usize, prop_oneof!["a", "b", "ab", "c"], 0..4);
    let strategy = (routes(), labels);
    let cases: Vec<(String, Vec<(String, String)>)> = (0..CASES)
        .map(|_| {
            let (routes, labels) = strategy.new_tree(&mut runner).unwrap().current();
            let labels = labels.into_iter().map(|(label, value)| (format!("l{label}"), value)).collect();
            (config(&routes), labels)
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    thread::scope(|scope| {
        for (worker, some) in cases.chunks(CASES / 4).enumerate() {
            let path = folder.path().join(format!("{worker}.yml"));
            scope.spawn(move || {
                for (config, labels) in some {
                    std::fs::write(&path, config).unwrap();
                    let labels_given = labels.iter().map(|(name, value)| format!("{name}={value}"));
                    let output = Command::new("amtool")
                        .args(["config", "routes", "test"])
                        .arg(format!("--config.file={}", path.display()))
                        .args(labels_given)
                        .output()
                        .unwrap();
                    let real = String::from_utf8_lossy(&output.stdout).trim().to_owned();
                    assert_eq!(ours(config, labels), real, "{labels:?} through\n{config}");
                }
            });
        }
    });
}

fn ours(config: &str, labels: &[(String, String)]) -> String {
    let file = SourceFile::new("alertmanager.yml", config);
    let (config, problems) = alertmanager::read(&file, Version::OLDEST);
    let config = config.unwrap_or_else(|| panic!("{problems:?}"));
    let tree = RouteTree::new(&config.route);
    let labels = Labels::from_pairs(labels.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let taken = tree.route(&labels).taken;
    let names: Vec<&str> =
        taken.iter().map(|taken| tree.node(taken.node).route.receiver.value.as_str()).collect();
    names.join(",")
}
