//! Walks an expression; each kind of node has its file.

use std::collections::HashMap;
use std::sync::Arc;

use super::cache::EvalCache;
use super::grid::{Grid, Row, Scalars, Steps};
use super::{Engine, EvalError, text_of};
use crate::labels::{Labels, METRIC_NAME};
use crate::promql::annotations::{AnnotationKind, Annotations};
use crate::promql::ast::{BinaryOp, Call, Expr, ExprKind, TextRange, ValueType};
use crate::promql::functions::{go_max, go_min};
use crate::promql::value::is_absent;
use crate::promql::{Semantics, Storage};

/// The whole query's instants, which `@ start()`, `step()` and the like mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Query {
    pub start: i64,
    pub end: i64,
    pub step: i64,
}

pub(super) struct Evaluator<'a> {
    pub engine: &'a Engine,
    pub storage: &'a Storage,
    pub query: Query,
    pub annotations: Annotations,
    /// Only the counts and sums of histograms will be looked at.
    pub stats_only: bool,
    cache: Option<&'a mut EvalCache>,
}

impl<'a> Evaluator<'a> {
    pub fn new(
        engine: &'a Engine,
        storage: &'a Storage,
        query: Query,
        cache: Option<&'a mut EvalCache>,
    ) -> Self {
        Evaluator { engine, storage, query, annotations: Annotations::default(), stats_only: false, cache }
    }

    /// A vector-valued expression at every step.
    pub fn vector(&mut self, expr: &Expr, steps: Steps) -> Result<Arc<Grid>, EvalError> {
        if steps.count > 1 && is_step_invariant(expr) {
            let once = self.vector(expr, Steps { count: 1, ..steps })?;
            return Ok(Arc::new(once.repeat(steps.count)));
        }
        let key = match self.cache.as_deref() {
            // What is read without buckets is not the same series.
            Some(cache) if !self.stats_only => cache.key(expr, steps, self.query),
            _ => None,
        };
        if let (Some(key), Some(cache)) = (key, self.cache.as_deref_mut())
            && let Some((grid, annotations)) = cache.get(key)
        {
            self.annotations.merge(&annotations);
            return Ok(grid);
        }
        let Some(key) = key else { return self.compute(expr, steps) };
        let before = std::mem::take(&mut self.annotations);
        let grid = self.compute(expr, steps);
        let own = std::mem::replace(&mut self.annotations, before);
        self.annotations.merge(&own);
        let grid = grid?;
        if let Some(cache) = self.cache.as_deref_mut() {
            cache.put(key, Arc::clone(&grid), own);
        }
        Ok(grid)
    }

    fn compute(&mut self, expr: &Expr, steps: Steps) -> Result<Arc<Grid>, EvalError> {
        let outer = self.stats_only;
        self.stats_only = stats_only_within(expr, outer);
        let result = self.dispatch(expr, steps);
        self.stats_only = outer;
        result
    }

    fn dispatch(&mut self, expr: &Expr, steps: Steps) -> Result<Arc<Grid>, EvalError> {
        match &expr.kind {
            ExprKind::Paren(inner) => self.vector(inner, steps),
            ExprKind::Vector(selector) => self.select(selector, expr.span, steps).map(Arc::new),
            ExprKind::Unary(unary) => {
                let grid = self.vector(&unary.expr, steps)?;
                if !unary.negative {
                    return Ok(grid);
                }
                let mut grid = own(grid);
                for value in grid.floats.iter_mut().filter(|value| !is_absent(**value)) {
                    *value = -*value;
                }
                for histogram in grid.histograms.iter_mut().flatten() {
                    Arc::make_mut(histogram).mul(-1.0);
                }
                self.drop_names(&mut grid);
                self.merge_same_labels(grid).map(Arc::new)
            }
            ExprKind::Binary(binary) => self.binary(binary, expr.span, steps).map(Arc::new),
            ExprKind::Aggregate(aggregate) => self.aggregate(aggregate, expr.span, steps).map(Arc::new),
            ExprKind::Call(call) => self.call(call, expr, steps),
            ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Matrix(_) | ExprKind::Subquery(_) => {
                Err(EvalError::new(format!("expected an instant vector, got {}", expr.value_type())))
            }
        }
    }

    /// A scalar expression at every step.
    pub fn scalars(&mut self, expr: &Expr, steps: Steps) -> Result<Scalars, EvalError> {
        match &expr.kind {
            ExprKind::Number(number) => Ok(Scalars::Constant(number.value)),
            ExprKind::Paren(inner) => self.scalars(inner, steps),
            ExprKind::Unary(unary) => {
                let scalars = self.scalars(&unary.expr, steps)?;
                Ok(if unary.negative { scalars.map(|value| -value) } else { scalars })
            }
            ExprKind::Binary(binary) => {
                let lhs = self.scalars(&binary.lhs, steps)?;
                let rhs = self.scalars(&binary.rhs, steps)?;
                let op = binary.op;
                Ok(lhs.zip(&rhs, steps.count, |a, b| scalar_op(op, a, b)))
            }
            ExprKind::Call(call) => self.scalar_call(call, steps),
            _ => Err(EvalError::new(format!("expected a scalar, got {}", expr.value_type()))),
        }
    }

