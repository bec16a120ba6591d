//! Finding and reading what people wrote. Every value read here keeps its place.

pub mod alertmanager;
pub mod find;
pub mod firedrill;
pub mod markdown;
pub mod prometheus;
pub mod relabel;
pub mod rules;
pub mod services;
pub mod shape;
pub mod shell;
pub mod value;
pub mod yaml;

pub use find::{Loaded, load, load_rules, read_file};
