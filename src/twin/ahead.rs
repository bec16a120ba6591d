//! Evaluates an expression for many steps at once, and hands the steps out one by one.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::reads::{ALERT_SERIES, Reads};
use crate::promql::histogram::FloatHistogram;
use crate::promql::{Engine, EvalCache, Expr, Matrix, Storage, is_absent};
use crate::stack::{RuleGroup, RuleKind};
use crate::time::{Duration, Timestamp};

/// Steps evaluated at once at the most: enough to make each cheap, few enough to keep memory small.
const MOST_STEPS: usize = 256;

/// The engine, and how far ahead of the clock there are samples to evaluate.
pub struct Evaluator {
    pub engine: Engine,
    /// Every sample up to here that is not written by a rule is in the storage.
    pub horizon: Timestamp,
    cache: EvalCache,
}

/// The series that rules write.
#[derive(Clone, Debug, Default)]
pub struct Produced(BTreeSet<String>);

/// An expression and what was computed of it.
pub struct Ahead {
    /// Must be evaluated at its own time, one step after the other.
    stepwise: bool,
    columns: Columns,
    generation: u64,
}

/// The answer at some steps, row by row.
#[derive(Default)]
struct Columns {
    start: Timestamp,
    step: Duration,
    /// Row `n` is `entries[rows[n]..rows[n + 1]]`.
    rows: Vec<u32>,
    entries: Vec<(u32, f64)>,
    labels: Vec<crate::labels::Labels>,
    histograms: HashMap<(u32, u32), Arc<FloatHistogram>>,
}

/// The elements of a result at one step.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    columns: &'a Columns,
    index: usize,
    generation: u64,
}

/// The expression could not be evaluated at that step; in Prometheus' words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalFailed(pub String);

impl Evaluator {
    pub fn new(engine: Engine) -> Self {
        Evaluator { engine, horizon: Timestamp(i64::MIN), cache: EvalCache::default() }
    }

    /// Samples after `now` were cut off: what was computed from them is no longer true.
    pub fn forget(&mut self, now: Timestamp) {
        self.horizon = now;
        self.cache = EvalCache::default();
    }

    /// These expressions are about to be evaluated over the same steps: what they have in common is computed once.
    pub fn share<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) {
        self.cache = EvalCache::for_exprs(exprs);
    }

    fn range(
        &mut self,
        storage: &Storage,
        expr: &Expr,
        start: Timestamp,
        step: Duration,
        count: usize,
    ) -> Result<Matrix, EvalFailed> {
        // A single step may read what rules have written since the cache was made.
        let answer = match count {
            1 => self.engine.range(storage, expr, start, step, 1),
            _ => self.engine.range_cached(storage, expr, start, step, count, &mut self.cache),
        };
        answer.map(|answer| answer.value).map_err(|error| EvalFailed(error.to_string()))
    }
}

impl Produced {
    pub fn by(groups: &[RuleGroup]) -> Self {
        let mut names = BTreeSet::new();
        for rule in groups.iter().flat_map(|group| &group.rules) {
            match &rule.kind {
                RuleKind::Recording { record } => drop(names.insert(record.value.clone())),
                RuleKind::Alerting { .. } => names.extend(ALERT_SERIES.map(str::to_owned)),
            }
        }
        Produced(names)
    }

    fn are_read_by(&self, reads: &Reads) -> bool {
        self.0.iter().any(|name| reads.may_read(name))
    }
}

impl Ahead {
    pub fn new(expr: &Expr, produced: &Produced) -> Self {
        let reads = Reads::of(expr);
        Ahead {
            stepwise: reads.only_now || produced.are_read_by(&reads),
            columns: Columns::default(),
            generation: 0,
        }
    }

    /// What was computed past the clock is no longer true.
    pub fn forget(&mut self) {
        self.columns = Columns::default();
    }

    /// Whether asking for `at` will evaluate the expression for the steps that follow it.
    pub fn will_look_ahead(&self, at: Timestamp) -> bool {
        !self.stepwise && self.columns.row_at(at).is_none()
    }