    fn scalar_call(&mut self, call: &Call, steps: Steps) -> Result<Scalars, EvalError> {
        let query = self.query;
        match (call.function.name, &call.args[..]) {
            ("time", _) if steps.is_instant() => Ok(Scalars::Constant(steps.start as f64 / 1000.0)),
            ("time", _) => {
                Ok(Scalars::Each((0..steps.count).map(|step| steps.time(step) as f64 / 1000.0).collect()))
            }
            ("pi", _) => Ok(Scalars::Constant(std::f64::consts::PI)),
            ("start", _) => Ok(Scalars::Constant(query.start as f64 / 1000.0)),
            ("end", _) => Ok(Scalars::Constant(query.end as f64 / 1000.0)),
            ("range", _) => Ok(Scalars::Constant(query.end.saturating_sub(query.start) as f64 / 1000.0)),
            ("step", _) if query.start == query.end => Ok(Scalars::Constant(0.0)),
            ("step", _) => Ok(Scalars::Constant(query.step as f64 / 1000.0)),
            ("max_of", [a, b]) | ("min_of", [a, b]) => {
                let (a, b) = (self.scalars(a, steps)?, self.scalars(b, steps)?);
                let pick = if call.function.name == "max_of" { go_max } else { go_min };
                Ok(a.zip(&b, steps.count, pick))
            }
            ("scalar", [vector]) => {
                let grid = self.vector(vector, steps)?;
                // NaN unless there is exactly one float.
                let single = |step: usize| {
                    let mut floats = (0..grid.rows.len())
                        .map(|row| grid.floats(row)[step])
                        .filter(|value| !is_absent(*value));
                    match (floats.next(), floats.next()) {
                        (Some(value), None) => value,
                        _ => f64::NAN,
                    }
                };
                Ok(Scalars::Each((0..steps.count).map(single).collect()))
            }
            (name, _) => Err(EvalError::new(format!("unknown scalar function {name}"))),
        }
    }

    pub fn string(&mut self, expr: &Expr) -> Result<Arc<str>, EvalError> {
        Ok(text_of(expr))
    }

    pub fn is_v2(&self) -> bool {
        self.engine.semantics == Semantics::V2
    }

    /// Prometheus 2 tells nothing of this kind.
    pub fn note(&mut self, kind: AnnotationKind, span: TextRange) {
        if !self.is_v2() {
            self.annotations.add(kind, span);
        }
    }

    pub fn drop_names(&self, grid: &mut Grid) {
        for row in &mut grid.rows {
            row.drop_name = true;
        }
    }

    /// The labels that the next operation sees.
    pub fn visible(&self, row: &Row) -> Labels {
        match row.drop_name && !self.engine.delayed_name_removal {
            true => self.without_name(&row.labels),
            false => row.labels.clone(),
        }
    }

    /// The labels at the end of the query.
    pub fn final_labels(&self, row: &Row) -> Labels {
        if row.drop_name { self.without_name(&row.labels) } else { row.labels.clone() }
    }

    /// Without the labels that say what the value means: its meaning has changed.
    pub fn without_name(&self, labels: &Labels) -> Labels {
        let reserved = |name: &str| self.is_reserved(name);
        if !labels.iter().any(|(name, _)| reserved(name)) {
            return labels.clone();
        }
        let mut builder = labels.builder();
        builder.retain(|name, _| !reserved(name));
        builder.build()
    }

    pub fn is_reserved(&self, name: &str) -> bool {
        name == METRIC_NAME || (!self.is_v2() && (name == "__type__" || name == "__unit__"))
    }

    /// The name that annotations tell: what of it is still known.
    pub fn metric_of(&self, row: &Row) -> Arc<str> {
        match row.drop_name && !self.engine.delayed_name_removal {
            true => Arc::from(""),
            false => Arc::from(row.labels.name()),
        }
    }

    /// Joins rows with equal labels that never have a sample at the same step; where they do, it is an error.
    pub fn merge_same_labels(&self, grid: Grid) -> Result<Grid, EvalError> {
        self.merge_rows(grid, |row| self.visible(row))
    }

    /// What is left to do with the result of the whole query.
    pub fn finish(&self, grid: Arc<Grid>) -> Result<Arc<Grid>, EvalError> {
        if !grid.rows.iter().any(|row| row.drop_name) || same_name(&grid) {
            return Ok(grid);
        }
        self.merge_rows(own(grid), |row| self.final_labels(row)).map(Arc::new)
    }

    /// Fails where names are dropped at once and two rows are then the same.
    pub fn check_unique(&self, grid: Grid) -> Result<Grid, EvalError> {
        if self.engine.delayed_name_removal || grid.rows.len() < 2 || same_name(&grid) {
            return Ok(grid);
        }
        let mut seen = std::collections::HashSet::with_capacity(grid.rows.len());
        match grid.rows.iter().all(|row| seen.insert(self.visible(row))) {
            true => Ok(grid),
            false => Err(EvalError::same_labelset()),
        }
    }

