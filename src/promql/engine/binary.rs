//! Binary operators: on columns of floats at once, on cells where there are histograms.

use std::sync::Arc;

use super::EvalError;
use super::evaluator::{Evaluator, own, scalar_op};
use super::grid::{Grid, Scalars, Steps};
use crate::promql::annotations::{AnnotationKind, HistogramOperation};
use crate::promql::ast::{Binary, BinaryOp, TextRange, ValueType};
use crate::promql::histogram::{CounterResetHint, FloatHistogram};
use crate::promql::value::{ABSENT, SampleValue, is_absent};

/// A comparison or calculation of two samples: the value, and whether a comparison keeps it.
pub(super) struct Outcome {
    pub value: SampleValue,
    pub keeps: bool,
}

impl Evaluator<'_> {
    pub fn binary(&mut self, binary: &Binary, span: TextRange, steps: Steps) -> Result<Grid, EvalError> {
        let scalar = |expr: &crate::promql::Expr| expr.value_type() == ValueType::Scalar;
        match (scalar(&binary.lhs), scalar(&binary.rhs)) {
            (false, true) => {
                let vector = self.vector(&binary.lhs, steps)?;
                let scalars = self.scalars(&binary.rhs, steps)?;
                self.with_scalars(binary, span, own(vector), &scalars, false)
            }
            (true, false) => {
                let scalars = self.scalars(&binary.lhs, steps)?;
                let vector = self.vector(&binary.rhs, steps)?;
                self.with_scalars(binary, span, own(vector), &scalars, true)
            }
            _ => {
                let lhs = self.vector(&binary.lhs, steps)?;
                let rhs = self.vector(&binary.rhs, steps)?;
                match binary.op.is_set_operator() {
                    true => self.set_operation(binary, &lhs, &rhs),
                    false => self.match_vectors(binary, span, &lhs, &rhs),
                }
            }
        }
    }

    fn with_scalars(
        &mut self,
        binary: &Binary,
        span: TextRange,
        mut grid: Grid,
        scalars: &Scalars,
        scalar_first: bool,
    ) -> Result<Grid, EvalError> {
        let (op, returns_bool) = (binary.op, binary.returns_bool);
        if grid.has_histograms() {
            self.with_scalars_by_cell(binary, span, &mut grid, scalars, scalar_first);
        } else if matches!(op, BinaryOp::TrimUpper | BinaryOp::TrimLower) {
            if grid.floats.iter().any(|value| !is_absent(*value)) {
                self.note_types(("float", "float"), op, span);
            }
            grid.floats.fill(ABSENT);
        } else {
            let steps = grid.steps;
            for row in 0..grid.rows.len() {
                let cells = grid.floats_mut(row);
                match scalars {
                    Scalars::Constant(scalar) => {
                        let scalar = *scalar;
                        match scalar_first {
                            false => apply(op, returns_bool, cells, |_| scalar),
                            true => apply_swapped(op, returns_bool, cells, |_| scalar),
                        }
                    }
                    Scalars::Each(scalars) => {
                        debug_assert_eq!(scalars.len(), steps);
                        match scalar_first {
                            false => apply(op, returns_bool, cells, |step| scalars[step]),
                            true => apply_swapped(op, returns_bool, cells, |step| scalars[step]),
                        }
                    }
                }
            }
        }
        if changes_meaning(op, self.is_v2()) || returns_bool {
            self.drop_names(&mut grid);
        }
        let grid = grid.without_empty_rows();
        match op.is_comparison() && !returns_bool {
            true => Ok(grid),
            false => self.merge_same_labels(grid),
        }
    }

    fn with_scalars_by_cell(
        &mut self,
        binary: &Binary,
        span: TextRange,
        grid: &mut Grid,
        scalars: &Scalars,
        scalar_first: bool,
    ) {
        for row in 0..grid.rows.len() {
            for step in 0..grid.steps {
                let Some(value) = grid.get(row, step) else { continue };
                let scalar = SampleValue::Float(scalars.at(step));
                let outcome = match scalar_first {
                    false => self.samples(binary.op, &value, &scalar, span),
                    true => self.samples(binary.op, &scalar, &value, span),
                };
                let at = row * grid.steps + step;
                grid.floats[at] = ABSENT;
                grid.histograms[at] = None;
                let Some(mut outcome) = outcome else { continue };
                if binary.op.is_comparison() && scalar_first {
                    outcome.value = value;
                }
                if let Some(value) = outcome.result(binary.returns_bool) {
                    grid.set(row, step, value);
                }
            }
        }
    }

    /// Two samples combined; `None`, and a note, where their kinds do not go together.
    pub fn samples(
        &mut self,
        op: BinaryOp,
        lhs: &SampleValue,
        rhs: &SampleValue,
        span: TextRange,
    ) -> Option<Outcome> {
        let of_histogram = |histogram: FloatHistogram| {
            Some(Outcome { value: SampleValue::Histogram(Arc::new(histogram)), keeps: true })
        };
        match (lhs, rhs) {
            (SampleValue::Float(a), SampleValue::Float(b)) => {
                if matches!(op, BinaryOp::TrimUpper | BinaryOp::TrimLower) {
                    self.note_types(("float", "float"), op, span);
                    return None;
                }
                let value = scalar_op(op, *a, *b);
                Some(match op.is_comparison() {
                    true => Outcome { value: SampleValue::Float(*a), keeps: value == 1.0 },
                    false => Outcome { value: SampleValue::Float(value), keeps: true },
                })
            }
            (SampleValue::Float(factor), SampleValue::Histogram(histogram)) => {
                if op != BinaryOp::Mul {
                    self.note_types(("float", "histogram"), op, span);
                    return None;
                }
                let mut product = FloatHistogram::clone(histogram);
                product.mul(*factor);
                of_histogram(product.compacted())
            }
            (SampleValue::Histogram(histogram), SampleValue::Float(number)) => {
                let mut result = FloatHistogram::clone(histogram);
                match op {
                    BinaryOp::Mul => result.mul(*number),
                    BinaryOp::Div => result.div(*number),
                    BinaryOp::TrimUpper => {
                        result.trim_above(*number);
                        return of_histogram(result);
                    }
                    BinaryOp::TrimLower => {
                        result.trim_below(*number);
                        return of_histogram(result);
                    }
                    _ => {
                        self.note_types(("histogram", "float"), op, span);
                        return None;
                    }
                }
                of_histogram(result.compacted())
            }
            (SampleValue::Histogram(a), SampleValue::Histogram(b)) => self.histograms(op, a, b, span),
        }
    }

    fn histograms(
        &mut self,
        op: BinaryOp,
        a: &Arc<FloatHistogram>,
        b: &Arc<FloatHistogram>,
        span: TextRange,
    ) -> Option<Outcome> {
        let keep = |keeps: bool| Some(Outcome { value: SampleValue::Histogram(Arc::clone(a)), keeps });
        let mut result = match op {
            BinaryOp::Equal => return keep(a.same_as(b)),
            BinaryOp::NotEqual => return keep(!a.same_as(b)),
            BinaryOp::Add | BinaryOp::Sub => FloatHistogram::clone(a),
            _ => {
                self.note_types(("histogram", "histogram"), op, span);
                return None;
            }
        };
        let (combined, operation) = match op {
            BinaryOp::Add => (result.add(b), HistogramOperation::Addition),
            _ => (result.sub(b), HistogramOperation::Subtraction),
        };
        let Ok(combined) = combined else {
            self.note(AnnotationKind::IncompatibleBucketLayout(op.as_str()), span);
            return None;
        };
        if op == BinaryOp::Sub {
            result.hint = CounterResetHint::Gauge;
        }
        if combined.resets_collide {
            self.note(AnnotationKind::ResetsCollide(operation), span);
        }
        if combined.bounds_reconciled {
            self.note(AnnotationKind::BoundsReconciled(operation), span);
        }
        Some(Outcome { value: SampleValue::Histogram(Arc::new(result.compacted())), keeps: true })
    }

    fn note_types(&mut self, (left, right): (&'static str, &'static str), op: BinaryOp, span: TextRange) {
        self.note(AnnotationKind::IncompatibleTypes { left, op: op.as_str(), right }, span);
    }
}

