//! firedrill proves that a team's monitoring works before they need it.
//!
//! The stages, in the order in which data flows; nothing flows back:
//!
//! ```text
//! documents → stack ─┐
//!                    ├→ world (twin) → timeline → verdicts → report
//! scenario ──────────┘
//! ```

mod caught;

// The words that every stage speaks.
pub mod diagnostic;
pub mod golang;
pub mod labels;
pub mod time;

// The stages.
pub mod documents;
pub mod stack;

// What known programs export.
pub mod catalogue;

pub mod checks;

pub mod scenario;

pub mod promql;
pub mod workload;

pub mod timeline;
pub mod twin;
pub mod worlds;

pub mod routing;

pub mod drill;

pub mod judge;
pub mod parity;
pub mod report;
pub mod runner;

pub mod cli;
