//! The embedded Alertmanager beside Debian's: the same plays, the same notifications.
//!
//! Each play runs in a process of the real program and in the twin. For every address the two must tell the
//! same, in the same order: within half a second, the same body field by field. Not compared: of a mail its
//! `Message-Id`, `Date` and boundary; of repeated attempts at a failing receiver when exactly they come, for the
//! real pauses are random by half.
//!
//! A play is real time: on a machine that stands still for a moment it shows that moment and not the program. So a clock
//! of its own watches how late the machine is. Plays that differ while it was on time are wrong at once; only those that
//! differ while it was late are played again, with less company.

pub mod inbox;
pub mod mail;
mod play;
mod plays;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub use inbox::request;
use play::{Got, Play, Prepared};
use serde_json::Value;

use crate::real;

const TOLERANCE: f64 = 0.5;
/// A machine that lets a sleeper sleep longer than this is too late to tell anything by.
const LATE: Duration = Duration::from_millis(150);
/// Rounds on a machine that is late, each with half as many plays at once.
const ROUNDS: u32 = 4;
/// Of retries: a pause of up to three seconds may be half as long or half as long again.
const RETRY_TOLERANCE: f64 = 2.5;

#[test]
fn alertmanager_parity() {
    if !real::available(&["prometheus-alertmanager"]) {
        return;
    }
    let plays = plays::all();
    assert!(plays.len() >= 25, "only {} plays", plays.len());
    let chosen = std::env::var("PLAY").unwrap_or_default();
    let mut left: Vec<&Play> = plays.iter().filter(|play| play.name.contains(&chosen)).collect();
    let mut wrong = Vec::new();
    for round in 0..ROUNDS {
        let at_once = (left.len() >> round).max(1);
        let mut late = Duration::ZERO;
        wrong = Vec::new();
        for some in left.chunks(at_once) {
            let (answers, lag) = watched(|| all_at_once(some));
            let differing =
                some.iter().zip(answers).filter_map(|(play, answer)| Some((*play, answer.err()?)));
            let before = wrong.len();
            wrong.extend(differing);
            if wrong.len() > before {
                assert!(lag > LATE, "the machine was on time (late by {lag:?} at most):\n{}", told(&wrong));
                late = late.max(lag);
            }
        }
        if wrong.is_empty() {
            return;
        }
        eprintln!("{} plays differ while the machine was late by {late:?}: again", wrong.len());
        left = wrong.iter().map(|(play, _)| *play).collect();
    }
    panic!("{} of {} plays differ in each of {ROUNDS} rounds:\n\n{}", wrong.len(), plays.len(), told(&wrong));
}

fn told(wrong: &[(&Play, String)]) -> String {
    wrong.iter().map(|(play, why)| format!("{}\n{why}\n", play.name)).collect()
}

/// What comes of it, and by how much the machine was late meanwhile at the worst.
fn watched<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut worst = Duration::ZERO;
            while !over.load(Ordering::Relaxed) {
                let before = Instant::now();
                thread::sleep(STEP);
                worst = worst.max(before.elapsed().saturating_sub(STEP));
            }
            worst
        });
        let result = run();
        over.store(true, Ordering::Relaxed);
        (result, watch.join().unwrap_or_default())
    })
}

const STEP: Duration = Duration::from_millis(5);

fn all_at_once(plays: &[&Play]) -> Vec<Result<(), String>> {
    let prepared: Vec<Prepared> =
        plays.iter().enumerate().map(|(number, play)| play.prepare(number)).collect();
    prepared.iter().for_each(Prepared::wait_until_ready);
    thread::scope(|scope| {
        let running: Vec<_> = plays
            .iter()
            .zip(prepared)
            .map(|(play, mut prepared)| {
                scope.spawn(move || {
                    let (epoch, real) = play.real(&mut prepared);
                    compare(&real, &play.twin(&prepared, epoch), play.seconds)
                })
            })
            .collect();
        running
            .into_iter()
            .map(|thread| {
                thread.join().unwrap_or_else(|panic| {
                    let why = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                    Err(format!("it panicked: {why}"))
                })
            })
            .collect()
    })
}

