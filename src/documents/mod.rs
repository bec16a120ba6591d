//! Finding and reading what people wrote. Every value read here keeps its place.

pub mod alertmanager;
pub mod services;
pub mod value;
pub mod yaml;
