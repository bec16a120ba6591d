//! Numbers as Go's `fmt` verbs write them.

use super::format::Flags;
use crate::golang::{FloatFormat, format_float, quote_char, quote_to_ascii};

/// An integer by its verb; `None` for a verb that integers don't know.
pub(super) fn format_int(value: i64, verb: char, flags: &Flags) -> Option<String> {
    let unpadded = Flags { has_zero: false, ..*flags };
    let digits = match verb {
        'v' | 'd' => value.unsigned_abs().to_string(),
        'b' => format!("{:b}", value.unsigned_abs()),
        'o' | 'O' => format!("{:o}", value.unsigned_abs()),
        'x' => format!("{:x}", value.unsigned_abs()),
        'X' => format!("{:X}", value.unsigned_abs()),
        'c' => return Some(unpadded.pad(&character(value).to_string())),
        'q' => {
            let c = character(value);
            let quoted = match flags.is_plus {
                true => {
                    let ascii = quote_to_ascii(&c.to_string());
                    format!("'{}'", ascii[1..ascii.len() - 1].replace("\\\"", "\""))
                }
                false => quote_char(c),
            };
            return Some(unpadded.pad(&quoted));
        }
        'U' => {
            let mut text =
                format!("U+{}", zeros_before(&format!("{value:X}"), flags.precision.unwrap_or(4).max(4)));
            if flags.is_sharp && crate::golang::is_print(character(value)) {
                text.push_str(&format!(" '{}'", character(value)));
            }
            return Some(unpadded.pad(&text));
        }
        _ => return None,
    };
    let has_sign = value < 0 || flags.is_plus || flags.has_space;
    let wanted = match (flags.precision, flags.width) {
        (Some(0), _) if value == 0 => return Some(unpadded.pad("")),
        (Some(precision), _) => precision,
        (None, Some(width)) if flags.has_zero => width.saturating_sub(usize::from(has_sign)),
        _ => 0,
    };
    let digits = zeros_before(&digits, wanted);
    let prefix = match (verb, flags.is_sharp) {
        ('b', true) => "0b",
        ('x', true) => "0x",
        ('X', true) => "0X",
        ('O', _) => "0o",
        ('o', true) if !digits.starts_with('0') => "0",
        _ => "",
    };
    let sign = match () {
        () if value < 0 => "-",
        () if flags.is_plus => "+",
        () if flags.has_space => " ",
        () => "",
    };
    Some(unpadded.pad(&format!("{sign}{prefix}{digits}")))
}

/// However wide: Rust's own padding ends at 65535.
fn zeros_before(text: &str, width: usize) -> String {
    format!("{}{text}", "0".repeat(width.saturating_sub(text.chars().count())))
}

