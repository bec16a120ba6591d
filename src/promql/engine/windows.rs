//! Functions over ranges: a window slides over each series' samples with the steps.

use std::borrow::Cow;
use std::sync::Arc;

use super::durations::{length_of, offset_of, reference_time};
use super::evaluator::Evaluator;
use super::grid::{Grid, Row, Scalars, Steps};
use super::selectors::{Viewpoint, has_floats};
use super::{EvalError, extended};
use crate::promql::annotations::AnnotationKind;
use crate::promql::ast::{Call, Expr, ExprKind, RangeExtension, Subquery, TextRange};
use crate::promql::functions::windows::{self, Geometry, RangeFunction, Window};
use crate::promql::histogram::CounterResetHint;
use crate::promql::storage::StoredSeries;
use crate::promql::value::{ABSENT, SampleRange, SampleValue, is_absent};
use crate::time::Timestamp;

/// A range selector's or subquery's series, and the range.
pub(super) struct Ranges<'s> {
    pub series: Vec<RangeSeries<'s>>,
    pub view: Viewpoint,
    pub range: i64,
    pub extension: Option<RangeExtension>,
}

pub(super) struct RangeSeries<'s> {
    pub stored: Cow<'s, StoredSeries>,
    pub drop_name: bool,
}

/// One call of a function over a range.
#[derive(Clone, Copy)]
struct RangeCall<'c> {
    function: RangeFunction,
    ranges: &'c Ranges<'c>,
    scalars: &'c [Scalars],
    /// What annotations point at.
    span: TextRange,
}

impl<'a> Evaluator<'a> {
    /// A call whose argument at `at` is a range; the others are scalars.
    pub fn range_call(&mut self, call: &Call, at: usize, steps: Steps) -> Result<Grid, EvalError> {
        let argument = &call.args[at];
        let name = call.function.name;
        let Some(function) = RangeFunction::of(name) else {
            return Err(EvalError::new(format!("unknown function {name}")));
        };
        let ranges = self.ranges(argument, steps)?;
        steps.check_size(ranges.series.len())?;
        extended::check_allowed(ranges.extension, name)?;
        let mut scalars = Vec::new();
        for (index, arg) in call.args.iter().enumerate() {
            if index != at {
                scalars.push(self.scalars(arg, steps)?);
            }
        }
        self.check_parameters(name, &scalars, steps)?;
        // Prometheus names the first argument; where two samples alone matter, all of them.
        let first = call.args.first().map_or(argument.span, |first| first.unwrap_parens().span);
        let last = call.args.last().map_or(first, |last| last.span);
        let span = match function {
            RangeFunction::Irate | RangeFunction::Idelta => first.to(last),
            _ => first,
        };
        let mut grid = Grid::with_capacity(steps.count, ranges.series.len());
        let call = RangeCall { function, ranges: &ranges, scalars: &scalars, span };
        for series in &ranges.series {
            self.slide(&call, series, steps, &mut grid);
        }
        if name == "absent_over_time" {
            return Ok(self.absent_over(argument, &grid));
        }
        self.check_unique(grid)
    }

    /// Adds the row of one series, where the function has any result for it.
    fn slide(&mut self, call: &RangeCall<'_>, series: &RangeSeries<'_>, steps: Steps, grid: &mut Grid) {
        let RangeCall { function, ranges, scalars, span } = *call;
        let stored = &*series.stored;
        if stored.floats.times.is_empty() && stored.histograms.times.is_empty() {
            return;
        }
        let drop_name = series.drop_name || !function.keeps_name();
        let cells = grid.push(Row { labels: stored.labels.clone(), drop_name });
        let geometry = self.geometry(ranges.range);
        let time_of = |step: usize| (ranges.view.time(steps.time(step)), steps.time(step));
        let scalar = |at: usize, step: usize| scalars.get(at).map_or(f64::NAN, |scalars| scalars.at(step));
        let uses_starts = geometry.use_starts && !stored.floats.starts.is_empty();
        let floats_only = stored.histograms.times.is_empty() && !uses_starts;
        let has_notes = function == RangeFunction::Quantile
            && scalars.iter().any(|q| q.iter(steps.count).any(|q| !(0.0..=1.0).contains(&q)));
        if ranges.extension.is_none() && floats_only && !has_notes {
            windows::slide_floats(function, stored, geometry, &scalar, time_of, cells);
        } else {
            let mut notes = Vec::new();
            let lookback = self.engine.lookback.0;
            let mut results = Vec::new();
            for step in 0..steps.count {
                let (end, now) = time_of(step);
                let result = match ranges.extension {
                    None => {
                        let window = Window::cut(stored, geometry, end);
                        windows::evaluate(function, &window, now, &|at| scalar(at, step), &mut notes)
                    }
                    Some(extension) => {
                        extended::evaluate(function, extension, stored, geometry, end, lookback, &mut notes)
                    }
                };
                results.push(result);
            }
            let row = grid.rows.len() - 1;
            for (step, result) in results.into_iter().enumerate() {
                if let Some(value) = result {
                    grid.set(row, step, value);
                }
            }
            let metric: Arc<str> = Arc::from(stored.labels.name());
            for note in notes {
                self.note(note.kind(&metric), span);
            }
        }
        let row = grid.rows.len() - 1;
        if matches!(function, RangeFunction::Rate | RangeFunction::Increase) && has_floats(grid.floats(row)) {
            self.note_non_counter(stored, span);
        }
        grid.pop_if_empty();
    }

