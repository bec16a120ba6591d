//! Aggregations that pick series: `topk`, `bottomk`, `limitk` and `limit_ratio`.

use std::cmp::Ordering;

use super::EvalError;
use super::evaluator::Evaluator;
use super::grid::{Grid, Scalars, Steps};
use crate::golang::{FloatFormat, format_float};
use crate::labels::Labels;
use crate::promql::annotations::AnnotationKind;
use crate::promql::ast::{Aggregate, AggregateOp, TextRange};
use crate::promql::functions::xxhash64;
use crate::promql::value::is_absent;

/// Which of two samples has to go first: Prometheus' order, NaN before everything.
#[derive(Clone, Copy)]
struct Heap {
    largest_first: bool,
}

impl Evaluator<'_> {
    pub fn select_some(
        &mut self,
        aggregate: &Aggregate,
        span: TextRange,
        param: &Scalars,
        grid: &Grid,
        steps: Steps,
    ) -> Result<Grid, EvalError> {
        let params: Vec<f64> = param.iter(steps.count).collect();
        if !self.check_params(aggregate, &params)? || grid.rows.is_empty() {
            return Ok(Grid::new(grid.steps));
        }
        let members = self.group(aggregate, grid).members();
        let mut picked = Grid::with_capacity(grid.steps, grid.rows.len());
        if !steps.is_instant() {
            for row in &grid.rows {
                picked.push(row.clone());
            }
        }
        let mut ignored_histogram = false;
        for step in 0..grid.steps {
            for members in &members {
                let chosen = match aggregate.op {
                    AggregateOp::LimitRatio => {
                        let ratio = param.at(step).clamp(-1.0, 1.0);
                        let inside = |row: &usize| within_ratio(&grid.rows[*row].labels, ratio);
                        let present = members.iter().copied().filter(|row| grid.is_present(*row, step));
                        present.filter(inside).collect()
                    }
                    AggregateOp::LimitK => {
                        let present = members.iter().copied().filter(|row| grid.is_present(*row, step));
                        present.take(wanted(param.at(step), grid.rows.len())).collect()
                    }
                    op => {
                        let heap = Heap { largest_first: op == AggregateOp::BottomK };
                        ignored_histogram |= members.iter().any(|row| grid.histogram(*row, step).is_some());
                        let floats = members.iter().map(|row| (grid.floats(*row)[step], *row));
                        let floats = floats.filter(|(value, _)| !is_absent(*value));
                        heap.best(floats, wanted(param.at(step), grid.rows.len()))
                    }
                };
                for row in chosen {
                    let place = match steps.is_instant() {
                        true => {
                            picked.push(grid.rows[row].clone());
                            picked.rows.len() - 1
                        }
                        false => row,
                    };
                    if let Some(value) = grid.get(row, step) {
                        picked.set(place, step, value);
                    }
                }
            }
        }
        if ignored_histogram {
            self.note(AnnotationKind::HistogramIgnoredInAggregation(aggregate.op.as_str()), span);
        }
        Ok(picked.without_empty_rows())
    }

    /// `false` where the parameters leave nothing to pick.
    fn check_params(&mut self, aggregate: &Aggregate, params: &[f64]) -> Result<bool, EvalError> {
        let span = aggregate.param.as_ref().map_or(TextRange::default(), |param| param.unwrap_parens().span);
        let number = |value: f64| format_float(value, FloatFormat::General, None);
        let largest = params.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let smallest = params.iter().copied().fold(f64::INFINITY, f64::min);
        let has_nan = params.iter().any(|value| value.is_nan());
        const LIMIT: f64 = 9_223_372_036_854_775_808.0;
        if aggregate.op == AggregateOp::LimitRatio {
            if !has_nan && largest == 0.0 && smallest == 0.0 {
                return Ok(false);
            }
            if has_nan {
                return Err(EvalError::new("Ratio value is NaN"));
            }
            if largest > 1.0 {
                self.note(AnnotationKind::InvalidRatio { got: largest, capped_to: 1.0 }, span);
            }
            if smallest < -1.0 {
                self.note(AnnotationKind::InvalidRatio { got: smallest, capped_to: -1.0 }, span);
            }
            return Ok(true);
        }
        if self.is_v2() {
            let wrong = params.iter().find(|value| !(-LIMIT..LIMIT).contains(*value));
            return match wrong {
                Some(wrong) => {
                    Err(EvalError::new(format!("Scalar value {} overflows int64", number(*wrong))))
                }
                None => Ok(largest >= 1.0),
            };
        }
        if !has_nan && largest < 1.0 {
            return Ok(false);
        }
        if has_nan {
            return Err(EvalError::new("Parameter value is NaN"));
        }
        if smallest <= -LIMIT {
            return Err(EvalError::new(format!("Scalar value {} underflows int64", number(smallest))));
        }
        if largest >= LIMIT {
            return Err(EvalError::new(format!("Scalar value {} overflows int64", number(largest))));
        }
        Ok(true)
    }
}

