//! Prometheus' text formats: what a target answers to a scrape.

mod read;
mod write;

pub use read::{ExpositionError, Format, read};
pub use write::{order, write};

use crate::labels::Labels;
use crate::time::Timestamp;

/// One line of an exposition.
#[derive(Clone, Debug, PartialEq)]
pub struct ExposedSample {
    /// `__name__` among them.
    pub labels: Labels,
    pub value: f64,
    pub timestamp: Option<Timestamp>,
}

/// A metric family's type and help, as the text states them.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Metadata {
    pub name: String,
    pub kind: Option<String>,
    pub help: Option<String>,
    pub unit: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct Exposition {
    pub samples: Vec<ExposedSample>,
    pub metadata: Vec<Metadata>,
}
