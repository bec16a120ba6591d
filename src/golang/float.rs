//! Go's `strconv.FormatFloat` and `strconv.ParseFloat`.

use super::quote;

/// No float has more digits than this but zeros; Rust counts no further than 65535.
const MAX_DIGITS: usize = 1100;

/// The verbs of Go's float formatting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatFormat {
    /// `%e`: `1.5e+06`
    Exponent,
    /// `%f`: `1500000`
    Fixed,
    /// `%g`: the shorter of the two, by Go's rule
    General,
}

/// `strconv.FormatFloat(value, format, precision, 64)`; `None` is Go's -1, the shortest text that reads back.
pub fn format_float(value: f64, format: FloatFormat, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    match format {
        FloatFormat::Fixed => match precision {
            Some(digits) => {
                let kept = digits.min(MAX_DIGITS);
                format!("{value:.kept$}{}", "0".repeat(digits - kept))
            }
            None => format!("{value}"),
        },
        FloatFormat::Exponent => match precision {
            Some(digits) => {
                let kept = digits.min(MAX_DIGITS);
                go_exponent(
                    &format!("{value:.kept$e}").replace('e', &format!("{}e", "0".repeat(digits - kept))),
                )
            }
            None => go_exponent(&format!("{value:e}")),
        },
        // Zeros at the end are cut off again.
        FloatFormat::General => general(value, precision.map(|digits| digits.min(MAX_DIGITS))),
    }
}

fn general(value: f64, precision: Option<usize>) -> String {
    let scientific = match precision {
        Some(digits) => format!("{value:.*e}", digits.max(1) - 1),
        None => format!("{value:e}"),
    };
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let mantissa = match mantissa.contains('.') {
        true => mantissa.trim_end_matches('0').trim_end_matches('.'),
        false => mantissa,
    };
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).count() as i32;
    let threshold = match precision {
        None => 6,
        Some(wanted) => {
            let wanted = wanted.max(1) as i32;
            if wanted > digits && digits > exponent { digits } else { wanted }
        }
    };
    if exponent < -4 || exponent >= threshold {
        return go_exponent(&format!("{mantissa}e{exponent}"));
    }
    let decimals = (digits - 1 - exponent).max(0) as usize;
    match precision {
        None => format!("{value}"),
        Some(_) => format!("{:.decimals$}", format!("{mantissa}e{exponent}").parse::<f64>().unwrap_or(value)),
    }
}

/// `1.5e6` → `1.5e+06`
fn go_exponent(text: &str) -> String {
    let Some((mantissa, exponent)) = text.split_once('e') else { return text.to_owned() };
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ('-', digits),
        None => ('+', exponent),
    };
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// Why a text is no number, in the words of Go's `strconv`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FloatError {
    #[error("strconv.ParseFloat: parsing {}: invalid syntax", quote(.0))]
    Syntax(String),
    #[error("strconv.ParseFloat: parsing {}: value out of range", quote(.0))]
    Range(String),
}

/// `strconv.ParseFloat(text, 64)`: decimal and hexadecimal numbers, underscores between digits, `Inf`, `NaN`.
pub fn parse_float(text: &str) -> Result<f64, FloatError> {
    let syntax = || FloatError::Syntax(text.to_owned());
    let (is_negative, body) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let sign = if is_negative { -1.0 } else { 1.0 };
    if body.eq_ignore_ascii_case("inf") || body.eq_ignore_ascii_case("infinity") {
        return Ok(sign * f64::INFINITY);
    }
    if text.eq_ignore_ascii_case("nan") {
        return Ok(f64::NAN);
    }
    let is_hex = body.len() > 2 && body.as_bytes()[..2].eq_ignore_ascii_case(b"0x");
    if !underscores_separate_digits(body, is_hex) {
        return Err(syntax());
    }
    let digits = body.replace('_', "");
    let value = match is_hex {
        true => parse_hex(&digits[2..]).ok_or_else(syntax)?,
        false => {
            let allowed = |b: u8| b.is_ascii_digit() || b".eE+-".contains(&b);
            let starts_well = digits.starts_with(|c: char| c == '.' || c.is_ascii_digit());
            if !digits.bytes().all(allowed) || !starts_well {
                return Err(syntax());
            }
            digits.parse::<f64>().map_err(|_| syntax())?
        }
    };
    if value.is_infinite() {
        return Err(FloatError::Range(text.to_owned()));
    }
    Ok(sign * value)
}

fn underscores_separate_digits(body: &str, is_hex: bool) -> bool {
    let is_digit =
        |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_digit() || (is_hex && b.is_ascii_hexdigit()));
    let bytes = body.as_bytes();
    bytes.iter().enumerate().filter(|(_, b)| **b == b'_').all(|(at, _)| {
        let follows_prefix = is_hex && at == 2;
        at > 0 && (follows_prefix || is_digit(bytes.get(at - 1))) && is_digit(bytes.get(at + 1))
    })
}

