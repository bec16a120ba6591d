//! Instant selectors: the newest sample of each series, unless it is stale or too old.

use std::borrow::Cow;
use std::sync::Arc;

use super::durations::{offset_of, reference_time};
use super::evaluator::Evaluator;
use super::grid::{Grid, Row, Steps};
use super::{EvalError, extended};
use crate::promql::ast::{RangeExtension, TextRange, VectorSelector};
use crate::promql::histogram::{CounterResetHint, FloatHistogram};
use crate::promql::storage::StoredSeries;
use crate::promql::value::{ABSENT, is_absent};

/// Where a selector looks: at a fixed time or at each step's, moved by the offset.
#[derive(Clone, Copy)]
pub(super) struct Viewpoint {
    pub at: Option<i64>,
    pub offset: i64,
}

impl Viewpoint {
    pub fn time(&self, step_time: i64) -> i64 {
        self.at.unwrap_or(step_time).saturating_sub(self.offset)
    }
}

impl Evaluator<'_> {
    pub fn viewpoint(&self, selector: &VectorSelector) -> Result<Viewpoint, EvalError> {
        let offset = offset_of(&selector.offset, self.query)?;
        Ok(Viewpoint { at: reference_time(selector.at, self.query), offset })
    }

    pub fn select(
        &mut self,
        selector: &VectorSelector,
        span: TextRange,
        steps: Steps,
    ) -> Result<Grid, EvalError> {
        let view = self.viewpoint(selector)?;
        let storage = self.storage;
        let found = storage.select(&selector.matchers);
        steps.check_size(found.len())?;
        if selector.extension == Some(RangeExtension::Smoothed) {
            return Ok(extended::smoothed_vector(self, &found, view, span, steps));
        }
        let mut grid = Grid::with_capacity(steps.count, found.len());
        for series in found {
            self.newest(&self.as_needed(series), view, steps, &mut grid);
        }
        Ok(grid)
    }

    /// The series as it will be looked at: perhaps without its histograms' buckets, but with what they tell of resets.
    pub fn as_needed<'s>(&self, series: &'s StoredSeries) -> Cow<'s, StoredSeries> {
        if !self.stats_only || self.is_v2() || series.histograms.times.is_empty() {
            return Cow::Borrowed(series);
        }
        let mut stripped = series.clone();
        for at in 0..stripped.histograms.values.len() {
            let now = &series.histograms.values[at];
            let hint = match at.checked_sub(1).map(|before| &series.histograms.values[before]) {
                Some(before) if now.hint == CounterResetHint::Unknown => match now.is_reset_from(before) {
                    true => CounterResetHint::Reset,
                    false => CounterResetHint::NotReset,
                },
                _ => now.hint,
            };
            let (schema, count, sum) = (now.schema, now.count, now.sum);
            stripped.histograms.values[at] =
                Arc::new(FloatHistogram { hint, schema, count, sum, ..FloatHistogram::default() });
        }
        Cow::Owned(stripped)
    }

    /// Adds a row with the series' newest sample at each step, where it has any.
    fn newest(&self, series: &StoredSeries, view: Viewpoint, steps: Steps, grid: &mut Grid) {
        let row = Row { labels: series.labels.clone(), drop_name: false };
        let floats = grid.push(row);
        let mut ages = Ages::new(series, self.oldest_offset());
        let mut histograms = Vec::new();
        for (step, cell) in floats.iter_mut().enumerate() {
            match ages.at(view.time(steps.time(step))) {
                None => {}
                Some(Newest::Float(index)) => *cell = series.floats.values[index],
                Some(Newest::Histogram(index)) => histograms.push((step, index)),
            }
        }
        let row = grid.rows.len() - 1;
        for (step, index) in histograms {
            grid.set_histogram(row, step, Arc::clone(&series.histograms.values[index]));
        }
        grid.pop_if_empty();
    }

    /// `timestamp(selector)`: when the newest sample was taken, in seconds.
    pub fn newest_times(
        &self,
        selector: &VectorSelector,
        steps: Steps,
        of_start: bool,
    ) -> Result<Grid, EvalError> {
        let view = self.viewpoint(selector)?;
        let found = self.storage.select(&selector.matchers);
        let mut grid = Grid::with_capacity(steps.count, found.len());
        for series in found {
            let floats = grid.push(Row { labels: series.labels.clone(), drop_name: true });
            let mut ages = Ages::new(series, self.oldest_offset());
            for (step, cell) in floats.iter_mut().enumerate() {
                let time = ages.at(view.time(steps.time(step))).map(|newest| match (newest, of_start) {
                    (Newest::Float(index), false) => series.floats.times[index],
                    (Newest::Histogram(index), false) => series.histograms.times[index],
                    (Newest::Float(index), true) => series.floats.starts.get(index).copied().unwrap_or(0),
                    (Newest::Histogram(index), true) => {
                        series.histograms.starts.get(index).copied().unwrap_or(0)
                    }
                });
                *cell = time.map_or(ABSENT, |time| time as f64 / 1000.0);
            }
            grid.pop_if_empty();
        }
        Ok(grid)
    }

    /// How far before the reference time a sample may lie.
    pub fn oldest_offset(&self) -> i64 {
        // Prometheus 3 leaves the left end out.
        if self.is_v2() { self.engine.lookback.0 } else { self.engine.lookback.0 - 1 }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Newest {
    Float(usize),
    Histogram(usize),
}

/// Walks a series' samples forward with the steps.
pub(super) struct Ages<'s> {
    series: &'s StoredSeries,
    max_age: i64,
    floats: usize,
    histograms: usize,
    stale: usize,
}

impl<'s> Ages<'s> {
    pub fn new(series: &'s StoredSeries, max_age: i64) -> Self {
        Ages { series, max_age, floats: 0, histograms: 0, stale: 0 }
    }

    /// The newest sample at `time`, which never goes back.
    #[inline]
    pub fn at(&mut self, time: i64) -> Option<Newest> {
        let series = self.series;
        advance(&mut self.floats, &series.floats.times, time);
        let float = self.floats.checked_sub(1).map(|index| series.floats.times[index]);
        let mut newest = float.map(|taken| (taken, Newest::Float(self.floats - 1)));
        if !series.histograms.times.is_empty() {
            advance(&mut self.histograms, &series.histograms.times, time);
            if let Some(index) = self.histograms.checked_sub(1) {
                let taken = series.histograms.times[index];
                if float.is_none_or(|float| taken > float) {
                    newest = Some((taken, Newest::Histogram(index)));
                }
            }
        }
        let (taken, sample) = newest?;
        if time.saturating_sub(taken) > self.max_age {
            return None;
        }
        if !series.stale.is_empty() {
            advance(&mut self.stale, &series.stale, time);
            if self.stale.checked_sub(1).is_some_and(|index| series.stale[index] > taken) {
                return None;
            }
        }
        Some(sample)
    }
}

/// Moves `index` behind the last of the times that is not after `time`.
#[inline]
pub(super) fn advance(index: &mut usize, times: &[i64], time: i64) {
    // From the very start to a late step it may be far; between steps it is near.
    if *index == 0 {
        *index = times.partition_point(|taken| *taken <= time);
        return;
    }
    while *index < times.len() && times[*index] <= time {
        *index += 1;
    }
}

/// Whether a row has any float.
pub(super) fn has_floats(floats: &[f64]) -> bool {
    floats.iter().any(|value| !is_absent(*value))
}
