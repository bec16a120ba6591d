//! What the command does with whatever its stages give it.

use super::*;
use crate::diagnostic::{SourceFile, Spanned};
use crate::runner::Outcome;
use crate::scenario::What;
use crate::scenario::{Claim, Step, Then, Timing};
use crate::time::Duration;
use crate::timeline::Timeline;
use crate::worlds::WorldError;
use crate::worlds::real::Substituted;

/// Scenarios are named by what becomes of them; each path is one.
const MADE_UP: Stages = Stages {
    read: |paths| (paths.iter().map(|path| scenario(path)).collect(), Vec::new()),
    select: |scenarios, _, filter| {
        let wanted = |s: &Scenario| filter.is_none_or(|filter| s.name.contains(filter));
        Ok(scenarios.into_iter().filter(wanted).collect())
    },
    read_stack: |source, _| match source {
        StackSource::Path(path) if path == "broken" => {
            Err(vec![Diagnostic::error("bad-config", "this configuration can't be used")])
        }
        StackSource::Path(path) => Ok((stack(path), Vec::new())),
        StackSource::RuleFiles(_) => Ok((stack("rules"), Vec::new())),
    },
    check: |scenario, _| match scenario.name.as_str() {
        "misspelt" => vec![Diagnostic::error("unknown-alert", "there is no such alert")],
        _ => Vec::new(),
    },
    run: |scenario, _, options| match scenario.name.as_str() {
        "panics" => panic!("on purpose"),
        "loses" => Err(WorldError::Failed("gone".to_owned())),
        name => Ok(Outcome {
            verdicts: vec![verdict(name != "fails")],
            timeline: Timeline::default(),
            simulated: Duration::from_secs(60),
            seed: options.seed,
            substituted: Substituted::default(),
            evidence: None,
            busy: None,
        }),
    },
};

fn scenario(name: &str) -> Scenario {
    let file = SourceFile::new(format!("scenarios/{name}.yaml"), name);
    let place = file.span(0..name.len());
    let claim = Claim::RuleHealthy { rule: None };
    let what = What::Then(Then { claim, timing: Timing::default() });
    let steps = vec![Step { text: "every rule is healthy".to_owned(), place: place.clone(), what }];
    Scenario {
        name: name.to_owned(),
        tags: Vec::new(),
        stack: (name == "unusable").then(|| Spanned::new("broken".to_owned(), place.clone())),
        seed: (name == "seeded").then_some(42),
        start: None,
        unit_test: None,
        outline: None,
        steps,
        place,
        file,
    }
}

fn stack(path: &str) -> Stack {
    Stack {
        path: path.to_owned(),
        files: Vec::new(),
        rule_groups: Vec::new(),
        services: Vec::new(),
        ..Stack::default()
    }
}

fn verdict(held: bool) -> crate::judge::Verdict {
    crate::judge::Verdict {
        step: 0,
        held,
        claim: "every rule is healthy".to_owned(),
        alert: None,
        since: Default::default(),
        by: None,
        happened: None,
        decided: Default::default(),
        failure: None,
    }
}

fn arguments(paths: &[&str]) -> TestArguments {
    TestArguments {
        paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        stack: None,
        tags: None,
        filter: None,
        seed: None,
        reports: Vec::new(),
        list: false,
        quiet: true,
        verbose: false,
        world: WorldKind::Twin,
        speed: None,
        evidence: None,
        images: ImageArguments::default(),
        jobs: NonZeroUsize::new(2),
        spread: false,
        imitate: None,
        ascii: false,
    }
}

#[track_caller]
fn check(paths: &[&str], expected: Exit) {
    assert_eq!(run(&arguments(paths), When::Never, &MADE_UP), expected);
}

#[test]
fn the_worst_of_all_scenarios_decides_how_it_ends() {
    check(&["holds", "holds too"], Exit::Held);
    check(&["holds", "fails", "holds too"], Exit::Broken);
    check(&["fails", "loses"], Exit::WorldFailed);
    check(&["panics", "fails", "loses"], Exit::OurFault);
}