/// What arrived at each address, beside what the twin says.
fn compare(real: &[Got], twin: &[Got], seconds: f64) -> Result<(), String> {
    let by_path = |all: &[Got]| {
        let mut by_path: BTreeMap<String, Vec<Got>> = BTreeMap::new();
        // The end of the play cuts both at slightly different instants.
        for got in all.iter().filter(|got| got.at <= seconds - TOLERANCE) {
            by_path.entry(got.path.clone()).or_default().push(got.clone());
        }
        by_path
    };
    let (real, twin) = (by_path(real), by_path(twin));
    let mut wrong = Vec::new();
    let paths: std::collections::BTreeSet<&String> = real.keys().chain(twin.keys()).collect();
    for path in paths {
        let empty = Vec::new();
        let (real, twin) = (real.get(path).unwrap_or(&empty), twin.get(path).unwrap_or(&empty));
        if let Err(why) = compare_path(real, twin) {
            let shown = |all: &[Got]| {
                let lines: Vec<String> = all
                    .iter()
                    .map(|got| {
                        format!(
                            "    {:6.2}s {} {}",
                            got.at,
                            if got.accepted { "ok " } else { "bad" },
                            got.body
                        )
                    })
                    .collect();
                lines.join("\n")
            };
            wrong.push(format!("  /{path}: {why}\n   real:\n{}\n   twin:\n{}", shown(real), shown(twin)));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn compare_path(real: &[Got], twin: &[Got]) -> Result<(), String> {
    // Attempts at the same notification: how many there are before it works is chance.
    let retried =
        |all: &[Got], at: usize| at > 0 && !all[at - 1].accepted && all[at - 1].body == all[at].body;
    let told = |all: &[Got]| -> Vec<(Got, bool)> {
        (0..all.len())
            .filter(|at| !retried(all, *at) || all[*at].accepted)
            .map(|at| (all[at].clone(), retried(all, at)))
            .collect()
    };
    let (real, twin) = (told(real), told(twin));
    // Groups that are due at the same instant have no order.
    let (mut real, mut twin) = (real, twin);
    for all in [&mut real, &mut twin] {
        all.sort_by(|(a, _), (b, _)| {
            let (a_slot, b_slot) = ((a.at + 0.25).floor() as i64, (b.at + 0.25).floor() as i64);
            a_slot.cmp(&b_slot).then_with(|| a.body.to_string().cmp(&b.body.to_string()))
        });
    }
    if real.len() != twin.len() {
        return Err(format!("{} times, the twin {}", real.len(), twin.len()));
    }
    for ((real, retried), (twin, _)) in real.iter().zip(&twin) {
        let tolerance = if *retried { RETRY_TOLERANCE } else { TOLERANCE };
        if (real.at - twin.at).abs() > tolerance {
            return Err(format!("at {:.2}s, the twin at {:.2}s", real.at, twin.at));
        }
        if real.accepted != twin.accepted {
            return Err(format!("accepted: {}, in the twin: {}", real.accepted, twin.accepted));
        }
        if !same(&real.body, &twin.body) {
            return Err(difference(&real.body, &twin.body, ""));
        }
    }
    Ok(())
}

/// The same but for ends that `resolve_timeout` set: those count from when the push came in.
fn same(real: &Value, twin: &Value) -> bool {
    let near = |a: &Value, b: &Value| {
        let instant = |value: &Value| value.as_str()?.parse::<jiff::Timestamp>().ok();
        let (Some(a), Some(b)) = (instant(a), instant(b)) else { return false };
        (a.as_millisecond() - b.as_millisecond()).abs() < 500
    };
    match (real, twin) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().zip(b).all(|((a_key, a), (b_key, b))| {
                    a_key == b_key && (same(a, b) || (a_key == "endsAt" && near(a, b)))
                })
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        _ => real == twin,
    }
}

/// The first field that differs.
fn difference(real: &Value, twin: &Value, path: &str) -> std::string::String {
    use serde_json::Value::{Array, Object, String};
    match (real, twin) {
        (Object(a), Object(b)) => {
            for key in a.keys().chain(b.keys()) {
                let null = Value::Null;
                let (a, b) = (a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null));
                if !same(a, b) {
                    return difference(a, b, &format!("{path}.{key}"));
                }
            }
            format!("{path}: a key")
        }
        (Array(a), Array(b)) if a.len() == b.len() => {
            let at = a.iter().zip(b).position(|(a, b)| !same(a, b)).unwrap_or(0);
            difference(&a[at], &b[at], &format!("{path}[{at}]"))
        }
        (String(a), String(b)) => {
            let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
            let around = |text: &str| {
                text.chars().skip(same.saturating_sub(30)).take(90).collect::<std::string::String>()
            };
            format!("{path}: {:?}\n         twin: {:?}", around(a), around(b))
        }
        _ => format!("{path}: {real}\n         twin: {twin}"),
    }
}
