//! How a service's series are named and told apart, whatever their values: its registry of metrics.

use std::collections::HashMap;

use crate::golang::{FloatFormat, format_float};
use crate::labels::{Labels, METRIC_NAME};
use crate::workload::spec::MetricKind;

/// A service's metric families and series; each of its instances exports the same ones.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    pub families: Vec<Family>,
    pub series: Vec<Identity>,
    positions: HashMap<Labels, usize>,
}

#[derive(Clone, Debug)]
pub struct Family {
    pub name: String,
    pub help: String,
    pub kind: &'static str,
}

#[derive(Clone, Debug)]
pub struct Identity {
    pub family: usize,
    /// `__name__` among them.
    pub labels: Labels,
    /// It falls back to zero when its process restarts.
    pub resets: bool,
}

/// The series of one histogram or summary.
#[derive(Clone, Debug, PartialEq)]
pub enum Instrument {
    Histogram { bounds: Vec<f64>, buckets: Vec<usize>, sum: usize, count: usize },
    Summary { quantiles: Vec<(f64, usize)>, sum: usize, count: usize },
}

impl Instrument {
    pub fn positions(&self) -> impl Iterator<Item = usize> {
        let quantiles = match self {
            Instrument::Histogram { .. } => &[][..],
            Instrument::Summary { quantiles, .. } => quantiles,
        };
        self.growing().chain(quantiles.iter().map(|(_, position)| *position))
    }

    /// The series that only grow.
    pub fn growing(&self) -> impl Iterator<Item = usize> {
        let (buckets, sum, count) = match self {
            Instrument::Histogram { buckets, sum, count, .. } => (buckets.as_slice(), sum, count),
            Instrument::Summary { sum, count, .. } => (&[][..], sum, count),
        };
        buckets.iter().copied().chain([*sum, *count])
    }
}

impl Registry {
    pub fn family(&mut self, name: &str, help: &str, kind: &MetricKind) -> usize {
        if let Some(known) = self.families.iter().position(|family| family.name == name) {
            return known;
        }
        let family = Family { name: name.to_owned(), help: help.to_owned(), kind: kind.as_str() };
        self.families.push(family);
        self.families.len() - 1
    }

    /// The series' position; the same labels are the same series.
    pub fn simple(&mut self, family: usize, labels: &Labels, resets: bool) -> usize {
        let name = self.families[family].name.clone();
        self.sample(family, labels.with(METRIC_NAME, name), resets)
    }

    /// `None` for the kinds that have a single series.
    pub fn instrument(&mut self, family: usize, labels: &Labels, kind: &MetricKind) -> Option<Instrument> {
        let name = self.families[family].name.clone();
        let part = |suffix: &str| labels.with(METRIC_NAME, format!("{name}{suffix}"));
        match kind {
            MetricKind::Counter | MetricKind::Gauge => None,
            MetricKind::Histogram { buckets: bounds } => {
                let bucket = part("_bucket");
                let bounds_and_last = bounds.iter().copied().chain([f64::INFINITY]);
                let buckets = bounds_and_last
                    .map(|le| self.sample(family, bucket.with("le", number(le)), true))
                    .collect();
                let sum = self.sample(family, part("_sum"), true);
                let count = self.sample(family, part("_count"), true);
                Some(Instrument::Histogram { bounds: bounds.clone(), buckets, sum, count })
            }
            MetricKind::Summary { quantiles } => {
                let plain = part("");
                let quantiles = quantiles
                    .iter()
                    .map(|q| (*q, self.sample(family, plain.with("quantile", number(*q)), false)))
                    .collect();
                let sum = self.sample(family, part("_sum"), true);
                let count = self.sample(family, part("_count"), true);
                Some(Instrument::Summary { quantiles, sum, count })
            }
        }
    }

    fn sample(&mut self, family: usize, labels: Labels, resets: bool) -> usize {
        if let Some(known) = self.positions.get(&labels) {
            return *known;
        }
        let position = self.series.len();
        self.positions.insert(labels.clone(), position);
        self.series.push(Identity { family, labels, resets });
        position
    }
}

/// A bound or quantile as client libraries write it.
fn number(value: f64) -> String {
    format_float(value, FloatFormat::General, None)
}
