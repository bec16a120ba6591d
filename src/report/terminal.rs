//! The report that a person reads: a line for what passed, the whole story for what failed.

use super::look::{Detail, Look};
use super::{Ran, ScenarioResult, Status, Totals, address, drawing, failure};
use crate::judge::{Verdict, clock};
use crate::scenario::{Scenario, What};
use crate::timeline::Timeline;
use crate::worlds::real::Substituted;

/// What is said of one scenario; ends with a newline unless it is empty.
pub fn scenario(result: &ScenarioResult, look: &Look) -> String {
    let head =
        |word: String| format!("{word}  {}  {}\n", result.address(), look.strong(&result.scenario.name));
    match &result.ran {
        Ran::Finished { verdicts, timeline, simulated, seed, substituted, evidence, busy } => match result
            .status()
        {
            Status::Passed if look.detail == Detail::Quiet => String::new(),
            Status::Passed => {
                let time = look.faint(&format!("({simulated})"));
                let mut text =
                    format!("{}  {}  {} {time}\n", look.good("PASS"), result.address(), result.scenario.name);
                text += &steps(result, timeline, look);
                text += &substitutions(substituted, look);
                text
            }
            _ => {
                let mut text = head(look.bad("FAIL"));
                text += &steps(result, timeline, look);
                text += &substitutions(substituted, look);
                text.push('\n');
                text += &failures(&result.scenario, verdicts, look);
                let drawn = drawing::draw(&result.scenario, verdicts, timeline, look);
                if !drawn.is_empty() {
                    text += &drawn;
                    text.push('\n');
                }
                let failed = verdicts.iter().filter(|verdict| !verdict.held).count();
                text += &format!(
                    "{failed} of {} failed (simulated {simulated}, seed {seed})\n",
                    counted(verdicts.len(), "expectation")
                );
                if let Some(busy) = busy {
                    text += &format!(
                        "note: this machine was too busy for it: {busy}; run fewer at once (--jobs) or slower (--speed)\n"
                    );
                }
                if let Some(evidence) = evidence {
                    text += &format!("its configs and logs: {}\n", evidence.display());
                }
                text += &format!(
                    "run it again: firedrill test {} --seed {seed}{}\n\n",
                    shell_word(&result.address()),
                    result.world
                );
                text
            }
        },
        Ran::WorldFailed { error } => {
            format!(
                "{}\n{}: the world failed: {error}\n\n",
                head(look.bad("LOST")),
                look.bad("error[world-failed]")
            )
        }
        Ran::Panicked { message } => {
            format!("{}\n{}: {message}\n\n", head(look.bad("FAULT")), look.bad("error[our-own-fault]"))
        }
    }
}

/// The last lines: how many scenarios held, and what was simulated.
pub fn summary<'a>(results: impl IntoIterator<Item = &'a ScenarioResult>, look: &Look) -> String {
    let totals = Totals::of(results);
    let mut parts = Vec::new();
    if totals.passed > 0 {
        parts.push(look.good(&format!("{} passed", totals.passed)));
    }
    if totals.failed > 0 {
        let failed = format!("{} failed", totals.failed);
        let of =
            format!(" ({} of {})", totals.expectations_failed, counted(totals.expectations, "expectation"));
        parts.push(format!("{}{of}", look.bad(&failed)));
    }
    if totals.broken > 0 {
        parts.push(look.bad(&format!("{} could not be run", totals.broken)));
    }
    format!(
        "{}: {}; {} simulated\n",
        counted(totals.scenarios(), "scenario"),
        parts.join(", "),
        totals.simulated
    )
}

/// One line for each scenario: where it is, its name and its tags.
pub fn list<'a>(scenarios: impl IntoIterator<Item = &'a Scenario>, look: &Look) -> String {
    let line = |scenario: &Scenario| {
        let tags: String = scenario.tags.iter().map(|tag| format!(" @{tag}")).collect();
        format!("{}  {}{}\n", address(scenario), scenario.name, look.faint(&tags))
    };
    scenarios.into_iter().map(line).collect()
}

/// The messages of the failures, each followed by what is but its consequence.
fn failures(scenario: &Scenario, verdicts: &[Verdict], look: &Look) -> String {
    let mut text = String::new();
    for (failure, message, consequences) in failure::causes(scenario, verdicts) {
        text += message.render(look.colour).trim_end();
        text.push('\n');
        for verdict in consequences {
            let step = scenario.steps.get(verdict.step);
            let place = step.map_or(String::new(), |step| format!("line {}: ", step.place.line()));
            let claim = step.map_or(verdict.claim.as_str(), |step| step.text.trim());
            let why = verdict.failure.as_ref().map_or("", |failure| failure.message.as_str());
            let line = format!("   = follows from {}: {place}{}: {why}", failure.id, first_line(claim));
            text += &format!("{}\n", look.faint(&line));
        }
        text.push('\n');
    }
    text
}

/// Every step with when it was done, where the person asked for it.
fn steps(result: &ScenarioResult, timeline: &Timeline, look: &Look) -> String {
    if look.detail != Detail::Verbose {
        return String::new();
    }
    let (yes, no) = if look.ascii { ("ok", "NO") } else { ("✓", "✗") };
    let times: Vec<String> = result
        .step_times()
        .into_iter()
        .map(|at| at.map_or(String::new(), |at| clock(at, timeline.start)))
        .collect();
    let width = times.iter().map(String::len).max().unwrap_or(0);
    let mut text = String::new();
    for (index, (step, time)) in result.scenario.steps.iter().zip(&times).enumerate() {
        let verdict = result.verdicts().iter().find(|verdict| verdict.step == index);
        let mark = match (&step.what, verdict) {
            (What::Then(_), Some(verdict)) if verdict.held => look.good(yes),
            (What::Then(_), Some(_)) => look.bad(no),
            _ => " ".repeat(yes.chars().count()),
        };
        text +=
            &format!("      {mark} {}  {}\n", look.faint(&format!("{time:>width$}")), first_line(&step.text));
        if let Some(happened) =
            verdict.filter(|v| v.held).and_then(|v| v.happened.filter(|at| *at < v.decided))
        {
            let since = format!("held at {}", clock(happened, timeline.start));
            text += &format!("        {:width$}  {}\n", "", look.faint(&since));
        }
    }
    text
}

/// What a real world ran with otherwise than the team wrote it, where the person asked for all.
fn substitutions(substituted: &Substituted, look: &Look) -> String {
    if look.detail != Detail::Verbose || *substituted == Substituted::default() {
        return String::new();
    }
    let mut text = "      run with these substitutions:\n".to_owned();
    for one in &substituted.texts {
        let change = match (one.was.as_str(), one.becomes.as_str()) {
            ("", becomes) => format!("added {}", first_line(becomes)),
            (was, "") => format!("without {}", first_line(was)),
            (was, becomes) => format!("{} → {}", first_line(was), first_line(becomes)),
        };
        text += &format!("        {}: {change} {}\n", one.place, look.faint(&format!("({})", one.why)));
    }
    for (flag, why) in &substituted.flags {
        text += &format!("        {flag} {}\n", look.faint(&format!("({why})")));
    }
    text
}

fn first_line(text: &str) -> &str {
    text.trim().lines().next().unwrap_or("")
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// A word as a shell takes it.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-:,+@%=".contains(c);
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}
