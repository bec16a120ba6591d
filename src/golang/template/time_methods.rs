//! The methods of Go's `time.Time`, `time.Duration`, `time.Month` and `time.Weekday` that templates call.

use super::value::{IntKind, Method, Parameter, Signature, Value};
use crate::golang::time::{GoTime, MONTHS, WEEKDAYS, Zone, format_duration};

const NONE: Signature = Signature::fixed(&[]);
const ONE_TIME: Signature = Signature::fixed(&[Parameter::Time]);
const ONE_DURATION: Signature = Signature::fixed(&[Parameter::Duration]);
const ONE_TEXT: Signature = Signature::fixed(&[Parameter::Str]);
const THREE_INTS: Signature = Signature::fixed(&[Parameter::Int, Parameter::Int, Parameter::Int]);

macro_rules! method {
    ($name:literal, $signature:expr, $call:expr) => {
        Method { name: $name, signature: $signature, call: $call }
    };
}

pub(super) static TIME: &[Method] = &[
    method!("Add", ONE_DURATION, |v, a| Ok(Value::Time(time(v).plus(int(&a[0]))))),
    method!("AddDate", THREE_INTS, |v, a| Ok(Value::Time(add_date(
        &time(v),
        int(&a[0]),
        int(&a[1]),
        int(&a[2])
    )))),
    method!("After", ONE_TIME, |v, a| Ok(Value::Bool(time(v).since(&time(&a[0])) > 0))),
    method!("Before", ONE_TIME, |v, a| Ok(Value::Bool(time(v).since(&time(&a[0])) < 0))),
    method!("Equal", ONE_TIME, |v, a| Ok(Value::Bool(time(v) == time(&a[0])))),
    method!("Day", NONE, |v, _| Ok(Value::int(time(v).clock().day))),
    method!("Format", ONE_TEXT, |v, a| Ok(time(v).format(a[0].as_str().unwrap_or("")).into())),
    method!("Hour", NONE, |v, _| Ok(Value::int(time(v).clock().hour))),
    method!("IsZero", NONE, |v, _| Ok(Value::Bool(time(v).is_zero()))),
    method!("Local", NONE, |v, _| Ok(Value::Time(time(v).in_zone(Zone::Utc)))),
    method!("Minute", NONE, |v, _| Ok(Value::int(time(v).clock().minute))),
    method!("Month", NONE, |v, _| Ok(Value::Int(time(v).clock().month.into(), IntKind::Month))),
    method!("Nanosecond", NONE, |v, _| Ok(Value::int(time(v).nanoseconds))),
    method!("Round", ONE_DURATION, |v, a| Ok(Value::Time(round(&time(v), int(&a[0]), true)))),
    method!("Second", NONE, |v, _| Ok(Value::int(time(v).clock().second))),
    method!("String", NONE, |v, _| Ok(time(v).to_string().into())),
    method!("Sub", ONE_TIME, |v, a| Ok(Value::duration(time(v).since(&time(&a[0]))))),
    method!("Truncate", ONE_DURATION, |v, a| Ok(Value::Time(round(&time(v), int(&a[0]), false)))),
    method!("UTC", NONE, |v, _| Ok(Value::Time(time(v).in_zone(Zone::Utc)))),
    method!("Unix", NONE, |v, _| Ok(Value::Int(time(v).seconds, IntKind::Int64))),
    method!("UnixMicro", NONE, |v, _| Ok(Value::Int(unix(&time(v), 1_000_000), IntKind::Int64))),
    method!("UnixMilli", NONE, |v, _| Ok(Value::Int(unix(&time(v), 1_000), IntKind::Int64))),
    method!("UnixNano", NONE, |v, _| Ok(Value::Int(unix(&time(v), 1_000_000_000), IntKind::Int64))),
    method!("Weekday", NONE, |v, _| Ok(Value::Int(time(v).clock().weekday.into(), IntKind::Weekday))),
    method!("Year", NONE, |v, _| Ok(Value::int(time(v).clock().year))),
    method!("YearDay", NONE, |v, _| Ok(Value::int(time(v).clock().year_day))),
];

