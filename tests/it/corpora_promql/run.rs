//! Runs a test file's commands and holds the results against what is expected.

use std::collections::BTreeMap;

use firedrill::labels::Labels;
use firedrill::promql::annotations::Level;
use firedrill::promql::histogram::{ClassicBucket, from_classic};
use firedrill::promql::series::{
    Run, SeriesDescription, StartTimestamps, is_start_timestamps, parse_start_timestamps,
};
use firedrill::promql::{
    Annotations, Engine, Expr, Matrix, ParseOptions, SampleValue, Semantics, Storage, Value, parse_series,
    parse_with,
};
use firedrill::time::{Duration, Timestamp};

use super::case::{Eval, Expectation, Load, When};
use super::expected::{self, Expected};
use super::language::{self, Command};

pub struct Outcome {
    pub line: usize,
    pub command: String,
    pub failure: Option<String>,
}

/// The outcome of every `eval`, and of whatever could not be read or loaded.
pub fn run(text: &str, semantics: Semantics) -> Vec<Outcome> {
    let v3 = semantics == Semantics::V3;
    let mut storage = Storage::default();
    let mut outcomes = Vec::new();
    let engine = Engine { delayed_name_removal: v3, start_timestamps: v3, ..Engine::new(semantics) };
    for (line, command) in language::read(text) {
        let mut report = |command: &str, failure: Option<String>| {
            outcomes.push(Outcome { line, command: command.to_owned(), failure });
        };
        match command {
            Err(error) => report("unreadable", Some(error)),
            Ok(Command::Clear) => storage = Storage::default(),
            Ok(Command::Load(command)) => {
                if let Err(error) = load(&command, &mut storage) {
                    report("load", Some(error));
                }
            }
            Ok(Command::Eval(eval)) => report(&eval.command, check(&eval, &storage, &engine).err()),
        }
    }
    outcomes
}

/// What classic buckets say of one histogram at one time.
#[derive(Default)]
struct Classic {
    buckets: Vec<ClassicBucket>,
    count: Option<f64>,
    sum: Option<f64>,
}

fn load(load: &Load, storage: &mut Storage) -> Result<(), String> {
    let mut starts = None;
    let mut described: BTreeMap<Labels, (SeriesDescription, Vec<Option<Duration>>)> = BTreeMap::new();
    let mut order = Vec::new();
    let mut classics: BTreeMap<Labels, BTreeMap<i64, Classic>> = BTreeMap::new();
    for line in &load.series {
        if is_start_timestamps(line) {
            starts = Some(parse_start_timestamps(line).map_err(|error| format!("{line:?}: {error}"))?);
            continue;
        }
        let series = parse_series(line).map_err(|error| format!("{line:?}: {error}"))?;
        let offsets = starts.take().map(|starts: StartTimestamps| starts.offsets).unwrap_or_default();
        let labels = series.labels.clone();
        // Of two lines for one series the last counts.
        if described.insert(labels.clone(), (series, offsets)).is_none() {
            order.push(labels);
        }
    }
    for (series, offsets) in order.iter().map(|labels| &described[labels]) {
        let id = storage.series(&series.labels);
        let mut step = 0_i64;
        let since = |step: i64, at: Timestamp| match offsets.get(step as usize) {
            Some(Some(offset)) => at + *offset,
            _ => Timestamp(0),
        };
        for run in &series.values {
            match run {
                Run::Gap { count } => step += *count as i64,
                Run::Floats(run) => {
                    for value in run.values() {
                        let at = Timestamp(step * load.step.0);
                        storage.append_since(id, since(step, at), at, value);
                        if load.with_nhcb {
                            note_classic(&series.labels, at, value, &mut classics);
                        }
                        step += 1;
                    }
                }
                Run::Histograms(run) => {
                    for value in run.values() {
                        let at = Timestamp(step * load.step.0);
                        storage.append_histogram_since(id, since(step, at), at, value);
                        step += 1;
                    }
                }
            }
        }
    }
    for (labels, times) in classics {
        let id = storage.series(&labels);
        for (at, classic) in times {
            let histogram = from_classic(&classic.buckets, classic.count, classic.sum)
                .ok_or_else(|| format!("{labels} is no histogram at {at}ms"))?;
            storage.append_histogram(id, Timestamp(at), histogram);
        }
    }
    Ok(())
}

fn note_classic(
    labels: &Labels,
    at: Timestamp,
    value: f64,
    classics: &mut BTreeMap<Labels, BTreeMap<i64, Classic>>,
) {
    let suffixes = ["_bucket", "_sum", "_count"];
    let found = suffixes.iter().find_map(|suffix| Some((*suffix, labels.name().strip_suffix(suffix)?)));
    let Some((suffix, base)) = found else { return };
    let of = labels.without("le").with("__name__", base);
    let bound = labels.value("le").parse::<f64>().ok().filter(|bound| !bound.is_nan());
    if suffix == "_bucket" && bound.is_none() {
        return;
    }
    let classic = classics.entry(of).or_default().entry(at.0).or_default();
    match (suffix, bound) {
        ("_bucket", Some(upper)) => classic.buckets.push(ClassicBucket { upper, count: value }),
        ("_sum", _) => classic.sum = Some(value),
        _ => classic.count = Some(value),
    }
}

