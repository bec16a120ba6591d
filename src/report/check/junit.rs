//! `--format junit`: what CI servers read. A file is a suite; each finding in it is a failed test case, and a file
//! without any is a case that passed.

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::{Checked, place};
use crate::checks::Finding;
use crate::report::junit::print;

pub fn junit(checked: &Checked<'_>) -> String {
    let mut report = Report::new("firedrill check");
    let mut files: Vec<&str> = checked.files();
    for finding in checked.findings {
        let file = file(finding);
        if !files.contains(&file) {
            files.push(file);
        }
    }
    let suites = files.into_iter().map(|file| {
        let mut suite = TestSuite::new(if file.is_empty() { "documents" } else { file });
        let cases: Vec<TestCase> =
            checked.findings.iter().filter(|finding| self::file(finding) == file).map(case).collect();
        match cases.is_empty() {
            true => suite.add_test_case(TestCase::new("nothing found", TestCaseStatus::success())),
            false => suite.add_test_cases(cases),
        };
        suite
    });
    report.add_test_suites(suites);
    print(&report)
}

fn file(finding: &Finding) -> &str {
    place(finding).map_or("", |(file, ..)| file)
}

fn case(finding: &Finding) -> TestCase {
    let diagnostic = &finding.diagnostic;
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(diagnostic.message.as_str()).set_type(diagnostic.id);
    status.set_description(finding.render(false));
    let line = place(finding).map(|(_, line, _)| line);
    let at = line.map(|line| format!(" at line {line}")).unwrap_or_default();
    let mut case = TestCase::new(format!("{}{at}", diagnostic.id), status);
    case.set_classname(file(finding));
    case.add_property(Property::new("severity", finding.harm.as_str()));
    if let Some(line) = line {
        case.add_property(Property::new("line", line.to_string()));
    }
    case
}
