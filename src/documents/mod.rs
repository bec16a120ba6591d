//! Finding and reading what people wrote. Every value read here keeps its place.

pub mod value;
pub mod yaml;
