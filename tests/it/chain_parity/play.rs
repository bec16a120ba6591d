//! One play: its documents, run for real and in the twin.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration as Pause, Instant};

use firedrill::documents;
use firedrill::labels::Labels;
use firedrill::runner::{self, RunOptions};
use firedrill::scenario::{Action, Scenario, What, select};
use firedrill::stack::Stack;
use firedrill::time::Timestamp;
use firedrill::timeline::{AlertState, Body, Message as Told, Observed, Timeline};
use firedrill::workload::Workload;
use serde_json::Value;

use super::message::{self, Message};
use super::plays::Play;
use super::processes::{self, Process};
use super::scraped::{self, Scraped};
use crate::alertmanager_parity::inbox::Inbox;
use crate::alertmanager_parity::mail;

/// An interval (all plays scrape and evaluate every second) and a second.
const TOLERANCE: f64 = 2.0;

/// What one side saw. Instants are seconds from the first step.
struct Story {
    /// When it began, in milliseconds.
    zero: i64,
    /// The states of each alert, by its labels: when, which, and with which annotations.
    states: BTreeMap<String, Vec<(f64, &'static str, Labels)>>,
    messages: Vec<Message>,
}

impl Play {
    /// Runs it on both sides; how they differ, if they do.
    pub fn compare(&self, number: usize) -> Result<(), String> {
        let (inbox, scraped) = (Inbox::start(), Scraped::start());
        let addresses = (processes::address(2 * number), processes::address(2 * number + 1));
        let folder = tempfile::tempdir().unwrap();
        let fill = |text: &str| {
            text.replace("TARGET", &scraped.address.to_string())
                .replace("ALERTMANAGER", &addresses.1.to_string())
                .replace("HOOK", &format!("http://127.0.0.1:{}", inbox.http_port))
                .replace("SMTP", &format!("127.0.0.1:{}", inbox.smtp_port))
        };
        for (name, text) in self.files() {
            fs::write(folder.path().join(name), fill(&text)).unwrap();
        }
        let (stack, scenario) = read(folder.path());
        let twin = self.twin(&stack, &scenario);
        let real = real(&stack, &scenario, folder.path(), addresses, &inbox, &scraped);
        same(&real, &twin)
    }