    fn geometry(&self, range: i64) -> Geometry {
        let v2 = self.is_v2();
        // Prometheus 3 leaves the left end out.
        Geometry { range, left_open: !v2, v2, use_starts: self.engine.start_timestamps }
    }

    fn note_non_counter(&mut self, stored: &StoredSeries, span: TextRange) {
        let name = stored.labels.name();
        if self.is_v2() || name.is_empty() {
            return;
        }
        if self.engine.type_and_unit_labels {
            let type_label = stored.labels.value("__type__");
            if type_label != "counter" && type_label != "histogram" {
                let (metric, type_label) = (name.into(), type_label.into());
                self.note(AnnotationKind::PossibleNonCounterLabel { metric, type_label }, span);
            }
        } else if !["_total", "_sum", "_count", "_bucket"].iter().any(|suffix| name.ends_with(suffix)) {
            self.note(AnnotationKind::PossibleNonCounter(name.into()), span);
        }
    }

    fn check_parameters(&mut self, name: &str, scalars: &[Scalars], steps: Steps) -> Result<(), EvalError> {
        if !matches!(name, "holt_winters" | "double_exponential_smoothing") {
            return Ok(());
        }
        let bounds = ["smoothing", "trend"].into_iter().zip(["sf", "tf"]);
        for ((what, short), factors) in bounds.zip(scalars) {
            if let Some(wrong) = factors.iter(steps.count).find(|factor| *factor <= 0.0 || *factor >= 1.0) {
                return Err(EvalError::new(format!(
                    "invalid {what} factor. Expected: 0 < {short} < 1, got: {wrong:.6}"
                )));
            }
        }
        Ok(())
    }

