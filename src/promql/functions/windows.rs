//! Functions of one series' samples within a range.

use std::sync::Arc;

use super::{over_time, over_time_histograms, rates, regression};
use crate::promql::annotations::{AnnotationKind, HistogramOperation};
use crate::promql::histogram::FloatHistogram;
use crate::promql::storage::{Column, StoredSeries};
use crate::promql::value::{ABSENT, SampleValue, is_absent};

/// How ranges are cut.
#[derive(Clone, Copy, Debug)]
pub struct Geometry {
    /// Milliseconds.
    pub range: i64,
    /// A sample at the very beginning is outside.
    pub left_open: bool,
    /// Prometheus 2's ways of computing.
    pub v2: bool,
    /// Samples' start timestamps tell resets.
    pub use_starts: bool,
}

/// The samples within one range.
#[derive(Clone, Copy)]
pub struct Window<'w> {
    pub start: i64,
    pub end: i64,
    pub geometry: Geometry,
    pub times: &'w [i64],
    pub values: &'w [f64],
    /// Empty where no start timestamps are known or wanted.
    pub starts: &'w [i64],
    pub histogram_times: &'w [i64],
    pub histograms: &'w [Arc<FloatHistogram>],
    pub histogram_starts: &'w [i64],
}

/// What to tell about a result; the metric and the place are the caller's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Note {
    MixedFloatsHistograms,
    HistogramIgnored,
    NotCounter,
    NotGauge,
    MixedExponentialCustom,
    BoundsReconciled(HistogramOperation),
    ResetsCollide,
    StartTimeOverlap,
    InvalidQuantile(f64),
}

/// The functions of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeFunction {
    Rate,
    Increase,
    Delta,
    Irate,
    Idelta,
    Deriv,
    PredictLinear,
    Smoothing,
    Changes,
    Resets,
    Avg,
    Sum,
    Min,
    Max,
    Count,
    Present,
    First,
    Last,
    Quantile,
    Stddev,
    Stdvar,
    Mad,
    TimeOfFirst,
    TimeOfLast,
    TimeOfMin,
    TimeOfMax,
}

impl RangeFunction {
    pub fn of(name: &str) -> Option<Self> {
        use RangeFunction::*;
        Some(match name {
            "rate" => Rate,
            "increase" => Increase,
            "delta" => Delta,
            "irate" => Irate,
            "idelta" => Idelta,
            "deriv" => Deriv,
            "predict_linear" => PredictLinear,
            "holt_winters" | "double_exponential_smoothing" => Smoothing,
            "changes" => Changes,
            "resets" => Resets,
            "avg_over_time" => Avg,
            "sum_over_time" => Sum,
            "min_over_time" => Min,
            "max_over_time" => Max,
            "count_over_time" => Count,
            "present_over_time" | "absent_over_time" => Present,
            "first_over_time" => First,
            "last_over_time" => Last,
            "quantile_over_time" => Quantile,
            "stddev_over_time" => Stddev,
            "stdvar_over_time" => Stdvar,
            "mad_over_time" => Mad,
            "ts_of_first_over_time" => TimeOfFirst,
            "ts_of_last_over_time" => TimeOfLast,
            "ts_of_min_over_time" => TimeOfMin,
            "ts_of_max_over_time" => TimeOfMax,
            _ => return None,
        })
    }

    /// What the name of the result's metric still says holds for these.
    pub fn keeps_name(self) -> bool {
        matches!(self, RangeFunction::First | RangeFunction::Last)
    }

    /// Whether only the samples' number matters or their order, never their kind.
    fn takes_histograms(self) -> bool {
        use RangeFunction::*;
        matches!(
            self,
            Rate | Increase
                | Delta
                | Irate
                | Idelta
                | Changes
                | Resets
                | Avg
                | Sum
                | Count
                | Present
                | First
                | Last
                | TimeOfFirst
                | TimeOfLast
        )
    }

    pub(super) fn is_counter_function(self) -> bool {
        matches!(self, RangeFunction::Rate | RangeFunction::Increase | RangeFunction::Irate)
    }

    pub(super) fn is_per_second(self) -> bool {
        matches!(self, RangeFunction::Rate | RangeFunction::Irate)
    }
}

