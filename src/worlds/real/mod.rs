//! What every real world shares: configs written from the team's own, watching, and steps taken for real.
//!
//! Only where components run differs, see [`place`].

pub mod alertmanager;
pub mod ask;
pub mod config;
pub mod evidence;
pub mod exporters;
pub mod folder;
mod logfmt;
pub mod place;
pub mod prometheus;
pub mod refusals;
pub mod relay;
mod standing;
mod starting;
mod world;

pub use standing::{Plan, Standing, Substituted};
pub use world::RealWorld;

use crate::scenario::Change;