fn check(eval: &Eval, storage: &Storage, engine: &Engine) -> Result<(), String> {
    let options =
        ParseOptions { semantics: engine.semantics, experimental: engine.semantics == Semantics::V3 };
    let expr = match parse_with(&eval.expr, options) {
        Ok(expr) => expr,
        Err(error) => return failed(eval, &error.message, Some(error.range.clone())),
    };
    check_printed(&expr, options)?;
    match eval.when {
        When::Range { start, end, step } => {
            let count = ((end.0 - start.0) / step.0.max(1)) as usize + 1;
            match engine.range(storage, &expr, start, step, count) {
                Err(error) => failed(eval, &error.message, None),
                Ok(_) if eval.expects_failure() => Err("expected an error but got none".to_owned()),
                Ok(answer) => {
                    check_annotations(eval, &eval.expr, &answer.annotations)?;
                    check_matrix(eval, &answer.value)
                }
            }
        }
        When::Instant(at) => {
            check_instant(eval, storage, engine, &expr, at)?;
            check_around(eval, storage, engine, &expr, at)
        }
    }
}

/// An expression prints as something that it reads the same.
fn check_printed(expr: &Expr, options: ParseOptions) -> Result<(), String> {
    let printed = expr.to_string();
    match parse_with(&printed, options) {
        Ok(again) if again.to_string() == printed => Ok(()),
        Ok(again) => Err(format!("prints as {printed}, and that as {again}")),
        // Prometheus 2 prints names of labels that it can't read.
        Err(_) if options.semantics == Semantics::V2 => Ok(()),
        Err(error) => Err(format!("prints as {printed}, which can't be read: {error}")),
    }
}

fn failed(eval: &Eval, message: &str, range: Option<std::ops::Range<usize>>) -> Result<(), String> {
    if !eval.expects_failure() {
        return Err(format!("error: {message}"));
    }
    // Prometheus puts a parse error's place in front.
    let line = eval.line;
    let placed = range.map(|range| format!("{}:{}: parse error: {message}", 1, range.start + 1));
    let matches = |expectation: &Expectation| {
        expectation.matches(message) || placed.as_deref().is_some_and(|placed| expectation.matches(placed))
    };
    match eval.failures.iter().all(matches) {
        true => Ok(()),
        false => {
            let wanted: Vec<String> = eval.failures.iter().map(Expectation::describe).collect();
            Err(format!("line {line}: expected the error {}, got {message:?}", wanted.join(", ")))
        }
    }
}

fn check_instant(
    eval: &Eval,
    storage: &Storage,
    engine: &Engine,
    expr: &Expr,
    at: Timestamp,
) -> Result<(), String> {
    let answer = match engine.instant(storage, expr, at) {
        Err(error) => return failed(eval, &error.message, None),
        Ok(_) if eval.expects_failure() => return Err("expected an error but got none".to_owned()),
        Ok(answer) => answer,
    };
    check_annotations(eval, &eval.expr, &answer.annotations)?;
    match answer.value {
        Value::String(text) => match eval.string.as_deref() == Some(&*text) {
            true => Ok(()),
            false => Err(format!("expected string {:?}, got {text:?}", eval.string)),
        },
        Value::Scalar(value) => check_scalar(eval, value),
        Value::Vector(samples) => {
            let samples: Vec<(Labels, SampleValue)> =
                samples.into_iter().map(|sample| (sample.labels, sample.value)).collect();
            check_vector(eval, &samples, eval.ordered)
        }
        Value::Matrix(ranges) => {
            let (start, _, step) = eval.range_vector.unwrap_or((at, at, Duration(1)));
            let got: Vec<(Labels, Vec<(Timestamp, SampleValue)>)> =
                ranges.into_iter().map(|range| (range.labels, range.samples)).collect();
            compare(&expected::read(&eval.series)?, &got, start, step)
        }
    }
}

/// An instant query must give the same as the middle of a range query around it.
fn check_around(
    eval: &Eval,
    storage: &Storage,
    engine: &Engine,
    expr: &Expr,
    at: Timestamp,
) -> Result<(), String> {
    let context = ["start()", "end()", "range()", "step()"];
    if eval.expects_failure()
        || eval.ordered
        || eval.range_vector.is_some()
        || eval.string.is_some()
        || context.iter().any(|function| eval.expr.contains(function))
    {
        return Ok(());
    }
    let minute = Duration::from_secs(60);
    let range = engine.range(storage, expr, at - minute, minute, 3);
    let matrix = range.map_err(|error| format!("in range mode: {error}"))?.value;
    let samples: Vec<(Labels, SampleValue)> =
        matrix.at_step(1).map(|(labels, value)| (labels.clone(), value)).collect();
    let checked = match (eval.scalar, &samples[..]) {
        (Some(_), [(_, SampleValue::Float(value))]) => check_scalar(eval, *value),
        _ => check_vector(eval, &samples, false),
    };
    checked.map_err(|error| format!("in range mode: {error}"))
}

