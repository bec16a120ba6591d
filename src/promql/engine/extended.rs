//! `anchored` and `smoothed` selectors (Prometheus 3, experimental): the ends of a range are taken from the
//! nearest samples beyond it instead of being extrapolated.

use std::sync::Arc;

use super::EvalError;
use super::evaluator::Evaluator;
use super::grid::{Grid, Row, Steps};
use super::selectors::Viewpoint;
use crate::promql::annotations::AnnotationKind;
use crate::promql::ast::{RangeExtension, TextRange};
use crate::promql::functions::rates::{add, seconds, sub};
use crate::promql::functions::windows::{Geometry, Note, RangeFunction, Window, evaluate as evaluate_plain};
use crate::promql::histogram::{CounterResetHint, FloatHistogram};
use crate::promql::storage::StoredSeries;
use crate::promql::value::SampleValue;
use crate::time::Timestamp;

/// Refuses functions to which samples beyond the range would be wrong.
pub(super) fn check_allowed(extension: Option<RangeExtension>, name: &str) -> Result<(), EvalError> {
    const ANCHORED: [&str; 5] = ["changes", "delta", "increase", "rate", "resets"];
    const SMOOTHED: [&str; 3] = ["delta", "increase", "rate"];
    let (modifier, allowed): (&str, &[&str]) = match extension {
        None => return Ok(()),
        Some(RangeExtension::Anchored) => ("anchored", &ANCHORED),
        Some(RangeExtension::Smoothed) => ("smoothed", &SMOOTHED),
    };
    match allowed.contains(&name) {
        true => Ok(()),
        false => Err(EvalError::new(format!(
            "{modifier} modifier can only be used with: {} - not with {name}",
            allowed.join(", ")
        ))),
    }
}

/// The range and what lies up to the look-back beyond it.
fn widened<'w>(
    stored: &'w StoredSeries,
    geometry: Geometry,
    end: i64,
    lookback: i64,
    extension: RangeExtension,
) -> Window<'w> {
    let start = end.saturating_sub(geometry.range).saturating_sub(lookback);
    let until = if extension == RangeExtension::Smoothed { end.saturating_add(lookback) } else { end };
    Window::between(stored, geometry, start, until)
}

/// The value of a function over an extended range.
pub(super) fn evaluate(
    function: RangeFunction,
    extension: RangeExtension,
    stored: &StoredSeries,
    geometry: Geometry,
    end: i64,
    lookback: i64,
    notes: &mut Vec<Note>,
) -> Option<SampleValue> {
    let window = widened(stored, geometry, end, lookback, extension);
    if matches!(function, RangeFunction::Changes | RangeFunction::Resets) {
        let window = anchored(&window, end.saturating_sub(geometry.range))?;
        return evaluate_plain(function, &window, end, &|_| f64::NAN, notes);
    }
    let smoothed = extension == RangeExtension::Smoothed;
    let is_counter = matches!(function, RangeFunction::Rate | RangeFunction::Increase);
    let range = (end.saturating_sub(geometry.range), end);
    let mut change = match (window.values.is_empty(), window.histograms.is_empty()) {
        (true, true) => return None,
        (false, false) => {
            notes.push(Note::MixedFloatsHistograms);
            return None;
        }
        (false, true) => SampleValue::Float(float_change(&window, range, smoothed, is_counter)?),
        (true, false) => {
            SampleValue::Histogram(histogram_change(&window, range, smoothed, is_counter, notes)?)
        }
    };
    if function == RangeFunction::Rate {
        change = match change {
            SampleValue::Float(change) => SampleValue::Float(change / seconds(geometry.range)),
            SampleValue::Histogram(mut change) => {
                Arc::make_mut(&mut change).div(seconds(geometry.range));
                SampleValue::Histogram(change)
            }
        };
    }
    Some(change)
}

/// From the newest sample at or before the range's start on; nothing where no sample lies within the range.
fn anchored<'w>(window: &Window<'w>, start: i64) -> Option<Window<'w>> {
    let float = window.times.partition_point(|time| *time <= start);
    let histogram = window.histogram_times.partition_point(|time| *time <= start);
    if float >= window.times.len() && histogram >= window.histogram_times.len() {
        return None;
    }
    let last = |times: &[i64], at: usize| at.checked_sub(1).map(|at| times[at]);
    let anchors = (last(window.times, float), last(window.histogram_times, histogram));
    let (float, histogram) = match anchors {
        (None, None) => (0, 0),
        (Some(a), b) if b.is_none_or(|b| a >= b) => (float - 1, histogram),
        _ => (float, histogram.saturating_sub(1)),
    };
    Some(Window {
        times: &window.times[float..],
        values: &window.values[float..],
        starts: window.starts.get(float..).unwrap_or(&[]),
        histogram_times: &window.histogram_times[histogram..],
        histograms: &window.histograms[histogram..],
        histogram_starts: window.histogram_starts.get(histogram..).unwrap_or(&[]),
        ..*window
    })
}

