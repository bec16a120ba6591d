//! Aggregations: series grouped once, then added up column by column in their order.

use std::collections::HashMap;
use std::sync::Arc;

use super::evaluator::Evaluator;
use super::grid::{Grid, Row, Scalars, Steps};
use super::matching::{is_among, keep};
use super::{EvalError, string_literal};
use crate::labels::Labels;
use crate::promql::annotations::AnnotationKind;
use crate::promql::ast::{Aggregate, AggregateOp, StringLiteral, TextRange};
use crate::promql::functions::{kahan_add, over_time, quantile};
use crate::promql::value::{ABSENT, is_absent};

/// Rows by the labels that they are grouped by.
pub(super) struct Grouping {
    pub labels: Vec<Labels>,
    /// The group of each row.
    pub group_of: Vec<usize>,
}

impl Grouping {
    /// The rows of each group, in order.
    pub fn members(&self) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); self.labels.len()];
        for (row, group) in self.group_of.iter().enumerate() {
            members[*group].push(row);
        }
        members
    }
}

impl Evaluator<'_> {
    pub fn aggregate(
        &mut self,
        aggregate: &Aggregate,
        span: TextRange,
        steps: Steps,
    ) -> Result<Grid, EvalError> {
        use AggregateOp::*;
        if aggregate.op == CountValues {
            return self.count_values(aggregate, steps);
        }
        let param = match &aggregate.param {
            Some(param) => Some(self.scalars(param, steps)?),
            None => None,
        };
        let grid = self.vector(&aggregate.expr, steps)?;
        let param = param.unwrap_or(Scalars::Constant(f64::NAN));
        if matches!(aggregate.op, TopK | BottomK | LimitK | LimitRatio) {
            return self.select_some(aggregate, span, &param, &grid, steps);
        }
        if aggregate.op == Quantile {
            self.note_quantiles(aggregate, &param, steps);
        }
        let grouping = self.group(aggregate, &grid);
        if grid.has_histograms() {
            return Ok(self.aggregate_with_histograms(aggregate, &param, &grid, &grouping));
        }
        Ok(self.aggregate_floats(aggregate.op, &param, &grid, grouping))
    }

    pub fn group(&self, aggregate: &Aggregate, grid: &Grid) -> Grouping {
        let (by, without) = (&aggregate.grouping, aggregate.without);
        if !without && by.is_empty() {
            let labels = if grid.rows.is_empty() { Vec::new() } else { vec![Labels::empty()] };
            return Grouping { labels, group_of: vec![0; grid.rows.len()] };
        }
        let mut known: HashMap<Labels, usize> = HashMap::new();
        let mut labels = Vec::new();
        let group_of = grid
            .rows
            .iter()
            .map(|row| {
                let dropped = row.drop_name && !self.engine.delayed_name_removal;
                let group = keep(&row.labels, |name| {
                    !(dropped && self.is_reserved(name))
                        && match without {
                            true => name != crate::labels::METRIC_NAME && !is_among(name, by),
                            false => is_among(name, by),
                        }
                });
                let next = labels.len();
                *known.entry(group).or_insert_with_key(|group| {
                    labels.push(group.clone());
                    next
                })
            })
            .collect();
        Grouping { labels, group_of }
    }

    pub fn aggregate_floats(
        &self,
        op: AggregateOp,
        param: &Scalars,
        grid: &Grid,
        grouping: Grouping,
    ) -> Grid {
        let steps = grid.steps;
        let mut result = Grid::with_capacity(steps, grouping.labels.len());
        for labels in &grouping.labels {
            result.push(Row { labels: labels.clone(), drop_name: false });
        }
        for (row, group) in grouping.group_of.iter().enumerate() {
            result.rows[*group].drop_name |= grid.rows[row].drop_name;
        }
        // Dropped at once, the name is no more in the group's labels.
        if !self.engine.delayed_name_removal {
            result.rows.iter_mut().for_each(|row| row.drop_name = false);
        }
        let rows = grouping.group_of.iter().enumerate();
        match op {
            AggregateOp::Sum if self.is_v2() => {
                fold(rows, grid, &mut result, |value| value, |sum, value| sum + value);
            }
            AggregateOp::Count => fold(rows, grid, &mut result, |_| 1.0, |count, _| count + 1.0),
            AggregateOp::Group => fold(rows, grid, &mut result, |_| 1.0, |one, _| one),
            AggregateOp::Min => fold(
                rows,
                grid,
                &mut result,
                |value| value,
                |least: f64, value| {
                    if value < least || least.is_nan() { value } else { least }
                },
            ),
            AggregateOp::Max => fold(
                rows,
                grid,
                &mut result,
                |value| value,
                |greatest: f64, value| {
                    if value > greatest || greatest.is_nan() { value } else { greatest }
                },
            ),
            AggregateOp::Sum => {
                sum_columns(&grouping, grid, &mut result);
            }
            AggregateOp::Avg if !self.is_v2() => {
                let counts = sum_columns_with_counts(&grouping, grid, &mut result);
                average(&grouping, grid, &mut result, &counts);
            }
            _ => {
                // These need all of a group's values at a step together.
                let v2 = self.is_v2();
                let mut values = Vec::new();
                for (group, members) in grouping.members().iter().enumerate() {
                    for step in 0..steps {
                        values.clear();
                        values.extend(
                            members
                                .iter()
                                .map(|row| grid.floats(*row)[step])
                                .filter(|value| !is_absent(*value)),
                        );
                        if !values.is_empty() {
                            result.floats[group * steps + step] = match op {
                                AggregateOp::Avg => over_time::mean_v2(values.iter().copied(), false),
                                AggregateOp::Stdvar => variance(&values, v2),
                                AggregateOp::Stddev => variance(&values, v2).sqrt(),
                                _ => quantile(param.at(step), &mut values),
                            };
                        }
                    }
                }
            }
        }
        result.without_empty_rows()
    }

    fn note_quantiles(&mut self, aggregate: &Aggregate, param: &Scalars, steps: Steps) {
        let Some(span) = aggregate.param.as_ref().map(|param| param.unwrap_parens().span) else { return };
        let values: Vec<f64> = param.iter(steps.count).collect();
        if values.iter().any(|q| q.is_nan()) {
            self.note(AnnotationKind::InvalidQuantile(f64::NAN), span);
        }
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
        if largest > 1.0 && largest.is_finite() || largest == f64::INFINITY {
            self.note(AnnotationKind::InvalidQuantile(largest), span);
        }
        if smallest < 0.0 {
            self.note(AnnotationKind::InvalidQuantile(smallest), span);
        }
    }

    /// `count_values("label", vector)`
    fn count_values(&mut self, aggregate: &Aggregate, steps: Steps) -> Result<Grid, EvalError> {
        use crate::golang::{FloatFormat, format_float};
        use crate::promql::SampleValue;
        let written = aggregate.param.as_ref().and_then(string_literal);
        let label = written.map(|literal| Arc::clone(&literal.text)).unwrap_or_default();
        let valid = match self.is_v2() {
            true => {
                label.bytes().next().is_some_and(|first| first == b'_' || first.is_ascii_alphabetic())
                    && label.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric())
            }
            false => !label.is_empty() && written.is_some_and(|literal| literal.bytes.is_none()),
        };
        if !valid {
            let quoted = written.map_or_else(|| "\"\"".to_owned(), StringLiteral::quoted);
            return Err(EvalError::new(format!("invalid label name {quoted}")));
        }
        let grid = self.vector(&aggregate.expr, steps)?;
        let mut counts = Grid::new(grid.steps);
        let mut rows: HashMap<Labels, usize> = HashMap::new();
        for step in 0..grid.steps {
            for (at, row) in grid.rows.iter().enumerate() {
                let text = match grid.get(at, step) {
                    None => continue,
                    Some(SampleValue::Float(value)) => format_float(value, FloatFormat::Fixed, None),
                    Some(SampleValue::Histogram(histogram)) => histogram.to_string(),
                };
                let labels = self.visible(row).with(label.clone(), text);
                let labels = keep(&labels, |name| match aggregate.without {
                    true => name != crate::labels::METRIC_NAME && !is_among(name, &aggregate.grouping),
                    false => name == &*label || is_among(name, &aggregate.grouping),
                });
                let place = *rows.entry(labels).or_insert_with_key(|labels| {
                    counts.push(Row { labels: labels.clone(), drop_name: false });
                    counts.rows.len() - 1
                });
                let cell = &mut counts.floats_mut(place)[step];
                *cell = if is_absent(*cell) { 1.0 } else { *cell + 1.0 };
            }
        }
        Ok(counts)
    }
}