impl Note {
    pub fn kind(self, metric: &Arc<str>) -> AnnotationKind {
        let metric = Arc::clone(metric);
        match self {
            Note::MixedFloatsHistograms => AnnotationKind::MixedFloatsHistograms(metric),
            Note::HistogramIgnored => AnnotationKind::HistogramIgnoredInMixedRange(metric),
            Note::NotCounter => AnnotationKind::HistogramNotCounter(metric),
            Note::NotGauge => AnnotationKind::HistogramNotGauge(metric),
            Note::MixedExponentialCustom => AnnotationKind::MixedExponentialCustom(metric),
            Note::BoundsReconciled(operation) => AnnotationKind::BoundsReconciled(operation),
            Note::ResetsCollide => AnnotationKind::ResetsCollide(HistogramOperation::Aggregation),
            Note::StartTimeOverlap => AnnotationKind::StartTimeOverlap(metric),
            Note::InvalidQuantile(q) => AnnotationKind::InvalidQuantile(q),
        }
    }
}

impl<'w> Window<'w> {
    pub fn cut(series: &'w StoredSeries, geometry: Geometry, end: i64) -> Self {
        Self::between(series, geometry, end.saturating_sub(geometry.range), end)
    }

    /// The samples between two instants, for a range that may be narrower.
    pub fn between(series: &'w StoredSeries, geometry: Geometry, start: i64, end: i64) -> Self {
        let floats = bounds(&series.floats, geometry, start, end);
        let histograms = bounds(&series.histograms, geometry, start, end);
        let starts = |starts: &'w [i64], range: std::ops::Range<usize>| match geometry.use_starts {
            true => starts.get(range).unwrap_or(&[]),
            false => &[],
        };
        Window {
            start,
            end,
            geometry,
            times: &series.floats.times[floats.clone()],
            values: &series.floats.values[floats.clone()],
            starts: starts(&series.floats.starts, floats),
            histogram_times: &series.histograms.times[histograms.clone()],
            histograms: &series.histograms.values[histograms.clone()],
            histogram_starts: starts(&series.histograms.starts, histograms),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.times.is_empty() && self.histogram_times.is_empty()
    }
}

fn bounds<T>(column: &Column<T>, geometry: Geometry, start: i64, end: i64) -> std::ops::Range<usize> {
    let first = column.times.partition_point(|time| is_before(*time, start, geometry));
    let last = column.times.partition_point(|time| *time <= end);
    first..last.max(first)
}

#[inline]
fn is_before(time: i64, start: i64, geometry: Geometry) -> bool {
    if geometry.left_open { time <= start } else { time < start }
}

/// The function's value for one range, whatever is in it. `scalar` gives the scalar arguments.
pub fn evaluate(
    function: RangeFunction,
    window: &Window<'_>,
    now: i64,
    scalar: &dyn Fn(usize) -> f64,
    notes: &mut Vec<Note>,
) -> Option<SampleValue> {
    if window.is_empty() {
        return None;
    }
    if function == RangeFunction::Quantile && !window.values.is_empty() {
        let q = scalar(0);
        if !(0.0..=1.0).contains(&q) {
            notes.push(Note::InvalidQuantile(q));
        }
    }
    if window.histograms.is_empty() && window.starts.is_empty() {
        let value = floats(function, window, now, scalar);
        return (!is_absent(value)).then_some(SampleValue::Float(value));
    }
    if function.takes_histograms() {
        return match function {
            RangeFunction::Rate | RangeFunction::Increase | RangeFunction::Delta => {
                rates::extrapolated(function, window, notes)
            }
            RangeFunction::Irate | RangeFunction::Idelta => rates::between_last_two(function, window, notes),
            _ => over_time_histograms::evaluate(function, window, notes),
        };
    }
    // The others pass over histograms, and say so where there are floats too.
    if window.values.is_empty() {
        return None;
    }
    if !window.histograms.is_empty() {
        notes.push(Note::HistogramIgnored);
    }
    let value = floats(function, window, now, scalar);
    (!is_absent(value)).then_some(SampleValue::Float(value))
}

