//! Whole results compared as promtool compares them.
//!
//! Label sets and annotations must be equal, not subsets; sample values must be the same number, or with
//! `fuzzy_compare` a neighbouring one. As in promtool, NaN equals nothing, not even NaN.

use crate::labels::Labels;
use crate::scenario::{ExpectedAlert, ExpectedSample};
use crate::timeline::{ActiveAlert, AlertState, SeenSample};

/// One way in which a result is not the expected one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Difference<'a, E, G> {
    /// The index of the expectation, so that it can be pointed at.
    Missing(usize, &'a E),
    Unexpected(&'a G),
}

/// The expected alerts that do not fire, then the firing ones that were not expected.
pub(super) fn alerts<'a>(
    name: &str,
    expected: &'a [ExpectedAlert],
    active: &'a [ActiveAlert],
) -> Vec<Difference<'a, ExpectedAlert, ActiveAlert>> {
    let firing = active.iter().filter(|alert| alert.state == AlertState::Firing).collect();
    differences(expected, firing, |wanted, got| {
        wanted.labels.with("alertname", name) == got.labels && wanted.annotations == got.annotations
    })
}

/// The expected samples that are not in the result, then the samples that were not expected.
pub(super) fn samples<'a>(
    expected: &'a [ExpectedSample],
    got: &'a [SeenSample],
    fuzzy: bool,
) -> Vec<Difference<'a, ExpectedSample, SeenSample>> {
    differences(expected, got.iter().collect(), |wanted, got| {
        wanted.labels == got.labels
            && match (&wanted.histogram, &got.histogram) {
                (None, None) => same_value(wanted.value, got.value, fuzzy),
                (Some(wanted), Some(got)) => same_histogram(wanted, got),
                _ => false,
            }
    })
}

fn differences<'a, E, G>(
    expected: &'a [E],
    mut got: Vec<&'a G>,
    same: impl Fn(&E, &G) -> bool,
) -> Vec<Difference<'a, E, G>> {
    let mut different = Vec::new();
    for (at, wanted) in expected.iter().enumerate() {
        match got.iter().position(|got| same(wanted, got)) {
            Some(found) => {
                got.remove(found);
            }
            None => different.push(Difference::Missing(at, wanted)),
        }
    }
    different.extend(got.into_iter().map(Difference::Unexpected));
    different
}

fn same_value(wanted: f64, got: f64, fuzzy: bool) -> bool {
    wanted == got || fuzzy && (wanted.next_down() == got || wanted.next_up() == got)
}

/// Both are in Prometheus' notation; spaces and the order of the fields are free in what people write.
fn same_histogram(wanted: &str, got: &str) -> bool {
    fn fields(text: &str) -> Vec<String> {
        let inner = text.trim().trim_start_matches("{{").trim_end_matches("}}");
        let mut fields = Vec::new();
        let mut field = String::new();
        let mut depth = 0;
        for c in inner.chars() {
            match c {
                '[' => depth += 1,
                ']' => depth -= 1,
                _ => {}
            }
            if c.is_whitespace() && depth == 0 {
                fields.push(std::mem::take(&mut field));
            } else {
                field.push(if c.is_whitespace() { ' ' } else { c });
            }
        }
        fields.push(field);
        fields.retain(|field| !field.is_empty());
        fields.sort();
        fields
    }
    fields(wanted) == fields(got)
}

/// The nearest of what there is to what was wanted, by how many labels agree.
pub(super) fn nearest<'a, G>(
    wanted: &Labels,
    got: impl Iterator<Item = &'a G>,
    labels: impl Fn(&G) -> &Labels,
) -> Option<&'a G> {
    got.min_by_key(|got| label_differences(wanted, labels(got)).len())
}

/// The labels in which two sets differ, by name: wanted and got.
pub(super) fn label_differences<'a>(
    wanted: &'a Labels,
    got: &'a Labels,
) -> Vec<(&'a str, Option<&'a str>, Option<&'a str>)> {
    let mut names: Vec<&str> = wanted.iter().chain(got.iter()).map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .map(|name| (name, wanted.get(name), got.get(name)))
        .filter(|(_, wanted, got)| wanted != got)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_must_be_the_same_number_or_with_fuzzy_compare_a_neighbour() {
        let check = |wanted: f64, got: f64, plain: bool, fuzzy: bool| {
            assert_eq!(same_value(wanted, got, false), plain, "{wanted} and {got}");
            assert_eq!(same_value(wanted, got, true), fuzzy, "{wanted} and {got}, fuzzy");
        };
        check(0.3, 0.3, true, true);
        check(0.3, 0.1 + 0.2, false, true);
        check(0.3, 0.30000001, false, false);
        check(0.0, -0.0, true, true);
        check(f64::INFINITY, f64::INFINITY, true, true);
        check(f64::NAN, f64::NAN, false, false);
    }

    #[test]
    fn a_histogram_is_the_same_whatever_the_order_of_its_fields() {
        let check = |wanted, got, same| assert_eq!(same_histogram(wanted, got), same);
        check("{{schema:0 count:3 sum:5 buckets:[1 2]}}", "{{count:3 sum:5 buckets:[1 2]  schema:0}}", true);
        check("{{count:3 buckets:[1 2]}}", "{{count:3 buckets:[2 1]}}", false);
    }
}
