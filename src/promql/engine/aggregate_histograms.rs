//! Aggregations where there are histograms, alone or among floats: step by step.

use std::sync::Arc;

use super::aggregate::Grouping;
use super::evaluator::Evaluator;
use super::grid::{Grid, Row, Scalars};
use crate::promql::annotations::{AnnotationKind, HistogramOperation};
use crate::promql::ast::{Aggregate, AggregateOp};
use crate::promql::functions::over_time_histograms::{self, HistogramTotal};
use crate::promql::histogram::FloatHistogram;
use crate::promql::value::{SampleValue, is_absent};

impl Evaluator<'_> {
    pub fn aggregate_with_histograms(
        &mut self,
        aggregate: &Aggregate,
        param: &Scalars,
        grid: &Grid,
        grouping: &Grouping,
    ) -> Grid {
        let mut result = Grid::with_capacity(grid.steps, grouping.labels.len());
        for (labels, members) in grouping.labels.iter().zip(grouping.members()) {
            let delayed = self.engine.delayed_name_removal;
            let drop_name = delayed && members.iter().any(|row| grid.rows[*row].drop_name);
            result.push(Row { labels: labels.clone(), drop_name });
            let row = result.rows.len() - 1;
            for step in 0..grid.steps {
                let samples: Vec<(usize, SampleValue)> =
                    members.iter().filter_map(|row| Some((*row, grid.get(*row, step)?))).collect();
                if let Some(value) = self.aggregate_samples(aggregate, param.at(step), grid, &samples) {
                    result.set(row, step, value);
                }
            }
        }
        result.without_empty_rows()
    }

    fn aggregate_samples(
        &mut self,
        aggregate: &Aggregate,
        param: f64,
        grid: &Grid,
        samples: &[(usize, SampleValue)],
    ) -> Option<SampleValue> {
        let span = aggregate.expr.unwrap_parens().span;
        let floats: Vec<f64> = samples.iter().filter_map(|(_, value)| value.float()).collect();
        let mut single = Grid::with_capacity(1, floats.len());
        for value in &floats {
            single.push_filled(Row { labels: Default::default(), drop_name: false }, &[*value]);
        }
        match aggregate.op {
            _ if samples.is_empty() => None,
            AggregateOp::Count => Some(SampleValue::Float(samples.len() as f64)),
            AggregateOp::Group => Some(SampleValue::Float(1.0)),
            AggregateOp::Sum | AggregateOp::Avg => {
                if floats.len() == samples.len() {
                    return self.float_aggregate(aggregate.op, param, &single);
                }
                if !floats.is_empty() {
                    self.note(AnnotationKind::MixedFloatsHistogramsInAggregation, span);
                    return None;
                }
                let points: Vec<&FloatHistogram> = samples
                    .iter()
                    .filter_map(|(_, value)| match value {
                        SampleValue::Histogram(histogram) => Some(&**histogram),
                        SampleValue::Float(_) => None,
                    })
                    .collect();
                let mut total = HistogramTotal::default();
                let combined = match aggregate.op {
                    AggregateOp::Sum => over_time_histograms::sum(points, &mut total),
                    _ => over_time_histograms::mean(points, &mut total),
                };
                if total.bounds_reconciled {
                    self.note(AnnotationKind::BoundsReconciled(HistogramOperation::Aggregation), span);
                }
                let Ok(combined) = combined else {
                    let metric = samples.iter().map(|(row, _)| self.metric_of(&grid.rows[*row])).next_back();
                    self.note(AnnotationKind::MixedExponentialCustom(metric.unwrap_or_default()), span);
                    return None;
                };
                if total.resets_collide() {
                    self.note(AnnotationKind::ResetsCollide(HistogramOperation::Aggregation), span);
                }
                combined.map(|histogram| SampleValue::Histogram(Arc::new(histogram.compacted())))
            }
            _ => {
                if floats.len() < samples.len() {
                    let name = aggregate.op.as_str();
                    self.note(AnnotationKind::HistogramIgnoredInAggregation(name), span);
                }
                if floats.is_empty() {
                    return None;
                }
                self.float_aggregate(aggregate.op, param, &single)
            }
        }
    }

    fn float_aggregate(&self, op: AggregateOp, param: f64, single: &Grid) -> Option<SampleValue> {
        let grouping = Grouping { labels: vec![Default::default()], group_of: vec![0; single.rows.len()] };
        let result = self.aggregate_floats(op, &Scalars::Constant(param), single, grouping);
        let value = result.floats.first().copied().filter(|value| !is_absent(*value))?;
        Some(SampleValue::Float(value))
    }
}
