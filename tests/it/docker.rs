//! Components in containers: run, heard, paused, killed and removed, with no way out but to this process; and scenarios
//! in them, started as a user starts them.

use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use firedrill::diagnostic::SourceFile;
use firedrill::documents::images;
use firedrill::stack::alertmanager::IntegrationKind;
use firedrill::stack::{ImageMap, Stack};
use firedrill::time::Timestamp;
use firedrill::worlds::clock::Clock;
use firedrill::worlds::docker::{Docker, Network};
use firedrill::worlds::inbox::{Inbox, Mailbox};
use firedrill::worlds::real::place::{Component, Place, Program, Running};
use serde_json::json;

use crate::alertmanager_parity::request;
use crate::real;

/// The images to run here: built by ci/images.sh, which names them in the file that this variable names.
pub fn image_map() -> Option<ImageMap> {
    if !real::available(&["docker"]) {
        return None;
    }
    let Some(path) = std::env::var_os("FIREDRILL_IMAGES") else {
        assert!(std::env::var_os("CI").is_none(), "FIREDRILL_IMAGES names no images");
        eprintln!("skipped: FIREDRILL_IMAGES names no images; ci/images.sh builds some");
        return None;
    };
    let path = Path::new(&path);
    let text = std::fs::read_to_string(path).unwrap();
    let (map, problems) = images::read_file(&SourceFile::new(path.display().to_string(), text));
    assert!(problems.is_empty(), "{problems:?}");
    Some(map)
}

/// An Alertmanager with this receiver, in a folder of its own.
fn alertmanager(folder: &Path, receiver: &str) -> Component {
    let own = folder.join("alertmanager");
    std::fs::create_dir(&own).unwrap();
    let config =
        format!("route: {{ receiver: team, group_wait: 10ms }}\nreceivers: [{{ name: team, {receiver} }}]\n");
    std::fs::write(own.join("alertmanager.yml"), config).unwrap();
    Component {
        name: "alertmanager".to_owned(),
        program: Program::Alertmanager,
        arguments: vec![
            format!("--config.file={}", own.join("alertmanager.yml").display()),
            format!("--storage.path={}", own.join("data").display()),
            "--web.listen-address={address}".to_owned(),
            "--cluster.listen-address=".to_owned(),
        ],
        folder: own,
        environment: Vec::new(),
    }
}

