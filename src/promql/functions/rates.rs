//! Changes of counters and gauges, extrapolated to the whole range as Prometheus does.

use std::sync::Arc;

use super::windows::{Geometry, Note, RangeFunction, Window};
use crate::promql::annotations::HistogramOperation;
use crate::promql::histogram::{CounterResetHint, FloatHistogram};
use crate::promql::value::{ABSENT, SampleValue};

/// `rate`, `increase` and `delta` of floats: `change`, the difference between the last and the first sample with
/// resets made good, extrapolated to the ends of the range. Takes at least two samples.
#[inline]
pub fn extrapolate(
    function: RangeFunction,
    geometry: Geometry,
    times: &[i64],
    first: f64,
    change: f64,
    end: i64,
) -> f64 {
    let zero = (function.is_counter_function() && change > 0.0 && first >= 0.0).then(|| first / change);
    change * factor(function, geometry, times, zero, end)
}

/// What to multiply a change between the first and the last sample with. `zero`: the part of the sampled time
/// after whose extension to the left a counter would have been zero.
#[inline]
fn factor(function: RangeFunction, geometry: Geometry, times: &[i64], zero: Option<f64>, end: i64) -> f64 {
    let (first, last) = (times[0], times[times.len() - 1]);
    let sampled = (last - first) as f64 / 1000.0;
    let average = sampled / (times.len() - 1) as f64;
    let threshold = average * 1.1;
    let mut to_start = (first - end.saturating_sub(geometry.range)) as f64 / 1000.0;
    let mut to_end = (end - last) as f64 / 1000.0;
    let to_zero = zero.map(|part| sampled * part);
    // Prometheus 2 looks for the zero first, and only then whether the start is near enough.
    if geometry.v2 {
        to_start = to_zero.filter(|to_zero| *to_zero < to_start).unwrap_or(to_start);
    }
    if to_start >= threshold {
        to_start = average / 2.0;
    }
    if !geometry.v2 {
        to_start = to_zero.filter(|to_zero| *to_zero < to_start).unwrap_or(to_start);
    }
    if to_end >= threshold {
        to_end = average / 2.0;
    }
    per_second(function, (sampled + to_start + to_end) / sampled, geometry)
}

fn per_second(function: RangeFunction, factor: f64, geometry: Geometry) -> f64 {
    if function.is_per_second() { factor / seconds(geometry.range) } else { factor }
}

/// As Go turns a duration into seconds.
pub(crate) fn seconds(millis: i64) -> f64 {
    (millis / 1000) as f64 + ((millis % 1000) * 1_000_000) as f64 / 1e9
}

/// `rate`, `increase` and `delta` where there are histograms or start timestamps.
pub fn extrapolated(
    function: RangeFunction,
    window: &Window<'_>,
    notes: &mut Vec<Note>,
) -> Option<SampleValue> {
    if !window.histograms.is_empty() && !window.values.is_empty() {
        notes.push(Note::MixedFloatsHistograms);
        return None;
    }
    let is_counter = function.is_counter_function();
    let of_histograms = !window.histograms.is_empty();
    let (times, starts) = match of_histograms {
        true => (window.histogram_times, window.histogram_starts),
        false => (window.times, window.starts),
    };
    let starts = if is_counter { starts } else { &[] };
    let mut histogram = None;
    let mut change = 0.0;
    if of_histograms && times.len() > 1 {
        histogram = Some(histogram_change(window.histograms, times, starts, is_counter, notes)?);
    } else if !of_histograms {
        change = window.values[times.len() - 1] - window.values[0];
        if is_counter {
            let mut overlaps = false;
            for at in 1..times.len() {
                overlaps |= start_overlaps(times, starts, at);
                if window.values[at] < window.values[at - 1] || is_start_reset(times, starts, at) {
                    change += window.values[at - 1];
                }
            }
            if overlaps {
                notes.push(Note::StartTimeOverlap);
            }
        }
    }
    let (first, last) = (times[0], times[times.len() - 1]);
    let created = starts
        .first()
        .copied()
        .filter(|created| *created != 0 && *created > window.start && *created < first);
    if let Some(created) = created {
        // The series began within the range: there it was zero, and nothing is extrapolated to the left.
        let sampled = (last - created) as f64 / 1000.0;
        let average = match times.len() - 1 {
            0 => 0.0,
            gaps => (last - first) as f64 / 1000.0 / gaps as f64,
        };
        let mut to_end = (window.end - last) as f64 / 1000.0;
        if to_end >= average * 1.1 {
            to_end = average / 2.0;
        }
        let factor = per_second(
            function,
            if sampled == 0.0 { 1.0 } else { (sampled + to_end) / sampled },
            window.geometry,
        );
        if !of_histograms {
            return Some(SampleValue::Float((change + window.values[0]) * factor));
        }
        let mut total = match histogram {
            None => FloatHistogram::clone(&window.histograms[0]),
            Some(mut total) => {
                if !add(&mut total, &window.histograms[0], notes) {
                    return None;
                }
                total
            }
        };
        total.mul(factor);
        return Some(SampleValue::Histogram(Arc::new(total)));
    }
    if times.len() < 2 {
        return None;
    }
    match histogram {
        None => {
            let value = extrapolate(function, window.geometry, times, window.values[0], change, window.end);
            Some(SampleValue::Float(value))
        }
        Some(mut histogram) => {
            let first_count = window.histograms[0].count;
            let zero = (is_counter && !window.geometry.v2 && histogram.count > 0.0 && first_count >= 0.0)
                .then(|| first_count / histogram.count);
            histogram.mul(factor(function, window.geometry, times, zero, window.end));
            Some(SampleValue::Histogram(Arc::new(histogram)))
        }
    }
}

