//! Number literals, read as Go's `strconv` reads them.

use crate::golang::quote;

/// `0x1f`, `017` (octal), `1_000`, `1.5e3`, `Inf`, `NaN`; the error is Prometheus' message.
pub(super) fn parse_number(text: &str) -> Result<f64, String> {
    if let Some(integer) = parse_integer(text) {
        return Ok(integer as f64);
    }
    let failed = |why| format!("error parsing number: strconv.ParseFloat: parsing {}: {why}", quote(text));
    let is_number = text.eq_ignore_ascii_case("nan") || text.eq_ignore_ascii_case("inf");
    let digits = match text.contains('_') {
        true if underscores_separate_digits(text) => text.replace('_', ""),
        true => return Err(failed("invalid syntax")),
        false => text.to_owned(),
    };
    match digits.parse::<f64>() {
        Ok(value) if value.is_infinite() && !is_number => Err(failed("value out of range")),
        Ok(value) => Ok(value),
        Err(_) => Err(failed("invalid syntax")),
    }
}

/// Go's `ParseInt(text, 0, 64)`: the prefix says the base.
fn parse_integer(text: &str) -> Option<i64> {
    let lower = text.to_ascii_lowercase();
    let (base, digits) = match lower.strip_prefix("0x") {
        Some(digits) => (16, digits),
        None if lower.len() > 1 && lower.starts_with('0') => (8, &lower[1..]),
        None => (10, &*lower),
    };
    if digits.contains('_') && !underscores_separate_digits(&lower) {
        return None;
    }
    i64::from_str_radix(&digits.replace('_', ""), base).ok()
}

/// Go's rule: an underscore stands between two digits, or between the base's prefix and a digit.
fn underscores_separate_digits(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let (is_hex, digits) = match lower.strip_prefix("0x") {
        Some(digits) => (true, digits),
        None => (false, &*lower),
    };
    let mut after_digit = is_hex;
    let mut after_underscore = false;
    for c in digits.chars() {
        let is_digit = c.is_ascii_digit() || (is_hex && c.is_ascii_hexdigit());
        if (c == '_' && !after_digit) || (after_underscore && !is_digit) {
            return false;
        }
        after_digit = is_digit;
        after_underscore = c == '_';
    }
    !after_underscore
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<f64, &str>) {
        let failed = |why| format!("error parsing number: strconv.ParseFloat: parsing {text:?}: {why}");
        assert_eq!(parse_number(text), expected.map_err(failed));
    }

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        check("1", Ok(1.0));
        check("1.", Ok(1.0));
        check(".5", Ok(0.5));
        check("1e3", Ok(1000.0));
        check("0x1F", Ok(31.0));
        check("0X_1f", Ok(31.0));
        check("017", Ok(15.0));
        check("08", Ok(8.0));
        check("1_000", Ok(1000.0));
        check("1_0.5_0", Ok(10.5));
        check("iNf", Ok(f64::INFINITY));
        check("9223372036854775807", Ok(9_223_372_036_854_775_807_u64 as f64));
        check("9223372036854775808", Ok(9_223_372_036_854_775_808_u64 as f64));
        assert!(parse_number("NaN").unwrap().is_nan());
    }

    #[test]
    fn what_go_does_not_read_is_an_error() {
        check("1e", Err("invalid syntax"));
        check("1__0", Err("invalid syntax"));
        check("1_", Err("invalid syntax"));
        check("0x1.8", Err("invalid syntax"));
        check("1e400", Err("value out of range"));
    }
}