#[test]
fn nothing_is_run_when_anything_can_not_be_used() {
    check(&["panics", "unusable"], Exit::Unusable);
    check(&["panics", "misspelt"], Exit::Unusable);
}

#[test]
fn to_select_nothing_is_an_error_that_says_why() {
    let mut arguments = arguments(&["holds", "fails"]);
    arguments.filter = Some("swims".to_owned());
    assert_eq!(run(&arguments, When::Never, &MADE_UP), Exit::Unusable);
    assert_eq!(
        nothing_selected(&arguments, 2).message,
        "no scenario is selected: of 2 scenarios in holds, fails none has a name containing \"swims\""
    );
    assert_eq!(nothing_selected(&arguments, 0).message, "there is no scenario in holds, fails");
}

fn results(paths: &[&str], seed: Option<u64>) -> Vec<ScenarioResult> {
    let arguments = TestArguments { seed, ..arguments(paths) };
    let (scenarios, _) = selected(&arguments, &MADE_UP).expect("the scenarios can be used");
    let (jobs, problems) = prepared(scenarios, &arguments, &MADE_UP);
    assert!(problems.is_empty());
    run_all(&jobs, &arguments, &options(&arguments, None), &MADE_UP, |_| ())
}

#[test]
fn a_panic_is_told_with_its_place_and_the_others_run_on() {
    let results = results(&["panics", "holds"], None);
    let Ran::Panicked { message } = &results[0].ran else { panic!("it did not panic") };
    assert!(message.starts_with("on purpose at src/cli/test/tests.rs:"), "{message}");
    assert_eq!(results[1].status(), Status::Passed);
}

#[test]
fn the_seed_given_goes_before_the_scenarios_own() {
    let seed = |name: &str, given| match &results(&[name], given)[0].ran {
        Ran::Finished { seed, .. } => *seed,
        _ => unreachable!("it finishes"),
    };
    assert_eq!(seed("seeded", None), 42);
    assert_eq!(seed("seeded", Some(7)), 7);
    assert_eq!(seed("holds", None), DEFAULT_SEED);
}

#[test]
fn reports_are_written_and_two_can_not_share_standard_output() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let report = |text: String| ReportFile::parse(&text).expect("a report");
    let mut arguments = arguments(&["holds", "fails"]);
    arguments.reports =
        vec![report(format!("json={}", path("a.json"))), report(format!("junit={}", path("b.xml")))];
    assert_eq!(run(&arguments, When::Never, &MADE_UP), Exit::Broken);
    let json: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(path("a.json")).expect("a.json")).expect("JSON");
    assert_eq!(json["summary"]["passed"], 1);
    assert!(std::fs::read_to_string(path("b.xml")).expect("b.xml").contains("tests=\"2\""));

    arguments.reports = vec![report(format!("json={}", path("no/such/folder.json")))];
    assert_eq!(run(&arguments, When::Never, &MADE_UP), Exit::WorldFailed);
    arguments.reports = vec![report("json=-".to_owned()), report("junit=-".to_owned())];
    assert_eq!(run(&arguments, When::Never, &MADE_UP), Exit::Unusable);
}

#[test]
fn a_scenario_without_a_stack_takes_the_given_one_or_its_own_folder() {
    let mut arguments = arguments(&[]);
    let source = |arguments: &TestArguments| stack_source(&scenario("holds"), arguments);
    assert_eq!(source(&arguments), StackSource::Path("scenarios".to_owned()));
    arguments.stack = Some("fixtures/shop".to_owned());
    assert_eq!(source(&arguments), StackSource::Path("fixtures/shop".to_owned()));
    assert_eq!(stack_source(&scenario("unusable"), &arguments), StackSource::Path("broken".to_owned()));
}
