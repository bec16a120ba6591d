//! `histogram_quantile` and its kin, over classic and native histograms alike.

use std::collections::HashMap;

use super::EvalError;
use super::evaluator::Evaluator;
use super::grid::{Grid, Row, Scalars, Steps};
use super::matching::RowSink;
use crate::golang::{FloatFormat, format_float};
use crate::labels::Labels;
use crate::promql::SampleValue;
use crate::promql::annotations::AnnotationKind;
use crate::promql::ast::{Expr, TextRange};
use crate::promql::histogram::{ClassicBucket, QuantileNote, classic_fraction, classic_quantile};
use crate::promql::value::is_absent;

const LE: &str = "le";

/// What is asked of each histogram.
enum Question<'q> {
    Quantiles { qs: &'q [Scalars], label: Option<std::sync::Arc<str>> },
    Fraction(Scalars, Scalars),
}

/// The rows of one classic histogram.
struct Classic {
    row: Row,
    /// Its labels without `le`, as the next operation would see them.
    signature: Labels,
    buckets: Vec<(f64, usize)>,
}

impl Evaluator<'_> {
    pub fn histogram_call(&mut self, name: &str, args: &[Expr], steps: Steps) -> Result<Grid, EvalError> {
        match (name, args) {
            ("histogram_quantile", [q, vector]) => {
                let qs = [self.scalars(q, steps)?];
                let grid = self.vector(vector, steps)?;
                if !grid.rows.is_empty() || !self.is_v2() {
                    self.note_quantile(&qs[0], q.unwrap_parens().span, steps);
                }
                self.ask(&grid, vector, steps, &Question::Quantiles { qs: &qs, label: None })
            }
            ("histogram_quantiles", [vector, label, quantiles @ ..]) => {
                let grid = self.vector(vector, steps)?;
                let mut qs = Vec::new();
                for q in quantiles {
                    let scalars = self.scalars(q, steps)?;
                    self.note_quantile(&scalars, q.unwrap_parens().span, steps);
                    qs.push(scalars);
                }
                let label = Some(super::text_of(label));
                self.ask(&grid, vector, steps, &Question::Quantiles { qs: &qs, label })
            }
            ("histogram_fraction", [lower, upper, vector]) => {
                let lower = self.scalars(lower, steps)?;
                let upper = self.scalars(upper, steps)?;
                let grid = self.vector(vector, steps)?;
                self.ask(&grid, vector, steps, &Question::Fraction(lower, upper))
            }
            _ => Err(EvalError::new(format!("unknown function {name}"))),
        }
    }

    fn note_quantile(&mut self, q: &Scalars, span: TextRange, steps: Steps) {
        for q in q.iter(steps.count).filter(|q| !(0.0..=1.0).contains(q)) {
            self.note(AnnotationKind::InvalidQuantile(q), span);
        }
    }

    fn ask(
        &mut self,
        grid: &Grid,
        argument: &Expr,
        steps: Steps,
        question: &Question<'_>,
    ) -> Result<Grid, EvalError> {
        let span = argument.unwrap_parens().span;
        let classics = self.classics(grid, span);
        let mut sink = RowSink::new(steps.count);
        let mut buckets: Vec<ClassicBucket> = Vec::new();
        for step in 0..steps.count {
            let natives: Vec<usize> = match grid.has_histograms() {
                true => (0..grid.rows.len()).filter(|row| grid.histogram(*row, step).is_some()).collect(),
                false => Vec::new(),
            };
            let mut conflicts: Vec<Labels> = Vec::new();
            for row in &natives {
                let labels = self.visible(&grid.rows[*row]);
                let same = |classic: &&Classic| classic.signature == labels;
                if let Some(classic) = classics.iter().find(same)
                    && classic.buckets.iter().any(|(_, row)| !is_absent(grid.floats(*row)[step]))
                {
                    let metric = self.metric_of(&Row { labels: labels.clone(), drop_name: true });
                    self.note(AnnotationKind::MixedClassicNative(metric), span);
                    conflicts.push(labels);
                }
            }
            for row in natives {
                let Some(histogram) = grid.histogram(row, step) else { continue };
                if conflicts.contains(&self.visible(&grid.rows[row])) {
                    continue;
                }
                let metric = self.metric_of(&Row { drop_name: true, ..grid.rows[row].clone() });
                match question {
                    Question::Fraction(lower, upper) if !self.is_v2() => {
                        let (value, note) = histogram.fraction(lower.at(step), upper.at(step));
                        self.note_nan(note, &metric, span);
                        self.give(&mut sink, step, &grid.rows[row], None, value)?;
                    }
                    Question::Fraction(lower, upper) => {
                        let (value, _) = histogram.fraction(lower.at(step), upper.at(step));
                        self.give(&mut sink, step, &grid.rows[row], None, value)?;
                    }
                    Question::Quantiles { qs, label } => {
                        for q in *qs {
                            let q = q.at(step);
                            let (value, note) = match self.is_v2() {
                                true => (histogram.linear_quantile(q), None),
                                false => histogram.quantile(q),
                            };
                            self.note_nan(note, &metric, span);
                            let label = label.as_deref().map(|label| (label, q));
                            self.give(&mut sink, step, &grid.rows[row], label, value)?;
                        }
                    }
                }
            }
            for classic in &classics {
                if !conflicts.is_empty() && conflicts.contains(&classic.signature) {
                    continue;
                }
                let counts = classic.buckets.iter().map(|(upper, row)| (*upper, grid.floats(*row)[step]));
                let counts = counts.filter(|(_, count)| !is_absent(*count));
                let counts: Vec<ClassicBucket> =
                    counts.map(|(upper, count)| ClassicBucket { upper, count }).collect();
                if counts.is_empty() {
                    continue;
                }
                match question {
                    Question::Fraction(lower, upper) => {
                        if self.is_v2() {
                            continue;
                        }
                        buckets.clone_from(&counts);
                        let value = classic_fraction(lower.at(step), upper.at(step), &mut buckets);
                        self.give(&mut sink, step, &classic.row, None, value)?;
                    }
                    Question::Quantiles { qs, label } => {
                        for q in *qs {
                            let q = q.at(step);
                            buckets.clone_from(&counts);
                            let (value, forced) = classic_quantile(q, &mut buckets, !self.is_v2());
                            if let Some(forced) = forced {
                                let metric = self.metric_of(&Row { drop_name: true, ..classic.row.clone() });
                                let time = steps.time(step);
                                self.note(
                                    AnnotationKind::ForcedMonotonicity {
                                        metric,
                                        forced,
                                        first: time,
                                        last: time,
                                        samples: 1,
                                    },
                                    span,
                                );
                            }
                            let label = label.as_deref().map(|label| (label, q));
                            self.give(&mut sink, step, &classic.row, label, value)?;
                        }
                    }
                }
            }
        }
        Ok(sink.grid)
    }

    /// Groups the bucket series by all their labels but `le`.
    fn classics(&mut self, grid: &Grid, span: TextRange) -> Vec<Classic> {
        let mut classics: Vec<Classic> = Vec::new();
        let mut known: HashMap<Labels, usize> = HashMap::new();
        for (at, row) in grid.rows.iter().enumerate() {
            if grid.floats(at).iter().all(|value| is_absent(*value)) {
                continue;
            }
            let le = row.labels.value(LE);
            let Some(upper) = parse_bound(le) else {
                let metric = self.metric_of(&Row { drop_name: true, ..row.clone() });
                self.note(AnnotationKind::BadBucketLabel { metric, le: le.into() }, span);
                continue;
            };
            let signature = self.visible(row).without(LE);
            let place = *known.entry(signature).or_insert_with_key(|signature| {
                let row = Row { labels: row.labels.without(LE), drop_name: row.drop_name };
                classics.push(Classic { row, signature: signature.clone(), buckets: Vec::new() });
                classics.len() - 1
            });
            classics[place].buckets.push((upper, at));
        }
        classics
    }

    fn note_nan(&mut self, note: Option<QuantileNote>, metric: &std::sync::Arc<str>, span: TextRange) {
        let kind = match note {
            None => return,
            Some(QuantileNote::NanResult) => AnnotationKind::QuantileNanResult(metric.clone()),
            Some(QuantileNote::NanSkew) => AnnotationKind::QuantileNanSkew(metric.clone()),
            Some(QuantileNote::NanExcluded) => AnnotationKind::FractionNans(metric.clone()),
        };
        self.note(kind, span);
    }

    fn give(
        &self,
        sink: &mut RowSink,
        step: usize,
        row: &Row,
        label: Option<(&str, f64)>,
        value: f64,
    ) -> Result<(), EvalError> {
        // Names dropped at once must not tell two results apart.
        let mut row = match self.engine.delayed_name_removal {
            true => Row { labels: row.labels.clone(), drop_name: true },
            false => Row { labels: self.without_name(&row.labels), drop_name: false },
        };
        if let Some((label, q)) = label {
            row.labels = row.labels.with(label, open_metrics_float(q));
        }
        sink.add(step, &row, SampleValue::Float(value))
    }
}

/// Go's `ParseFloat`, as far as bounds are written.
fn parse_bound(text: &str) -> Option<f64> {
    if text.is_empty() || text.starts_with(char::is_whitespace) {
        return None;
    }
    text.replace('_', "x").parse().ok()
}

/// A float as OpenMetrics writes it: never without a point or exponent.
pub(super) fn open_metrics_float(value: f64) -> String {
    let text = format_float(value, FloatFormat::General, None);
    match value.is_finite() && !text.contains(['e', '.']) {
        true => text + ".0",
        false => text,
    }
}