pub(super) static DURATION: &[Method] = &[
    method!("Abs", NONE, |v, _| Ok(Value::duration(int(v).saturating_abs()))),
    method!("Hours", NONE, |v, _| Ok(Value::Float(fraction(int(v), 3_600_000_000_000)))),
    method!("Microseconds", NONE, |v, _| Ok(Value::Int(int(v) / 1_000, IntKind::Int64))),
    method!("Milliseconds", NONE, |v, _| Ok(Value::Int(int(v) / 1_000_000, IntKind::Int64))),
    method!("Minutes", NONE, |v, _| Ok(Value::Float(fraction(int(v), 60_000_000_000)))),
    method!("Nanoseconds", NONE, |v, _| Ok(Value::Int(int(v), IntKind::Int64))),
    method!("Round", ONE_DURATION, |v, a| Ok(Value::duration(round_duration(int(v), int(&a[0]))))),
    method!("Seconds", NONE, |v, _| Ok(Value::Float(fraction(int(v), 1_000_000_000)))),
    method!("String", NONE, |v, _| Ok(format_duration(int(v)).into())),
    method!("Truncate", ONE_DURATION, |v, a| Ok(Value::duration(match int(&a[0]) {
        ..=0 => int(v),
        unit => int(v) - int(v) % unit,
    }))),
];

pub(super) static NAMED_INT: &[Method] =
    &[method!("String", NONE, |v, _| Ok(int_text(int(v), int_kind(v)).into()))];

/// What a typed integer's `String()` gives.
pub(super) fn int_text(value: i64, kind: IntKind) -> String {
    match kind {
        IntKind::Duration => format_duration(value),
        IntKind::Month => match MONTHS.get((value - 1) as usize) {
            Some(name) => (*name).to_owned(),
            None => format!("%!Month({value})"),
        },
        IntKind::Weekday => match WEEKDAYS.get(value as usize) {
            Some(name) => (*name).to_owned(),
            None => format!("%!Weekday({value})"),
        },
        _ => value.to_string(),
    }
}

fn time(value: &Value) -> GoTime {
    match value {
        Value::Time(time) => time.clone(),
        _ => GoTime::ZERO,
    }
}

fn int(value: &Value) -> i64 {
    match value {
        Value::Int(value, _) => *value,
        _ => 0,
    }
}

fn int_kind(value: &Value) -> IntKind {
    match value {
        Value::Int(_, kind) => *kind,
        _ => IntKind::Int,
    }
}

fn unix(time: &GoTime, per_second: i64) -> i64 {
    let part = i64::from(time.nanoseconds) / (1_000_000_000 / per_second);
    time.seconds.wrapping_mul(per_second).wrapping_add(part)
}

/// Whole units and the rest apart, as Go does to keep precision.
fn fraction(nanoseconds: i64, unit: i64) -> f64 {
    (nanoseconds / unit) as f64 + (nanoseconds % unit) as f64 / unit as f64
}

fn round_duration(value: i64, unit: i64) -> i64 {
    if unit <= 0 {
        return value;
    }
    let rest = value % unit;
    let down = value - rest;
    match rest.unsigned_abs() * 2 >= unit.unsigned_abs() {
        true => down.saturating_add(unit * rest.signum()),
        false => down,
    }
}

/// To a multiple of `unit` since the zero time.
fn round(time: &GoTime, unit: i64, to_nearest: bool) -> GoTime {
    if unit <= 0 {
        return time.clone();
    }
    let since_zero =
        i128::from(time.seconds - GoTime::ZERO.seconds) * 1_000_000_000 + i128::from(time.nanoseconds);
    let rest = since_zero.rem_euclid(i128::from(unit)) as i64;
    match to_nearest && i128::from(rest) * 2 >= i128::from(unit) {
        true => time.plus(unit - rest),
        false => time.plus(-rest),
    }
}

fn add_date(time: &GoTime, years: i64, months: i64, days: i64) -> GoTime {
    let clock = time.clock();
    let months_total = (clock.year.saturating_add(years))
        .saturating_mul(12)
        .saturating_add(i64::from(clock.month) - 1 + months);
    let (year, month) =
        (months_total.div_euclid(12).clamp(-100_000, 100_000), months_total.rem_euclid(12) as u32 + 1);
    let before = crate::golang::time::days_before(clock.year, clock.month, clock.day);
    let after = crate::golang::time::days_before(year, month, 1) + i64::from(clock.day) - 1
        + days.clamp(-100_000_000, 100_000_000);
    GoTime { seconds: time.seconds + (after - before) * 86_400, ..time.clone() }
}
