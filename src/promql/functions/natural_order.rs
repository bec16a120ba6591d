//! The order that `sort_by_label` uses: numbers within texts by their value.

use std::cmp::Ordering;

/// Compares run by run: digits with digits as numbers, anything else as text.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (mut rest_a, mut rest_b) = (a, b);
    loop {
        match (rest_a.is_empty(), rest_b.is_empty()) {
            (true, true) => return a.cmp(b),
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        let (run_a, next_a) = rest_a.split_at(run(rest_a));
        let (run_b, next_b) = rest_b.split_at(run(rest_b));
        let order = match (run_a.parse::<u64>(), run_b.parse::<u64>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            _ => run_a.cmp(run_b),
        };
        if order != Ordering::Equal {
            return order;
        }
        (rest_a, rest_b) = (next_a, next_b);
    }
}

/// The length of the first run of digits, or of anything else.
fn run(text: &str) -> usize {
    let digits = text.starts_with(|c: char| c.is_ascii_digit());
    text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_comes_after_nine() {
        for (smaller, larger) in [("node-9", "node-10"), ("a", "b"), ("a", "a1"), ("1.9", "1.10"), ("", "x")]
        {
            assert_eq!(compare(smaller, larger), Ordering::Less, "{smaller} < {larger}");
            assert_eq!(compare(larger, smaller), Ordering::Greater);
        }
    }
}
