//! What an evaluation answers.

use std::sync::Arc;

use super::annotations::Annotations;
use super::histogram::FloatHistogram;
use crate::labels::Labels;
use crate::time::{Duration, Timestamp};

/// A result, and what a reader should know about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer<T> {
    pub value: T,
    pub annotations: Annotations,
}

/// What an expression is at one instant.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Scalar(f64),
    String(Arc<str>),
    Vector(Vec<Sample>),
    /// A range selector's or subquery's samples, each with its own time.
    Matrix(Vec<SampleRange>),
}

/// One series' value at the instant of the evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub labels: Labels,
    pub value: SampleValue,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SampleValue {
    Float(f64),
    Histogram(Arc<FloatHistogram>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct SampleRange {
    pub labels: Labels,
    pub samples: Vec<(Timestamp, SampleValue)>,
}

/// What an expression is at many instants, one step after the other; series sorted by their labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    pub start: Timestamp,
    pub step: Duration,
    pub count: usize,
    pub series: Vec<Series>,
}

/// One series over all steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub labels: Labels,
    /// One float a step; [`ABSENT`] where there is none.
    pub floats: Vec<f64>,
    /// One entry a step; empty where the series has no histogram at all.
    pub histograms: Vec<Option<Arc<FloatHistogram>>>,
}

/// Stands in a column for "no float here": a NaN with bits of its own, which no stored sample has.
pub const ABSENT: f64 = f64::from_bits(0x7ffc_0000_0abe_0007);

#[inline]
pub fn is_absent(value: f64) -> bool {
    value.to_bits() == ABSENT.to_bits()
}

impl SampleValue {
    pub fn float(&self) -> Option<f64> {
        match self {
            SampleValue::Float(value) => Some(*value),
            SampleValue::Histogram(_) => None,
        }
    }
}

impl Matrix {
    pub fn time(&self, step: usize) -> Timestamp {
        self.start + Duration(self.step.0 * step as i64)
    }

    /// The vector at one step, in the series' order.
    pub fn at_step(&self, step: usize) -> impl Iterator<Item = (&Labels, SampleValue)> {
        self.series.iter().filter_map(move |series| Some((&series.labels, series.at(step)?)))
    }
}

impl Series {
    /// The sample at one step.
    pub fn at(&self, step: usize) -> Option<SampleValue> {
        if let Some(Some(histogram)) = self.histograms.get(step) {
            return Some(SampleValue::Histogram(Arc::clone(histogram)));
        }
        self.floats.get(step).filter(|value| !is_absent(**value)).map(|value| SampleValue::Float(*value))
    }

    /// The steps at which the series has a sample.
    pub fn samples(&self) -> impl Iterator<Item = (usize, SampleValue)> {
        (0..self.floats.len()).filter_map(|step| Some((step, self.at(step)?)))
    }
}
