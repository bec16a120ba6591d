//! `firedrill check` on guides as teams really write them; read where they are present.

use std::path::Path;

use firedrill::checks::{self, Harm};
use firedrill::documents;
use firedrill::stack::wiring::PartKind;

#[test]
fn every_guide_has_defects_and_every_part_of_it_a_kind_or_a_reason() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seeds");
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let wiring = documents::wiring::load(&[&path]).expect("the guide can be read");
        let findings = checks::run(&wiring);
        let worst = findings.iter().map(|finding| finding.harm).max();
        assert_eq!(worst, Some(Harm::Breaks), "{}", path.display());
        for part in &wiring.parts {
            assert_eq!(part.kind == PartKind::Unread, part.unread.is_some(), "{}", part.place);
        }
        let text = std::fs::read_to_string(&path).expect("the guide is text");
        let places: Vec<usize> = wiring.parts.iter().map(|part| part.place.in_own_file().line()).collect();
        for line in fences(&text) {
            assert!(places.contains(&line), "{}:{line} is no part", path.display());
        }
    }
}

/// The lines that open a fenced block.
fn fences(text: &str) -> Vec<usize> {
    let marks = text.lines().zip(1..).filter(|(line, _)| line.trim_start().starts_with("```"));
    marks.map(|(_, line)| line).step_by(2).collect()
}

/// A scenario run straight against a guide, mended where its programs would refuse it: the exit code, and what is said.
fn tried(guide: &str, mend: impl Fn(String) -> String, scenario: &str) -> Option<(i32, String)> {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seeds");
    let entries = std::fs::read_dir(seeds).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let path = entries.into_iter().find(|path| path.display().to_string().contains(guide))?;
    let folder = tempfile::tempdir().expect("a folder");
    let text = std::fs::read_to_string(path).expect("the guide is text");
    std::fs::write(folder.path().join("guide.md"), mend(text)).expect("the guide");
    std::fs::write(folder.path().join("scenario.yaml"), scenario).expect("the scenario");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_firedrill"))
        .args(["test", "--stack", "guide.md", "scenario.yaml"])
        .current_dir(folder.path())
        .output()
        .expect("firedrill starts");
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Some((output.status.code().unwrap_or(-1), said))
}

#[track_caller]
fn check(guide: &str, mend: impl Fn(String) -> String, scenario: &str, code: i32, saying: &str) {
    let Some((got, said)) = tried(guide, mend, scenario) else { return };
    assert_eq!(got, code, "{guide}: {said}");
    assert!(said.contains(saying), "{guide}: {said}");
}

fn page(service: &str, alert: &str) -> String {
    format!(
        "name: Errors page\nwhen: {{service: {service}, errors: 20%}}\nthen: {{alert: {alert}, fires: within 15m}}\n"
    )
}

/// Without the keys of mails that Alertmanager refuses.
fn without_refused_mail(text: String) -> String {
    let mut block = None;
    let kept = text.lines().filter(|line| {
        let indent = line.len() - line.trim_start().len();
        if block.is_some_and(|block| line.trim().is_empty() || indent > block) {
            return false;
        }
        block = line.trim_start().starts_with("body: |").then_some(indent);
        block.is_none() && !line.trim_start().starts_with("subject: ")
    });
    kept.map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_guide_that_its_programs_refuse_is_not_run() {
    let as_it_is = |text| text;
    check(
        "7p",
        as_it_is,
        &page("education-platform-frontend", "HighErrorRate"),
        2,
        "field subject not found",
    );
    check("todo", as_it_is, &page("api-gateway", "HighErrorRate"), 2, "undefined receiver");
    check("funlynk", as_it_is, &page("backend-service", "HighErrorRate"), 2, "no documented file matches");
    let down = "name: Down\nwhen: {wait: 5m}\nthen: {alert: ServiceDown, fires: within 5m}\n";
    check("jac", as_it_is, down, 2, "Prometheus does not load these rules");
}

#[test]
fn a_guide_is_run_with_the_services_that_it_tells_of() {
    // What the code counts is called otherwise than what the rule asks for.
    check("sei", |text| text, &page("api-service", "APIHighErrorRate"), 1, "gave no value");
    check("7p", without_refused_mail, &page("education-platform-frontend", "HighErrorRate"), 0, "1 passed");
    let found = |text| without_refused_mail(text).replace("rules/*.yml", "alerting_rules.yml");
    check("funlynk", found, &page("backend-service", "HighErrorRate"), 0, "1 passed");
    let received = |text: String| {
        let object = "```yaml\napiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: a}\nspec:\n groups:\n  - name: todo-app";
        text.replace("    receivers:\n", "    receivers:\n      - name: \"null\"\n")
            .replace("```yaml\ngroups:\n  - name: todo-app", object)
    };
    check("todo", received, &page("api-gateway", "HighErrorRate"), 0, "1 passed");
    let loaded = |text: String| {
        text.replacen("scrape_configs:\n", "rule_files: ['rules/*.yml']\nscrape_configs:\n", 1)
    };
    let down = "name: A database speaks no HTTP\nwhen: {wait: 5m}\nthen: {alert: ServiceDown, fires: within 5m, labels: {job: postgres}}\n";
    check("jac", loaded, down, 0, "1 passed");
}