    /// The expression's result at `at`, which the clock has reached.
    pub fn at(
        &mut self,
        expr: &Expr,
        at: Timestamp,
        step: Duration,
        evaluator: &mut Evaluator,
        storage: &Storage,
    ) -> Result<Row<'_>, EvalFailed> {
        let index = match self.columns.row_at(at) {
            Some(index) => index,
            None => {
                self.compute(expr, at, step, evaluator, storage)?;
                0
            }
        };
        Ok(Row { columns: &self.columns, index, generation: self.generation })
    }

    fn compute(
        &mut self,
        expr: &Expr,
        at: Timestamp,
        step: Duration,
        evaluator: &mut Evaluator,
        storage: &Storage,
    ) -> Result<(), EvalFailed> {
        let count = match self.stepwise || step <= Duration::ZERO {
            true => 1,
            false => ((evaluator.horizon - at).0 / step.0 + 1).clamp(1, MOST_STEPS as i64) as usize,
        };
        let matrix = match evaluator.range(storage, expr, at, step, count) {
            // One bad step fails them all: then this one is asked alone.
            Err(_) if count > 1 => evaluator.range(storage, expr, at, step, 1)?,
            answer => answer?,
        };
        self.generation += 1;
        self.columns = Columns::of(matrix);
        Ok(())
    }
}

impl Columns {
    fn of(matrix: Matrix) -> Self {
        let count = matrix.count;
        let mut columns = Columns { start: matrix.start, step: matrix.step, ..Columns::default() };
        let mut rows = vec![0u32; count + 1];
        for (index, series) in matrix.series.iter().enumerate() {
            for (step, histogram) in series.histograms.iter().enumerate() {
                if let Some(histogram) = histogram {
                    columns.histograms.insert((step as u32, index as u32), Arc::clone(histogram));
                }
            }
        }
        for step in 0..count {
            for (index, series) in matrix.series.iter().enumerate() {
                let value = series.floats[step];
                let key = (step as u32, index as u32);
                if !is_absent(value) {
                    columns.entries.push((index as u32, value));
                } else if columns.histograms.contains_key(&key) {
                    columns.entries.push((index as u32, f64::NAN));
                }
            }
            rows[step + 1] = columns.entries.len() as u32;
        }
        columns.rows = rows;
        columns.labels = matrix.series.into_iter().map(|series| series.labels).collect();
        columns
    }

    fn row_at(&self, at: Timestamp) -> Option<usize> {
        let count = self.rows.len().checked_sub(1)?;
        let passed = (at - self.start).0;
        if passed == 0 && count > 0 {
            return Some(0);
        }
        if passed < 0 || self.step.0 <= 0 || passed % self.step.0 != 0 {
            return None;
        }
        Some((passed / self.step.0) as usize).filter(|index| *index < count)
    }
}

impl<'a> Row<'a> {
    /// Changes whenever the columns mean other series than before.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// How many series there are over all the steps that were computed together.
    pub fn columns(&self) -> usize {
        self.columns.labels.len()
    }

    pub fn len(&self) -> usize {
        self.entries().len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries().is_empty()
    }

    /// Column and value; `NaN` where the value is a histogram.
    pub fn iter(&self) -> impl Iterator<Item = (usize, f64)> + use<'a> {
        self.entries().iter().map(|(column, value)| (*column as usize, *value))
    }

    pub fn labels(&self, column: usize) -> &'a crate::labels::Labels {
        &self.columns.labels[column]
    }

    pub fn histogram(&self, column: usize) -> Option<&'a Arc<FloatHistogram>> {
        match self.columns.histograms.is_empty() {
            true => None,
            false => self.columns.histograms.get(&(self.index as u32, column as u32)),
        }
    }

    fn entries(&self) -> &'a [(u32, f64)] {
        let rows = &self.columns.rows;
        &self.columns.entries[rows[self.index] as usize..rows[self.index + 1] as usize]
    }
}
