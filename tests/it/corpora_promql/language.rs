//! The language of the engine tests, read: `load`, `clear` and `eval` with their lines.

use firedrill::time::{Duration, Timestamp};
use regex::Regex;

use super::case::{Eval, Expectation, Load, When};

pub enum Command {
    Clear,
    Load(Load),
    Eval(Eval),
}

/// All commands; one that cannot be read becomes its message, with its line.
pub fn read(text: &str) -> Vec<(usize, Result<Command, String>)> {
    let lines: Vec<&str> =
        text.lines().map(str::trim).map(|line| if line.starts_with('#') { "" } else { line }).collect();
    let mut commands = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let line = lines[at];
        let number = at + 1;
        at += 1;
        if line.is_empty() {
            continue;
        }
        let word = line.split([' ', '\t']).next().unwrap_or_default().to_lowercase();
        if word == "clear" {
            commands.push((number, Ok(Command::Clear)));
            continue;
        }
        let from = at;
        while at < lines.len() && !lines[at].is_empty() {
            at += 1;
        }
        let below: Vec<&str> = lines[from..at].to_vec();
        let command = match word {
            word if word.starts_with("load") => load(line, below).map(Command::Load),
            word if word.starts_with("eval") => {
                let (eval, used) = eval(line, number, &below);
                at = from + used;
                eval.map(Command::Eval)
            }
            _ => Err(format!("invalid command {line:?}")),
        };
        commands.push((number, command));
    }
    commands
}

fn load(line: &str, series: Vec<&str>) -> Result<Load, String> {
    let (word, step) = line.split_once([' ', '\t']).ok_or("load without a step")?;
    let step = Duration::parse(step.trim()).map_err(|error| error.to_string())?;
    let series = series.into_iter().map(str::to_owned).collect();
    Ok(Load { step, series, with_nhcb: word.ends_with("_with_nhcb") })
}

/// The command, and how many of the lines below it are its own.
fn eval(line: &str, number: usize, below: &[&str]) -> (Result<Eval, String>, usize) {
    let mut eval = match head(line, number) {
        Ok(eval) => eval,
        Err(error) => return (Err(error), below.len()),
    };
    for (at, line) in below.iter().enumerate() {
        let rest = |prefix: &str| line.strip_prefix(prefix).map(str::trim);
        if let (true, Some(message)) = (eval.expects_failure(), rest("expected_fail_message")) {
            eval.failures.push(Expectation::Message(message.to_owned()));
            return (Ok(eval), at + 1);
        }
        if let (true, Some(pattern)) = (eval.expects_failure(), rest("expected_fail_regexp")) {
            match Regex::new(pattern) {
                Ok(pattern) => eval.failures.push(Expectation::Pattern(pattern)),
                Err(error) => return (Err(error.to_string()), below.len()),
            }
            return (Ok(eval), at + 1);
        }
        let read = if let Some(range) = rest("expect range vector") {
            read_range(range).map(|range| eval.range_vector = Some(range))
        } else if let Some(text) = rest("expect string") {
            super::expected::unquote(text).map(|text| eval.string = Some(text))
        } else if line.starts_with("expect ") || line.starts_with("expect\t") {
            expectation(line, &mut eval)
        } else if let Some(number) = super::expected::number(line) {
            eval.scalar = Some(number);
            return (Ok(eval), at + 1);
        } else {
            eval.series.push((*line).to_owned());
            Ok(())
        };
        if let Err(error) = read {
            return (Err(error), below.len());
        }
    }
    (Ok(eval), below.len())
}

fn head(line: &str, number: usize) -> Result<Eval, String> {
    let pattern = |pattern: &str| Regex::new(pattern).expect("a pattern of this file");
    let instant = pattern(r"^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(.+?))?\s+(.+)$");
    let range =
        pattern(r"^eval(?:_(fail|warn|info))?\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+?)\s+(.+)$");
    let at = |text: &str| signed_duration(text).map(|duration| Timestamp(duration.0));
    let (mode, when, expr) = if let Some(found) = instant.captures(line) {
        let time = match found.get(2) {
            Some(time) => at(time.as_str())?,
            None => Timestamp(0),
        };
        (found.get(1).map(|mode| mode.as_str()), When::Instant(time), found[3].to_owned())
    } else if let Some(found) = range.captures(line) {
        let (start, end, step) = (at(&found[2])?, at(&found[3])?, signed_duration(&found[4])?);
        (found.get(1).map(|mode| mode.as_str()), When::Range { start, end, step }, found[5].to_owned())
    } else {
        return Err(format!("invalid evaluation command {line:?}"));
    };
    let mut eval = Eval::new(number, line, when, expr);
    match mode {
        Some("fail") => eval.failures.push(Expectation::Any),
        Some("warn") => eval.warnings.push(Expectation::Any),
        Some("info") => eval.infos.push(Expectation::Any),
        Some("ordered") => eval.ordered = true,
        _ => {}
    }
    Ok(eval)
}

fn expectation(line: &str, eval: &mut Eval) -> Result<(), String> {
    let pattern = Regex::new(r"^expect\s+(ordered|fail|warn|no_warn|info|no_info)(?:\s+(regex|msg):(.+))?$")
        .expect("a pattern of this file");
    let found = pattern.captures(line).ok_or_else(|| format!("invalid expect statement {line:?}"))?;
    let text = found.get(3).map_or("", |text| text.as_str().trim());
    let expectation = match found.get(2).map(|kind| kind.as_str()) {
        Some("msg") => Expectation::Message(text.to_owned()),
        Some(_) => Expectation::Pattern(Regex::new(text).map_err(|error| error.to_string())?),
        None => Expectation::Any,
    };
    match &found[1] {
        "ordered" => eval.ordered = true,
        "fail" => eval.failures.push(expectation),
        "warn" => eval.warnings.push(expectation),
        "info" => eval.infos.push(expectation),
        "no_warn" => eval.no_warnings = true,
        _ => eval.no_infos = true,
    }
    Ok(())
}

fn read_range(text: &str) -> Result<(Timestamp, Timestamp, Duration), String> {
    let pattern = Regex::new(r"^from\s+(.+)\s+to\s+(.+)\s+step\s+(.+)$").expect("a pattern of this file");
    let found = pattern.captures(text).ok_or_else(|| format!("invalid range vector definition {text:?}"))?;
    let (start, end) = (signed_duration(&found[1])?, signed_duration(&found[2])?);
    Ok((Timestamp(start.0), Timestamp(end.0), signed_duration(&found[3])?))
}

fn signed_duration(text: &str) -> Result<Duration, String> {
    Duration::parse(text.trim()).map_err(|error| error.to_string())
}