/// Folds each group's columns into one, row after row.
#[inline]
fn fold<'r>(
    rows: impl Iterator<Item = (usize, &'r usize)>,
    grid: &Grid,
    result: &mut Grid,
    first: impl Fn(f64) -> f64,
    next: impl Fn(f64, f64) -> f64,
) {
    for (row, group) in rows {
        for (total, value) in result.floats_mut(*group).iter_mut().zip(grid.floats(row)) {
            if !is_absent(*value) {
                *total = if is_absent(*total) { first(*value) } else { next(*total, *value) };
            }
        }
    }
}

fn sum_columns(grouping: &Grouping, grid: &Grid, result: &mut Grid) {
    let steps = grid.steps;
    let mut lost = vec![0.0; result.floats.len()];
    for (row, group) in grouping.group_of.iter().enumerate() {
        let lost = &mut lost[group * steps..(group + 1) * steps];
        for ((sum, lost), value) in result.floats_mut(*group).iter_mut().zip(lost).zip(grid.floats(row)) {
            if is_absent(*value) {
                continue;
            }
            match is_absent(*sum) {
                true => *sum = *value,
                false => (*sum, *lost) = kahan_add(*value, *sum, *lost),
            }
        }
    }
    for (sum, lost) in result.floats.iter_mut().zip(lost) {
        if !is_absent(*sum) {
            *sum += lost;
        }
    }
}

