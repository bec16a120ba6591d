//! `firedrill check` of 10,000 rules in 500 files, with the memory that it takes, beside `promtool check rules` of the same
//! files.
//!
//! Run by `ci/bench.sh`. With `--check` it fails where a check takes longer than the project promises, or than promtool.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const FILES: usize = 500;
const RULES_IN_EACH: usize = 20;
const RUNS: usize = 5;
const PROMISED_SECONDS: f64 = 2.0;

/// How long a program took, and the most memory that it held.
struct Measured {
    seconds: f64,
    mebibytes: u64,
}

fn main() {
    let check = std::env::args().any(|argument| argument == "--check");
    let folder = std::env::temp_dir().join(format!("firedrill-bench-check-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the rules");
    let files = write(&folder);
    let ours = middle(|| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_firedrill"));
        command.arg("check").arg(&folder);
        command
    });
    let theirs = middle(|| {
        let mut command = Command::new("promtool");
        command.args(["check", "rules", "--lint=none"]).args(&files);
        command
    });
    fs::remove_dir_all(&folder).expect("the folder goes again");
    println!("{} rules in {FILES} files, the middle of {RUNS} runs:", FILES * RULES_IN_EACH);
    for (name, measured) in [("firedrill check", &ours), ("promtool check rules", &theirs)] {
        println!("  {name:21} {:.3} s, at most {} MiB", measured.seconds, measured.mebibytes);
    }
    if check && (ours.seconds > PROMISED_SECONDS || ours.seconds > theirs.seconds) {
        eprintln!("slower than promised: {PROMISED_SECONDS} s, and never slower than promtool");
        std::process::exit(1);
    }
}

fn middle(command: impl Fn() -> Command) -> Measured {
    let mut runs: Vec<Measured> = (0..RUNS).map(|_| measure(command())).collect();
    runs.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    runs.swap_remove(RUNS / 2)
}

/// Runs a program to its end, looking at its memory meanwhile.
fn measure(mut command: Command) -> Measured {
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut kibibytes = 0;
    let code = loop {
        // What it held at most is told as long as it runs.
        kibibytes = kibibytes.max(peak(&status).unwrap_or(0));
        match child.try_wait().expect("the program can be waited for") {
            Some(code) => break code,
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let seconds = begun.elapsed().as_secs_f64();
    assert!(matches!(code.code(), Some(0 | 1)), "the rules can be read: {code}");
    Measured { seconds, mebibytes: kibibytes.div_ceil(1024) }
}

/// `VmHWM:   12345 kB`
fn peak(status: &Path) -> Option<u64> {
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn write(folder: &Path) -> Vec<PathBuf> {
    let paths = (0..FILES).map(|number| {
        let path = folder.join(format!("rules-{number}.yml"));
        fs::write(&path, rules(number)).expect("the rules can be written");
        path
    });
    paths.collect()
}

/// Rules of all shapes, each file about services of its own.
fn rules(file: usize) -> String {
    let mut text = format!("groups:\n  - name: service-{file}\n    rules:\n");
    for number in 0..RULES_IN_EACH {
        let expr = match number % 5 {
            0 => format!(
                "sum(rate(http_requests_total{{job=\"service-{file}\",code=~\"5..\"}}[5m])) / sum(rate(http_requests_total{{job=\"service-{file}\"}}[5m])) > 0.{number:02}"
            ),
            1 => format!("up{{job=\"service-{file}\"}} == 0"),
            2 => format!(
                "histogram_quantile(0.95, sum by (le, route) (rate(http_request_duration_seconds_bucket{{job=\"service-{file}\"}}[5m]))) > {number}"
            ),
            3 => format!(
                "(1 - node_memory_MemAvailable_bytes{{role=\"service-{file}\"}} / node_memory_MemTotal_bytes) * 100 > {}",
                50 + number
            ),
            _ => format!("avg_over_time(queue_length{{job=\"service-{file}\"}}[10m]) > {number}"),
        };
        if number % 5 == 4 {
            writeln!(text, "      - record: service_{file}:queue_length:avg{number}\n        expr: {expr}")
                .unwrap();
            continue;
        }
        let severity = ["critical", "warning"][number % 2];
        writeln!(
            text,
            "      - alert: Service{file}Problem{number}\n        expr: {expr}\n        for: {}m",
            1 + number
        )
        .unwrap();
        writeln!(text, "        labels: {{severity: {severity}}}").unwrap();
        writeln!(
            text,
            "        annotations: {{summary: 'Something of service-{file}', description: '{{{{ $value }}}}'}}"
        )
        .unwrap();
    }
    text
}
