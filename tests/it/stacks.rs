//! The documented stacks: what their services expose is what their rules read.

use firedrill::diagnostic::Spanned;
use firedrill::documents::{self, expectations};
use firedrill::drill;
use firedrill::promql::Storage;
use firedrill::routing::Routing;
use firedrill::scenario::Change;
use firedrill::stack::Stack;
use firedrill::time::{Duration, Timestamp};
use firedrill::twin::scrape::{Offsets, ScrapePool};
use firedrill::workload::Workload;

const START: Timestamp = Timestamp(1_767_600_000_000);

fn stack(name: &str) -> Stack {
    let path = format!("{}/fixtures/stacks/{name}", env!("CARGO_MANIFEST_DIR"));
    match documents::load(&[path], None) {
        Ok((stack, _)) => stack,
        Err(problems) => panic!("{}", problems.iter().map(ToString::to_string).collect::<String>()),
    }
}

/// Five minutes in which a tenth of all requests fails.
fn scraped(stack: &Stack) -> (ScrapePool, Storage) {
    let mut workload = Workload::new(&stack.services, 1, START);
    for service in &stack.services {
        let service = Spanned::new(service.name.value.clone(), service.place.clone());
        let failing = Change::Errors { service, route: None, instance: None, ratio: 0.1, status: None };
        if workload.validate(&failing).is_ok() {
            workload.apply(START, &failing).unwrap();
        }
    }
    let mut pool = ScrapePool::new(&stack.prometheus, Offsets::Aligned, START, &workload);
    let mut storage = Storage::default();
    pool.run(START + Duration::from_secs(300), &workload, &mut storage, &mut |_, _| {});
    (pool, storage)
}

#[track_caller]
fn check(name: &str) {
    let stack = stack(name);
    let (pool, mut storage) = scraped(&stack);
    assert_eq!(pool.rejected(), []);
    assert!(pool.targets().count() > 0);
    let now = START + Duration::from_secs(300);
    for target in pool.targets() {
        let up = storage.series(&target.labels.with("__name__", "up"));
        let health = format!("{:?}", storage.latest(up, now).map(|(_, value)| value));
        assert_eq!(health, "Some(Float(1.0))", "{} {}", target.url(), target.labels);
    }
    for rule in stack.rule_groups.iter().flat_map(|group| &group.rules) {
        for (selector, _) in rule.expr.selectors() {
            let found = storage.select(&selector.matchers);
            assert!(!found.is_empty(), "{name}: {} finds nothing for {:?}", rule.name().value, selector);
        }
    }
}

#[test]
fn every_alert_goes_where_the_stack_s_table_says() {
    for name in ["edu7p", "jac", "sei", "todo", "funlynk"] {
        let stack = stack(name);
        let routing = Routing::of(&stack).expect("each has an Alertmanager");
        let path = format!("{}/fixtures/stacks/{name}/routes.yaml", env!("CARGO_MANIFEST_DIR"));
        let file = documents::read_file(path.as_ref()).expect("the table can be read");
        let expected = expectations::read(&file).expect("it is a table of expectations");
        let judged = drill::judge(&routing, &expected).expect("its names are the stack's");
        let problems: Vec<String> =
            judged.iter().flat_map(|row| &row.problems).map(ToString::to_string).collect();
        assert!(problems.is_empty(), "{name}: {}", problems.join("\n"));
    }
}

#[test]
fn every_selector_of_every_rule_finds_what_the_services_expose() {
    for name in ["edu7p", "jac", "sei", "todo", "funlynk"] {
        check(name);
    }
}