fn character(value: i64) -> char {
    u32::try_from(value).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// A float by its verb; `None` for a verb that floats don't know.
pub(super) fn format_float_verb(value: f64, verb: char, flags: &Flags) -> Option<String> {
    let (format, precision) = match verb {
        'v' | 'g' | 'G' => (FloatFormat::General, flags.precision),
        'e' | 'E' => (FloatFormat::Exponent, Some(flags.precision.unwrap_or(6))),
        'f' | 'F' => (FloatFormat::Fixed, Some(flags.precision.unwrap_or(6))),
        'b' | 'x' | 'X' => (FloatFormat::General, None),
        _ => return None,
    };
    let mut number = match verb {
        'b' if value.is_finite() => binary(value),
        'x' | 'X' if value.is_finite() => hexadecimal(value, flags.precision),
        _ => format_float(value, format, precision),
    };
    if matches!(verb, 'G' | 'E' | 'X') && value.is_finite() {
        number = number.to_uppercase();
    }
    let (mut sign, body) = match number.strip_prefix(['-', '+']) {
        Some(body) => (&number[..1], body.to_owned()),
        None => ("+", number.clone()),
    };
    if sign == "+" && flags.has_space && !flags.is_plus {
        sign = " ";
    }
    if !value.is_finite() {
        let unpadded = Flags { has_zero: false, ..*flags };
        let hides_sign = value.is_nan() && !flags.has_space && !flags.is_plus;
        return Some(unpadded.pad(&if hides_sign { body } else { format!("{sign}{body}") }));
    }
    let body = if flags.is_sharp && verb != 'b' { with_point(&body, verb, flags.precision) } else { body };
    if !flags.is_plus && sign == "+" {
        return Some(flags.pad(&body));
    }
    if let (true, Some(width)) = (flags.has_zero, flags.width) {
        // The sign stands before the zeros.
        return Some(format!("{sign}{}", zeros_before(&body, width.saturating_sub(1))));
    }
    Some(flags.pad(&format!("{sign}{body}")))
}

/// What `#` asks for: a decimal point always, and for `%g` the trailing zeros.
fn with_point(body: &str, verb: char, precision: Option<usize>) -> String {
    let (number, exponent) = match body.find(['e', 'E', 'p', 'P']) {
        Some(at) if !matches!(verb, 'f' | 'F') => body.split_at(at),
        _ => (body, ""),
    };
    let mut number = number.to_owned();
    let has_point = number.contains('.');
    if !has_point {
        number.push('.');
    }
    if let 'v' | 'g' | 'G' = verb {
        let shown = number.trim_start_matches(['0', '.']).bytes().filter(u8::is_ascii_digit).count();
        let wanted = precision.unwrap_or(6);
        let shown = if shown == 0 { 1 } else { shown };
        number.push_str(&"0".repeat(wanted.saturating_sub(shown)));
    }
    number + exponent
}

/// `%b`: the mantissa as an integer and the exponent of two.
fn binary(value: f64) -> String {
    let bits = value.to_bits();
    let (fraction, exponent) = (bits & ((1 << 52) - 1), (bits >> 52 & 0x7ff) as i64);
    let (mantissa, exponent) = if exponent == 0 { (fraction, 1) } else { (fraction | 1 << 52, exponent) };
    let sign = if value.is_sign_negative() { "-" } else { "" };
    format!("{sign}{mantissa}p{:+}", exponent - 1075)
}

/// `%x`: `0x1.8p+01`.
fn hexadecimal(value: f64, precision: Option<usize>) -> String {
    let bits = value.to_bits();
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let (fraction, exponent) = (bits & ((1 << 52) - 1), (bits >> 52 & 0x7ff) as i64);
    let (mut mantissa, mut exponent) = match (exponent, fraction) {
        (0, 0) => (0u64, 0),
        (0, _) => {
            let shift = fraction.leading_zeros() - 11;
            (fraction << shift, -1022 - i64::from(shift))
        }
        _ => (fraction | 1 << 52, exponent - 1023),
    };
    if let Some(digits) = precision.filter(|digits| *digits < 13) {
        let drop = 52 - 4 * digits as u32;
        let (rest, half) = (mantissa & ((1 << drop) - 1), 1u64 << (drop - 1));
        mantissa >>= drop;
        if rest > half || (rest == half && mantissa & 1 == 1) {
            mantissa += 1;
        }
        mantissa <<= drop;
        if mantissa >> 53 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let digits = format!("{:013x}", mantissa & ((1 << 52) - 1));
    let digits = match precision {
        Some(wanted) if wanted < digits.len() => digits[..wanted].to_owned(),
        Some(wanted) => format!("{digits}{}", "0".repeat(wanted - digits.len())),
        None => digits.trim_end_matches('0').to_owned(),
    };
    let point = if digits.is_empty() { "" } else { "." };
    let exponent_sign = if exponent < 0 { '-' } else { '+' };
    format!("{sign}0x{}{point}{digits}p{exponent_sign}{:02}", mantissa >> 52, exponent.abs())
}
