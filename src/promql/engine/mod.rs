//! Evaluates expressions as Prometheus does, for one instant or for many steps at once.
//!
//! Every node is evaluated once for all steps: labels are matched and grouped once a series, windows slide over
//! the samples. Sums are taken in Prometheus' order, so that results agree with it bit for bit. Nothing is
//! guessed: what Prometheus refuses at evaluation is an [`EvalError`] in its words.

mod aggregate;
mod aggregate_histograms;
mod binary;
mod cache;
mod calls;
mod durations;
mod evaluator;
mod extended;
mod grid;
mod histogram_calls;
mod info;
mod matching;
mod selectors;
mod top;
mod windows;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use cache::EvalCache;
use evaluator::{Evaluator, Query};
use grid::{Grid, Steps};

use super::annotations::Annotations;
use super::ast::{Expr, ExprKind, StringLiteral, ValueType};
use super::value::{Answer, Matrix, Sample, Series, Value};
use super::{Semantics, Storage};
use crate::time::{Duration, Timestamp};

/// How expressions are evaluated.
#[derive(Clone, Debug, PartialEq)]
pub struct Engine {
    pub semantics: Semantics,
    /// How old the newest sample of a series may be.
    pub lookback: Duration,
    /// The step of subqueries that name none.
    pub subquery_step: Duration,
    /// Prometheus 3's feature `promql-delayed-name-removal`.
    pub delayed_name_removal: bool,
    /// Prometheus 3's feature that lets samples' start timestamps tell resets.
    pub start_timestamps: bool,
    /// Prometheus 3's feature `type-and-unit-labels`.
    pub type_and_unit_labels: bool,
}

/// Why an expression has no value, in Prometheus' words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvalError {
    pub message: String,
}

impl Engine {
    pub fn new(semantics: Semantics) -> Self {
        Engine {
            semantics,
            lookback: Duration::from_secs(300),
            subquery_step: Duration::from_secs(60),
            delayed_name_removal: false,
            start_timestamps: false,
            type_and_unit_labels: false,
        }
    }

    /// The expression's value at one instant.
    pub fn instant(&self, storage: &Storage, expr: &Expr, at: Timestamp) -> Result<Answer<Value>, EvalError> {
        let steps = Steps { start: at.0, step: 1, count: 1 };
        let query = Query { start: at.0, end: at.0, step: 0 };
        let mut evaluator = Evaluator::new(self, storage, query, None);
        let value = match expr.value_type() {
            ValueType::String => Value::String(evaluator.string(expr)?),
            ValueType::Scalar => Value::Scalar(evaluator.scalars(expr, steps)?.at(0)),
            ValueType::Matrix => Value::Matrix(evaluator.sample_ranges(expr, steps)?),
            ValueType::Vector => {
                let grid = evaluator.vector(expr, steps)?;
                let grid = evaluator.finish(grid)?;
                let mut samples = Vec::with_capacity(grid.rows.len());
                for (at, row) in grid.rows.iter().enumerate() {
                    samples.extend(
                        grid.get(at, 0).map(|value| Sample { labels: evaluator.final_labels(row), value }),
                    );
                }
                Value::Vector(samples)
            }
        };
        Ok(Answer { value, annotations: evaluator.annotations })
    }

    /// The expression's values at `count` steps from `start` on.
    pub fn range(
        &self,
        storage: &Storage,
        expr: &Expr,
        start: Timestamp,
        step: Duration,
        count: usize,
    ) -> Result<Answer<Matrix>, EvalError> {
        self.range_cached(storage, expr, start, step, count, &mut EvalCache::for_exprs([expr]))
    }

    /// As [`Engine::range`], with a cache that expressions share over one state of the storage and the same steps.
    pub fn range_cached(
        &self,
        storage: &Storage,
        expr: &Expr,
        start: Timestamp,
        step: Duration,
        count: usize,
        cache: &mut EvalCache,
    ) -> Result<Answer<Matrix>, EvalError> {
        let mut matrix = Matrix { start, step, count, series: Vec::new() };
        if count == 0 {
            return Ok(Answer { value: matrix, annotations: Annotations::default() });
        }
        if step.0 <= 0 && count > 1 {
            return Err(EvalError::new("zero or negative query resolution step widths are not accepted"));
        }
        let steps = Steps { start: start.0, step: step.0.max(1), count };
        steps.check_size(1)?;
        let query = Query { start: start.0, end: steps.end(), step: step.0 };
        let mut evaluator = Evaluator::new(self, storage, query, Some(cache));
        matrix.series = match expr.value_type() {
            ValueType::Scalar => {
                let floats = evaluator.scalars(expr, steps)?;
                let floats = (0..count).map(|step| floats.at(step)).collect();
                vec![Series { labels: Default::default(), floats, histograms: Vec::new() }]
            }
            ValueType::Vector => {
                let grid = evaluator.vector(expr, steps)?;
                let grid = evaluator.finish(grid)?;
                series_of(&evaluator, grid)
            }
            other => {
                let message = format!(
                    "invalid expression type \"{other}\" for range query, must be Scalar or instant Vector"
                );
                return Err(EvalError { message });
            }
        };
        Ok(Answer { value: matrix, annotations: evaluator.annotations })
    }
}

fn series_of(evaluator: &Evaluator<'_>, grid: Arc<Grid>) -> Vec<Series> {
    let mut series: Vec<Series> = Vec::with_capacity(grid.rows.len());
    // A single row owns all the floats there are.
    match Arc::try_unwrap(grid) {
        Ok(grid) if grid.rows.len() == 1 => {
            if !grid.is_row_empty(0) {
                let labels = evaluator.final_labels(&grid.rows[0]);
                series.push(Series { labels, floats: grid.floats, histograms: grid.histograms });
            }
        }
        Ok(grid) => collect_rows(evaluator, &grid, &mut series),
        Err(shared) => collect_rows(evaluator, &shared, &mut series),
    }
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    series
}

fn collect_rows(evaluator: &Evaluator<'_>, grid: &Grid, series: &mut Vec<Series>) {
    for (at, row) in grid.rows.iter().enumerate().filter(|(at, _)| !grid.is_row_empty(*at)) {
        let histograms = grid.histograms(at).unwrap_or(&[]);
        let histograms = match histograms.iter().any(Option::is_some) {
            true => histograms.to_vec(),
            false => Vec::new(),
        };
        let labels = evaluator.final_labels(row);
        series.push(Series { labels, floats: grid.floats(at).to_vec(), histograms });
    }
}

impl EvalError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        EvalError { message: message.into() }
    }

    fn same_labelset() -> Self {
        EvalError::new("vector cannot contain metrics with the same labelset")
    }
}

impl Default for Engine {
    fn default() -> Self {
        Engine::new(Semantics::default())
    }
}

/// The text of a string argument.
fn text_of(expr: &Expr) -> Arc<str> {
    string_literal(expr).map_or_else(|| Arc::from(""), |literal| Arc::clone(&literal.text))
}

fn string_literal(expr: &Expr) -> Option<&StringLiteral> {
    match &expr.unwrap_parens().kind {
        ExprKind::String(literal) => Some(literal),
        _ => None,
    }
}
