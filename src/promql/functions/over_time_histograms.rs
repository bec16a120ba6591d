//! Aggregates over time where a range holds histograms, alone or among floats.

use std::sync::Arc;

use super::rates::resets_between;
use super::windows::{Note, RangeFunction, Window};
use crate::promql::annotations::HistogramOperation;
use crate::promql::histogram::{Compensation, CounterResetHint, FloatHistogram, IncompatibleBuckets};
use crate::promql::value::SampleValue;

pub fn evaluate(function: RangeFunction, window: &Window<'_>, notes: &mut Vec<Note>) -> Option<SampleValue> {
    let float = |value: f64| Some(SampleValue::Float(value));
    match function {
        RangeFunction::Count => float((window.values.len() + window.histograms.len()) as f64),
        RangeFunction::Present => float(1.0),
        RangeFunction::First | RangeFunction::TimeOfFirst => {
            let (time, sample) = in_order(window).next()?;
            picked(function, time, sample)
        }
        RangeFunction::Last | RangeFunction::TimeOfLast => {
            let (time, sample) = in_order(window).last()?;
            picked(function, time, sample)
        }
        RangeFunction::Changes => float(count_pairs(window, |before, now| match (before.1, now.1) {
            (Point::Float(a, _), Point::Float(b, _)) => a != b && !(a.is_nan() && b.is_nan()),
            (Point::Histogram(a, _), Point::Histogram(b, _)) => !b.same_as(a),
            _ => true,
        })),
        RangeFunction::Resets => float(count_pairs(window, |before, now| {
            let by_start =
                |start_before: i64, start: i64| resets_between(start_before, before.0, start, now.0);
            match (before.1, now.1) {
                (Point::Float(a, start_a), Point::Float(b, start_b)) => b < a || by_start(start_a, start_b),
                (Point::Histogram(a, start_a), Point::Histogram(b, start_b)) => {
                    by_start(start_a, start_b) || b.is_reset_from(a)
                }
                _ => true,
            }
        })),
        RangeFunction::Sum | RangeFunction::Avg => {
            if !window.values.is_empty() && !window.histograms.is_empty() {
                notes.push(Note::MixedFloatsHistograms);
                return None;
            }
            if window.histograms.is_empty() {
                let v2 = window.geometry.v2;
                return float(match function {
                    RangeFunction::Sum => super::over_time::sum(window.values, v2),
                    _ if v2 => super::over_time::mean_v2(window.values.iter().copied(), true),
                    _ => super::over_time::mean(window.values.iter().copied()),
                });
            }
            let points = window.histograms.iter().map(|point| &**point);
            let mut total = HistogramTotal::default();
            let combined = match function {
                RangeFunction::Sum => sum(points, &mut total),
                _ => mean(points, &mut total),
            };
            let Ok(combined) = combined else {
                notes.push(Note::MixedExponentialCustom);
                return None;
            };
            if total.resets_collide() {
                notes.push(Note::ResetsCollide);
            }
            if total.bounds_reconciled {
                notes.push(Note::BoundsReconciled(HistogramOperation::Aggregation));
            }
            combined.map(|histogram| SampleValue::Histogram(Arc::new(histogram)))
        }
        _ => None,
    }
}

/// What was noticed while histograms were added up.
#[derive(Default)]
pub struct HistogramTotal {
    pub bounds_reconciled: bool,
    reset_seen: bool,
    no_reset_seen: bool,
}

impl HistogramTotal {
    pub fn resets_collide(&self) -> bool {
        self.reset_seen && self.no_reset_seen
    }

    fn see(&mut self, histogram: &FloatHistogram) {
        match histogram.hint {
            CounterResetHint::Reset => self.reset_seen = true,
            CounterResetHint::NotReset => self.no_reset_seen = true,
            CounterResetHint::Unknown | CounterResetHint::Gauge => {}
        }
    }
}