/// What follows `0x`: `1.8p3`. The exponent is required.
fn parse_hex(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if unsigned.is_empty() || !unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // A longer exponent is out of range whatever its digits are.
    let mut exponent: i64 =
        exponent.parse().unwrap_or(if exponent.starts_with('-') { -1_000_000 } else { 1_000_000 });
    exponent = exponent.clamp(-1_000_000, 1_000_000);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut bits: u64 = 0;
    for (at, c) in whole.chars().chain(fraction.chars()).enumerate() {
        let digit = u64::from(c.to_digit(16)?);
        if bits >> 59 == 0 {
            bits = bits << 4 | digit;
            exponent -= if at >= whole.len() { 4 } else { 0 };
        } else {
            // What no longer fits only matters for rounding.
            bits |= u64::from(digit != 0);
            exponent += if at >= whole.len() { 0 } else { 4 };
        }
    }
    Some(scale(bits, exponent))
}

/// `bits × 2^exponent`, rounded once, half to even.
fn scale(bits: u64, exponent: i64) -> f64 {
    if bits == 0 {
        return 0.0;
    }
    let length = 64 - i64::from(bits.leading_zeros());
    let top = exponent + length - 1;
    if top > 1023 {
        return f64::INFINITY;
    }
    let precision = if top < -1022 { 53 - (-1022 - top) } else { 53 };
    if precision < 0 {
        return 0.0;
    }
    let drop = length - precision;
    let (kept, exponent) = match drop {
        ..=0 => (bits, exponent),
        1..=63 => {
            let (kept, rest, half) = (bits >> drop, bits & ((1 << drop) - 1), 1 << (drop - 1));
            let rounds_up = rest > half || (rest == half && kept & 1 == 1);
            (kept + u64::from(rounds_up), exponent + drop)
        }
        _ => (u64::from(bits > 1 << 63), exponent + drop),
    };
    // Both factors and each product are exact: `kept` has at most 53 bits and fits the exponent.
    let half = exponent / 2;
    kept as f64 * 2f64.powi(half as i32) * 2f64.powi((exponent - half) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn general_numbers_look_as_in_go() {
        for (value, precision, expected) in [
            (0.05, None, "0.05"),
            (1e6, None, "1e+06"),
            (123456789.0, None, "1.23456789e+08"),
            (1e21, None, "1e+21"),
            (100000.0, None, "100000"),
            (0.00001, None, "1e-05"),
            (1234.5678, Some(4), "1235"),
            (0.5, Some(4), "0.5"),
            (12345678.0, Some(4), "1.235e+07"),
            (-0.0, None, "-0"),
        ] {
            assert_eq!(format_float(value, FloatFormat::General, precision), expected);
        }
    }

    #[test]
    fn every_format_and_precision_looks_as_in_go() {
        use FloatFormat::{Exponent, Fixed, General};
        for (value, format, precision, expected) in [
            (1.0, Exponent, Some(5), "1.00000e+00"),
            (1e23, Exponent, Some(17), "9.99999999999999916e+22"),
            (1e23, Fixed, Some(0), "99999999999999991611392"),
            (0.000123, General, None, "0.000123"),
            (400.0, General, Some(2), "4e+02"),
            (40.0, General, Some(2), "40"),
            (0.0, General, Some(4), "0"),
            (1000000.0, General, Some(4), "1e+06"),
            (123456.7, General, Some(0), "1e+05"),
            (2.5, Fixed, Some(0), "2"),
            (3.5, Fixed, Some(0), "4"),
            (5e-324, Exponent, None, "5e-324"),
            (f64::NEG_INFINITY, Fixed, Some(2), "-Inf"),
        ] {
            assert_eq!(format_float(value, format, precision), expected);
        }
    }

    #[test]
    fn texts_are_read_as_in_go() {
        for (text, expected) in [
            ("1.5", Ok(1.5)),
            (".5e1", Ok(5.0)),
            ("5.", Ok(5.0)),
            ("+Inf", Ok(f64::INFINITY)),
            ("-infinity", Ok(f64::NEG_INFINITY)),
            ("1_000.5", Ok(1000.5)),
            ("0x1p-2", Ok(0.25)),
            ("0x_1F.8P0", Ok(31.5)),
            ("0x1.fffffffffffff8p0", Ok(2.0)),
            ("0x1p-1074", Ok(5e-324)),
            ("0x1p-1075", Ok(0.0)),
            ("1e400", Err("strconv.ParseFloat: parsing \"1e400\": value out of range")),
            ("0x1p1024", Err("strconv.ParseFloat: parsing \"0x1p1024\": value out of range")),
            ("0x1", Err("strconv.ParseFloat: parsing \"0x1\": invalid syntax")),
            ("1__0", Err("strconv.ParseFloat: parsing \"1__0\": invalid syntax")),
            ("", Err("strconv.ParseFloat: parsing \"\": invalid syntax")),
            ("+nan", Err("strconv.ParseFloat: parsing \"+nan\": invalid syntax")),
            ("1 ", Err("strconv.ParseFloat: parsing \"1 \": invalid syntax")),
            ("--1", Err("strconv.ParseFloat: parsing \"--1\": invalid syntax")),
        ] {
            assert_eq!(
                parse_float(text).map_err(|e| e.to_string()),
                expected.map_err(str::to_owned),
                "{text}"
            );
        }
        assert!(parse_float("nAn").unwrap().is_nan());
    }
}
