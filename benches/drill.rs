//! The drill table of a large stack: 1,000 alerting rules, 200 routes, 50 inhibit rules, read from files and told in full.
//!
//! Run by `ci/bench.sh`. With `--check` it fails where a drill takes longer than the project promises.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const RULES: usize = 1_000;
const TEAMS: usize = 20;
/// Below each team, beside the team's own.
const SERVICES: usize = 9;
const INHIBIT_RULES: usize = 50;
const RUNS: usize = 5;
const PROMISED_SECONDS: f64 = 1.0;

fn main() {
    let check = std::env::args().any(|argument| argument == "--check");
    let folder = std::env::temp_dir().join(format!("firedrill-bench-drill-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the stack");
    write(&folder);
    let mut seconds: Vec<f64> = (0..RUNS).map(|_| drill(&folder)).collect();
    fs::remove_dir_all(&folder).expect("the folder goes again");
    seconds.sort_by(f64::total_cmp);
    let middle = seconds[RUNS / 2];
    println!(
        "firedrill drill: {RULES} rules, {} routes, {INHIBIT_RULES} inhibit rules: {middle:.3} s (of {RUNS} runs {:.3} to {:.3} s)",
        TEAMS * (1 + SERVICES),
        seconds[0],
        seconds[RUNS - 1],
    );
    if check && middle > PROMISED_SECONDS {
        eprintln!("slower than promised: {PROMISED_SECONDS} s");
        std::process::exit(1);
    }
}

fn drill(folder: &Path) -> f64 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firedrill"));
    let begun = Instant::now();
    let output =
        command.arg("drill").arg(folder).stderr(Stdio::inherit()).output().expect("firedrill starts");
    let seconds = begun.elapsed().as_secs_f64();
    assert_eq!(output.status.code(), Some(0), "the drill finds no error");
    let rows = output.stdout.iter().filter(|byte| **byte == b'\n').count();
    assert!(rows > RULES, "a row for each rule");
    seconds
}

fn write(folder: &Path) {
    fs::write(folder.join("rules.yml"), rules()).expect("the rules can be written");
    fs::write(folder.join("alertmanager.yml"), config()).expect("the config can be written");
}

/// Rules of all shapes: with labels of their own, with labels that the series bring along, over several metrics.
fn rules() -> String {
    let mut text = "groups:\n".to_owned();
    for number in 0..RULES {
        if number % 50 == 0 {
            writeln!(text, "  - name: group-{}\n    rules:", number / 50).unwrap();
        }
        let (team, service) = (number % TEAMS, number / TEAMS % SERVICES);
        let expr = match number % 4 {
            0 => format!(
                "sum by (instance) (rate(errors_total{{service=\"service-{service}\"}}[5m])) > 0.{number:03}"
            ),
            1 => format!("up{{job=\"service-{service}\"}} == 0"),
            2 => format!(
                "histogram_quantile(0.95, sum by (le, team) (rate(latency_seconds_bucket[5m]))) > {service}"
            ),
            _ => format!(
                "avg_over_time(queue{{team=\"team-{team}\"}}[10m]) / on (team) group_left () capacity > 0.9"
            ),
        };
        let severity = ["critical", "warning", "info"][number % 3];
        writeln!(text, "      - alert: Problem{number}\n        expr: {expr}\n        for: {}m", number % 15)
            .unwrap();
        writeln!(
            text,
            "        labels: {{severity: {severity}, team: team-{team}, service: service-{service}}}"
        )
        .unwrap();
        writeln!(text, "        annotations: {{summary: 'Problem {number} of {{{{ $labels.instance }}}}'}}")
            .unwrap();
    }
    text
}

fn config() -> String {
    let mut text = "route:\n  receiver: rest\n  group_by: [alertname, team]\n  routes:\n".to_owned();
    for team in 0..TEAMS {
        writeln!(text, "    - matchers: [team=\"team-{team}\"]\n      receiver: team-{team}\n      routes:")
            .unwrap();
        for service in 0..SERVICES {
            writeln!(text, "        - matchers: [service=\"service-{service}\"]").unwrap();
            writeln!(text, "          group_wait: {}s", 10 + service).unwrap();
        }
    }
    text += "receivers:\n  - name: rest\n    webhook_configs: [{url: 'http://relay:8080/'}]\n";
    for team in 0..TEAMS {
        writeln!(text, "  - name: team-{team}").unwrap();
        writeln!(
            text,
            "    slack_configs: [{{api_url: 'http://relay:8080/{team}', channel: '#team-{team}'}}]"
        )
        .unwrap();
        writeln!(text, "    webhook_configs: [{{url: 'http://relay:8080/team-{team}'}}]").unwrap();
    }
    text += "inhibit_rules:\n";
    for number in 0..INHIBIT_RULES {
        let (team, service) = (number % TEAMS, number % SERVICES);
        writeln!(text, "  - source_matchers: [severity=\"critical\", team=\"team-{team}\"]").unwrap();
        writeln!(
            text,
            "    target_matchers: ['severity=~\"warning|info\"', 'service=~\"service-{service}|.*x\"']"
        )
        .unwrap();
        writeln!(text, "    equal: [team, instance]").unwrap();
    }
    text
}
