//! What an expression reads, and so how far ahead of the clock it may be evaluated.
//!
//! Scraped samples can be made ahead of time; samples that rules write can't. An expression that reads only
//! the former is evaluated for many steps at once, which is where the twin's speed comes from.

use std::collections::BTreeSet;

use crate::promql::ast::{At, Expr, ExprKind, Length, VectorSelector};
use crate::time::Duration;

/// The series that alerting rules write about themselves.
pub const ALERT_SERIES: [&str; 2] = ["ALERTS", "ALERTS_FOR_STATE"];

/// What an expression reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Reads {
    /// The metric names it selects; `None` where a selector does not fix the name.
    pub names: Option<BTreeSet<String>>,
    /// How far back its ranges and offsets reach, look-back not included.
    pub reach: Duration,
    /// It looks past its own time, or asks for the query's own start and end: one step must not see another's.
    pub only_now: bool,
}

impl Reads {
    pub fn of(expr: &Expr) -> Self {
        let mut reads = Reads { names: Some(BTreeSet::new()), reach: Duration::ZERO, only_now: false };
        reads.visit(expr, Duration::ZERO);
        reads
    }

    /// Whether it could select a series of this name.
    pub fn may_read(&self, name: &str) -> bool {
        self.names.as_ref().is_none_or(|names| names.contains(name))
    }

    fn visit(&mut self, expr: &Expr, outer: Duration) {
        match &expr.kind {
            ExprKind::Vector(vector) => self.selector(vector, outer, Duration::ZERO),
            ExprKind::Matrix(matrix) => {
                let range = self.length(&matrix.range);
                self.selector(&matrix.vector, outer, range);
            }
            ExprKind::Subquery(subquery) => {
                let reach = self.length(&subquery.range) + self.length(&subquery.offset);
                self.at(subquery.at);
                self.visit(&subquery.expr, outer + reach);
            }
            ExprKind::Call(call) if call.function.name == "info" => {
                // It joins with whatever info metrics there are.
                self.names = None;
                expr.children().into_iter().for_each(|child| self.visit(child, outer));
            }
            _ => expr.children().into_iter().for_each(|child| self.visit(child, outer)),
        }
    }

    fn selector(&mut self, vector: &VectorSelector, outer: Duration, range: Duration) {
        match (vector.metric_name(), &mut self.names) {
            (Some(name), Some(names)) => drop(names.insert(name.to_owned())),
            _ => self.names = None,
        }
        self.at(vector.at);
        let reach = outer + range + self.length(&vector.offset);
        self.reach = self.reach.max(reach);
    }

    fn at(&mut self, at: Option<At>) {
        self.only_now |= at.is_some();
    }

    fn length(&mut self, length: &Length) -> Duration {
        match length.fixed() {
            Some(duration) => {
                self.only_now |= duration < Duration::ZERO;
                duration
            }
            None => {
                self.only_now = true;
                Duration::ZERO
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, names: Option<&[&str]>, reach: &str, only_now: bool) {
        let reads = Reads::of(&crate::promql::parse(text).unwrap());
        let expected = Reads {
            names: names.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
            reach: Duration::parse(reach).unwrap(),
            only_now,
        };
        assert_eq!(reads, expected, "{text}");
    }

    #[test]
    fn names_and_reach_are_found_wherever_they_stand() {
        check("up", Some(&["up"]), "0s", false);
        check("sum(rate(a[5m])) / rate(b[10m] offset 1h)", Some(&["a", "b"]), "1h10m", false);
        check("max_over_time(rate(a[5m])[1h:1m])", Some(&["a"]), "1h5m", false);
        check("{job=\"x\"}", None, "0s", false);
        check("vector(1)", Some(&[]), "0s", false);
    }

    #[test]
    fn what_looks_past_its_own_time_is_evaluated_step_by_step() {
        check("a offset -5m", Some(&["a"]), "0s", true);
        check("a @ end()", Some(&["a"]), "0s", true);
    }
}
