//! What the real world costs beside the programs that run in it: how long a notification that Alertmanager may send
//! takes into the timeline, how long standing up and tearing down take, and what it takes to be a thousand targets
//! of a thousand series for the real Prometheus.
//!
//! Run by `ci/bench.sh`; needs Debian's prometheus and prometheus-alertmanager.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration as Pause, Instant};

use firedrill::diagnostic::SourceFile;
use firedrill::documents::{self, services, yaml};
use firedrill::runner::{self, RunOptions, WorldKind};
use firedrill::scenario::select;
use firedrill::stack::Stack;
use firedrill::time::{Duration, Timestamp};
use firedrill::timeline::{AlertState, Observed, Outcome, Timeline};
use firedrill::workload::Workload;
use firedrill::worlds::clock::Clock;
use firedrill::worlds::local::Local;
use firedrill::worlds::process::{Process, free_address};
use firedrill::worlds::real::folder::Folder;
use firedrill::worlds::real::{Plan, Standing, ask};
use firedrill::worlds::targets::Targets;

const RUNS: usize = 5;

const TARGETS: usize = 1_000;
const SERIES: usize = 1_000;
const SCRAPE_SECONDS: u64 = 15;
/// How often each target is scraped while it is measured.
const SCRAPES: u64 = 4;

/// What is normal goes on for five minutes before a scenario, and nobody wants to wait for that.
const SPEED: u32 = 20;

const GROUP_WAIT: Duration = Duration::from_secs(20);

const PROMETHEUS: &str = "global: {scrape_interval: 20s, evaluation_interval: 20s}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ['alertmanager:9093']}]}]}
scrape_configs: [{job_name: api, static_configs: [{targets: ['api:8080']}]}]
";

const RULES: &str = "groups: [{name: api, rules: [{alert: ApiDown, expr: 'up{job=\"api\"} == 0'}]}]\n";

const ALERTMANAGER: &str = "route: {receiver: team, group_wait: 20s}
receivers: [{name: team, webhook_configs: [{url: 'http://relay:8080/'}]}]
";

const SCENARIO: &str = "name: The team hears of an outage
when: {service: api, down: refuses}
then: {receiver: team, notified: once within 2m}
";

