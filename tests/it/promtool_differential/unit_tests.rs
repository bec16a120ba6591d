//! The same verdict on random unit test files: rules that read one another, alerts with templates, and expectations
//! that are right (what the twin saw) or wrong (the same, damaged).

use std::path::{Path, PathBuf};
use std::process::Command;

use firedrill::documents;
use firedrill::labels::Labels;
use firedrill::runner::{self, RunOptions};
use firedrill::scenario::select;
use firedrill::stack::Version;
use firedrill::time::Timestamp;
use firedrill::timeline::{ActiveAlert, AlertState, Observed, SeenSample};
use proptest::prelude::*;
use proptest::sample::select as one_of;
use proptest::strategy::ValueTree;
use serde_json::{Value, json};

use super::evaluation::{Data, data};
use super::{cases, generate, grammar, runner};
use crate::unit_test;

/// One file takes as long as so many questions.
const QUESTIONS_A_FILE: usize = 25;

#[derive(Clone, Debug)]
struct Play {
    data: Data,
    evaluation_interval: u64,
    groups: Vec<Group>,
    asked: Vec<(u64, prop::sample::Index)>,
    damage: (prop::sample::Index, u8),
}

#[derive(Clone, Debug)]
struct Group {
    interval: &'static str,
    limit: u64,
    rules: Vec<Rule>,
}

#[derive(Clone, Debug)]
struct Rule {
    expr: String,
    /// `for` and `keep_firing_for`, of an alerting rule.
    alert: Option<(&'static str, &'static str)>,
    reads_a_rule: bool,
}

fn play() -> impl Strategy<Value = Play> {
    let threshold = (grammar::selector(), one_of(&["> 0", ">= 10", "< 100", "!= 3", "== 1"][..]))
        .prop_map(|(selector, threshold)| format!("{selector} {threshold}"));
    let expr = prop_oneof![6 => threshold, 1 => grammar::vector()]
        // Answers of promtool's that are left to chance, as for expressions alone.
        .prop_filter("not by chance", |expr| {
            !["predict_linear", "^", "topk", "bottomk", "count_values"].iter().any(|word| expr.contains(word))
        });
    let alert = prop::option::weighted(
        0.7,
        (one_of(&["0s", "30s", "1m", "90s", "5m"][..]), one_of(&["0s", "0s", "2m"][..])),
    );
    let rule = (expr, alert, prop::bool::weighted(0.3)).prop_map(|(expr, alert, reads_a_rule)| Rule {
        expr,
        alert,
        reads_a_rule,
    });
    let group = (
        one_of(&["", "", "30s", "2m"][..]),
        prop_oneof![10 => Just(0), 1 => 1_u64..4],
        prop::collection::vec(rule, 1..4),
    );
    let group = group.prop_map(|(interval, limit, rules)| Group { interval, limit, rules });
    let asked = (0_u64..=1200, any::<prop::sample::Index>());
    (
        data(),
        one_of(&[15_u64, 30, 60, 120][..]),
        prop::collection::vec(group, 1..3),
        prop::collection::vec(asked, 2..6),
        (any::<prop::sample::Index>(), 0_u8..5),
    )
        .prop_map(|(data, evaluation_interval, groups, asked, damage)| Play {
            data,
            evaluation_interval,
            groups,
            asked,
            damage,
        })
}

