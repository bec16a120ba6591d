//! `--report junit=FILE`: what CI servers read. A file is a suite, a scenario a test case.
//!
//! Test cases carry no durations: the only times there are, are virtual, and stand in the properties.

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::look::{Detail, Look};
use super::{Ran, ScenarioResult, failure, terminal};

pub fn junit(results: &[ScenarioResult]) -> String {
    let mut report = Report::new("firedrill");
    let mut suites: Vec<TestSuite> = Vec::new();
    for result in results {
        let path = result.scenario.place.file.path();
        let case = case(result);
        match suites.iter_mut().find(|suite| suite.name.as_str() == path) {
            Some(suite) => {
                suite.add_test_case(case);
            }
            None => {
                let mut suite = TestSuite::new(path);
                suite.add_test_case(case);
                suites.push(suite);
            }
        }
    }
    report.add_test_suites(suites);
    print(&report)
}

pub(super) fn print(report: &Report) -> String {
    match report.to_string() {
        Ok(text) => text,
        // Writing to memory fails only for characters that XML can't hold, and those are dropped before.
        Err(error) => format!("<!-- {} -->\n", error.to_string().replace("--", "- -")),
    }
}

fn case(result: &ScenarioResult) -> TestCase {
    let look = Look { detail: Detail::Normal, ..Look::PLAIN };
    let status = match &result.ran {
        Ran::Finished { verdicts, .. } => {
            let causes = failure::causes(&result.scenario, verdicts);
            match causes.first() {
                None => TestCaseStatus::success(),
                Some((first, _, _)) => {
                    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                    let more = causes.len() - 1;
                    let message = match more {
                        0 => first.message.clone(),
                        more => format!("{} (and {more} more)", first.message),
                    };
                    status.set_message(message).set_type(first.id);
                    status.set_description(terminal::scenario(result, &look));
                    status
                }
            }
        }
        Ran::WorldFailed { error } => error_status("world-failed", error),
        Ran::Panicked { message } => error_status("our-own-fault", message),
    };
    let mut case = TestCase::new(result.scenario.name.as_str(), status);
    case.set_classname(result.scenario.place.file.path());
    let mut property = |name: &str, value: String| {
        case.add_property(Property::new(name, value));
    };
    property("line", result.scenario.place.line().to_string());
    property("stack", result.stack.clone());
    if let Ran::Finished { simulated, seed, .. } = &result.ran {
        property("simulated", simulated.to_string());
        property("seed", seed.to_string());
    }
    for tag in &result.scenario.tags {
        property("tag", tag.clone());
    }
    case
}

fn error_status(kind: &str, message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(message).set_type(kind);
    status
}