/// The difference between the last and the first histogram, resets made good.
fn histogram_change(
    points: &[Arc<FloatHistogram>],
    times: &[i64],
    starts: &[i64],
    is_counter: bool,
    notes: &mut Vec<Note>,
) -> Option<FloatHistogram> {
    let last = points.last()?;
    let is_gauge = |histogram: &FloatHistogram| histogram.hint == CounterResetHint::Gauge;
    if is_counter && (is_gauge(&points[0]) || is_gauge(last)) {
        notes.push(Note::NotCounter);
    }
    // A reset right after the first: what it held does not matter, and may have other buckets.
    let reset_at_once =
        is_counter && (is_start_reset(times, starts, 1) || points[1].is_reset_from(&points[0]));
    let emptied;
    let mut before: &FloatHistogram = &points[0];
    if reset_at_once {
        emptied = FloatHistogram {
            schema: points[1].schema,
            custom_bounds: points[1].custom_bounds.clone(),
            ..FloatHistogram::default()
        };
        before = &emptied;
    }
    let custom = before.uses_custom_buckets();
    let mut schema = last.schema.min(before.schema);
    let mut mixed = last.uses_custom_buckets() != custom;
    if is_counter && !mixed {
        for point in &points[1..points.len() - 1] {
            if is_gauge(point) {
                notes.push(Note::NotCounter);
            }
            schema = schema.min(point.schema);
            mixed |= point.uses_custom_buckets() != custom;
        }
    }
    if mixed {
        notes.push(Note::MixedExponentialCustom);
        return None;
    }
    let mut change = last.to_schema(schema);
    if !sub(&mut change, before, notes) {
        return None;
    }
    if is_counter {
        let mut overlaps = false;
        for (at, point) in points.iter().enumerate().skip(1) {
            overlaps |= start_overlaps(times, starts, at);
            if (is_start_reset(times, starts, at) || point.is_reset_from(before))
                && !add(&mut change, before, notes)
            {
                return None;
            }
            before = point;
        }
        if overlaps {
            notes.push(Note::StartTimeOverlap);
        }
    } else if !is_gauge(&points[0]) || !is_gauge(last) {
        notes.push(Note::NotGauge);
    }
    change.hint = CounterResetHint::Gauge;
    Some(change.compacted())
}

/// Adds, telling what cannot be added or had to be reconciled.
pub(crate) fn add(into: &mut FloatHistogram, other: &FloatHistogram, notes: &mut Vec<Note>) -> bool {
    note(into.add(other).map(|combined| combined.bounds_reconciled), HistogramOperation::Addition, notes)
}

pub(crate) fn sub(into: &mut FloatHistogram, other: &FloatHistogram, notes: &mut Vec<Note>) -> bool {
    note(into.sub(other).map(|combined| combined.bounds_reconciled), HistogramOperation::Subtraction, notes)
}

fn note<E>(reconciled: Result<bool, E>, operation: HistogramOperation, notes: &mut Vec<Note>) -> bool {
    match reconciled {
        Err(_) => notes.push(Note::MixedExponentialCustom),
        Ok(true) => notes.push(Note::BoundsReconciled(operation)),
        Ok(false) => {}
    }
    reconciled.is_ok()
}

/// Whether the start timestamps say that the counter began anew before sample `at`.
fn is_start_reset(times: &[i64], starts: &[i64], at: usize) -> bool {
    let (Some(start), Some(start_before)) = (starts.get(at), starts.get(at.wrapping_sub(1))) else {
        return false;
    };
    resets_between(*start_before, times[at - 1], *start, times[at])
}