#[test]
fn random_unit_tests_end_as_promtool_ends_them() {
    if !crate::real::available(&["promtool"]) {
        return;
    }
    let plays = generate(&play(), cases().div_ceil(QUESTIONS_A_FILE).max(10), &mut runner());
    let folder = tempfile::tempdir().expect("a folder");
    let mut files = Vec::new();
    for (number, play) in plays.iter().map(ValueTree::current).enumerate() {
        let folder = folder.path().join(number.to_string());
        std::fs::create_dir(&folder).expect("a folder");
        std::fs::write(folder.join("rules.yml"), play.rules().to_string()).expect("written");
        let asked = folder.join("asked_test.yaml");
        play.write(&asked, &[]);
        let seen = play.seen(&asked);
        let right = folder.join("right_test.yaml");
        play.write(&right, &seen);
        let wrong = folder.join("wrong_test.yaml");
        play.write(&wrong, &damaged(seen, play.damage));
        files.extend([asked, right, wrong]);
    }
    let theirs = promtool(&files);
    let mut differences = Vec::new();
    let mut passed = 0;
    for (path, theirs) in files.iter().zip(&theirs) {
        let ours = unit_test::run(path);
        passed += usize::from(*theirs && path.ends_with("right_test.yaml"));
        if ours.passed() != *theirs {
            let text = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
            differences.push(format!(
                "promtool {theirs}, ours {:?}\n{}\n{}",
                ours.failures,
                text(&path.with_file_name("rules.yml")),
                text(path)
            ));
        }
    }
    // Where a rule fails, all three files do.
    println!("{} unit test files; of {} with right expectations {passed} pass", files.len(), plays.len());
    let shown = differences[..differences.len().min(4)].join("\n\n");
    assert!(differences.is_empty(), "{} differ, such as\n{shown}", differences.len());
    assert!(passed > plays.len() / 3, "a test that compares next to nothing");
}

