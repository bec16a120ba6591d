//! Series × steps: what a vector-valued node is at every step at once.

use std::sync::Arc;

use super::EvalError;
use crate::labels::Labels;
use crate::promql::histogram::FloatHistogram;
use crate::promql::value::{ABSENT, SampleValue, is_absent};

/// The instants of an evaluation, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Steps {
    pub start: i64,
    pub step: i64,
    pub count: usize,
}

/// More cells than this are refused, as Prometheus refuses to load too many samples.
const MAX_CELLS: usize = 200_000_000;

/// Rows of equal length, one a series; a cell is a float, a histogram or nothing.
#[derive(Clone, Debug, Default)]
pub(super) struct Grid {
    pub steps: usize,
    pub rows: Vec<Row>,
    /// Row after row; [`ABSENT`] where there is no float.
    pub floats: Vec<f64>,
    /// As `floats`; empty while there is no histogram anywhere.
    pub histograms: Vec<Option<Arc<FloatHistogram>>>,
}

#[derive(Clone, Debug)]
pub(super) struct Row {
    pub labels: Labels,
    /// The metric's name is to be dropped: it counts no more, or will not at the end (delayed name removal).
    pub drop_name: bool,
}

/// A scalar at every step.
#[derive(Clone, Debug)]
pub(super) enum Scalars {
    Constant(f64),
    Each(Vec<f64>),
}

impl Steps {
    pub fn time(&self, step: usize) -> i64 {
        self.start.saturating_add(self.step.saturating_mul(step as i64))
    }

    pub fn end(&self) -> i64 {
        self.time(self.count.saturating_sub(1))
    }

    /// Refuses more rows than the memory should hold at this many steps.
    pub fn check_size(&self, rows: usize) -> Result<(), EvalError> {
        match rows.max(1).saturating_mul(self.count) > MAX_CELLS {
            true => Err(EvalError::new(
                "query processing would load too many samples into memory in query execution",
            )),
            false => Ok(()),
        }
    }

    pub fn is_instant(&self) -> bool {
        self.count == 1
    }
}

impl Grid {
    pub fn new(steps: usize) -> Self {
        Grid { steps, ..Grid::default() }
    }

    pub fn with_capacity(steps: usize, rows: usize) -> Self {
        Grid {
            steps,
            rows: Vec::with_capacity(rows),
            floats: Vec::with_capacity(rows * steps),
            histograms: Vec::new(),
        }
    }

    /// Adds a row with nothing in it; its floats, to be filled.
    pub fn push(&mut self, row: Row) -> &mut [f64] {
        self.rows.push(row);
        let from = self.floats.len();
        self.floats.resize(from + self.steps, ABSENT);
        if !self.histograms.is_empty() {
            self.histograms.resize(from + self.steps, None);
        }
        &mut self.floats[from..]
    }

    pub fn push_filled(&mut self, row: Row, floats: &[f64]) {
        self.rows.push(row);
        self.floats.extend_from_slice(floats);
        if !self.histograms.is_empty() {
            self.histograms.resize(self.floats.len(), None);
        }
    }

    /// Takes the last row back where it has no sample at all.
    pub fn pop_if_empty(&mut self) {
        let Some(last) = self.rows.len().checked_sub(1) else { return };
        if !self.is_row_empty(last) {
            return;
        }
        self.rows.pop();
        self.floats.truncate(last * self.steps);
        self.histograms.truncate(last * self.steps);
    }

    pub fn is_row_empty(&self, row: usize) -> bool {
        self.floats(row).iter().all(|value| is_absent(*value))
            && self.histograms(row).is_none_or(|histograms| histograms.iter().all(Option::is_none))
    }

    pub fn floats(&self, row: usize) -> &[f64] {
        &self.floats[row * self.steps..(row + 1) * self.steps]
    }

    pub fn floats_mut(&mut self, row: usize) -> &mut [f64] {
        &mut self.floats[row * self.steps..(row + 1) * self.steps]
    }

    pub fn histograms(&self, row: usize) -> Option<&[Option<Arc<FloatHistogram>>]> {
        (!self.histograms.is_empty()).then(|| &self.histograms[row * self.steps..(row + 1) * self.steps])
    }

