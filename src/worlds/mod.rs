//! Where scenarios run. Every world offers the same few operations and yields the same kind of timeline.

pub mod authority;
pub mod clock;
pub mod connection;
#[cfg(feature = "docker")]
pub mod docker;
#[cfg(not(feature = "docker"))]
#[path = "no_docker.rs"]
pub mod docker;
pub mod edit;
pub mod forward;
pub mod http;
pub mod inbox;
pub mod interrupt;
pub mod local;
pub mod log;
pub mod process;
pub mod real;
pub mod server;
pub mod speed;
pub mod targets;

use crate::diagnostic::Diagnostic;
use crate::scenario::Change;
use crate::time::{Duration, Timestamp};
use crate::timeline::Timeline;

/// What every world offers. The clock is the world's own: virtual in the twin.
pub trait World {
    fn now(&self) -> Timestamp;

    /// Records from now on what a claim will want to see.
    fn watch(&mut self, watch: &Watch);

    /// A given-step: what is normal from the beginning on.
    fn given(&mut self, change: &Change) -> Result<(), WorldError>;

    /// The given-steps and watches are known: everything is stood up, and is normal for a while.
    fn begin(&mut self) -> Result<(), WorldError>;

    /// A when-step's change takes effect now.
    fn apply(&mut self, change: &Change) -> Result<(), WorldError>;

    /// Records that a when-step happened, so that claims can count from it.
    fn mark(&mut self, name: Option<&str>, text: &str);

    /// Lets time pass to the next instant at which something may be seen, never past `limit`.
    fn step(&mut self, limit: Timestamp) -> Result<(), WorldError>;

    fn timeline(&self) -> &Timeline;
}

#[derive(Clone, Debug, PartialEq)]
pub enum Watch {
    /// What the alert is like at each evaluation: values, annotations.
    Alert(String),
    /// The expression's result at each evaluation tick.
    Expr(String),
    /// A few elements of the expression's result at each tick: to draw and to explain, not to judge.
    Glance(String),
    /// The expression's result at one instant, counted from the start.
    ExprAt(String, Duration),
    /// The alert's active elements as of the last evaluation at or before that instant.
    AlertAt(String, Duration),
}

#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    #[error("{0}")]
    Failed(String),
    #[error("interrupted")]
    Interrupted,
    /// A step names what the world does not have.
    #[error("{}", .0.message)]
    Refused(Box<Diagnostic>),
}
