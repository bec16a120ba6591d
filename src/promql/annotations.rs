//! What a reader should know about a result: Prometheus' warnings and infos.

use std::fmt::Write;
use std::sync::Arc;

use super::ast::TextRange;
use super::histogram::ForcedMonotonicity;
use crate::golang::{FloatFormat, format_float, quote};

/// A warning or info, and the place in the expression that it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    pub kind: AnnotationKind,
    pub span: TextRange,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Warning,
    Info,
}

#[derive(Clone, Debug, PartialEq)]
pub enum AnnotationKind {
    InvalidRatio { got: f64, capped_to: f64 },
    InvalidQuantile(f64),
    BadBucketLabel { metric: Arc<str>, le: Arc<str> },
    MixedFloatsHistograms(Arc<str>),
    MixedFloatsHistogramsInAggregation,
    MixedClassicNative(Arc<str>),
    HistogramNotCounter(Arc<str>),
    HistogramNotGauge(Arc<str>),
    MixedExponentialCustom(Arc<str>),
    IncompatibleBucketLayout(&'static str),
    SortInRangeQuery,
    ResetsCollide(HistogramOperation),
    StartTimeOverlap(Arc<str>),
    PossibleNonCounter(Arc<str>),
    PossibleNonCounterLabel { metric: Arc<str>, type_label: Arc<str> },
    ForcedMonotonicity { metric: Arc<str>, forced: ForcedMonotonicity, first: i64, last: i64, samples: usize },
    IncompatibleTypes { left: &'static str, op: &'static str, right: &'static str },
    HistogramIgnoredInAggregation(&'static str),
    HistogramIgnoredInMixedRange(Arc<str>),
    QuantileNanResult(Arc<str>),
    QuantileNanSkew(Arc<str>),
    FractionNans(Arc<str>),
    BoundsReconciled(HistogramOperation),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistogramOperation {
    Addition,
    Subtraction,
    Aggregation,
}

/// The annotations of one evaluation: one of a kind, the last place stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Annotations(Vec<Annotation>);

impl Annotations {
    pub fn add(&mut self, kind: AnnotationKind, span: TextRange) {
        if let Some(known) = self.0.iter_mut().find(|known| known.kind.is_same_as(&kind)) {
            known.kind.absorb(kind);
            known.span = span;
            return;
        }
        self.0.push(Annotation { kind, span });
    }

    pub fn merge(&mut self, others: &Annotations) {
        for annotation in &others.0 {
            self.add(annotation.kind.clone(), annotation.span);
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Annotation> {
        self.0.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of a level as Prometheus' API renders them for this expression's text.
    pub fn texts(&self, level: Level, expression: &str) -> Vec<String> {
        let of_level = self.0.iter().filter(|annotation| annotation.kind.level() == level);
        of_level.map(|annotation| annotation.text(expression)).collect()
    }
}

impl Annotation {
    /// `PromQL info: … (1:5)`: the message, then line and column of its place in the expression.
    pub fn text(&self, expression: &str) -> String {
        let mut text = self.kind.message();
        if let AnnotationKind::ForcedMonotonicity { forced, first, last, samples, .. } = &self.kind {
            let number = |value: f64| format_float(value, FloatFormat::General, None);
            let drop = format_float(forced.largest_drop, FloatFormat::General, Some(2));
            let (lowest, highest) = (number(forced.lowest), number(forced.highest));
            let (first, last) = (rfc3339(*first), rfc3339(*last));
            let _ = write!(
                text,
                ", from buckets {lowest} to {highest}, with a max diff of {drop}, over {samples} samples \
                 from {first} to {last}"
            );
        }
        let before = expression.get(..self.span.start as usize).unwrap_or(expression);
        let line = before.matches('\n').count() + 1;
        let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1;
        let _ = write!(text, " ({line}:{column})");
        text
    }
}

impl AnnotationKind {
    pub fn level(&self) -> Level {
        use AnnotationKind::*;
        match self {
            PossibleNonCounter(_)
            | PossibleNonCounterLabel { .. }
            | ForcedMonotonicity { .. }
            | IncompatibleTypes { .. }
            | HistogramIgnoredInAggregation(_)
            | HistogramIgnoredInMixedRange(_)
            | QuantileNanResult(_)
            | QuantileNanSkew(_)
            | FractionNans(_)
            | BoundsReconciled(_) => Level::Info,
            _ => Level::Warning,
        }
    }

    /// What is said, without the place that it is about.
    pub fn message(&self) -> String {
        use AnnotationKind::*;
        const HISTOGRAM_QUANTILE: &str =
            "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile";
        let number = |value: f64| format_float(value, FloatFormat::General, None);
        let of_metric = |text: &str, metric: &str| match metric.is_empty() {
            true => text.to_owned(),
            false => format!("{text} for metric name {}", quote(metric)),
        };
        let what = match self {
            InvalidRatio { got, capped_to } => format!(
                "ratio value should be between -1 and 1, got {}, capping to {}",
                number(*got),
                number(*capped_to)
            ),
            InvalidQuantile(got) => {
                format!("quantile value should be between 0 and 1, got {}", number(*got))
            }
            BadBucketLabel { metric, le } => of_metric(
                &format!("bucket label \"le\" is missing or has a malformed value of {}", quote(le)),
                metric,
            ),
            MixedFloatsHistograms(metric) => {
                format!("encountered a mix of histograms and floats for metric name {}", quote(metric))
            }
            MixedFloatsHistogramsInAggregation => {
                "encountered a mix of histograms and floats for aggregation".into()
            }
            MixedClassicNative(metric) => {
                of_metric("vector contains a mix of classic and native histograms", metric)
            }
            HistogramNotCounter(metric) => {
                format!("this native histogram metric is not a counter: {}", quote(metric))
            }
            HistogramNotGauge(metric) => {
                format!("this native histogram metric is not a gauge: {}", quote(metric))
            }
            MixedExponentialCustom(metric) => format!(
                "vector contains a mix of histograms with exponential and custom buckets schemas for metric \
                 name {}",
                quote(metric)
            ),
            IncompatibleBucketLayout(op) => {
                format!("incompatible bucket layout encountered for binary operator {op}")
            }
            SortInRangeQuery => {
                "sort is ineffective for range queries since results are always ordered by labels".into()
            }
            ResetsCollide(operation) => {
                format!("conflicting counter resets during histogram {}", operation.as_str())
            }
            StartTimeOverlap(metric) => format!(
                "sample has start time that overlaps with previous sample timestamp for metric {}",
                quote(metric)
            ),
            PossibleNonCounter(metric) => format!(
                "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: {}",
                quote(metric)
            ),
            PossibleNonCounterLabel { metric, type_label } => format!(
                "metric might not be a counter, __type__ label is not set to \"counter\" or \"histogram\", \
                 got {}: {}",
                quote(type_label),
                quote(metric)
            ),
            ForcedMonotonicity { metric, .. } => of_metric(
                &format!(
                    "input to histogram_quantile needed to be fixed for monotonicity (see {HISTOGRAM_QUANTILE})"
                ),
                metric,
            ),
            IncompatibleTypes { left, op, right } => format!(
                "incompatible sample types encountered for binary operator {}: {left} {op} {right}",
                quote(op)
            ),
            HistogramIgnoredInAggregation(aggregation) => {
                format!("ignored histogram in {aggregation} aggregation")
            }
            HistogramIgnoredInMixedRange(metric) => format!(
                "ignored histograms in a range containing both floats and histograms for metric name {}",
                quote(metric)
            ),
            QuantileNanResult(metric) => {
                of_metric("input to histogram_quantile has NaN observations, result is NaN", metric)
            }
            QuantileNanSkew(metric) => {
                of_metric("input to histogram_quantile has NaN observations, result is skewed higher", metric)
            }
            FractionNans(metric) => of_metric(
                "input to histogram_fraction has NaN observations, which are excluded from all fractions",
                metric,
            ),
            BoundsReconciled(operation) => {
                format!("mismatched custom buckets were reconciled during {}", operation.as_str())
            }
        };
        match self.level() {
            Level::Warning => format!("PromQL warning: {what}"),
            Level::Info => format!("PromQL info: {what}"),
        }
    }

    /// Whether both say the same, perhaps of different samples.
    fn is_same_as(&self, other: &AnnotationKind) -> bool {
        match (self, other) {
            (
                AnnotationKind::ForcedMonotonicity { metric, .. },
                AnnotationKind::ForcedMonotonicity { metric: other, .. },
            ) => metric == other,
            (AnnotationKind::InvalidQuantile(a), AnnotationKind::InvalidQuantile(b)) => {
                a == b || (a.is_nan() && b.is_nan())
            }
            _ => self == other,
        }
    }

    /// Widens what this says so that it covers `other` too.
    fn absorb(&mut self, other: AnnotationKind) {
        if let (
            AnnotationKind::ForcedMonotonicity { forced, first, last, samples, .. },
            AnnotationKind::ForcedMonotonicity {
                forced: theirs, first: from, last: to, samples: more, ..
            },
        ) = (self, other)
        {
            forced.lowest = forced.lowest.min(theirs.lowest);
            forced.highest = forced.highest.max(theirs.highest);
            forced.largest_drop = forced.largest_drop.max(theirs.largest_drop);
            *first = (*first).min(from);
            *last = (*last).max(to);
            *samples += more;
        }
    }
}

impl HistogramOperation {
    fn as_str(self) -> &'static str {
        match self {
            HistogramOperation::Addition => "addition",
            HistogramOperation::Subtraction => "subtraction",
            HistogramOperation::Aggregation => "aggregation",
        }
    }
}

fn rfc3339(millis: i64) -> String {
    let instant = jiff::Timestamp::from_second(millis.div_euclid(1000));
    instant.map_or_else(|_| String::new(), |instant| instant.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_ends_with_its_place() {
        let mut annotations = Annotations::default();
        let kind = AnnotationKind::PossibleNonCounter("up".into());
        annotations.add(kind.clone(), TextRange::new(0, 1));
        annotations.add(kind, TextRange::new(9, 14));
        assert_eq!(
            annotations.texts(Level::Info, "sum(\nrate(up[5m]))"),
            ["PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \
                 \"up\" (2:5)"]
        );
        assert!(annotations.texts(Level::Warning, "").is_empty());
    }
}