fn main() {
    let folder = std::env::temp_dir().join(format!("firedrill-bench-worlds-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the stack");
    overheads(&folder);
    many_targets(&folder);
    fs::remove_dir_all(&folder).expect("the folder goes again");
}

fn overheads(folder: &Path) {
    let texts = [
        ("prometheus.yml", PROMETHEUS),
        ("rules.yml", RULES),
        ("alertmanager.yml", ALERTMANAGER),
        ("firedrill.yaml", "services: {api: }\n"),
        ("scenario.yaml", &format!("stack: {}\n{SCENARIO}", folder.display())),
    ];
    for (name, text) in texts {
        fs::write(folder.join(name), text).expect("the stack can be written");
    }
    let (stack, _) = documents::load(&[folder], None).expect("a stack");
    let (mut up, mut down): (Vec<f64>, Vec<f64>) = (0..RUNS).map(|_| up_and_down(&stack)).unzip();
    println!("standing up Prometheus and Alertmanager, ready with rules: {}", spread(&mut up));
    println!("tearing them down: {}", spread(&mut down));

    let scenario = folder.join("scenario.yaml");
    let (scenarios, problems) = select::read(&[scenario.display().to_string()]);
    assert!(problems.is_empty(), "{problems:?}");
    let options = RunOptions { world: WorldKind::Local, speed: SPEED, seed: 1, ..RunOptions::default() };
    let mut lags: Vec<f64> = (0..RUNS)
        .map(|_| {
            let outcome = runner::run(&scenarios[0], &stack, &options).expect("it runs");
            assert!(outcome.held(), "{:?}", outcome.verdicts);
            lag(&outcome.timeline)
        })
        .collect();
    println!("from firing and group_wait to the notification in the timeline: {}", spread(&mut lags));
}

/// Seconds to stand up, and to tear down.
fn up_and_down(stack: &Stack) -> (f64, f64) {
    let begun = Instant::now();
    let folder = Folder::new().expect("a folder");
    let plan = Plan {
        stack,
        place: &Local,
        folder: &folder,
        speed: SPEED,
        seed: 1,
        start: Timestamp(1_767_603_600_000),
        warm_up: Duration::ZERO,
        given: &[],
    };
    let standing = Standing::up(&plan).expect("it stands up");
    let up = begun.elapsed().as_secs_f64();
    let begun = Instant::now();
    drop((standing, folder));
    (up, begun.elapsed().as_secs_f64())
}

/// In the machine's seconds.
fn lag(timeline: &Timeline) -> f64 {
    let at = |wanted: &dyn Fn(&Observed) -> bool| {
        let seen = timeline.observations.iter().find(|seen| wanted(&seen.what));
        seen.map(|seen| seen.at).expect("it was seen")
    };
    let fired = at(&|what| matches!(what, Observed::Alert(change) if change.to == AlertState::Firing));
    let told = at(&|what| matches!(what, Observed::Notification(sent) if sent.outcome == Outcome::Delivered));
    (told - (fired + GROUP_WAIT)).0 as f64 / 1000.0 / f64::from(SPEED)
}

fn spread(seconds: &mut [f64]) -> String {
    seconds.sort_by(f64::total_cmp);
    let (first, middle, last) = (seconds[0], seconds[seconds.len() / 2], seconds[seconds.len() - 1]);
    format!("{middle:.3} s (of {} runs {first:.3} to {last:.3} s)", seconds.len())
}

/// Serves the targets from this process, and says what that cost beside what scraping them cost Prometheus.
fn many_targets(folder: &Path) {
    let (node, mut problems) = yaml::read_one(&SourceFile::new("firedrill.yaml", many_services()));
    let specs = services::read_services(&node.expect("services"), &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    let clock = Clock::starting(Timestamp(1_767_603_600_000), 1);
    let targets = Targets::start(Workload::new(&specs, 1, clock.now()), clock).expect("targets are served");

    let addresses: Vec<String> = (0..TARGETS).map(|number| format!("'api-{number}:8080'")).collect();
    let config = format!(
        "global: {{scrape_interval: {SCRAPE_SECONDS}s}}\nscrape_configs: [{{job_name: api, proxy_url: 'http://{}', \
         static_configs: [{{targets: [{}]}}]}}]\n",
        targets.address(),
        addresses.join(", ")
    );
    fs::write(folder.join("many.yml"), config).expect("the config can be written");
    let address = free_address().expect("a free port");
    let mut command = std::process::Command::new("prometheus");
    command
        .arg(format!("--config.file={}", folder.join("many.yml").display()))
        .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
        .arg(format!("--web.listen-address={address}"));
    let prometheus = Process::start("prometheus", folder, command).expect("prometheus starts");
    // The first scrape of each makes its series, which costs Prometheus more than the others.
    std::thread::sleep(Pause::from_secs(2 * SCRAPE_SECONDS));
    let (before, theirs_before) = (Cost::of("self"), Cost::of(&prometheus.id().to_string()));
    std::thread::sleep(Pause::from_secs(SCRAPES * SCRAPE_SECONDS));
    let (after, theirs_after) = (Cost::of("self"), Cost::of(&prometheus.id().to_string()));
    let query = format!("/api/v1/query?query={}", ask::escaped("count(up == 1)"));
    let up = ask::get(address, &query).expect("prometheus answers");
    assert_eq!(up["data"]["result"][0]["value"][1], TARGETS.to_string(), "not all targets are up");
    let (ours, theirs) = (after.seconds - before.seconds, theirs_after.seconds - theirs_before.seconds);
    println!(
        "{TARGETS} targets with {SERIES} series each, {SCRAPES} scrapes of all: served with {ours:.1} s of CPU and {} MiB, \
         scraped with {theirs:.1} s and {} MiB ({:.1} times ours)",
        after.peak_mib,
        theirs_after.peak_mib,
        theirs / ours
    );
}

fn many_services() -> String {
    let mut text = format!("api:\n  instances: {TARGETS}\n  metrics:\n");
    // Each target also exports when it was started.
    for number in 1..SERIES {
        writeln!(text, "    metric_{number}: {{help: A number, value: {number}}}").unwrap();
    }
    text
}

/// What a process has cost until now.
struct Cost {
    seconds: f64,
    peak_mib: u64,
}

impl Cost {
    fn of(process: &str) -> Cost {
        let read = |file: &str| fs::read_to_string(format!("/proc/{process}/{file}")).expect("it runs");
        let stat = read("stat");
        // Behind the program's name, which may hold spaces; then the 12th and 13th: user and system time in ticks.
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let ticks: f64 = fields[11..13].iter().filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
        let status = read("status");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok());
        // SAFETY: a question to the kernel without arguments of ours.
        let per_second = unsafe { libc::sysconf(libc::_SC_CLK_TCK) } as f64;
        Cost { seconds: ticks / per_second, peak_mib: kib.unwrap_or(0) / 1024 }
    }
}