/// Sums; the counts, and what the sums have lost by rounding.
fn sum_columns_with_counts(grouping: &Grouping, grid: &Grid, result: &mut Grid) -> Vec<(f64, f64)> {
    let steps = grid.steps;
    let mut counts = vec![(0.0, 0.0); result.floats.len()];
    for (row, group) in grouping.group_of.iter().enumerate() {
        let counts = &mut counts[group * steps..(group + 1) * steps];
        for ((sum, (count, lost)), value) in
            result.floats_mut(*group).iter_mut().zip(counts).zip(grid.floats(row))
        {
            if is_absent(*value) {
                continue;
            }
            *count += 1.0;
            match is_absent(*sum) {
                true => *sum = *value,
                false => (*sum, *lost) = kahan_add(*value, *sum, *lost),
            }
        }
    }
    counts
}

fn average(grouping: &Grouping, grid: &Grid, result: &mut Grid, counts: &[(f64, f64)]) {
    let steps = grid.steps;
    for (at, (sum, (count, lost))) in result.floats.iter_mut().zip(counts).enumerate() {
        if is_absent(*sum) {
            continue;
        }
        *sum = match sum.is_finite() {
            true => *sum / count + lost / count,
            // The sum is too large, or a value is no number: the careful way.
            false => {
                let (group, step) = (at / steps, at % steps);
                let rows = grouping.group_of.iter().enumerate().filter(|(_, of)| **of == group);
                let values = rows.map(|(row, _)| grid.floats(row)[step]);
                over_time::mean(values.filter(|value| !is_absent(*value)))
            }
        };
    }
}

/// The population's variance, by Welford's recurrence. Infinity makes it NaN, from Prometheus 3 on even alone.
fn variance(values: &[f64], v2: bool) -> f64 {
    let Some((first, rest)) = values.split_first() else { return ABSENT };
    let (mut mean, mut count) = (*first, 1.0);
    let mut squares = if first.is_finite() || v2 { 0.0 } else { f64::NAN };
    for value in rest {
        count += 1.0;
        let delta = value - mean;
        mean += delta / count;
        squares += delta * (value - mean);
    }
    squares / count
}