    fn twin(&self, stack: &Stack, scenario: &Scenario) -> Story {
        let outcome = runner::run(scenario, stack, &RunOptions::default());
        let outcome = outcome.unwrap_or_else(|error| panic!("{}: {error}", self.name));
        assert!(outcome.held(), "{}: {:?}", self.name, outcome.verdicts);
        told(&outcome.timeline)
    }
}

fn read(folder: &Path) -> (Stack, Scenario) {
    let show = |problems: &[firedrill::diagnostic::Diagnostic]| {
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let (stack, _) =
        documents::load(&[folder], None).unwrap_or_else(|problems| panic!("{}", show(&problems)));
    let path = folder.join("play.feature").display().to_string();
    let (mut scenarios, problems) = select::read(&[path]);
    assert!(problems.is_empty(), "{}", show(&problems));
    (stack, scenarios.remove(0))
}

/// The twin's timeline as a story.
fn told(timeline: &Timeline) -> Story {
    let zero = timeline.start.0;
    let mut story = Story { zero, states: BTreeMap::new(), messages: Vec::new() };
    for seen in &timeline.observations {
        let at = (seen.at.0 - zero) as f64 / 1000.0;
        match &seen.what {
            Observed::Alert(change) => {
                let states = story.states.entry(change.alert.labels.to_string()).or_default();
                let annotations = match change.to {
                    AlertState::Inactive => Labels::empty(),
                    _ => change.alert.annotations.clone(),
                };
                states.push((at, change.to.as_str(), annotations));
            }
            Observed::Notification(notification) => {
                let mut add = |path: String, body: Value| {
                    story.messages.push(Message { at, path, body: mail::sorted(body) });
                };
                match &notification.message {
                    Some(Told::Mail(mail)) => add("mail".into(), mail::told(mail)),
                    Some(Told::Http(requests)) => {
                        for request in requests {
                            let path = request.url.splitn(4, '/').nth(3).unwrap_or_default().to_owned();
                            let Body::Json(body) = &request.body else { panic!("a form") };
                            add(path, body.clone());
                        }
                    }
                    None => panic!("{:?}", notification.outcome),
                }
            }
            _ => {}
        }
    }
    story
}

/// Starts the real programs, lets them scrape for a while, and goes through the steps as time passes.
fn real(
    stack: &Stack,
    scenario: &Scenario,
    folder: &Path,
    (prometheus, alertmanager): (std::net::SocketAddr, std::net::SocketAddr),
    inbox: &Inbox,
    scraped: &Scraped,
) -> Story {
    scraped.serve(Workload::new(&stack.services, 1, scraped::now()));
    let file = |flag: &str, name: &str| format!("--{flag}={}", folder.join(name).display());
    let _alertmanager = Process::start(
        "prometheus-alertmanager",
        alertmanager,
        &[
            file("config.file", "alertmanager.yml"),
            file("storage.path", "alertmanager"),
            "--cluster.listen-address=".into(),
            "--web.external-url=http://alertmanager.example.com".into(),
        ],
    );
    let prometheus = Process::start(
        "prometheus",
        prometheus,
        &[
            file("config.file", "prometheus.yml"),
            file("storage.tsdb.path", "prometheus"),
            "--web.external-url=http://prometheus.example.com".into(),
        ],
    );
    // What is normal is known once it has been scraped some times.
    while scraped.requests() < 6 {
        thread::sleep(Pause::from_millis(20));
    }
    let (zero, begun) = (scraped::now(), Instant::now());
    let over = AtomicBool::new(false);
    let states = thread::scope(|scope| {
        let watching = scope.spawn(|| watch(&prometheus, begun, &over));
        go_through(scenario, scraped, begun, zero);
        over.store(true, Ordering::Relaxed);
        watching.join().unwrap()
    });
    let messages = inbox.arrivals().into_iter().map(|arrival| Message {
        at: arrival.at.saturating_duration_since(begun).as_secs_f64(),
        path: arrival.path,
        body: mail::sorted(arrival.body),
    });
    Story { zero: zero.0, states, messages: messages.collect() }
}

fn go_through(scenario: &Scenario, scraped: &Scraped, begun: Instant, zero: Timestamp) {
    let mut passed = firedrill::time::Duration::ZERO;
    for step in &scenario.steps {
        let What::When(when) = &step.what else { continue };
        match &when.action {
            Action::Changes(changes) => scraped.change(|workload| {
                for change in changes {
                    workload.apply(zero + passed, change).unwrap();
                }
            }),
            Action::Wait(pause) => {
                passed = firedrill::time::Duration(passed.0 + pause.0);
                let due = begun + Pause::from_millis(passed.0.unsigned_abs());
                thread::sleep(due.saturating_duration_since(Instant::now()));
            }
        }
    }
}

/// Asks Prometheus again and again which alerts are active, and notes what changes.
fn watch(
    prometheus: &Process,
    begun: Instant,
    over: &AtomicBool,
) -> BTreeMap<String, Vec<(f64, &'static str, Labels)>> {
    let mut states: BTreeMap<String, Vec<(f64, &'static str, Labels)>> = BTreeMap::new();
    while !over.load(Ordering::Relaxed) {
        let at = begun.elapsed().as_secs_f64();
        let answer = prometheus.get("/api/v1/alerts").expect("Prometheus answers");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let mut active = BTreeMap::new();
        for alert in answer["data"]["alerts"].as_array().unwrap() {
            let state = match alert["state"].as_str() {
                Some("firing") => "firing",
                _ => "pending",
            };
            active.insert(labels(&alert["labels"]).to_string(), (state, labels(&alert["annotations"])));
        }
        for (alert, (state, annotations)) in &active {
            let seen = states.entry(alert.clone()).or_default();
            if seen.last().is_none_or(|(_, last, _)| last != state) {
                seen.push((at, *state, annotations.clone()));
            }
        }
        for (alert, seen) in &mut states {
            let gone = !active.contains_key(alert);
            if gone && seen.last().is_some_and(|(_, last, _)| *last != "inactive") {
                seen.push((at, "inactive", Labels::empty()));
            }
        }
        thread::sleep(Pause::from_millis(50));
    }
    states
}

fn labels(value: &Value) -> Labels {
    let entries = value.as_object().unwrap().iter();
    Labels::from_pairs(entries.map(|(name, value)| (name.as_str(), value.as_str().unwrap())))
}

fn same(real: &Story, twin: &Story) -> Result<(), String> {
    let mut wrong = Vec::new();
    let names: std::collections::BTreeSet<&String> = real.states.keys().chain(twin.states.keys()).collect();
    assert!(!names.is_empty(), "a play needs an alert");
    for name in names {
        let none = Vec::new();
        let (a, b) = (real.states.get(name).unwrap_or(&none), twin.states.get(name).unwrap_or(&none));
        let fits = a.len() == b.len()
            && a.iter().zip(b).all(|((a_at, a_state, a_texts), (b_at, b_state, b_texts))| {
                (a_at - b_at).abs() <= TOLERANCE && a_state == b_state && a_texts == b_texts
            });
        if !fits {
            wrong.push(format!("  {name}\n   real: {a:?}\n   twin: {b:?}"));
        }
    }
    let paths: std::collections::BTreeSet<&String> =
        real.messages.iter().chain(&twin.messages).map(|message| &message.path).collect();
    for path in paths {
        let of = |story: &Story| -> Vec<Message> {
            story.messages.iter().filter(|message| message.path == *path).cloned().collect()
        };
        if let Err(why) = same_messages((&of(real), real.zero), (&of(twin), twin.zero)) {
            let show = |messages: &[Message]| -> String {
                messages.iter().map(|one| format!("    {:6.2}s {}\n", one.at, one.body)).collect()
            };
            wrong.push(format!(
                "  /{path}: {why}\n   real:\n{}   twin:\n{}",
                show(&of(real)),
                show(&of(twin))
            ));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn same_messages(real: (&[Message], i64), twin: (&[Message], i64)) -> Result<(), String> {
    if real.0.len() != twin.0.len() {
        return Err(format!("{} messages, in the twin {}", real.0.len(), twin.0.len()));
    }
    for (a, b) in real.0.iter().zip(twin.0) {
        if (a.at - b.at).abs() > TOLERANCE {
            return Err(format!("at {:.2}s, in the twin at {:.2}s", a.at, b.at));
        }
        if let Some(why) = message::difference((&a.body, real.1), (&b.body, twin.1), TOLERANCE) {
            return Err(why);
        }
    }
    Ok(())
}
