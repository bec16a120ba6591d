//! Whole folders, and what a person reads about them.

use std::fmt::Write as _;

use super::*;

/// Writes files into a folder and loads it; paths in messages are relative to it.
fn loaded(files: &[(&str, &[u8])]) -> (Result<Stack, ()>, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder to make");
        std::fs::write(path, text).expect("a file to write");
    }
    let (stack, problems) = match load(&[folder.path()], None) {
        Ok((stack, problems)) => (Ok(stack), problems),
        Err(problems) => (Err(()), problems),
    };
    let mut text = String::new();
    for problem in problems {
        writeln!(text, "{problem}\n").expect("text to write");
    }
    let folder = folder.path().display().to_string();
    (stack, text.replace(&format!("{folder}/"), "").replace(&folder, "."))
}

/// The messages about a folder that can't be used.
#[track_caller]
fn refused(files: &[(&str, &[u8])]) -> String {
    let (stack, text) = loaded(files);
    assert!(stack.is_err(), "{text}");
    text.trim_end().to_owned()
}

#[track_caller]
fn accepted(files: &[(&str, &[u8])]) -> (Stack, String) {
    let (stack, text) = loaded(files);
    (stack.unwrap_or_else(|()| panic!("{text}")), text.trim_end().to_owned())
}

const RULES: &[u8] = b"groups:\n  - name: a\n    rules:\n      - alert: Down\n        expr: up == 0\n";

#[test]
fn rule_files_are_found_beside_the_config() {
    let config = b"global: {scrape_interval: 15s}\nrule_files: [rules/*.yml]\n";
    let (stack, text) = accepted(&[("prometheus.yml", config), ("rules/a.yml", RULES)]);
    assert_eq!(text, "");
    assert_eq!(stack.rule_groups.len(), 1);
    assert_eq!(stack.prometheus.scrape_interval, crate::time::Duration::from_secs(15));
    assert_eq!(stack.notes, ["no file says which Prometheus runs: the newest is imitated"]);
}

#[test]
fn a_path_in_a_container_is_found_in_the_folder() {
    let config = b"rule_files: [/etc/prometheus/rules/*.yml]\n";
    let compose = b"services: {prometheus: {image: 'prom/prometheus:v2.45.0'}}\n";
    let files: &[(&str, &[u8])] = &[
        ("prometheus/prometheus.yml", config),
        ("prometheus/rules/a.yml", RULES),
        ("compose.yaml", compose),
    ];
    let (stack, _) = accepted(files);
    assert_eq!(stack.rule_groups.len(), 1);
    assert_eq!(stack.prometheus.version.as_ref().map(|version| version.value.as_str()), Some("2.45.0"));
    assert_eq!(stack.prometheus.semantics(), crate::promql::Semantics::V2);
    assert!(
        stack.notes[0].contains("`/etc/prometheus/rules/*.yml` is a path in a container"),
        "{:?}",
        stack.notes
    );
}

