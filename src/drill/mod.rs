//! Routing drills: who would get this alert, when, and what would it say?
//!
//! [`Table`] answers for every rule of a stack, [`Story`] for one alert at one time, [`Expectations`] hold a team's own
//! table of answers against the tree.

mod expect;
mod story;
mod table;

pub use expect::{Case, Expectations, Judged, judge};
pub use story::{Ask, Story, tell};
pub use table::{Channel, InhibitRow, RouteRow, Row, Table};