/// The first sample that matters (the last at or before the start) and the last one (smoothed: the first at or
/// after the end).
fn limits(times: &[i64], (start, end): (i64, i64), smoothed: bool) -> (usize, usize) {
    let last = times.len() - 1;
    let first = times[..last].partition_point(|time| *time <= start).saturating_sub(1);
    (first, if smoothed { times[..last].partition_point(|time| *time < end) } else { last })
}

fn float_change(window: &Window<'_>, range: (i64, i64), smoothed: bool, is_counter: bool) -> Option<f64> {
    let (times, values) = (window.times, window.values);
    let (mut first, last) = limits(times, range, smoothed);
    if times[last] <= range.0 || (smoothed && times[first] > range.1) {
        return None;
    }
    let left = edge(times, values, first, range.0, smoothed, is_counter, true);
    let right = edge(times, values, last, range.1, smoothed, is_counter, false);
    let mut change = right - left;
    if is_counter {
        if times[first] <= range.0 {
            first += 1;
        }
        // The edges stand for the samples on and beyond them.
        let end = if times[last] >= range.1 { last } else { last + 1 };
        let mut before = left;
        let mut correction = 0.0;
        for value in values.get(first..end).unwrap_or(&[]) {
            if *value < before {
                correction += before;
            }
            before = *value;
        }
        if right < before {
            correction += before;
        }
        change += correction;
    }
    Some(change)
}

/// The value at an end of the range: of the sample there, or interpolated to it.
fn edge(
    times: &[i64],
    values: &[f64],
    at: usize,
    time: i64,
    smoothed: bool,
    is_counter: bool,
    left: bool,
) -> f64 {
    let between = match left {
        true => (smoothed && times[at] < time && at + 1 < times.len()).then_some((at, at + 1)),
        false => (smoothed && at > 0 && times[at] > time).then(|| (at - 1, at)),
    };
    match between {
        Some((a, b)) => interpolate((times[a], values[a]), (times[b], values[b]), time, is_counter),
        None => values[at],
    }
}

fn interpolate(a: (i64, f64), b: (i64, f64), time: i64, is_counter: bool) -> f64 {
    // After a reset a counter began at zero.
    let from = if is_counter && b.1 < a.1 { 0.0 } else { a.1 };
    from + (b.1 - from) * (time - a.0) as f64 / (b.0 - a.0) as f64
}

fn histogram_change(
    window: &Window<'_>,
    range: (i64, i64),
    smoothed: bool,
    is_counter: bool,
    notes: &mut Vec<Note>,
) -> Option<Arc<FloatHistogram>> {
    let (times, points) = (window.histogram_times, window.histograms);
    let (first, last) = limits(times, range, smoothed);
    if times[last] <= range.0 || (smoothed && times[first] > range.1) {
        return None;
    }
    let custom = points[first].uses_custom_buckets();
    for point in points.get(first..=last).unwrap_or(&[]) {
        if point.uses_custom_buckets() != custom {
            notes.push(Note::MixedExponentialCustom);
            return None;
        }
        if is_counter && point.hint == CounterResetHint::Gauge {
            notes.push(Note::NotCounter);
        }
    }
    let left = match smoothed && times[first] < range.0 && first + 1 < times.len() {
        true => interpolate_histograms(times, points, first, range.0, is_counter, notes)?,
        false => FloatHistogram::clone(&points[first]),
    };
    let right = match smoothed && last > 0 && times[last] > range.1 {
        true => interpolate_histograms(times, points, last - 1, range.1, is_counter, notes)?,
        false => FloatHistogram::clone(&points[last]),
    };
    let is_gauge = |histogram: &FloatHistogram| histogram.hint == CounterResetHint::Gauge;
    if !is_counter && (!is_gauge(&left) || !is_gauge(&right)) {
        notes.push(Note::NotGauge);
    }
    let mut change = right.clone();
    if !sub(&mut change, &left, notes) {
        return None;
    }
    if is_counter {
        // What the left end's interpolation spans has been made good already.
        let spans_reset = smoothed
            && times[first] < range.0
            && first < last
            && points[first + 1].is_reset_from(&points[first]);
        let (mut before, next) =
            if spans_reset { (&*points[first + 1], first + 2) } else { (&left, first + 1) };
        let mut correction: Option<FloatHistogram> = None;
        if next <= last {
            for point in points[next..last].iter().map(|point| &**point).chain([&right]) {
                if point.is_reset_from(before) {
                    match &mut correction {
                        None => correction = Some(before.clone()),
                        Some(correction) => {
                            if !add(correction, before, notes) {
                                return None;
                            }
                        }
                    }
                }
                before = point;
            }
        }
        if let Some(correction) = correction
            && !add(&mut change, &correction, notes)
        {
            return None;
        }
    }
    change.hint = CounterResetHint::Gauge;
    Some(Arc::new(change.compacted()))
}