impl Outcome {
    /// The sample that remains, if any.
    pub fn result(self, returns_bool: bool) -> Option<SampleValue> {
        if returns_bool {
            return Some(SampleValue::Float(if self.keeps { 1.0 } else { 0.0 }));
        }
        self.keeps.then_some(self.value)
    }
}

/// Whether the result is no longer what the metric's name says.
pub(super) fn changes_meaning(op: BinaryOp, v2: bool) -> bool {
    use BinaryOp::*;
    // Prometheus 2 forgot about atan2.
    matches!(op, Add | Sub | Mul | Div | Mod | Pow) || (op == Atan2 && !v2)
}

/// `cell op other` in every cell that holds a float and has another; comparisons keep the cell's own value.
pub(super) fn apply(op: BinaryOp, returns_bool: bool, cells: &mut [f64], other: impl Fn(usize) -> f64) {
    match op {
        BinaryOp::Add => each(cells, other, |a, b| a + b),
        BinaryOp::Sub => each(cells, other, |a, b| a - b),
        BinaryOp::Mul => each(cells, other, |a, b| a * b),
        BinaryOp::Div => each(cells, other, |a, b| a / b),
        _ if !op.is_comparison() => each(cells, other, |a, b| scalar_op(op, a, b)),
        _ if returns_bool => each(cells, other, |a, b| scalar_op(op, a, b)),
        BinaryOp::Greater => each(cells, other, |a, b| if a > b { a } else { ABSENT }),
        BinaryOp::Less => each(cells, other, |a, b| if a < b { a } else { ABSENT }),
        _ => each(cells, other, |a, b| if scalar_op(op, a, b) == 1.0 { a } else { ABSENT }),
    }
}

/// `other op cell`; comparisons keep the cell's own value.
fn apply_swapped(op: BinaryOp, returns_bool: bool, cells: &mut [f64], other: impl Fn(usize) -> f64) {
    match op.is_comparison() && !returns_bool {
        true => each(cells, other, |a, b| if scalar_op(op, b, a) == 1.0 { a } else { ABSENT }),
        false => each(cells, other, |a, b| scalar_op(op, b, a)),
    }
}

#[inline]
fn each(cells: &mut [f64], other: impl Fn(usize) -> f64, join: impl Fn(f64, f64) -> f64) {
    for (step, cell) in cells.iter_mut().enumerate() {
        let other = other(step);
        *cell = if is_absent(*cell) || is_absent(other) { ABSENT } else { join(*cell, other) };
    }
}