fn check_scalar(eval: &Eval, value: f64) -> Result<(), String> {
    let same = |wanted: f64| expected::same(&expected::Point::Float(wanted), &SampleValue::Float(value));
    match eval.scalar.is_some_and(same) {
        true => Ok(()),
        false => Err(format!("expected {:?}, got the scalar {value}", eval.scalar)),
    }
}

fn check_vector(eval: &Eval, samples: &[(Labels, SampleValue)], ordered: bool) -> Result<(), String> {
    if eval.scalar.is_some() {
        return Err("expected a scalar, got a vector".to_owned());
    }
    let expected = expected::read(&eval.series)?;
    for (place, (labels, _)) in samples.iter().enumerate().filter(|_| ordered) {
        if expected.get(labels).is_some_and(|(wanted, _)| *wanted != place) {
            return Err(format!("{labels} is at place {}", place + 1));
        }
    }
    let got: Vec<(Labels, Vec<(Timestamp, SampleValue)>)> =
        samples.iter().map(|(labels, value)| (labels.clone(), vec![(Timestamp(0), value.clone())])).collect();
    let first_only: Expected = expected
        .into_iter()
        .map(|(labels, (place, points))| (labels, (place, points.into_iter().take(1).collect())))
        .collect();
    compare(&first_only, &got, Timestamp(0), Duration(1))
}

fn check_matrix(eval: &Eval, matrix: &Matrix) -> Result<(), String> {
    if eval.ordered || eval.scalar.is_some() {
        return Err("expected an ordered or scalar result, got a matrix".to_owned());
    }
    let got: Vec<(Labels, Vec<(Timestamp, SampleValue)>)> = matrix
        .series
        .iter()
        .map(|series| {
            let samples = series.samples().map(|(step, value)| (matrix.time(step), value));
            (series.labels.clone(), samples.collect())
        })
        .collect();
    compare(&expected::read(&eval.series)?, &got, matrix.start, matrix.step)
}

fn compare(
    expected: &Expected,
    got: &[(Labels, Vec<(Timestamp, SampleValue)>)],
    start: Timestamp,
    step: Duration,
) -> Result<(), String> {
    for (labels, samples) in got {
        let Some((_, points)) = expected.get(labels) else {
            return Err(format!("unexpected {labels} with {samples:?}"));
        };
        let wanted: Vec<(Timestamp, &expected::Point)> = points
            .iter()
            .enumerate()
            .filter_map(|(at, point)| Some((start + Duration(step.0 * at as i64), point.as_ref()?)))
            .collect();
        let same = wanted.len() == samples.len()
            && wanted
                .iter()
                .zip(samples)
                .all(|((wanted_at, wanted), (at, value))| wanted_at == at && expected::same(wanted, value));
        if !same {
            return Err(format!("expected {labels} with {wanted:?}, got {samples:?}"));
        }
    }
    match expected.keys().find(|labels| !got.iter().any(|(known, _)| known == *labels)) {
        Some(missing) => Err(format!("expected {missing}, which is missing")),
        None => Ok(()),
    }
}

fn check_annotations(eval: &Eval, expr: &str, annotations: &Annotations) -> Result<(), String> {
    for (level, expectations, none) in
        [(Level::Warning, &eval.warnings, eval.no_warnings), (Level::Info, &eval.infos, eval.no_infos)]
    {
        let of_level = annotations.iter().filter(|annotation| annotation.kind.level() == level);
        // Older files leave the place out.
        let texts: Vec<[String; 2]> =
            of_level.map(|annotation| [annotation.text(expr), annotation.kind.message()]).collect();
        let matches = |expectation: &Expectation, texts: &[String; 2]| {
            texts.iter().any(|text| expectation.matches(text))
        };
        if none && !texts.is_empty() {
            return Err(format!("unexpected annotations: {texts:?}"));
        }
        for expectation in expectations {
            if !texts.iter().any(|texts| matches(expectation, texts)) {
                return Err(format!("expected {level:?} {}, got {texts:?}", expectation.describe()));
            }
        }
        let unexpected =
            |texts: &&[String; 2]| !expectations.iter().any(|expectation| matches(expectation, texts));
        if let Some([text, _]) = texts.iter().find(unexpected).filter(|_| !expectations.is_empty()) {
            return Err(format!("unexpected {level:?}: {text}"));
        }
    }
    Ok(())
}