/// The sum of histograms; `None` of none.
pub fn sum<'h>(
    points: impl IntoIterator<Item = &'h FloatHistogram>,
    total: &mut HistogramTotal,
) -> Result<Option<FloatHistogram>, IncompatibleBuckets> {
    let mut points = points.into_iter();
    let Some(first) = points.next() else { return Ok(None) };
    total.see(first);
    let mut sum = first.clone();
    let mut lost = Compensation::of(&sum);
    for point in points {
        total.see(point);
        total.bounds_reconciled |= sum.add_compensated(point, &mut lost)?.bounds_reconciled;
    }
    sum.settle(&lost);
    Ok(Some(sum))
}

/// The mean of histograms: their sum divided, or, where that would overflow, a running mean from there on.
pub fn mean<'h>(
    points: impl IntoIterator<Item = &'h FloatHistogram>,
    total: &mut HistogramTotal,
) -> Result<Option<FloatHistogram>, IncompatibleBuckets> {
    let mut points = points.into_iter();
    let Some(first) = points.next() else { return Ok(None) };
    total.see(first);
    let (mut mean, mut count, mut running) = (first.clone(), 1.0, false);
    let mut lost = Compensation::of(&mean);
    for point in points {
        total.see(point);
        count += 1.0;
        if !running {
            let (mut next, mut next_lost) = (mean.clone(), lost.clone());
            let combined = next.add_compensated(point, &mut next_lost)?;
            total.bounds_reconciled |= combined.bounds_reconciled;
            if !next.has_overflow() {
                (mean, lost) = (next, next_lost);
                continue;
            }
            running = true;
            mean.div(count - 1.0);
            lost.scale(|lost| lost / (count - 1.0));
        }
        let weight = (count - 1.0) / count;
        mean.mul(weight);
        lost.scale(|lost| lost * weight);
        let mut part = point.clone();
        part.div(count);
        total.bounds_reconciled |= mean.add_compensated(&part, &mut lost)?.bounds_reconciled;
    }
    if !running {
        mean.div(count);
        lost.scale(|lost| lost / count);
    }
    mean.settle(&lost);
    Ok(Some(mean))
}

/// A sample with its start timestamp.
#[derive(Clone, Copy)]
enum Point<'w> {
    Float(f64, i64),
    Histogram(&'w Arc<FloatHistogram>, i64),
}

/// Floats and histograms in the order of their times.
fn in_order<'w>(window: &Window<'w>) -> impl Iterator<Item = (i64, Point<'w>)> + use<'w> {
    let window = *window;
    let start = |starts: &[i64], at: usize| starts.get(at).copied().unwrap_or(0);
    let (mut float, mut histogram) = (0, 0);
    std::iter::from_fn(move || {
        let next_float = window.times.get(float);
        let next_histogram = window.histogram_times.get(histogram);
        let takes_float = match (next_float, next_histogram) {
            (Some(float), Some(histogram)) => float < histogram,
            (float, _) => float.is_some(),
        };
        if takes_float {
            let at = float;
            float += 1;
            return Some((window.times[at], Point::Float(window.values[at], start(window.starts, at))));
        }
        let time = *next_histogram?;
        let at = histogram;
        histogram += 1;
        Some((time, Point::Histogram(&window.histograms[at], start(window.histogram_starts, at))))
    })
}

fn count_pairs(window: &Window<'_>, counts: impl Fn((i64, Point<'_>), (i64, Point<'_>)) -> bool) -> f64 {
    let pairs = in_order(window).zip(in_order(window).skip(1));
    pairs.filter(|(before, now)| counts(*before, *now)).count() as f64
}

fn picked(function: RangeFunction, time: i64, point: Point<'_>) -> Option<SampleValue> {
    Some(match (function, point) {
        (RangeFunction::TimeOfFirst | RangeFunction::TimeOfLast, _) => {
            SampleValue::Float(time as f64 / 1000.0)
        }
        (_, Point::Float(value, _)) => SampleValue::Float(value),
        (_, Point::Histogram(histogram, _)) => SampleValue::Histogram(Arc::clone(histogram)),
    })
}