/// The histogram at a time between the sample `at` and the next.
fn interpolate_histograms(
    times: &[i64],
    points: &[Arc<FloatHistogram>],
    at: usize,
    time: i64,
    is_counter: bool,
    notes: &mut Vec<Note>,
) -> Option<FloatHistogram> {
    let (a, b) = (&points[at], &points[at + 1]);
    if time == times[at] {
        return Some(FloatHistogram::clone(a));
    }
    if time == times[at + 1] {
        return Some(FloatHistogram::clone(b));
    }
    let part = (time - times[at]) as f64 / (times[at + 1] - times[at]) as f64;
    let mut result = FloatHistogram::clone(b);
    if is_counter && b.is_reset_from(a) {
        result.mul(part);
        return Some(result);
    }
    if !sub(&mut result, a, notes) {
        return None;
    }
    result.mul(part);
    add(&mut result, a, notes).then_some(result)
}

/// The samples of an extended range selector that is the query's own result.
pub(super) fn samples(
    stored: &StoredSeries,
    geometry: Geometry,
    end: i64,
    lookback: i64,
    extension: RangeExtension,
) -> Result<Vec<(Timestamp, SampleValue)>, EvalError> {
    let (window, smoothed) =
        (widened(stored, geometry, end, lookback, extension), extension == RangeExtension::Smoothed);
    if !window.histograms.is_empty() {
        let modifier = if smoothed { "smoothed" } else { "anchored" };
        return Err(EvalError::new(format!("{modifier} modifier is not supported with histograms")));
    }
    let (times, values, start) = (window.times, window.values, end.saturating_sub(geometry.range));
    if times.is_empty() {
        return Ok(Vec::new());
    }
    let (first, last) = limits(times, (start, end), smoothed);
    if times[last] <= start {
        return Ok(Vec::new());
    }
    let left = edge(times, values, first, start, smoothed, false, true);
    let right = edge(times, values, last, end, smoothed, false, false);
    let inner = times.iter().zip(values).filter(|(time, _)| **time > start && **time < end);
    let inner = inner.map(|(time, value)| (Timestamp(*time), SampleValue::Float(*value)));
    let mut samples = vec![(Timestamp(start), SampleValue::Float(left))];
    samples.extend(inner);
    samples.push((Timestamp(end), SampleValue::Float(right)));
    Ok(samples)
}

/// `metric smoothed`: interpolated between the samples around each step.
pub(super) fn smoothed_vector(
    evaluator: &mut Evaluator<'_>,
    found: &[&StoredSeries],
    view: Viewpoint,
    span: TextRange,
    steps: Steps,
) -> Grid {
    let lookback = evaluator.engine.lookback.0;
    let geometry = Geometry { range: 0, left_open: true, v2: false, use_starts: false };
    let mut grid = Grid::with_capacity(steps.count, found.len());
    for stored in found {
        grid.push(Row { labels: stored.labels.clone(), drop_name: false });
        let row = grid.rows.len() - 1;
        let metric: Arc<str> = stored.labels.name().into();
        for step in 0..steps.count {
            let time = view.time(steps.time(step));
            let window = Window::between(
                stored,
                geometry,
                time.saturating_sub(lookback),
                time.saturating_add(lookback),
            );
            if !window.times.is_empty() && !window.histogram_times.is_empty() {
                evaluator.note(AnnotationKind::MixedFloatsHistograms(metric.clone()), span);
                continue;
            }
            let mut notes = Vec::new();
            let value = match window.times.is_empty() {
                false => smoothed_float(&window, time),
                true => smoothed_histogram(&window, time, &mut notes),
            };
            notes.into_iter().for_each(|note: Note| evaluator.note(note.kind(&metric), span));
            if let Some(value) = value {
                grid.set(row, step, value);
            }
        }
        grid.pop_if_empty();
    }
    grid
}

fn smoothed_float(window: &Window<'_>, time: i64) -> Option<SampleValue> {
    let (times, values) = (window.times, window.values);
    let next = times.partition_point(|taken| *taken < time);
    Some(SampleValue::Float(match next {
        next if times.get(next) == Some(&time) => values[next],
        0 => return None,
        next if next < times.len() => {
            interpolate((times[next - 1], values[next - 1]), (times[next], values[next]), time, false)
        }
        next => values[next - 1],
    }))
}

fn smoothed_histogram(window: &Window<'_>, time: i64, notes: &mut Vec<Note>) -> Option<SampleValue> {
    let (times, points) = (window.histogram_times, window.histograms);
    let next = times.partition_point(|taken| *taken < time);
    let histogram = match next {
        next if times.get(next) == Some(&time) => FloatHistogram::clone(&points[next]),
        0 => return None,
        next if next < times.len() => {
            let (a, b) = (&points[next - 1], &points[next]);
            if a.uses_custom_buckets() != b.uses_custom_buckets() {
                notes.push(Note::MixedExponentialCustom);
                return None;
            }
            let is_counter = a.hint != CounterResetHint::Gauge || b.hint != CounterResetHint::Gauge;
            interpolate_histograms(times, points, next - 1, time, is_counter, notes)?
        }
        next => {
            FloatHistogram { hint: CounterResetHint::Unknown, ..FloatHistogram::clone(&points[next - 1]) }
        }
    };
    Some(SampleValue::Histogram(Arc::new(histogram)))
}