/// The function's value for a range that holds floats only; [`ABSENT`] where it has none.
fn floats(function: RangeFunction, window: &Window<'_>, now: i64, scalar: &dyn Fn(usize) -> f64) -> f64 {
    use RangeFunction::*;
    let (times, values) = (window.times, window.values);
    let geometry = window.geometry;
    match function {
        Rate | Increase | Delta => {
            if values.len() < 2 {
                return ABSENT;
            }
            let mut change = values[values.len() - 1] - values[0];
            if function != Delta {
                for pair in values.windows(2).filter(|pair| pair[1] < pair[0]) {
                    change += pair[0];
                }
            }
            rates::extrapolate(function, geometry, times, values[0], change, window.end)
        }
        Irate | Idelta => rates::instant_floats(function, times, values),
        Deriv if values.len() < 2 => ABSENT,
        Deriv => regression::linear(times, values, times[0]).0,
        PredictLinear if values.len() < 2 => ABSENT,
        PredictLinear => {
            let (slope, intercept) = regression::linear(times, values, now);
            slope * scalar(0) + intercept
        }
        Smoothing => regression::double_exponential(values, scalar(0), scalar(1)),
        Changes => {
            let changed = |pair: &&[f64]| pair[1] != pair[0] && !(pair[1].is_nan() && pair[0].is_nan());
            values.windows(2).filter(changed).count() as f64
        }
        Resets => values.windows(2).filter(|pair| pair[1] < pair[0]).count() as f64,
        Avg if geometry.v2 => over_time::mean_v2(values.iter().copied(), true),
        Avg => over_time::mean(values.iter().copied()),
        Sum => over_time::sum(values, geometry.v2),
        Min => over_time::least(values),
        Max => over_time::greatest(values),
        Count => values.len() as f64,
        Present => 1.0,
        First => values[0],
        Last => values[values.len() - 1],
        Quantile => super::quantile(scalar(0), &mut values.to_vec()),
        Stddev => over_time::variance(values).sqrt(),
        Stdvar => over_time::variance(values),
        Mad => over_time::median_deviation(values),
        TimeOfFirst => times[0] as f64 / 1000.0,
        TimeOfLast => times[times.len() - 1] as f64 / 1000.0,
        TimeOfMin => over_time::time_of(times, values, |value, best| value <= best),
        TimeOfMax => over_time::time_of(times, values, |value, best| value >= best),
    }
}

/// Fills a row: the function's value at every step, for a series of floats only.
///
/// `time_of` gives a step's end of the range and its own time; neither ever goes back.
pub fn slide_floats(
    function: RangeFunction,
    series: &StoredSeries,
    geometry: Geometry,
    scalar: &dyn Fn(usize, usize) -> f64,
    time_of: impl Fn(usize) -> (i64, i64),
    cells: &mut [f64],
) {
    use RangeFunction::*;
    let (times, values) = (&series.floats.times[..], &series.floats.values[..]);
    match function {
        Rate | Increase => {
            let mut resets = Falls::default();
            slide(times, geometry, &time_of, cells, |_, from, to, end, _| {
                let falls = resets.within(values, from, to);
                if to - from < 2 {
                    return ABSENT;
                }
                let mut change = values[to - 1] - values[from];
                for at in falls {
                    change += values[*at - 1];
                }
                rates::extrapolate(function, geometry, &times[from..to], values[from], change, end)
            });
        }
        Resets => {
            let mut resets = Falls::default();
            slide(times, geometry, &time_of, cells, |_, from, to, _, _| {
                resets.within(values, from, to).len() as f64
            });
        }
        Count => slide(times, geometry, &time_of, cells, |_, from, to, _, _| (to - from) as f64),
        _ => slide(times, geometry, &time_of, cells, |step, from, to, end, now| {
            let window = Window {
                start: end.saturating_sub(geometry.range),
                end,
                geometry,
                times: &times[from..to],
                values: &values[from..to],
                starts: &[],
                histogram_times: &[],
                histograms: &[],
                histogram_starts: &[],
            };
            floats(function, &window, now, &|at| scalar(at, step))
        }),
    }
}

/// Calls `value` with each step's range of indices, end and own time, unless the range is empty.
#[inline]
fn slide(
    times: &[i64],
    geometry: Geometry,
    time_of: &impl Fn(usize) -> (i64, i64),
    cells: &mut [f64],
    mut value: impl FnMut(usize, usize, usize, i64, i64) -> f64,
) {
    let (mut from, mut to) = (0, 0);
    for (step, cell) in cells.iter_mut().enumerate() {
        let (end, now) = time_of(step);
        let start = end.saturating_sub(geometry.range);
        if step == 0 {
            from = times.partition_point(|time| is_before(*time, start, geometry));
            to = times.partition_point(|time| *time <= end).max(from);
        } else {
            while from < times.len() && is_before(times[from], start, geometry) {
                from += 1;
            }
            to = to.max(from);
            while to < times.len() && times[to] <= end {
                to += 1;
            }
        }
        if from < to {
            *cell = value(step, from, to, end, now);
        }
    }
}

/// Where values are less than the ones before them, found once while windows slide on.
#[derive(Default)]
struct Falls {
    found: Vec<usize>,
    head: usize,
    scanned: usize,
}

impl Falls {
    /// The falls between the samples from `from` to before `to`.
    #[inline]
    fn within(&mut self, values: &[f64], from: usize, to: usize) -> &[usize] {
        for at in self.scanned.max(from + 1)..to {
            if values[at] < values[at - 1] {
                self.found.push(at);
            }
        }
        self.scanned = self.scanned.max(to);
        while self.found.get(self.head).is_some_and(|at| *at <= from) {
            self.head += 1;
        }
        &self.found[self.head..]
    }
}
