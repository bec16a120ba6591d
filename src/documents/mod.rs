//! Finding and reading what people wrote. Every value read here keeps its place.

pub mod services;
pub mod alertmanager;
pub mod value;
pub mod yaml;
