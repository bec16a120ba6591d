use super::*;

const FEATURE: &str = "Feature: A\n  Scenario: One\n    Then alert \"X\" is firing\n\n  Scenario Outline: Two\n    Then alert \"<a>\" is firing\n    Examples:\n      | a |\n      | X |\n      | Y |\n";

fn tree() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("b/alerts.feature", FEATURE),
        ("a/one.yaml", "name: Yaml one\ntags: [smoke]\nthen: {alert: X, fires: now}\n"),
        (
            "a/up_test.yaml",
            "rule_files: [rules.yaml]\ntests: [{name: Unit, alert_rule_test: [{alertname: X}]}]\n",
        ),
        ("a/rules.yaml", "groups: []\n"),
        ("a/prometheus.yml", "rule_files: [rules.yaml]\nscrape_configs: []\n"),
        ("a/.hidden/two.yaml", "scenarios: []\n"),
        ("a/chart.yaml", "{{ helm }}: {{ x\n"),
        ("a/notes.txt", "scenarios:\n"),
    ];
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// The names that these arguments choose, or the ids of what is wrong.
#[track_caller]
fn check(arguments: &[&str], expected: &[&str]) {
    let folder = tree();
    let paths: Vec<String> =
        arguments.iter().map(|path| folder.path().join(path).display().to_string()).collect();
    let (scenarios, problems) = read(&paths);
    let got: Vec<String> = if problems.is_empty() {
        scenarios.into_iter().map(|scenario| scenario.name).collect()
    } else {
        problems.iter().map(|problem| problem.id.to_owned()).collect()
    };
    assert_eq!(got, expected);
}

#[test]
fn a_folder_gives_all_three_kinds_in_the_order_of_their_paths() {
    check(&["."], &["Yaml one", "Unit", "One", "Two (a: X)", "Two (a: Y)"]);
}

#[test]
fn arguments_keep_their_order_and_no_file_is_read_twice() {
    check(&["b", "a", "b/alerts.feature"], &["One", "Two (a: X)", "Two (a: Y)", "Yaml one", "Unit"]);
}

#[test]
fn a_line_chooses_the_scenario_that_it_belongs_to() {
    check(&["b/alerts.feature:2"], &["One"]);
    check(&["b/alerts.feature:3"], &["One"]);
    check(&["b/alerts.feature:5"], &["Two (a: X)", "Two (a: Y)"]);
    check(&["b/alerts.feature:10"], &["Two (a: Y)"]);
    check(&["b/alerts.feature:2:10"], &["One", "Two (a: Y)"]);
    check(&["b/alerts.feature:1"], &["nothing-selected"]);
}

#[test]
fn a_file_may_be_named_more_than_once() {
    check(&["b/alerts.feature:2", "a/one.yaml", "b/alerts.feature:9"], &["One", "Two (a: X)", "Yaml one"]);
    check(&["b/alerts.feature:2", "b/alerts.feature"], &["One", "Two (a: X)", "Two (a: Y)"]);
    check(&["b", "b/alerts.feature:2"], &["One", "Two (a: X)", "Two (a: Y)"]);
    check(&["b/alerts.feature:2", "b"], &["One", "Two (a: X)", "Two (a: Y)"]);
    check(&["b/alerts.feature:2", "a"], &["One", "Yaml one", "Unit"]);
}

#[test]
fn a_file_that_is_named_must_hold_scenarios() {
    check(&["a/rules.yaml"], &["not-a-scenario"]);
    check(&["a/prometheus.yml"], &["not-a-scenario"]);
    check(&["a/notes.txt"], &["not-a-scenario"]);
    check(&["a/missing.feature"], &["unreadable-file"]);
    check(&["a/missing.feature:7"], &["unreadable-file"]);
}

#[test]
fn names_and_tags_narrow_the_choice() {
    #[track_caller]
    fn names(tags: Option<&str>, filter: Option<&str>, expected: &[&str]) {
        let folder = tree();
        let (scenarios, _) = read(&[folder.path().display().to_string()]);
        let got = match narrow(scenarios, tags, filter) {
            Ok(scenarios) => scenarios.into_iter().map(|scenario| scenario.name).collect(),
            Err(problem) => vec![problem.id.to_owned()],
        };
        assert_eq!(got, expected);
    }
    names(Some("@smoke"), None, &["Yaml one"]);
    names(Some("not @smoke"), Some("two"), &["Two (a: X)", "Two (a: Y)"]);
    names(None, Some("/^(one|unit)$/"), &["Unit", "One"]);
    names(None, Some("/(/"), &["bad-filter"]);
    names(Some("@"), None, &["bad-tags"]);
}
