//! How a table of expectations held.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};

use super::counted;
use super::json::finding;
use crate::drill::Judged;
use crate::report::look::Look;

pub fn expectations(judged: &[Judged<'_>], look: &Look) -> String {
    let mut text = String::new();
    for row in judged {
        match row.problems.as_slice() {
            [] => text += &format!("{}  {}\n", look.good("PASS"), title(row)),
            problems => {
                text += &format!("{}  {}\n\n", look.bad("FAIL"), title(row));
                for problem in problems {
                    text += &format!("{}\n\n", problem.render(look.colour).trim_end());
                }
            }
        }
    }
    let failed = judged.iter().filter(|row| !row.problems.is_empty()).count();
    let held = look.good(&format!("{} held", judged.len() - failed));
    let summary = match failed {
        0 => held,
        failed => format!("{held}, {}", look.bad(&format!("{failed} failed"))),
    };
    text + &format!("{}: {summary}\n", counted(judged.len(), "expectation"))
}

fn title(row: &Judged<'_>) -> String {
    let receivers: Vec<&str> = row.case.receivers.value.iter().map(|name| name.value.as_str()).collect();
    let place = format!("{}:{}", row.case.place.file.path(), row.case.place.line());
    format!("{place}  {} → {}", row.labels, receivers.join(", "))
}

pub fn expectations_markdown(judged: &[Judged<'_>]) -> String {
    let mut text = "| Labels | Receivers | |\n|---|---|---|\n".to_owned();
    for row in judged {
        let receivers: Vec<&str> = row.case.receivers.value.iter().map(|name| name.value.as_str()).collect();
        let said: Vec<&str> = row.problems.iter().map(|problem| problem.message.as_str()).collect();
        let said = if said.is_empty() { "holds".to_owned() } else { format!("**{}**", said.join("; ")) };
        text += &format!(
            "| `{}` | {} | {said} |\n",
            row.labels.to_string().replace('|', "\\|"),
            receivers.join(", ")
        );
    }
    text
}

pub fn expectations_json(judged: &[Judged<'_>]) -> String {
    let rows: Vec<Value> = judged
        .iter()
        .map(|row| {
            let problems: Vec<Value> = row.problems.iter().map(finding).collect();
            json!({
                "place": row.case.place.to_string(), "labels": row.labels,
                "receivers": row.case.receivers.value.iter().map(|name| &name.value).collect::<Vec<_>>(),
                "held": row.problems.is_empty(), "problems": problems,
            })
        })
        .collect();
    format!("{:#}\n", json!({"version": 1, "expectations": rows}))
}

pub fn expectations_junit(judged: &[Judged<'_>]) -> String {
    let mut report = Report::new("firedrill");
    let path = judged.first().map_or("drill", |row| row.case.place.file.path());
    let mut suite = TestSuite::new(path);
    for row in judged {
        let status = match row.problems.first() {
            None => TestCaseStatus::success(),
            Some(first) => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                let all: Vec<String> = row.problems.iter().map(|problem| problem.render(false)).collect();
                status
                    .set_message(first.message.as_str())
                    .set_type(first.id)
                    .set_description(all.join("\n\n"));
                status
            }
        };
        suite.add_test_case(TestCase::new(title(row), status));
    }
    report.add_test_suite(suite);
    crate::report::junit::print(&report)
}