    /// The series that a range argument means, subqueries evaluated.
    pub fn ranges(&mut self, argument: &Expr, steps: Steps) -> Result<Ranges<'a>, EvalError> {
        match &argument.unwrap_parens().kind {
            ExprKind::Matrix(selector) => {
                let view = self.viewpoint(&selector.vector)?;
                let range = length_of(&selector.range, self.query)?;
                let storage = self.storage;
                let found = storage.select(&selector.vector.matchers);
                let series = found
                    .into_iter()
                    .map(|stored| RangeSeries { stored: self.as_needed(stored), drop_name: false })
                    .collect();
                Ok(Ranges { series, view, range, extension: selector.vector.extension })
            }
            ExprKind::Subquery(subquery) => self.subquery(subquery, steps),
            _ => Err(EvalError::new(format!("expected a range vector, got {}", argument.value_type()))),
        }
    }

    /// Evaluates the inner expression at steps aligned to the subquery's own.
    fn subquery(&mut self, subquery: &Subquery, steps: Steps) -> Result<Ranges<'a>, EvalError> {
        let offset = offset_of(&subquery.offset, self.query)?;
        let range = length_of(&subquery.range, self.query)?;
        let step = match &subquery.step {
            Some(step) => length_of(step, self.query)?,
            None => 0,
        };
        let step = if step > 0 { step } else { self.engine.subquery_step.0.max(1) };
        let view = Viewpoint { at: reference_time(subquery.at, self.query), offset };
        let (first, last) = (view.time(steps.start), view.time(steps.end()));
        // The first multiple of the step after the range's beginning, as Go's division rounds.
        let begin = first.saturating_sub(range);
        let mut start = step.saturating_mul(begin / step);
        if (start <= begin && !self.is_v2()) || start < begin {
            start = start.saturating_add(step);
        }
        let mut series = Vec::new();
        if last >= start {
            let count = (last.saturating_sub(start) / step) as usize + 1;
            let inner = Steps { start, step, count };
            inner.check_size(1)?;
            if subquery.expr.value_type() == crate::promql::ast::ValueType::Scalar {
                let scalars = self.scalars(&subquery.expr, inner)?;
                let mut grid = Grid::new(count);
                let row = Row { labels: Default::default(), drop_name: false };
                let cells = grid.push(row);
                cells.iter_mut().enumerate().for_each(|(step, cell)| *cell = scalars.at(step));
                series = stored_rows(&grid, inner);
            } else {
                let grid = self.vector(&subquery.expr, inner)?;
                series = stored_rows(&grid, inner);
            }
        }
        if !self.engine.delayed_name_removal {
            for row in &mut series {
                if row.drop_name {
                    let labels = self.without_name(&row.stored.labels);
                    row.stored.to_mut().labels = labels;
                    row.drop_name = false;
                }
            }
        }
        Ok(Ranges { series, view, range, extension: None })
    }

    /// A range selector or subquery as the query's own result.
    pub fn sample_ranges(&mut self, expr: &Expr, steps: Steps) -> Result<Vec<SampleRange>, EvalError> {
        let ranges = self.ranges(expr, steps)?;
        let geometry = self.geometry(ranges.range);
        let end = ranges.view.time(steps.start);
        let mut result = Vec::new();
        for series in &ranges.series {
            let samples = match ranges.extension {
                Some(extension) => {
                    extended::samples(&series.stored, geometry, end, self.engine.lookback.0, extension)?
                }
                None => {
                    let window = Window::cut(&series.stored, geometry, end);
                    let floats = window.times.iter().zip(window.values);
                    let floats = floats.map(|(time, value)| (Timestamp(*time), SampleValue::Float(*value)));
                    let histograms = window.histogram_times.iter().zip(window.histograms);
                    let histograms = histograms
                        .map(|(time, value)| (Timestamp(*time), SampleValue::Histogram(Arc::clone(value))));
                    let mut samples: Vec<_> = floats.chain(histograms).collect();
                    samples.sort_by_key(|(time, _)| *time);
                    samples
                }
            };
            if !samples.is_empty() {
                let labels = match series.drop_name {
                    true => self.without_name(&series.stored.labels),
                    false => series.stored.labels.clone(),
                };
                result.push(SampleRange { labels, samples });
            }
        }
        result.sort_by(|a, b| a.labels.cmp(&b.labels));
        Ok(result)
    }

    /// One where no series has anything in its range.
    fn absent_over(&self, argument: &Expr, found: &Grid) -> Grid {
        let mut grid = Grid::new(found.steps);
        let labels = super::calls::labels_of_absence(argument);
        let cells = grid.push(Row { labels, drop_name: true });
        for (step, cell) in cells.iter_mut().enumerate() {
            let present = (0..found.rows.len()).any(|row| found.is_present(row, step));
            *cell = if present { ABSENT } else { 1.0 };
        }
        grid.pop_if_empty();
        grid
    }
}

/// The rows of a subquery's result as series with samples at its steps.
fn stored_rows<'s>(grid: &Grid, steps: Steps) -> Vec<RangeSeries<'s>> {
    let mut series = Vec::with_capacity(grid.rows.len());
    for (at, row) in grid.rows.iter().enumerate() {
        let mut stored = StoredSeries { labels: row.labels.clone(), ..StoredSeries::default() };
        for (step, value) in grid.floats(at).iter().enumerate() {
            if !is_absent(*value) {
                stored.floats.push(0, steps.time(step), *value);
            } else if let Some(histogram) = grid.histogram(at, step) {
                let mut histogram = Arc::clone(histogram);
                // Between the subquery's steps there may have been resets, or none.
                if matches!(histogram.hint, CounterResetHint::Reset | CounterResetHint::NotReset) {
                    Arc::make_mut(&mut histogram).hint = CounterResetHint::Unknown;
                }
                stored.histograms.push(0, steps.time(step), histogram);
            }
        }
        series.push(RangeSeries { stored: Cow::Owned(stored), drop_name: row.drop_name });
    }
    series
}
