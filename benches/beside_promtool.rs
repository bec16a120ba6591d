//! Wall time and peak memory of `firedrill test` beside `promtool test rules`, on the same files, in one run.
//!
//! Run by `ci/bench.sh`. Prints a row a case with the ratio; with `--check` it fails where the ratio is below
//! what the project promises.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

struct Case {
    name: &'static str,
    /// The unit-test files, each run as a process of its own, one after the other.
    files: Vec<PathBuf>,
    promised: f64,
}

struct Cost {
    seconds: f64,
    peak_kib: i64,
    /// How many of the processes said that a test failed.
    failed: usize,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let check = arguments.iter().any(|argument| argument == "--check");
    let folder = std::env::temp_dir().join(format!("firedrill-bench-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the inputs");
    let mut cases = vec![
        Case {
            name: "(a) 36 error-ratio rules, 3 series each, 24 h at 15 s",
            files: vec![many_ratios(&folder)],
            promised: 50.0,
        },
        Case {
            name: "(b) one rule by (instance), 2,000 instances, 6 h",
            files: vec![many_instances(&folder)],
            promised: 10.0,
        },
        Case { name: "(c) 1,000 different rules, 1 h", files: vec![many_rules(&folder)], promised: 10.0 },
    ];
    let corpora = std::env::var("FIREDRILL_CORPORA").unwrap_or_else(|_| "../shared/corpora".into());
    let files = unit_tests(Path::new(&corpora));
    if files.is_empty() {
        println!("no promtool unit tests under {corpora}: case (d) is left out");
    } else {
        cases.push(Case { name: "(d) all corpora unit tests, a process each", files, promised: 10.0 });
    }
    println!(
        "{:<56} {:>10} {:>10} {:>7} {:>11} {:>11} {:>7}",
        "case", "promtool", "firedrill", "ratio", "promtool", "firedrill", "ratio"
    );
    let mut broken = 0;
    for case in &cases {
        let ours = total(&case.files, |file| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_firedrill"));
            command.args(["test", "--quiet", "--imitate", "2.42"]).arg(file);
            command
        });
        let theirs = total(&case.files, |file| {
            let mut command = Command::new("promtool");
            command.args(["test", "rules"]).arg(file);
            command
        });
        if ours.failed != theirs.failed {
            println!("{}: promtool fails {} files, firedrill {}", case.name, theirs.failed, ours.failed);
            broken += 1;
        }
        let ratio = theirs.seconds / ours.seconds;
        let kept = ratio >= case.promised;
        broken += usize::from(!kept);
        println!(
            "{:<56} {:>9.3}s {:>9.3}s {:>6.0}x {:>7} MiB {:>7} MiB {:>6.1}x  {} (promised {:.0}x)",
            case.name,
            theirs.seconds,
            ours.seconds,
            ratio,
            theirs.peak_kib / 1024,
            ours.peak_kib / 1024,
            theirs.peak_kib as f64 / ours.peak_kib as f64,
            if kept { "ok" } else { "TOO SLOW" },
            case.promised,
        );
    }
    let _ = fs::remove_dir_all(&folder);
    if check && broken > 0 {
        eprintln!("{broken} of {} cases are slower than promised", cases.len());
        std::process::exit(1);
    }
}

/// One process after the other; the time is their sum, the memory that of the largest.
fn total(files: &[PathBuf], command: impl Fn(&Path) -> Command) -> Cost {
    let mut total = Cost { seconds: 0.0, peak_kib: 0, failed: 0 };
    for file in files {
        let cost = run(command(file));
        total.seconds += cost.seconds;
        total.failed += cost.failed;
        total.peak_kib = total.peak_kib.max(cost.peak_kib);
    }
    total
}

#[expect(clippy::zombie_processes, reason = "wait4 waits, and tells what the process cost")]
fn run(mut command: Command) -> Cost {
    let begun = Instant::now();
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let child = child.unwrap_or_else(|error| panic!("{command:?} could not be started: {error}"));
    let mut status = 0;
    // SAFETY: plain C structures, filled by the kernel for a child of our own.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::wait4(child.id() as libc::pid_t, &mut status, 0, &mut usage);
        usage
    };
    Cost {
        seconds: begun.elapsed().as_secs_f64(),
        peak_kib: usage.ru_maxrss,
        failed: usize::from(status != 0),
    }
}

