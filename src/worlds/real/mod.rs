//! What every real world shares: configs written from the team's own, watching, and steps taken for real.
//!
//! Only where components run differs, see [`place`].

pub mod folder;
pub mod place;