    fn merge_rows(&self, grid: Grid, labels_of: impl Fn(&Row) -> Labels) -> Result<Grid, EvalError> {
        if grid.rows.len() < 2 {
            return Ok(grid);
        }
        let mut first: HashMap<Labels, usize> = HashMap::with_capacity(grid.rows.len());
        let targets: Vec<usize> =
            (0..grid.rows.len()).map(|row| *first.entry(labels_of(&grid.rows[row])).or_insert(row)).collect();
        if first.len() == grid.rows.len() {
            return Ok(grid);
        }
        let mut merged = Grid::with_capacity(grid.steps, first.len());
        let mut places: HashMap<usize, usize> = HashMap::new();
        for (row, target) in targets.into_iter().enumerate() {
            let Some(place) = places.get(&target).copied() else {
                places.insert(target, merged.rows.len());
                grid.copy_row(row, &mut merged);
                continue;
            };
            for step in 0..grid.steps {
                let Some(value) = grid.get(row, step) else { continue };
                if merged.is_present(place, step) {
                    return Err(EvalError::same_labelset());
                }
                merged.set(place, step, value);
            }
        }
        Ok(merged)
    }
}

/// Whether the selectors in an expression are asked for histograms' counts and sums only. Prometheus then reads no
/// buckets, and detects resets between the stored samples instead of where they are used.
fn stats_only_within(expr: &Expr, outer: bool) -> bool {
    match &expr.kind {
        ExprKind::Call(call) => match call.function.name {
            "histogram_count" | "histogram_sum" | "histogram_avg" => {
                outer || !expr.children().into_iter().any(needs_buckets)
            }
            _ => outer,
        },
        _ => outer,
    }
}

/// Whether anything in the expression looks at buckets, or at histograms between their steps.
fn needs_buckets(expr: &Expr) -> bool {
    let needs = match &expr.kind {
        ExprKind::Subquery(_) => true,
        ExprKind::Call(call) => {
            matches!(call.function.name, "histogram_quantile" | "histogram_quantiles" | "histogram_fraction")
        }
        ExprKind::Binary(binary) => matches!(binary.op, BinaryOp::TrimUpper | BinaryOp::TrimLower),
        _ => false,
    };
    needs || expr.children().into_iter().any(needs_buckets)
}

/// The grid itself where nobody else holds it, else a copy.
pub(super) fn own(grid: Arc<Grid>) -> Grid {
    Arc::unwrap_or_clone(grid)
}

/// Rows of one metric cannot become equal by losing its name.
fn same_name(grid: &Grid) -> bool {
    let Some((first, rest)) = grid.rows.split_first() else { return true };
    rest.iter().all(|row| row.drop_name == first.drop_name && row.labels.name() == first.labels.name())
        && !first.labels.name().is_empty()
        && first.labels.get("__type__").is_none()
        && first.labels.get("__unit__").is_none()
}

/// Whether the expression is the same at every step: all its selectors are pinned with `@`.
fn is_step_invariant(expr: &Expr) -> bool {
    const UNSAFE: [&str; 15] = [
        "days_in_month",
        "day_of_month",
        "day_of_week",
        "day_of_year",
        "end",
        "hour",
        "minute",
        "month",
        "year",
        "predict_linear",
        "range",
        "start",
        "step",
        "time",
        "timestamp",
    ];
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::String(_) => true,
        ExprKind::Vector(selector) => selector.at.is_some(),
        ExprKind::Matrix(selector) => selector.vector.at.is_some(),
        ExprKind::Subquery(subquery) => subquery.at.is_some(),
        ExprKind::Unary(unary) => is_step_invariant(&unary.expr),
        ExprKind::Paren(inner) => is_step_invariant(inner),
        ExprKind::Binary(binary) => is_step_invariant(&binary.lhs) && is_step_invariant(&binary.rhs),
        ExprKind::Aggregate(aggregate) => is_step_invariant(&aggregate.expr),
        ExprKind::Call(call) => {
            !UNSAFE.contains(&call.function.name) && call.args.iter().all(is_step_invariant)
        }
    }
}

pub(super) fn scalar_op(op: BinaryOp, a: f64, b: f64) -> f64 {
    let truth = |holds: bool| if holds { 1.0 } else { 0.0 };
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        BinaryOp::Mod => a % b,
        BinaryOp::Pow => a.powf(b),
        BinaryOp::Atan2 => a.atan2(b),
        BinaryOp::Equal => truth(a == b),
        BinaryOp::NotEqual => truth(a != b),
        BinaryOp::Less => truth(a < b),
        BinaryOp::LessOrEqual => truth(a <= b),
        BinaryOp::Greater => truth(a > b),
        BinaryOp::GreaterOrEqual => truth(a >= b),
        // The parser lets these stand between vectors and histograms only.
        BinaryOp::And | BinaryOp::Or | BinaryOp::Unless | BinaryOp::TrimUpper | BinaryOp::TrimLower => {
            f64::NAN
        }
    }
}

/// Whether the argument is a scalar.
pub(super) fn is_scalar(expr: &Expr) -> bool {
    expr.value_type() == ValueType::Scalar
}
