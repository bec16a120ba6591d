//! The single values of a service's description: names, amounts, shares, lengths of time.

use crate::diagnostic::{Diagnostic, Spanned};
use crate::documents::value::{is_label_name, is_metric_name};
use crate::documents::yaml::{Node, wrong_type};
use crate::labels::Labels;
use crate::time::Duration;
use crate::workload::Distribution;

pub fn text(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
    let text = node.scalar().map(|text| Spanned::new(text.to_owned(), node.span.clone()));
    text.or_else(|| refuse(problems, wrong_type(node, "text")))
}

pub fn texts(node: &Node, problems: &mut Vec<Diagnostic>) -> Vec<String> {
    let items = node.items().unwrap_or(std::slice::from_ref(node));
    items.iter().filter_map(|item| text(item, problems)).map(|text| text.value).collect()
}

/// Text that is not empty.
pub fn name(node: &Node, wanted: &str, problems: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
    match node.scalar().filter(|text| !text.is_empty()) {
        Some(text) => Some(Spanned::new(text.to_owned(), node.span.clone())),
        None => refuse(problems, wrong_type(node, wanted)),
    }
}

pub fn metric_name(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Spanned<String>> {
    let name = text(node, problems)?;
    match is_metric_name(&name.value) {
        true => Some(name),
        false => refuse(
            problems,
            Diagnostic::error("bad-metric-name", format!("`{}` is not a metric name", name.value))
                .at(&name.span)
                .label("wanted letters, digits, `_` and `:`, not starting with a digit"),
        ),
    }
}

pub fn label_name(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<String> {
    let name = text(node, problems)?;
    match is_label_name(&name.value) {
        true => Some(name.value),
        false => refuse(
            problems,
            Diagnostic::error("bad-label-name", format!("`{}` is not a label name", name.value))
                .at(&name.span)
                .label("wanted letters, digits and `_`, not starting with a digit"),
        ),
    }
}

/// Label names to values.
pub fn labels(node: &Node, problems: &mut Vec<Diagnostic>) -> Labels {
    pairs(node, label_name, problems)
}

/// Names of any form to values, as Kubernetes has them: `prometheus.io/scrape`.
pub fn object_labels(node: &Node, problems: &mut Vec<Diagnostic>) -> Labels {
    pairs(node, |node, problems| name(node, "a name", problems).map(|name| name.value), problems)
}

fn pairs(
    node: &Node,
    key: impl Fn(&Node, &mut Vec<Diagnostic>) -> Option<String>,
    problems: &mut Vec<Diagnostic>,
) -> Labels {
    let Some(entries) = node.entries() else {
        problems.push(wrong_type(node, "a mapping of names to values"));
        return Labels::empty();
    };
    let pairs = entries.iter().filter_map(|(name, value)| {
        let name = key(name, problems);
        let value = text(value, problems);
        Some((name?, value?.value))
    });
    Labels::from_pairs(pairs.collect::<Vec<_>>())
}

/// `12`, `1e6`, `95%`, `8Gi`, `1.5k`.
pub fn number(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<f64> {
    match node.scalar().and_then(parse_number) {
        Some(number) => Some(number),
        None => refuse(problems, wrong_type(node, "a number such as 12, 0.5, 95% or 8Gi")),
    }
}

fn parse_number(text: &str) -> Option<f64> {
    const BINARY: [(&str, f64); 4] =
        [("Ki", 1024.0), ("Mi", 1_048_576.0), ("Gi", 1_073_741_824.0), ("Ti", 1_099_511_627_776.0)];
    // As exponents, because 95 × 0.01 is not quite 0.95.
    const DECIMAL: [(&str, &str); 6] =
        [("%", "e-2"), ("k", "e3"), ("K", "e3"), ("M", "e6"), ("G", "e9"), ("T", "e12")];
    let with = |digits: &str, exponent: &str| {
        let digits = digits.trim().replace('_', "");
        // What else `f64` reads ("inf", "nan") is no amount.
        let numeric = digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E'));
        let number = format!("{digits}{exponent}").parse::<f64>().ok()?;
        Some(number).filter(|number| numeric && number.is_finite())
    };
    for (unit, size) in BINARY {
        if let Some(digits) = text.strip_suffix(unit) {
            return with(digits, "").map(|number| number * size);
        }
    }
    for (unit, exponent) in DECIMAL {
        if let Some(digits) = text.strip_suffix(unit) {
            return with(digits, exponent);
        }
    }
    with(text, "")
}

pub fn at_least_zero(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<f64> {
    match number(node, problems)? {
        amount if amount >= 0.0 => Some(amount),
        _ => refuse(problems, out_of_range(node, "zero or more")),
    }
}

/// `0.05` or `5%`.
pub fn ratio(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<f64> {
    match number(node, problems)? {
        ratio if (0.0..=1.0).contains(&ratio) => Some(ratio),
        _ => refuse(problems, out_of_range(node, "a share from 0 to 1, or 0% to 100%")),
    }
}

pub fn status(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<u16> {
    match node.scalar().and_then(|text| text.parse().ok()).filter(|code| (100..600).contains(code)) {
        Some(code) => Some(code),
        None => refuse(problems, wrong_type(node, "an HTTP status from 100 to 599")),
    }
}

pub fn port(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<u16> {
    match node.scalar().and_then(|text| text.parse().ok()).filter(|port| *port > 0) {
        Some(port) => Some(port),
        None => refuse(problems, wrong_type(node, "a port from 1 to 65535")),
    }
}

/// `300ms` or `5`: every observation is so; `p95 of 300ms` or `{p95: 300ms}`: that quantile lies there.
pub fn distribution(node: &Node, problems: &mut Vec<Diagnostic>) -> Option<Distribution> {
    const WANTED: &str = "a length or amount, or a quantile such as `p95 of 300ms`";
    let (share, value) = match (node.entries(), node.scalar()) {
        (Some([(quantile, value)]), _) => {
            (quantile.scalar().and_then(quantile_share), value.scalar().and_then(parse_length))
        }
        (_, Some(text)) => match text.split_once(" of ") {
            Some((quantile, value)) => (quantile_share(quantile.trim()), parse_length(value.trim())),
            None => match parse_length(text).filter(|value| *value >= 0.0) {
                Some(value) => return Some(Distribution::Fixed(value)),
                None => return refuse(problems, wrong_type(node, WANTED)),
            },
        },
        _ => (None, None),
    };
    match (share, value.filter(|value| *value > 0.0)) {
        (Some(share), Some(value)) => Some(Distribution::Quantile(share, value)),
        _ => refuse(problems, wrong_type(node, WANTED)),
    }
}

/// p95 is 0.95, p999 is 0.999, p5 is 0.05.
fn quantile_share(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('p')?;
    let valid = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let padding = if digits.len() == 1 { "0" } else { "" };
    format!("0.{padding}{digits}").parse::<f64>().ok().filter(|share| valid && *share > 0.0)
}

/// Seconds, or any other amount.
fn parse_length(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 5] = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3_600.0), ("d", 86_400.0)];
    if let Ok(duration) = Duration::parse(text) {
        return Some(duration.seconds());
    }
    // Prometheus knows no `1.5s`, but people do.
    let fraction = UNITS.iter().find_map(|(unit, size)| {
        let digits =
            text.strip_suffix(unit).filter(|digits| digits.ends_with(|c: char| c.is_ascii_digit()))?;
        Some(parse_number(digits)? * size)
    });
    fraction.or_else(|| parse_number(text))
}

pub fn out_of_range(node: &Node, wanted: &str) -> Diagnostic {
    Diagnostic::error("out-of-range", format!("expected {wanted}"))
        .at(&node.span)
        .label(format!("wanted {wanted}"))
}

pub fn refuse<T>(problems: &mut Vec<Diagnostic>, diagnostic: Diagnostic) -> Option<T> {
    problems.push(diagnostic);
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::documents::yaml;

    #[track_caller]
    fn check<T: PartialEq + std::fmt::Debug>(
        text: &str,
        read: impl Fn(&Node, &mut Vec<Diagnostic>) -> Option<T>,
        expected: Option<T>,
    ) {
        let (node, _) = yaml::read_one(&SourceFile::new("firedrill.yaml", text));
        let mut problems = Vec::new();
        assert_eq!(read(&node.expect("a value"), &mut problems), expected, "{text}");
        assert_eq!(problems.is_empty(), expected.is_some(), "{problems:?}");
    }

    #[test]
    fn amounts_have_units() {
        check("12", number, Some(12.0));
        check("-1_000.5", number, Some(-1000.5));
        check("95%", number, Some(0.95));
        check("8Gi", number, Some(8_589_934_592.0));
        check("4.1G", number, Some(4.1e9));
        check("5m", number, None);
        check("1e3", number, Some(1000.0));
        check("inf", number, None);
        check("1e400", number, None);
        check("twelve", number, None);
        check("105%", ratio, None);
    }

    #[test]
    fn observations_are_fixed_or_have_a_quantile() {
        check("300ms", distribution, Some(Distribution::Fixed(0.3)));
        check("5", distribution, Some(Distribution::Fixed(5.0)));
        check("{p95: 2s}", distribution, Some(Distribution::Quantile(0.95, 2.0)));
        check("{p999: 2s}", distribution, Some(Distribution::Quantile(0.999, 2.0)));
        check("{p5: 10}", distribution, Some(Distribution::Quantile(0.05, 10.0)));
        check("1.5s", distribution, Some(Distribution::Fixed(1.5)));
        check("p99 of 0.5m", distribution, Some(Distribution::Quantile(0.99, 30.0)));
        check("p95 of 20m", distribution, Some(Distribution::Quantile(0.95, 1200.0)));
        check("p95 of -1", distribution, None);
        check("q95 of 1s", distribution, None);
        check("-5", distribution, None);
        check("{p0: 10}", distribution, None);
        check("{p50: 1, p95: 2}", distribution, None);
    }
}