/// Whether a sample's start tells a reset since the sample before; 0 and the sample's own time are unknown.
pub(crate) fn resets_between(start_before: i64, time_before: i64, start: i64, time: i64) -> bool {
    if start == 0 || start >= time || start < time_before {
        return false;
    }
    if start > time_before {
        return true;
    }
    // It points at the sample before: a delta, unless that one's own start is unknown.
    start_before <= time_before && start_before != 0 && start_before != time_before
}

fn start_overlaps(times: &[i64], starts: &[i64], at: usize) -> bool {
    let (Some(start), Some(start_before)) = (starts.get(at), starts.get(at - 1)) else { return false };
    *start != 0 && *start < times[at - 1] && start != start_before
}

/// `irate` and `idelta` of floats.
pub fn instant_floats(function: RangeFunction, times: &[i64], values: &[f64]) -> f64 {
    let [.., before, last] = values else { return ABSENT };
    let interval = times[times.len() - 1] - times[times.len() - 2];
    if interval == 0 {
        return ABSENT;
    }
    let reset = function == RangeFunction::Irate && last < before;
    let change = if reset { *last } else { last - before };
    if function == RangeFunction::Irate { change / (interval as f64 / 1000.0) } else { change }
}

/// `irate` and `idelta`, whatever the last two samples are.
pub fn between_last_two(
    function: RangeFunction,
    window: &Window<'_>,
    notes: &mut Vec<Note>,
) -> Option<SampleValue> {
    let floats = (0..window.times.len()).rev().take(2).map(|at| (window.times[at], false, at));
    let histograms = (0..window.histogram_times.len()).rev().take(2);
    let histograms = histograms.map(|at| (window.histogram_times[at], true, at));
    let mut newest: Vec<(i64, bool, usize)> = floats.chain(histograms).collect();
    newest.sort_by_key(|(time, _, _)| std::cmp::Reverse(*time));
    let [last, before, ..] = newest[..] else { return None };
    let interval = (last.0 - before.0) as f64 / 1000.0;
    if interval == 0.0 {
        return None;
    }
    let is_rate = function == RangeFunction::Irate;
    let start = |(_, histogram, at): (i64, bool, usize)| {
        let starts = if histogram { window.histogram_starts } else { window.starts };
        starts.get(at).copied().unwrap_or(0)
    };
    let start_reset = resets_between(start(before), before.0, start(last), last.0);
    match (before.1, last.1) {
        (false, false) => {
            let (before, last) = (window.values[before.2], window.values[last.2]);
            let change = if is_rate && (last < before || start_reset) { last } else { last - before };
            Some(SampleValue::Float(if is_rate { change / interval } else { change }))
        }
        (true, true) => {
            let (before, last) = (&window.histograms[before.2], &window.histograms[last.2]);
            let gauges =
                [before, last].into_iter().filter(|point| point.hint == CounterResetHint::Gauge).count();
            if is_rate && gauges > 0 {
                notes.push(Note::NotCounter);
            }
            if !is_rate && gauges < 2 {
                notes.push(Note::NotGauge);
            }
            let mut change = FloatHistogram::clone(last);
            if (!is_rate || !(start_reset || last.is_reset_from(before))) && !sub(&mut change, before, notes)
            {
                return None;
            }
            change.hint = CounterResetHint::Gauge;
            change.compact();
            if is_rate {
                change.div(interval);
            }
            Some(SampleValue::Histogram(Arc::new(change)))
        }
        _ => {
            notes.push(Note::MixedFloatsHistograms);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE_MINUTES: Geometry = Geometry { range: 300_000, left_open: true, v2: false, use_starts: false };

    #[test]
    fn a_counter_is_extrapolated_to_the_ends_of_its_range() {
        let times: Vec<i64> = (1..=5).map(|at| at * 60_000).collect();
        let check = |first: f64, change: f64, expected: f64| {
            let value = extrapolate(RangeFunction::Increase, FIVE_MINUTES, &times, first, change, 300_000);
            assert!((value - expected).abs() < 1e-9, "{value} for a change of {change} from {first}");
        };
        check(1000.0, 40.0, 50.0);
        // It cannot have been below zero: less than a minute back it was zero.
        check(5.0, 40.0, 45.0);
    }

    #[test]
    fn a_start_within_the_range_tells_a_reset() {
        for (start_before, time_before, start, time, expected) in [
            (0, 100, 0, 200, false),
            (10, 100, 150, 200, true),
            (10, 100, 10, 200, false),
            (10, 100, 100, 200, true),
            (0, 100, 100, 200, false),
            (10, 100, 200, 200, false),
        ] {
            assert_eq!(resets_between(start_before, time_before, start, time), expected);
        }
    }
}
