//! Go's `strconv.FormatFloat`.

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
            Some(digits) => format!("{value:.digits$}"),
            None => format!("{value}"),
        },
        FloatFormat::Exponent => match precision {
            Some(digits) => go_exponent(&format!("{value:.digits$e}")),
            None => go_exponent(&format!("{value:e}")),
        },
        FloatFormat::General => general(value, precision),
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
}