#[test]
fn prometheus_rule_objects_are_loaded_and_other_rule_files_are_not() {
    let object = b"apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n---\napiVersion: monitoring.coreos.com/v1\n\
        kind: PrometheusRule\nmetadata: {name: x}\nspec:\n  groups:\n    - name: a\n      rules:\n        - {record: b, expr: up}\n";
    let files: &[(&str, &[u8])] = &[
        ("prometheus.yml", b"scrape_configs: []\n"),
        ("object.yaml", object),
        ("unused.yml", RULES),
        ("chart/templates/broken.yaml", b"{{ if .Values.x }}\na: [\n"),
    ];
    let (stack, text) = accepted(files);
    assert_eq!(stack.rule_groups.len(), 1);
    insta::assert_snapshot!(text, @r#"
warning[unused-rule-file]: Prometheus does not load this rule file
 --> unused.yml:1:1
  |
1 | groups:
  | ^ no entry of `rule_files` matches it
  |
  = help: name it under `rule_files`, or under `rules` in firedrill.yaml
"#);
}

#[test]
fn firedrill_yaml_says_which_files_and_which_version() {
    let described =
        b"prometheus: conf/main.yml\nrules: more/*.yml\nversion: 2.42\nstart: 2026-01-05T08:00:00Z\n";
    let files: &[(&str, &[u8])] =
        &[("firedrill.yaml", described), ("conf/main.yml", b"global: {}\n"), ("more/a.yml", RULES)];
    let (stack, _) = accepted(files);
    assert_eq!(stack.rule_groups.len(), 1);
    assert_eq!(stack.start.map(|start| start.0), Some(1_767_600_000_000));
    assert_eq!(stack.prometheus.semantics(), crate::promql::Semantics::V2);
}

#[test]
fn all_mistakes_of_all_files_are_told_at_once() {
    let config =
        b"global:\n  scrape_intervall: 15s\n  scrape_timeout: 10\nrule_files: [a.yml]\nscrape_configs:\n  \
        - job_name: api\n    static_configs:\n      - targets: ['http://api:8080/metrics']\n";
    let rules =
        b"groups:\n  - name: a\n    rules:\n      - alert: Down\n        expr: sum(up\n        for: soon\n";
    insta::assert_snapshot!(refused(&[("prometheus.yml", config), ("a.yml", rules)]), @r#"
error[bad-duration]: not a valid duration string: "10"
 --> prometheus.yml:3:19
  |
3 |   scrape_timeout: 10
  |                   ^^ wanted a duration such as `30s`, `5m` or `1h30m`
  |
  = help: a unit is missing: `10s`?

error[unknown-key]: unknown key `scrape_intervall` in global
 --> prometheus.yml:2:3
  |
2 |   scrape_intervall: 15s
  |   ^^^^^^^^^^^^^^^^ not known here
  |
  = help: did you mean `scrape_interval`?

error[bad-target]: "http://api:8080/metrics" is not a valid hostname
 --> prometheus.yml:8:19
  |
8 |       - targets: ['http://api:8080/metrics']
  |                   ^^^^^^^^^^^^^^^^^^^^^^^^^ wanted `host:port` alone
  |
  = help: write `api:8080`, and `metrics_path: /metrics` beside `static_configs`

error[bad-duration]: not a valid duration string: "soon"
 --> a.yml:6:14
  |
6 |         for: soon
  |              ^^^^ wanted a duration such as `30s`, `5m` or `1h30m`

error[bad-promql]: could not parse expression: unclosed left parenthesis
 --> a.yml:5:21
  |
5 |         expr: sum(up
  |                     ^ in this expression
"#);
}

#[test]
fn the_caret_is_inside_the_expression_however_it_is_written() {
    let rules = b"groups:\n  - name: a\n    rules:\n\
        \x20     - record: plain\n        expr: sum(rate(x[5m])) by job\n\
        \x20     - {record: single, expr: 'sum(x{a=''b''}) byy (c)'}\n\
        \x20     - {record: double, expr: \"sum(x{a=\\\"b\\\"}) + foo(1)\"}\n\
        \x20     - record: block\n        expr: |\n          sum(x)\n            + rate(y)\n\
        \x20     - record: folded\n        expr: >-\n          sum(x)\n          / on (job) group_left sum(y) >\n";
    insta::assert_snapshot!(refused(&[("rules.yml", rules)]), @r#"
error[bad-promql]: could not parse expression: unexpected identifier "job" in grouping opts, expected "("
 --> rules.yml:5:35
  |
5 |         expr: sum(rate(x[5m])) by job
  |                                   ^^^ in this expression

error[bad-promql]: could not parse expression: unexpected identifier "byy"
 --> rules.yml:6:49
  |
6 |       - {record: single, expr: 'sum(x{a=''b''}) byy (c)'}
  |                                                 ^^^ in this expression

error[bad-promql]: could not parse expression: unknown function with name "foo"
 --> rules.yml:7:51
  |
7 |       - {record: double, expr: "sum(x{a=\"b\"}) + foo(1)"}
  |                                                   ^^^ in this expression

error[bad-promql]: could not parse expression: expected type range vector in call to function "rate", got instant vector
  --> rules.yml:11:20
   |
11 |             + rate(y)
   |                    ^ in this expression

error[bad-promql]: could not parse expression: unexpected end of input
  --> rules.yml:15:41
   |
15 |           / on (job) group_left sum(y) >
   |                                         ^ in this expression
"#);
}

#[test]
fn a_rule_files_entry_that_matches_nothing_is_an_error() {
    let config = b"rule_files:\n  - alerts/*.yml\n  - /etc/prometheus/none.yml\n";
    insta::assert_snapshot!(refused(&[("prometheus.yml", config), ("rules/a.yml", RULES)]), @r#"
error[rule-files-match-nothing]: no file matches this entry of `rule_files`
 --> prometheus.yml:2:5
  |
2 |   - alerts/*.yml
  |     ^^^^^^^^^^^^ looked in .
  |
  = because: Prometheus starts without these rules and says nothing
  = help: rule files here: rules/a.yml

error[rule-files-match-nothing]: no file matches this entry of `rule_files`
 --> prometheus.yml:3:5
  |
3 |   - /etc/prometheus/none.yml
  |     ^^^^^^^^^^^^^^^^^^^^^^^^ looked in .
  |
  = because: Prometheus starts without these rules and says nothing
  = help: rule files here: rules/a.yml

warning[unused-rule-file]: Prometheus does not load this rule file
 --> rules/a.yml:1:1
  |
1 | groups:
  | ^ no entry of `rule_files` matches it
  |
  = help: name it under `rule_files`, or under `rules` in firedrill.yaml
"#);
}

#[test]
fn files_that_are_no_text_or_empty_or_missing_are_told() {
    let config = b"rule_files: [a.yml]\n";
    let files: &[(&str, &[u8])] = &[("prometheus.yml", config), ("a.yml", b"groups:\n  - name: caf\xe9\n")];
    insta::assert_snapshot!(refused(files), @r#"
error[invalid-utf8]: this file is not UTF-8
 --> a.yml:2:14
  |
2 |   - name: caf�
  |              ^ the byte 0xe9 is not text
  |
  = help: save the file as UTF-8
"#);
    insta::assert_snapshot!(refused(&[("prometheus.yml", b"# nothing yet\n")]), @r#"
error[empty-file]: this Prometheus config is empty
 --> prometheus.yml:1:1
  |
1 | # nothing yet
  | ^ wanted `scrape_configs`, `rule_files` …
"#);
    insta::assert_snapshot!(refused(&[("values.yaml", b"replicas: 3\n")]), @r#"
error[no-stack]: there is no monitoring stack in .
 |
 = because: looked for a Prometheus config (`prometheus.yml`, or a YAML file with `scrape_configs`, `rule_files` or `global`), rule files (with `groups`) and PrometheusRule objects, also in ConfigMaps and in a guide that is named itself
"#);
    let missing = load(&["no/such/folder"], None).expect_err("nothing there");
    insta::assert_snapshot!(missing[0], @r#"
error[unreadable-file]: no/such/folder can't be read
 |
 = because: there is no such file or folder
"#);
}

#[test]
fn duplicate_keys_groups_and_jobs_are_told_with_both_places() {
    let config =
        b"global:\n  scrape_interval: 15s\n  scrape_interval: 20s\nrule_files: [a.yml]\nscrape_configs:\n  \
        - job_name: a\n  - job_name: a\n";
    let rules = b"groups:\n  - name: a\n    rules: []\n  - name: a\n    rules: []\n";
    insta::assert_snapshot!(refused(&[("prometheus.yml", config), ("a.yml", rules)]), @r#"
error[duplicate-key]: the key `scrape_interval` stands here twice
 --> prometheus.yml:3:3
  |
2 |   scrape_interval: 15s
  |   --------------- first here
3 |   scrape_interval: 20s
  |   ^^^^^^^^^^^^^^^ again here

error[duplicate-job]: found multiple scrape configs with job name "a"
 --> prometheus.yml:7:15
  |
6 |   - job_name: a
  |               - first here
7 |   - job_name: a
  |               ^ again here

error[duplicate-group]: groupname: "a" is repeated in the same file
 --> a.yml:4:11
  |
2 |   - name: a
  |           - first here
3 |     rules: []
4 |   - name: a
  |           ^ again here
"#);
}

#[test]
fn bombs_and_ten_megabytes_of_parentheses_are_refused_with_short_messages() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{items}]").expect("text to write");
    }
    insta::assert_snapshot!(refused(&[("prometheus.yml", bomb.as_bytes())]), @r#"
error[yaml-bomb]: this YAML grows too large when its aliases are expanded
 --> prometheus.yml:7:10
  |
7 | a6: &a6 [*a5, *a5, *a5, *a5, *a5, *a5, *a5, *a5, *a5, *a5]
  |          ^ more than 2000000 values by here
"#);
    let parentheses =
        format!("groups: [{{name: a, rules: [{{record: b, expr: {}}}]}}]\n", "(".repeat(10 << 20));
    insta::assert_snapshot!(refused(&[("rules.yml", parentheses.as_bytes())]), @r#"
error[bad-promql]: could not parse expression: expression is nested too deeply, at most 120 levels are allowed
 --> rules.yml:1:165
  |
1 | …(((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((…
  |                                                              ^ in this expression
"#);
}

#[test]
fn no_message_shows_a_secret() {
    let config =
        b"scrape_configs:\n  - {job_name: a, basic_auth: {username: me, password: hunter2, passwort: x}}\n\
        remote_write:\n  - {url: 'http://me:hunter2@host:port/'}\n";
    let text = refused(&[("prometheus.yml", config)]);
    assert!(!text.contains("hunter2"), "{text}");
    insta::assert_snapshot!(text, @r#"
error[unknown-key]: unknown key `passwort` in basic_auth
 --> prometheus.yml:2:65
  |
2 |   - {job_name: a, basic_auth: {username: me, password: •••, passwort: x}}
  |                                                             ^^^^^^^^ not known here
  |
  = help: did you mean `password`?

error[bad-url]: not a URL: invalid port ":port" after host
 --> prometheus.yml:4:11
  |
4 |   - {url: 'http://•••@host:port/'}
  |           ^^^^^^^^^^^^^^^^^^^^^^^ wanted a URL such as `http://host:9090/path`
"#);
}
