//! Whatever the text, it is a promtool unit test file or refused with a place; what can be run ends.
#![no_main]

use std::path::Path;

use firedrill::documents::{self, yaml};
use firedrill::runner::{self, RunOptions};
use firedrill::scenario::promtool;
use firedrill::time::Duration;
use firedrill_fuzz::{file, shown};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let file = file("a_test.yaml", text);
    let (node, mut problems) = yaml::read_one(&file);
    let Some(node) = node else { return shown(&problems) };
    let scenarios = promtool::read(&file, &node, Path::new("/nowhere"), &mut problems);
    shown(&problems);
    if !problems.is_empty() {
        return;
    }
    let (stack, _) = documents::load_rules::<&str>(&[], None).expect("no rules");
    for scenario in &scenarios {
        let Some(test) = &scenario.unit_test else { continue };
        // Years at a step of a second are allowed, and take their time.
        let long = Duration::from_secs(3600);
        let is_short = scenario.steps.iter().all(|step| !step.text.contains(['d', 'w', 'y']));
        let interval = test.interval.unwrap_or(test.evaluation_interval);
        if interval > Duration::from_secs(10) && interval < long && is_short {
            drop(runner::run(scenario, &stack, &RunOptions::default()));
        }
    }
});
