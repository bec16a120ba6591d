//! Offsets, ranges and `@`: what they come to for a given query.

use super::EvalError;
use super::evaluator::Query;
use crate::promql::ast::{At, DurationExpr, DurationExprKind, DurationOp, Length};

/// A length that has to be positive: a range or a step.
pub(super) fn length_of(length: &Length, query: Query) -> Result<i64, EvalError> {
    match length {
        Length::Fixed(duration) => Ok(duration.0),
        Length::Computed(expr) => compute(expr, query, false),
    }
}

/// An offset, which may point either way.
pub(super) fn offset_of(length: &Length, query: Query) -> Result<i64, EvalError> {
    match length {
        Length::Fixed(duration) => Ok(duration.0),
        Length::Computed(expr) => compute(expr, query, true),
    }
}

pub(super) fn reference_time(at: Option<At>, query: Query) -> Option<i64> {
    at.map(|at| match at {
        At::Time(time) => time.0,
        At::Start => query.start,
        At::End => query.end,
    })
}

fn compute(expr: &DurationExpr, query: Query, may_be_negative: bool) -> Result<i64, EvalError> {
    let refuse = |what: &str| Err(EvalError::new(format!("{}:{}: {what}", expr.span.start, expr.span.end)));
    let seconds = seconds_of(expr, query)?;
    if !seconds.is_finite() {
        return refuse("duration is NaN or infinite");
    }
    if seconds <= 0.0 && !may_be_negative {
        return refuse("duration must be greater than 0");
    }
    // Prometheus counts in nanoseconds in 64 bits.
    if seconds.abs() > i64::MAX as f64 / 1e9 {
        return refuse("duration is out of range");
    }
    Ok((seconds * 1000.0) as i64)
}

fn seconds_of(expr: &DurationExpr, query: Query) -> Result<f64, EvalError> {
    let refuse = |what: &str| Err(EvalError::new(format!("{}:{}: {what}", expr.span.start, expr.span.end)));
    Ok(match &expr.kind {
        DurationExprKind::Number(number) => number.value,
        DurationExprKind::Step => query.step as f64 / 1000.0,
        DurationExprKind::Range => query.end.saturating_sub(query.start) as f64 / 1000.0,
        DurationExprKind::Paren(inner) => seconds_of(inner, query)?,
        DurationExprKind::Unary { negative, expr } => {
            let seconds = seconds_of(expr, query)?;
            if *negative { -seconds } else { seconds }
        }
        DurationExprKind::Binary { op, lhs, rhs } => {
            let (lhs, rhs) = (seconds_of(lhs, query)?, seconds_of(rhs, query)?);
            match op {
                DurationOp::Add => lhs + rhs,
                DurationOp::Sub => lhs - rhs,
                DurationOp::Mul => lhs * rhs,
                DurationOp::Div if rhs == 0.0 => return refuse("division by zero"),
                DurationOp::Div => lhs / rhs,
                DurationOp::Mod if rhs == 0.0 => return refuse("modulo by zero"),
                DurationOp::Mod => lhs % rhs,
                DurationOp::Pow => lhs.powf(rhs),
                DurationOp::Min => lhs.min(rhs),
                DurationOp::Max => lhs.max(rhs),
            }
        }
    })
}
