//! The same answers: random series, random expressions, evaluated by the engine and by `promtool test rules`.

use std::collections::BTreeMap;
use std::fmt;

use firedrill::labels::Labels;
use firedrill::promql::series::Run;
use firedrill::promql::{
    Engine, ParseOptions, SampleValue, Semantics, Storage, Value, parse_metric, parse_series, parse_with,
};
use firedrill::time::{Duration, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;

use super::{cases, generate, grammar, runner, shrink};

/// How many questions are asked about one set of series.
const QUESTIONS: usize = 50;
/// How long all series are, in seconds.
const LENGTH: u64 = 1200;
/// The step of subqueries that name none, in seconds.
const EVALUATION_INTERVAL: u64 = 120;

#[derive(Clone, Debug)]
pub struct Data {
    pub interval: u64,
    /// Name with labels, and values.
    pub series: Vec<(String, String)>,
}

#[derive(Clone, Debug)]
struct Question {
    expr: String,
    seconds: u64,
}

/// The values by their labels, or that there is an error.
#[derive(Clone, Debug)]
enum Answer {
    Values(BTreeMap<Labels, f64>),
    Error(String),
}

#[test]
fn the_engine_answers_as_promtool_does() {
    if !crate::real::available(&["promtool"]) {
        return;
    }
    let mut runner = runner();
    let data = generate(&data(), cases().div_ceil(QUESTIONS), &mut runner);
    let asked: Vec<_> = data
        .into_iter()
        .map(|data| (data.current(), generate(&question(), QUESTIONS, &mut runner)))
        .collect();
    let questions = |trees: &[_]| trees.iter().map(ValueTree::current).collect::<Vec<Question>>();
    let theirs =
        promtool(&asked.iter().map(|(data, trees)| (data.clone(), questions(trees))).collect::<Vec<_>>());

    let (mut count, mut total, mut errors, mut empty) = (0, 0, 0, 0);
    let mut failures = Vec::new();
    for ((data, trees), theirs) in asked.into_iter().zip(theirs) {
        let storage = stored(&data);
        for (tree, theirs) in trees.into_iter().zip(theirs) {
            total += 1;
            match &theirs {
                Answer::Error(_) => errors += 1,
                Answer::Values(values) => empty += usize::from(values.is_empty()),
            }
            if agree(&ours(&storage, &tree.current()), &theirs) {
                continue;
            }
            count += 1;
            if failures.len() < 12 {
                failures.push(explain(&data, tree));
            }
        }
    }
    println!("{total} questions, {errors} of them answered with an error, {empty} with nothing");
    assert!(failures.is_empty(), "{count} of {total} differ, such as\n\n{}", failures.join("\n\n"));
    assert!(errors + empty < total * 3 / 4, "a test that compares next to nothing");
}

/// Steps evaluated together must give what each gives alone.
#[test]
fn many_steps_at_once_answer_as_each_step_alone() {
    let mut runner = runner();
    let data = generate(&data(), cases().div_ceil(QUESTIONS), &mut runner);
    let mut failures = Vec::new();
    for data in data {
        let data = data.current();
        let storage = stored(&data);
        for tree in generate(&question(), QUESTIONS, &mut runner) {
            if let Some(failure) = steps_differ(&storage, &tree.current()) {
                let simplest = shrink(tree, |question| steps_differ(&storage, question).is_some());
                let failure = steps_differ(&storage, &simplest).unwrap_or(failure);
                failures.push(format!("{simplest}{failure}{data}"));
            }
        }
    }
    let count = failures.len();
    assert!(failures.is_empty(), "{count} differ, such as\n{}", failures[..count.min(5)].join("\n\n"));
}

pub fn data() -> impl Strategy<Value = Data> {
    let series =
        (select(&grammar::METRICS[..]), select(&["api", "db"][..]), select(&["1", "2", "3"][..]), values());
    (select(&[15_u64, 30, 60][..]), prop::collection::vec(series, 6..20)).prop_map(|(interval, all)| {
        let mut series: BTreeMap<String, String> = BTreeMap::new();
        let mut number = 0;
        for (name, job, instance, values) in all {
            number += 1;
            if name != "latency_bucket" {
                series.insert(
                    format!("{name}{{instance=\"{instance}\",job=\"{job}\"}}"),
                    filled(&values, number, interval),
                );
                continue;
            }
            for le in ["0.1", "0.5", "1", "+Inf"] {
                number += 1;
                series.insert(
                    format!("{name}{{job=\"{job}\",le=\"{le}\"}}"),
                    filled(&values, number, interval),
                );
            }
        }
        Data { interval, series: series.into_iter().collect() }
    })
}

/// A piece of a series: its first value, what is added, how often; or a word.
type Piece = (i32, i32, u32, &'static str);

fn values() -> impl Strategy<Value = Vec<Piece>> {
    let run = (-20..200, -8..40, 0_u32..12).prop_map(|(first, change, times)| (first, change, times, ""));
    let word =
        select(&["_", "_x2", "_x7", "stale", "NaN", "Inf", "-Inf"][..]).prop_map(|word| (0, 0, 0, word));
    prop::collection::vec(prop_oneof![5 => run, 1 => word], 1..12)
}

/// The pieces over and over until the series is long enough. Each series has a fraction of its own, so that no two
/// values are equal by chance: which of two equals `topk` keeps is not told.
fn filled(pieces: &[Piece], number: usize, interval: u64) -> String {
    let mut text = String::new();
    let mut steps = 0;
    let fraction = number as f64 / 1024.0;
    for (first, change, times, word) in pieces.iter().cycle() {
        if steps > LENGTH / interval {
            break;
        }
        steps += 1 + u64::from(*times);
        let first = f64::from(*first) + fraction;
        match *word {
            "" => text.push_str(&format!("{first}{:+}x{times} ", f64::from(*change) / 4.0)),
            word => text.push_str(&format!("{word} ")),
        }
    }
    text
}

fn question() -> impl Strategy<Value = Question> {
    // Go's powers differ from ours in the last digit, and the remainder of a large one in all.
    let is_stable = |(expr, _): &(String, u64)| !(expr.contains('^') && expr.contains('%'));
    // In a subquery promtool lets `predict_linear(foo[5m] @ 30, 0)` answer at the first step only: an error of
    // Prometheus 2's, not worth imitating.
    let is_sound = |(expr, _): &(String, u64)| !(expr.contains("predict_linear") && expr.contains('@'));
    (prop_oneof![9 => grammar::vector(), 1 => grammar::scalar()], 0..=LENGTH)
        .prop_filter("promtool's own error", is_sound)
        .prop_filter("a difference in the last digit that grows", is_stable)
        .prop_map(|(expr, seconds)| Question { expr, seconds })
}

fn stored(data: &Data) -> Storage {
    let mut storage = Storage::default();
    for (name, values) in &data.series {
        let series = parse_series(&format!("{name} {values}")).unwrap();
        let id = storage.series(&series.labels);
        let mut step = 0;
        for run in &series.values {
            if let Run::Floats(run) = run {
                for (at, value) in run.values().enumerate() {
                    let time = (step + at as u64) * data.interval;
                    assert!(time > LENGTH || storage.append(id, Timestamp(time as i64 * 1000), value));
                }
            }
            step += run.steps();
        }
    }
    storage
}

fn ours(storage: &Storage, question: &Question) -> Answer {
    answer(storage, question, &engine())
}

fn engine() -> Engine {
    Engine { subquery_step: Duration::from_secs(EVALUATION_INTERVAL as i64), ..Engine::new(Semantics::V2) }
}

fn answer(storage: &Storage, question: &Question, engine: &Engine) -> Answer {
    let options = ParseOptions { semantics: Semantics::V2, experimental: false };
    let expr = match parse_with(&question.expr, options) {
        Ok(expr) => expr,
        Err(error) => return Answer::Error(error.message),
    };
    match engine.instant(storage, &expr, question.time()) {
        Err(error) => Answer::Error(error.message),
        Ok(answer) => Answer::Values(match answer.value {
            Value::Scalar(value) => BTreeMap::from([(Labels::empty(), value)]),
            Value::Vector(samples) => samples
                .into_iter()
                .map(|sample| (sample.labels, sample.value.float().unwrap_or(f64::NAN)))
                .collect(),
            other => panic!("{} is {other:?}", question.expr),
        }),
    }
}

fn steps_differ(storage: &Storage, question: &Question) -> Option<String> {
    // What these stand for depends on the query's first and last step.
    if question.expr.contains("start()") {
        return None;
    }
    let engine = engine();
    let options = ParseOptions { semantics: Semantics::V2, experimental: false };
    let expr = parse_with(&question.expr, options).ok()?;
    let (step, count) = (Duration::from_secs(47), 7);
    let together = engine.range(storage, &expr, question.time(), step, count).map(|answer| answer.value);
    let alone: Vec<_> = (0..count as u64)
        .map(|at| {
            answer(storage, &Question { seconds: question.seconds + at * 47, ..question.clone() }, &engine)
        })
        .collect();
    let Ok(matrix) = together else {
        let failed = alone.iter().any(|answer| matches!(answer, Answer::Error(_)));
        return (!failed).then(|| format!("\n    together: {together:?}\n    alone: no error"));
    };
    for (at, alone) in alone.iter().enumerate() {
        let values = matrix.series.iter().filter_map(|series| {
            let value = series.at(at)?;
            Some((series.labels.clone(), value))
        });
        let values = values.map(|(labels, value)| match value {
            SampleValue::Float(value) => (labels, value),
            SampleValue::Histogram(_) => (labels, f64::NAN),
        });
        let together = Answer::Values(values.collect());
        if !agree(&together, alone) {
            return Some(format!("\n    step {at}\n    together: {together}\n    alone:    {alone}"));
        }
    }
    None
}

fn agree(ours: &Answer, theirs: &Answer) -> bool {
    let close = |a: f64, b: f64| {
        a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-3)
    };
    match (ours, theirs) {
        // Which error comes first is left to chance where several are to be had.
        (Answer::Error(_), Answer::Error(_)) => true,
        (Answer::Values(ours), Answer::Values(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().zip(theirs).all(|(a, b)| a.0 == b.0 && close(*a.1, *b.1))
        }
        _ => false,
    }
}

/// The simplest question, and the fewest series, that still show the difference.
fn explain(data: &Data, tree: impl ValueTree<Value = Question>) -> String {
    let ask = |data: &Data, question: &Question| {
        promtool(&[(data.clone(), vec![question.clone()])]).remove(0).remove(0)
    };
    let differs =
        |data: &Data, question: &Question| !agree(&ours(&stored(data), question), &ask(data, question));
    let question = shrink(tree, |question| differs(data, question));
    let mut data = data.clone();
    for at in (0..data.series.len()).rev() {
        let mut fewer = data.clone();
        fewer.series.remove(at);
        if differs(&fewer, &question) {
            data = fewer;
        }
    }
    let (ours, theirs) = (ours(&stored(&data), &question), ask(&data, &question));
    format!("{question}\n    promtool: {theirs}\n    ours:     {ours}{data}")
}

/// promtool's answers. It is told to expect what no expression gives, so that it prints what it got.
fn promtool(asked: &[(Data, Vec<Question>)]) -> Vec<Vec<Answer>> {
    let unlikely = serde_json::json!([{"labels": "{unlikely=\"yes\"}", "value": 1}]);
    let test = |(data, questions): &(Data, Vec<Question>)| {
        let series: Vec<_> = data
            .series
            .iter()
            .map(|(name, values)| serde_json::json!({"series": name, "values": values}))
            .collect();
        let question = |expr: &str, seconds: u64| serde_json::json!({"expr": expr, "eval_time": format!("{seconds}s"), "exp_samples": unlikely});
        let mut all: Vec<_> = questions.iter().map(|asked| question(&asked.expr, asked.seconds)).collect();
        // Samples later than the last question are never loaded.
        all.push(question("vector(0)", LENGTH));
        serde_json::json!({
            "interval": format!("{}s", data.interval), "input_series": series, "promql_expr_test": all,
        })
    };
    let tests: Vec<_> = asked.iter().map(test).collect();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        file.path(),
        serde_json::json!({"tests": tests, "evaluation_interval": format!("{EVALUATION_INTERVAL}s")})
            .to_string(),
    )
    .unwrap();
    let mut command = std::process::Command::new("promtool");
    let output = command.args(["test", "rules"]).arg(file.path()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);

    let mut answers = stderr.split("\n    expr: ").skip(1).map(read_answer);
    let mut of_each = Vec::new();
    for (_, questions) in asked {
        // One more than was asked, about the last moment.
        let mut these: Vec<_> = answers.by_ref().take(questions.len() + 1).collect();
        assert_eq!(these.len(), questions.len() + 1, "promtool answers too little: {stderr}");
        these.pop();
        of_each.push(these);
    }
    of_each
}

/// `"expr", time: 5m,⏎ exp: ...⏎ got: {a="b"} 1E+00, {} 2E+00` or `"expr", time: 5m, err: ...`
fn read_answer(text: &str) -> Answer {
    let Some((_, got)) = text.split_once("\n        got: ") else {
        let error = text.split_once(", err: ").unwrap_or_else(|| panic!("promtool says {text}")).1;
        return Answer::Error(error.trim().to_owned());
    };
    let mut rest = got.trim_end();
    let mut values = BTreeMap::new();
    while rest != "nil" && !rest.is_empty() {
        let end = end_of_labels(rest);
        let (value, after) = rest[end..].split_once(", {").unwrap_or((&rest[end..], ""));
        let labels = parse_metric(&rest[..end]).unwrap();
        values.insert(labels, value.trim().parse().unwrap_or_else(|_| panic!("a value in {got}")));
        rest = if after.is_empty() { "" } else { &rest[rest.len() - after.len() - 1..] };
    }
    Answer::Values(values)
}

fn end_of_labels(text: &str) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            '}' if !quoted => return at + 1,
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    panic!("labels without an end: {text}");
}

impl Question {
    fn time(&self) -> Timestamp {
        Timestamp(self.seconds as i64 * 1000)
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}s", self.expr, self.seconds)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Error(message) => write!(f, "error: {message}"),
            Answer::Values(values) if values.is_empty() => f.write_str("nothing"),
            Answer::Values(values) => {
                values.iter().try_for_each(|(labels, value)| write!(f, "{labels} {value:e}; "))
            }
        }
    }
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n    every {}s:", self.interval)?;
        self.series.iter().try_for_each(|(name, values)| write!(f, "\n        {name} {values}"))
    }
}