fn wanted(param: f64, rows: usize) -> usize {
    if param < 1.0 { 0 } else { (param as usize).min(rows) }
}

impl Heap {
    fn less(self, a: f64, b: f64) -> bool {
        a.is_nan() || if self.largest_first { a > b } else { a < b }
    }

    /// The rows of the `k` best samples, the best first. Which of equals stays is decided as Go's heap does.
    fn best(self, samples: impl Iterator<Item = (f64, usize)>, k: usize) -> Vec<usize> {
        if k == 0 {
            return Vec::new();
        }
        let mut heap: Vec<(f64, usize)> = Vec::with_capacity(k);
        for sample in samples {
            if heap.len() < k {
                heap.push(sample);
                self.sift_up(&mut heap);
            } else if self.less(heap[0].0, sample.0) && !(heap[0].0.is_nan() && sample.0.is_nan()) {
                heap[0] = sample;
                self.sift_down(&mut heap);
            }
        }
        heap.sort_by(|a, b| match (self.less(b.0, a.0), self.less(a.0, b.0)) {
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            _ => Ordering::Equal,
        });
        heap.into_iter().map(|(_, row)| row).collect()
    }

    fn sift_up(self, heap: &mut [(f64, usize)]) {
        let mut at = heap.len() - 1;
        while at > 0 {
            let parent = (at - 1) / 2;
            if !self.less(heap[at].0, heap[parent].0) {
                break;
            }
            heap.swap(at, parent);
            at = parent;
        }
    }

    fn sift_down(self, heap: &mut [(f64, usize)]) {
        let mut at = 0;
        loop {
            let (left, right) = (2 * at + 1, 2 * at + 2);
            if left >= heap.len() {
                break;
            }
            let child =
                if right < heap.len() && self.less(heap[right].0, heap[left].0) { right } else { left };
            if !self.less(heap[child].0, heap[at].0) {
                break;
            }
            heap.swap(at, child);
            at = child;
        }
    }
}

/// Whether a label set's place between 0 and 1 lies within the ratio: from below, or from above where it is negative.
fn within_ratio(labels: &Labels, ratio: f64) -> bool {
    let mut encoded = Vec::new();
    for text in labels.iter().flat_map(|(name, value)| [name, value]) {
        // As Prometheus lays label sets out in memory.
        match u8::try_from(text.len()) {
            Ok(length) if length < 255 => encoded.push(length),
            _ => {
                let length = text.len() as u32;
                encoded.extend([255, length as u8, (length >> 8) as u8, (length >> 16) as u8]);
            }
        }
        encoded.extend_from_slice(text.as_bytes());
    }
    let place = xxhash64(&encoded) as f64 / u64::MAX as f64;
    if ratio >= 0.0 { place < ratio } else { place >= 1.0 + ratio }
}