#[test]
fn an_alert_that_keeps_firing_keeps_the_texts_of_its_last_result() {
    if !crate::real::available(&["promtool"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let rules = "groups: [{name: g, rules: [{alert: Down, expr: up == 0, keep_firing_for: 5m, annotations: {others: \
                 '{{ with query \"count(up)\" }}{{ . | first | value }}{{ end }}'}}]}]";
    std::fs::write(folder.path().join("rules.yml"), rules).expect("written");
    let file = |others: u32| {
        let path = folder.path().join(format!("{others}_test.yaml"));
        let text = format!(
            "rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:\n  \
             - {{series: 'up{{job=\"api\"}}', values: '0 1x9'}}\n  - {{series: 'up{{job=\"db\"}}', values: '_x2 1x9'}}\n  \
             alert_rule_test:\n  - eval_time: 4m\n    alertname: Down\n    \
             exp_alerts: [{{exp_labels: {{job: api}}, exp_annotations: {{others: '{others}'}}}}]\n"
        );
        std::fs::write(&path, text).expect("written");
        path
    };
    // The one that was there when the alert last had a result, not the two of now.
    let files = [file(1), file(2)];
    assert_eq!(promtool(&files), [true, false]);
    assert_eq!(files.map(|path| unit_test::run(&path).passed()), [true, false]);
}

#[test]
fn samples_without_an_interval_are_where_this_promtool_puts_them() {
    if !crate::real::available(&["promtool"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = |minutes: u32, samples: &str| {
        let path = folder.path().join(format!("{minutes}_test.yaml"));
        let text = format!(
            "evaluation_interval: 1m\ntests:\n- input_series:\n  - {{series: up, values: '_ 1 2 3'}}\n  \
             promql_expr_test:\n  - {{expr: up, eval_time: {minutes}m, exp_samples: [{samples}]}}\n"
        );
        std::fs::write(&path, text).expect("written");
        path
    };
    let files = [
        file(0, "{labels: up, value: 1}"),
        file(3, "{labels: up, value: 1}"),
        file(4, "{labels: up, value: 3}"),
        file(6, ""),
    ];
    let passes = promtool(&files);
    // A newer one takes the interval of evaluations.
    assert_ne!(passes[1], passes[2]);
    assert_eq!(files.map(|path| unit_test::run(&path).passed()).to_vec(), passes);
}

/// Whether each file passes, in one run.
fn promtool(files: &[PathBuf]) -> Vec<bool> {
    let mut command = Command::new("sh");
    command.args(["-c", "promtool test rules \"$@\" 2>&1", "sh"]).args(files);
    let output = command.output().expect("promtool starts");
    let text = String::from_utf8_lossy(&output.stdout);
    let passed: Vec<bool> = text.split("Unit Testing: ").skip(1).map(|of| of.contains("SUCCESS")).collect();
    assert_eq!(passed.len(), files.len(), "promtool says {text}");
    passed
}

/// What a case was answered.
#[derive(Clone, Debug)]
enum Seen {
    Alerts(Vec<ActiveAlert>),
    Samples(Vec<SeenSample>),
}

fn damaged(mut seen: Vec<Seen>, (at, kind): (prop::sample::Index, u8)) -> Vec<Seen> {
    let label = |labels: &Labels| labels.with("damage", "1");
    if seen.is_empty() {
        return seen;
    }
    let at = at.index(seen.len());
    match &mut seen[at] {
        Seen::Alerts(alerts) if alerts.is_empty() => alerts.push(ActiveAlert {
            labels: Labels::from_pairs([("job", "api")]),
            annotations: Labels::empty(),
            state: AlertState::Firing,
            value: 1.0,
            active_at: Default::default(),
        }),
        Seen::Alerts(alerts) => match kind {
            0 => drop(alerts.pop()),
            1 => alerts[0].labels = label(&alerts[0].labels),
            2 => alerts[0].annotations = label(&alerts[0].annotations),
            3 => alerts.push(alerts[0].clone()),
            // The order does not matter.
            _ => alerts.reverse(),
        },
        Seen::Samples(samples) if samples.is_empty() => {
            samples.push(SeenSample { labels: Labels::empty(), value: 1.0, histogram: None });
        }
        Seen::Samples(samples) => match kind {
            0 => drop(samples.pop()),
            1 => samples[0].labels = label(&samples[0].labels),
            2 => samples[0].value += 1.0,
            3 => samples.push(samples[0].clone()),
            _ => samples.reverse(),
        },
    }
    seen
}

impl Play {
    fn rules(&self) -> Value {
        let mut number = 0;
        let groups = self.groups.iter().enumerate().map(|(at, group)| {
            let rules: Vec<Value> = group
                .rules
                .iter()
                .map(|rule| {
                    number += 1;
                    rule.json(number)
                })
                .collect();
            let mut json = json!({"name": format!("g{at}"), "limit": group.limit, "rules": rules});
            if !group.interval.is_empty() {
                json["interval"] = group.interval.into();
            }
            json
        });
        json!({"groups": groups.collect::<Vec<_>>()})
    }

    /// Whether each rule is an alert, in the order of their numbers from 1 on.
    fn alerts(&self) -> Vec<bool> {
        self.groups.iter().flat_map(|group| &group.rules).map(|rule| rule.alert.is_some()).collect()
    }

    /// When, and the number of the rule: its alerts, or what it recorded.
    fn cases(&self) -> Vec<(u64, usize, bool)> {
        let alerts = self.alerts();
        let case = |(seconds, rule): &(u64, prop::sample::Index)| {
            let rule = rule.index(alerts.len());
            (*seconds, rule + 1, alerts[rule])
        };
        let mut cases: Vec<_> = self.asked.iter().map(case).collect();
        cases.sort_unstable();
        cases.dedup();
        cases
    }

    /// The file that expects what was seen, or nothing.
    fn write(&self, path: &Path, seen: &[Seen]) {
        let (mut alert_cases, mut expr_cases) = (Vec::new(), Vec::new());
        for (at, (seconds, rule, is_alert)) in self.cases().into_iter().enumerate() {
            let at_time = format!("{seconds}s");
            match seen.get(at) {
                Some(Seen::Alerts(alerts)) => alert_cases.push(json!({
                    "eval_time": at_time, "alertname": format!("A{rule}"),
                    "exp_alerts": alerts.iter().map(expected_alert).collect::<Vec<_>>(),
                })),
                None if is_alert => {
                    alert_cases.push(json!({"eval_time": at_time, "alertname": format!("A{rule}")}))
                }
                Some(Seen::Samples(samples)) => expr_cases.push(json!({
                    "eval_time": at_time, "expr": recorded(rule),
                    "exp_samples": samples.iter().map(expected_sample).collect::<Vec<_>>(),
                })),
                None => expr_cases.push(json!({"eval_time": at_time, "expr": recorded(rule)})),
            }
        }
        let series: Vec<Value> =
            self.data.series.iter().map(|(name, values)| json!({"series": name, "values": values})).collect();
        let file = json!({
            "rule_files": ["rules.yml"],
            "evaluation_interval": format!("{}s", self.evaluation_interval),
            "tests": [{
                "interval": format!("{}s", self.data.interval),
                "external_labels": {"region": "eu"},
                "input_series": series,
                "alert_rule_test": alert_cases,
                "promql_expr_test": expr_cases,
            }],
        });
        // JSON has no word for these numbers.
        let text = file.to_string().replace("\"@", "").replace("@\"", "");
        std::fs::write(path, text).expect("written");
    }

    /// What the twin sees in each case: nothing where the rules can't be read.
    fn seen(&self, path: &Path) -> Vec<Seen> {
        let (scenarios, problems) = select::read(&[path.display().to_string()]);
        assert!(problems.is_empty(), "{problems:?}");
        let rules = path.with_file_name("rules.yml");
        let Ok((stack, _)) = documents::load_rules(&[rules], Some(Version::new(2, 42))) else {
            return Vec::new();
        };
        let outcome = runner::run(&scenarios[0], &stack, &RunOptions::default()).expect("it runs");
        let observations = &outcome.timeline.observations;
        let case = |(seconds, rule, is_alert): (u64, usize, bool)| {
            let asked = Timestamp(seconds as i64 * 1000);
            match is_alert {
                // As the last evaluation left them.
                true => Seen::Alerts(
                    observations
                        .iter()
                        .rev()
                        .find_map(|seen| match &seen.what {
                            Observed::AlertsSeen { alert, active }
                                if seen.at <= asked && *alert == format!("A{rule}") =>
                            {
                                Some(
                                    active
                                        .iter()
                                        .filter(|alert| alert.state == AlertState::Firing)
                                        .cloned()
                                        .collect(),
                                )
                            }
                            _ => None,
                        })
                        .unwrap_or_default(),
                ),
                false => Seen::Samples(
                    observations
                        .iter()
                        .rev()
                        .find_map(|seen| match &seen.what {
                            Observed::Value { expr, result: Ok(samples) }
                                if seen.at == asked && *expr == recorded(rule) =>
                            {
                                Some(samples.clone())
                            }
                            _ => None,
                        })
                        .unwrap_or_default(),
                ),
            }
        };
        self.cases().into_iter().map(case).collect()
    }
}

/// Rounded: promtool adds series up in an order of chance.
fn recorded(rule: usize) -> String {
    format!("round(r{rule}, 0.01)")
}

fn expected_alert(alert: &ActiveAlert) -> Value {
    json!({"exp_labels": alert.labels, "exp_annotations": alert.annotations})
}

fn expected_sample(sample: &SeenSample) -> Value {
    let value = match sample.value {
        value if value.is_nan() => json!("@.nan@"),
        f64::INFINITY => json!("@.inf@"),
        f64::NEG_INFINITY => json!("@-.inf@"),
        value => json!(value),
    };
    json!({"labels": sample.labels.to_string(), "value": value})
}

impl Rule {
    fn json(&self, number: usize) -> Value {
        let mut expr = self.expr.clone();
        if self.reads_a_rule {
            expr = expr.replacen("queue", &format!("r{}", (number % 3).max(1)), 1);
        }
        match self.alert {
            None => json!({"record": format!("r{number}"), "expr": expr, "labels": {"team": "a"}}),
            Some((hold, keep)) => json!({
                "alert": format!("A{number}"),
                "expr": expr,
                "for": hold,
                "keep_firing_for": keep,
                "labels": {"severity": "page", "of": "{{ $labels.job }}/{{ $labels.instance }}"},
                "annotations": {
                    "value": "{{ $value | printf \"%.2f\" }}, {{ humanize $value }}",
                    "all": "{{ range $name, $value := $labels }}{{ $name }}={{ $value }};{{ end }}",
                    "where": "{{ $externalLabels.region }}",
                    "others": "{{ with query \"count(up)\" }}{{ . | first | value }}{{ end }}",
                },
            }),
        }
    }
}