    pub fn has_histograms(&self) -> bool {
        !self.histograms.is_empty()
    }

    pub fn histogram(&self, row: usize, step: usize) -> Option<&Arc<FloatHistogram>> {
        self.histograms.get(row * self.steps + step)?.as_ref()
    }

    pub fn set_histogram(&mut self, row: usize, step: usize, value: Arc<FloatHistogram>) {
        if self.histograms.is_empty() {
            self.histograms.resize(self.floats.len(), None);
        }
        self.floats[row * self.steps + step] = ABSENT;
        self.histograms[row * self.steps + step] = Some(value);
    }

    pub fn set(&mut self, row: usize, step: usize, value: SampleValue) {
        match value {
            SampleValue::Float(value) => {
                self.floats[row * self.steps + step] = value;
                if let Some(cell) = self.histograms.get_mut(row * self.steps + step) {
                    *cell = None;
                }
            }
            SampleValue::Histogram(histogram) => self.set_histogram(row, step, histogram),
        }
    }

    pub fn get(&self, row: usize, step: usize) -> Option<SampleValue> {
        if let Some(histogram) = self.histogram(row, step) {
            return Some(SampleValue::Histogram(Arc::clone(histogram)));
        }
        let float = self.floats[row * self.steps + step];
        (!is_absent(float)).then_some(SampleValue::Float(float))
    }

    pub fn is_present(&self, row: usize, step: usize) -> bool {
        !is_absent(self.floats[row * self.steps + step]) || self.histogram(row, step).is_some()
    }

    /// The same rows, their single step repeated.
    pub fn repeat(&self, steps: usize) -> Grid {
        let mut repeated = Grid::with_capacity(steps, self.rows.len());
        for (at, row) in self.rows.iter().enumerate() {
            repeated.push(row.clone()).fill(self.floats[at]);
            if let Some(histogram) = self.histogram(at, 0) {
                (0..steps).for_each(|step| repeated.set_histogram(at, step, Arc::clone(histogram)));
            }
        }
        repeated
    }

    /// Drops the rows without samples.
    pub fn without_empty_rows(mut self) -> Grid {
        if (0..self.rows.len()).all(|row| !self.is_row_empty(row)) {
            return self;
        }
        let mut kept = Grid::with_capacity(self.steps, self.rows.len());
        for row in 0..self.rows.len() {
            if !self.is_row_empty(row) {
                self.copy_row(row, &mut kept);
            }
        }
        kept.steps = self.steps;
        self.rows.clear();
        kept
    }

    pub fn copy_row(&self, row: usize, into: &mut Grid) {
        into.push_filled(self.rows[row].clone(), self.floats(row));
        let at = into.rows.len() - 1;
        for (step, histogram) in self.histograms(row).into_iter().flatten().enumerate() {
            if let Some(histogram) = histogram {
                into.set_histogram(at, step, Arc::clone(histogram));
            }
        }
    }
}

impl Scalars {
    #[inline]
    pub fn at(&self, step: usize) -> f64 {
        match self {
            Scalars::Constant(value) => *value,
            Scalars::Each(values) => values[step],
        }
    }

    pub fn map(self, change: impl Fn(f64) -> f64) -> Scalars {
        match self {
            Scalars::Constant(value) => Scalars::Constant(change(value)),
            Scalars::Each(mut values) => {
                values.iter_mut().for_each(|value| *value = change(*value));
                Scalars::Each(values)
            }
        }
    }

    pub fn zip(&self, other: &Scalars, steps: usize, join: impl Fn(f64, f64) -> f64) -> Scalars {
        match (self, other) {
            (Scalars::Constant(a), Scalars::Constant(b)) => Scalars::Constant(join(*a, *b)),
            _ => Scalars::Each((0..steps).map(|step| join(self.at(step), other.at(step))).collect()),
        }
    }

    pub fn iter(&self, steps: usize) -> impl Iterator<Item = f64> + '_ {
        let count = if matches!(self, Scalars::Constant(_)) { steps.min(1) } else { steps };
        (0..count).map(|step| self.at(step))
    }
}