fn wait_until(what: &str, running: &mut dyn Running, mut happened: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !happened() {
        running.check().unwrap();
        assert!(begun.elapsed() < Duration::from_secs(60), "no {what}\n{}", running.last_lines());
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn wait_until_it_listens(running: &mut dyn Running) {
    let address = running.address();
    wait_until("answer", running, || TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok());
}

/// Names of containers and networks with this in their names.
fn names(part: &str) -> Vec<String> {
    let list = |arguments: &[&str]| {
        let output = Command::new("docker").args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let containers = list(&["ps", "--all", "--format", "{{.Names}}"]);
    let networks = list(&["network", "ls", "--format", "{{.Name}}"]);
    let all = containers.lines().chain(networks.lines());
    all.filter(|name| name.contains(part)).map(str::to_owned).collect()
}

#[test]
fn docker_a_component_is_heard_paused_stopped_and_removed() {
    let Some(map) = image_map() else { return };
    let network = Arc::new(Network::new().unwrap());
    let name = network.name().to_owned();
    let stack = Stack::default();
    let docker = Docker::new(Arc::clone(&network), &stack, &map);
    let folder = tempfile::tempdir().unwrap();
    let component = alertmanager(folder.path(), "webhook_configs: []");
    let mut running = docker.start(&component).unwrap();
    wait_until_it_listens(&mut *running);
    let mut said = String::new();
    wait_until("word", &mut *running, || true);
    let begun = Instant::now();
    while !said.contains("Listening on") && begun.elapsed() < Duration::from_secs(20) {
        said.push_str(&running.said());
    }
    assert!(said.contains("Listening on"), "{said}");
    assert_eq!(running.said(), "");

    // Paused, it takes connections and never answers; then it goes on.
    let address = running.address();
    running.pause().unwrap();
    let held = std::thread::spawn(move || request(address, "GET", "/-/ready", &json!(null)));
    std::thread::sleep(Duration::from_millis(300));
    assert!(!held.is_finished());
    running.resume().unwrap();
    assert_eq!(held.join().unwrap().unwrap().trim(), "OK");

    running.stop().unwrap();
    let ended = running.check().unwrap_err().to_string();
    assert!(ended.contains("ended with exit code 0; its last lines:\n"), "{ended}");
    assert!(running.said().contains("Received SIGTERM"), "{ended}");
    // What it had written down is there for the next one, which says its own.
    assert!(component.folder.join("data/nflog").exists());
    let mut next = docker.start(&component).unwrap();
    wait_until_it_listens(&mut *next);
    assert!(!next.said().contains("Received SIGTERM"));
    next.kill().unwrap();
    let ended = next.check().unwrap_err().to_string();
    assert!(ended.contains("ended with exit code 137"), "{ended}");

    drop((running, next, docker, network));
    assert_eq!(names(&name), [] as [String; 0]);
}

#[test]
fn docker_a_container_has_a_way_to_us_and_to_nobody_else() {
    let Some(map) = image_map() else { return };
    let network = Arc::new(Network::new().unwrap());
    // The engine drops what would leave such a network.
    let internal = Command::new("docker")
        .args(["network", "inspect", "-f", "{{.Internal}}", network.name()])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&internal.stdout).trim(), "true", "{internal:?}");
    let stack = Stack::default();
    let docker = Docker::new(network, &stack, &map);
    let mut inbox = Inbox::start(Clock::starting(Timestamp(0), 1)).unwrap();
    let mailbox = Mailbox {
        receiver: "team".to_owned(),
        kind: IntegrationKind::Webhook,
        index: 0,
        stands_for: "https://example.com/hook".to_owned(),
    };
    // Behind TLS, by the name that we have there.
    let url = inbox.open_securely(mailbox).unwrap();
    let (address, path) = url.strip_prefix("https://").unwrap().split_once('/').unwrap();
    let reached = docker.reach(address.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let mut component =
        alertmanager(folder.path(), &format!("webhook_configs: [{{ url: 'https://{reached}/{path}' }}]"));
    let trusted = component.folder.join("authority.pem");
    std::fs::write(&trusted, inbox.authority()).unwrap();
    component.environment = vec![("SSL_CERT_FILE".to_owned(), trusted.display().to_string())];
    let mut running = docker.start(&component).unwrap();
    wait_until_it_listens(&mut *running);
    let alert = json!([{ "labels": { "alertname": "Down" } }]);
    request(running.address(), "POST", "/api/v2/alerts", &alert).unwrap();
    wait_until("message", &mut *running, || inbox.arrivals_after(0).len() == 1);
}

#[test]
fn docker_what_does_not_run_is_told_with_its_reason() {
    let Some(map) = image_map() else { return };
    let network = Arc::new(Network::new().unwrap());
    let name = network.name().to_owned();
    let stack = Stack::default();
    let folder = tempfile::tempdir().unwrap();
    let component = alertmanager(folder.path(), "webhook_config: []");
    // It ends by itself, sooner or later.
    let error = match Docker::new(Arc::clone(&network), &stack, &map).start(&component) {
        Err(error) => error,
        Ok(mut running) => loop {
            if let Err(error) = running.check() {
                break error;
            }
        },
    };
    let error = error.to_string();
    assert!(error.contains("field webhook_config not found"), "{error}");
    assert!(error.contains("ended with exit code 1"), "{error}");

    let none = images::read_file(&SourceFile::new("a", "prom/alertmanager: localhost:1/none:1\n")).0;
    let Err(error) = Docker::new(Arc::clone(&network), &stack, &none).start(&component) else {
        panic!("there is no such image")
    };
    let error = error.to_string();
    assert!(
        error.contains("from the image localhost:1/none:1: it is not here and can't be pulled"),
        "{error}"
    );
    assert!(error.contains("--image IMAGE=IMAGE"), "{error}");
    drop(network);
    assert_eq!(names(&name), [] as [String; 0]);
}

#[test]
fn docker_only_what_dead_firedrills_left_is_swept() {
    let Some(map) = image_map() else { return };
    let first = Network::new().unwrap();
    let image = firedrill::worlds::docker::image(&Stack::default(), &map, Program::Alertmanager).to_string();
    let own =
        Command::new("docker").args(["network", "inspect", "-f", "{{json .Labels}}", first.name()]).output();
    let labels: serde_json::Value = serde_json::from_slice(&own.unwrap().stdout).unwrap();
    let label = |name: &str| format!("{name}={}", labels[name].as_str().unwrap());
    let dead = format!("firedrill.owner={} long ago", std::process::id());
    let made = |arguments: &[&str]| {
        let output = Command::new("docker").args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    let numbers = label("firedrill.pid-namespace");
    let part = format!("swept-{}", std::process::id());
    let named = |name: &str| format!("{part}-{name}");
    made(&["network", "create", "--label", &dead, "--label", &numbers, &named("dead-network")]);
    made(&[
        "create",
        "--network",
        &named("dead-network"),
        "--label",
        &dead,
        "--label",
        &numbers,
        "--name",
        &named("dead"),
        &image,
    ]);
    made(&[
        "create",
        "--label",
        &label("firedrill.owner"),
        "--label",
        &numbers,
        "--name",
        &named("alive"),
        &image,
    ]);
    made(&[
        "create",
        "--label",
        &dead,
        "--label",
        "firedrill.pid-namespace=other",
        "--name",
        &named("elsewhere"),
        &image,
    ]);
    made(&["create", "--name", &named("foreign"), &image]);
    drop(Network::new().unwrap());
    let mut left = names(&part);
    left.sort();
    let expected = [named("alive"), named("elsewhere"), named("foreign")];
    for name in &left {
        made(&["rm", "--force", name]);
    }
    assert_eq!(left, expected);
}

/// Scenarios of each stack, short and with time to spare: what they test is that the same file runs here.
const SCENARIOS: [&str; 12] = [
    "features/sei/api.feature:14",
    "features/edu7p/notifications.feature:7",
    "features/funlynk/backend.feature:31",
    "features/jac/learning.feature:13",
    "features/sei/notifications.feature:31",
    "features/todo/todo.feature:12",
    "scenarios/edu7p/platform.yaml:44",
    "scenarios/jac/learning.yaml:82",
    "scenarios/sei/kafka.yaml:9",
    "scenarios/todo/todo.yaml:32",
    // Containers that are killed, started and paused.
    "features/jac/faults.feature:8",
    "features/sei/faults.feature:99",
];
const SPEED: &str = "30";

fn firedrill(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_firedrill"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).env("NO_COLOR", "1");
    command
}

#[test]
fn docker_scenarios_of_the_stacks_hold_in_containers() {
    if image_map().is_none() {
        return;
    }
    let mut left = SCENARIOS.to_vec();
    let mut told = String::new();
    // Real time on a busy machine: what failed gets another chance, with less company.
    for jobs in ["6", "1"] {
        let mut arguments = vec!["test"];
        arguments.extend(&left);
        arguments.extend(["--world", "docker", "--speed", SPEED, "--jobs", jobs]);
        let output = firedrill(&arguments).output().unwrap();
        told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        if output.status.code() == Some(0) {
            return;
        }
        let failed = |scenario: &&str| {
            let mut lines = told.lines();
            lines
                .any(|line| (line.starts_with("FAIL") || line.starts_with("LOST")) && line.contains(scenario))
        };
        left.retain(failed);
        assert!(!left.is_empty(), "{told}");
    }
    panic!("{told}");
}

#[test]
fn docker_what_cannot_be_used_is_told_before_anything_runs() {
    if image_map().is_none() {
        return;
    }
    let check = |arguments: &[&str], host: Option<&str>, exit: i32, expected: &str| {
        let mut command = firedrill(&["test", "scenarios/todo/todo.yaml:32"]);
        command.args(arguments);
        if let Some(host) = host {
            command.env("DOCKER_HOST", host);
        }
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(exit), "{told}");
        assert!(told.contains(expected), "no {expected:?} in\n{told}");
    };
    let docker = ["--world", "docker"];
    check(&docker, Some("unix:///nobody/listens/here.sock"), 3, "the Docker engine can't be reached");
    check(&[&docker[..], &["--image", "prom/prometheus"]].concat(), None, 2, "--image:1:1");
    check(&[&docker[..], &["--images", "/no/such/file"]].concat(), None, 2, "can't be read");
    check(&["--image", "redis=x"], None, 2, "--image and --images are for the docker world");
    let none = ["--image", "prom/prometheus=localhost:1/none:1"];
    check(&[&docker[..], &none].concat(), None, 3, "from the image localhost:1/none:1: it is not here");
}

#[test]
fn kill_docker_9_at_twenty_moments_leaves_nothing_after_the_next_start() {
    if image_map().is_none() {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    let start = || {
        let mut command = firedrill(&["test", SCENARIOS[0], "--world", "docker", "--speed", SPEED]);
        command.env("TMPDIR", temporary.path()).stdout(std::process::Stdio::null());
        command.stderr(std::process::Stdio::null()).spawn().unwrap()
    };
    let mut killed = Vec::new();
    let mut random: u32 = 4711;
    for _ in 0..20 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let mut child = start();
        std::thread::sleep(Duration::from_millis(u64::from(random >> 16) % 4000));
        child.kill().unwrap();
        child.wait().unwrap();
        killed.push(child.id());
    }
    let left = |killed: &[u32]| -> Vec<String> {
        killed.iter().flat_map(|pid| names(&format!("firedrill-{pid}-"))).collect()
    };
    drop(Network::new().unwrap());
    // One that was being made when its firedrill died may appear only now.
    std::thread::sleep(Duration::from_secs(2));
    drop(Network::new().unwrap());
    assert_eq!(left(&killed), [] as [String; 0]);
}