fn many_ratios(folder: &Path) -> PathBuf {
    let (mut rules, mut series) = (String::new(), String::new());
    for n in 0..36 {
        let name = format!("service_{n}_requests_total");
        writeln!(
            rules,
            "  - alert: ErrorRatio{n}\n    expr: sum(rate({name}{{status=~\"5..\"}}[5m])) / sum(rate({name}[5m])) > 0.05\n    for: 5m\n    labels: {{severity: critical}}"
        )
        .unwrap();
        for (status, step) in [("200", 3000), ("404", 15), ("500", 9)] {
            writeln!(series, "  - series: '{name}{{status=\"{status}\"}}'\n    values: '0+{step}x5760'")
                .unwrap();
        }
    }
    unit_test(folder, "ratios", &rules, &series, "15s", &quiet("ErrorRatio7", "24h"))
}

/// One series an instance: promtool gives up a query that holds more than 10,000 samples at once.
fn many_instances(folder: &Path) -> PathBuf {
    let rules = "  - alert: InstanceErrorRatio\n    expr: sum by (instance) (rate(requests_total{status=~\"5..\"}[5m])) / sum by (instance) (rate(requests_total[5m])) > 0.05\n    for: 5m\n";
    let mut series = String::new();
    for n in 0..2000 {
        writeln!(
            series,
            "  - series: 'requests_total{{instance=\"i-{n}\",status=\"500\"}}'\n    values: '0+9x1440'"
        )
        .unwrap();
    }
    unit_test(folder, "instances", rules, &series, "15s", &firing(2000, "6h"))
}

fn many_rules(folder: &Path) -> PathBuf {
    let (mut rules, mut series) = (String::new(), String::new());
    for n in 0..1000 {
        let expr = match n % 5 {
            0 => format!(
                "sum(rate(m_{n}{{status=~\"5..\"}}[5m])) / sum(rate(m_{n}[5m])) > 0.{:02}",
                n % 90 + 10
            ),
            1 => format!("avg_over_time(m_{n}[10m]) > {n}"),
            2 => format!("max by (status) (m_{n}) - min by (status) (m_{n}) > {n}"),
            3 => format!("increase(m_{n}[{}m]) > 1e9", n % 20 + 1),
            _ => format!("absent(m_{n})"),
        };
        writeln!(rules, "  - alert: Rule{n}\n    expr: {expr}\n    for: {}m\n    annotations: {{summary: 'value {{{{ $value }}}}'}}", n % 7).unwrap();
        for status in ["200", "500"] {
            writeln!(
                series,
                "  - series: 'm_{n}{{status=\"{status}\"}}'\n    values: '0+{}x240'",
                n % 13 + 1
            )
            .unwrap();
        }
    }
    unit_test(folder, "rules", &rules, &series, "15s", &quiet("Rule4", "1h"))
}

fn unit_test(folder: &Path, name: &str, rules: &str, series: &str, step: &str, claims: &str) -> PathBuf {
    let rule_file = format!("groups:\n- name: {name}\n  rules:\n{rules}");
    fs::write(folder.join(format!("{name}.rules.yml")), rule_file).unwrap();
    let path = folder.join(format!("{name}_test.yml"));
    let test = format!(
        "rule_files: [{name}.rules.yml]\nevaluation_interval: {step}\ntests:\n- interval: {step}\n  input_series:\n{series}{claims}"
    );
    fs::write(&path, test).unwrap();
    path
}

/// The alert does not fire at that time.
fn quiet(alert: &str, at: &str) -> String {
    format!("  alert_rule_test:\n  - eval_time: {at}\n    alertname: {alert}\n    exp_alerts: []\n")
}

/// So many elements of all alerts fire at that time.
fn firing(count: usize, at: &str) -> String {
    format!(
        "  promql_expr_test:\n  - eval_time: {at}\n    expr: count(ALERTS{{alertstate=\"firing\"}})\n    exp_samples: [{{value: {count}}}]\n"
    )
}

/// Every `*_test.yaml` below the corpora's promtool folder, sorted.
fn unit_tests(corpora: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![corpora.join("promtool")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with("_test.yaml") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
