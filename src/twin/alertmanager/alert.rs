//! Alerts as Alertmanager keeps them: pushed, merged, resolved by their end.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::labels::Labels;
use crate::time::{Duration, Timestamp};

/// An alert as Prometheus posts it.
#[derive(Clone, Debug, PartialEq)]
pub struct PushedAlert {
    pub labels: Labels,
    pub annotations: Labels,
    pub starts_at: Option<Timestamp>,
    pub ends_at: Option<Timestamp>,
    pub generator_url: Arc<str>,
}

/// What is known of an alert beyond its labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    pub annotations: Labels,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub updated_at: Timestamp,
    /// Its end is `resolve_timeout` after the last push, because the push had none.
    pub timeout: bool,
    pub generator_url: Arc<str>,
}

impl Alert {
    /// As the API takes it in; `None` if it is refused (it ends before it starts).
    pub fn received(pushed: &PushedAlert, at: Timestamp, resolve_timeout: Duration) -> Option<Alert> {
        let starts_at = pushed.starts_at.or(pushed.ends_at).unwrap_or(at);
        let ends_at = pushed.ends_at.unwrap_or(at + resolve_timeout);
        (ends_at >= starts_at).then(|| Alert {
            annotations: pushed.annotations.clone(),
            starts_at,
            ends_at,
            updated_at: at,
            timeout: pushed.ends_at.is_none(),
            generator_url: pushed.generator_url.clone(),
        })
    }

    pub fn resolved(&self, at: Timestamp) -> bool {
        self.ends_at <= at
    }

    /// The two pushes of one alert as one, where their times overlap; otherwise the newer stands alone.
    pub fn after(self, old: &Alert, now: Timestamp) -> Alert {
        let ends_within = self.ends_at > old.starts_at && self.ends_at < old.ends_at;
        let starts_within = self.starts_at > old.starts_at && self.starts_at < old.ends_at;
        match ends_within || starts_within {
            true if self.updated_at < old.updated_at => old.clone().merged(&self, now),
            true => self.merged(old, now),
            false => self,
        }
    }

    fn merged(mut self, old: &Alert, now: Timestamp) -> Alert {
        self.starts_at = self.starts_at.min(old.starts_at);
        let later_end = old.ends_at > self.ends_at;
        let keep_old_end = match self.resolved(now) {
            true => old.resolved(now) && later_end,
            false => later_end && !old.timeout,
        };
        if keep_old_end {
            self.ends_at = old.ends_at;
        }
        self
    }
}

/// The order of alerts in a notification: by job, then instance, then all labels.
pub fn notification_order(a: &Labels, b: &Labels) -> Ordering {
    for name in ["job", "instance"] {
        let order = match (a.get(name), b.get(name)) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) => a.cmp(b),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    label_set_order(a, b)
}

/// Fewer labels first; then by the first name that only one of them has, or whose values differ.
pub fn label_set_order(a: &Labels, b: &Labels) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| {
        let mut pairs = a.iter().zip(b.iter());
        pairs
            .find_map(|((a_name, a_value), (b_name, b_value))| {
                // At the first difference the smaller name is missing in the other set, which comes first.
                let order = b_name.cmp(a_name).then_with(|| a_value.cmp(b_value));
                (order != Ordering::Equal).then_some(order)
            })
            .unwrap_or(Ordering::Equal)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(updated: i64, starts: i64, ends: i64, timeout: bool) -> Alert {
        Alert {
            annotations: Labels::empty(),
            starts_at: Timestamp(starts),
            ends_at: Timestamp(ends),
            updated_at: Timestamp(updated),
            timeout,
            generator_url: "".into(),
        }
    }

    #[track_caller]
    fn check(old: Alert, new: Alert, now: i64, expected: (i64, i64)) {
        let merged = new.after(&old, Timestamp(now));
        assert_eq!((merged.starts_at.0, merged.ends_at.0), expected);
    }

    #[test]
    fn overlapping_pushes_keep_the_earliest_start() {
        check(alert(0, 0, 100, false), alert(50, 40, 150, false), 50, (0, 150));
    }

    #[test]
    fn a_later_end_holds_unless_it_was_a_timeout() {
        check(alert(0, 0, 300, false), alert(50, 40, 150, false), 50, (0, 300));
        check(alert(0, 0, 300, true), alert(50, 40, 150, false), 50, (0, 150));
    }

    #[test]
    fn an_explicit_resolution_wins_over_a_later_end() {
        check(alert(0, 0, 300, false), alert(50, 0, 45, false), 50, (0, 45));
    }

    #[test]
    fn pushes_that_do_not_overlap_stand_alone() {
        check(alert(0, 0, 100, false), alert(200, 200, 500, false), 200, (200, 500));
    }

    #[test]
    fn alerts_are_ordered_by_job_and_instance_first() {
        let labels = |pairs: &[(&'static str, &'static str)]| Labels::from_pairs(pairs.iter().copied());
        let mut all = [
            labels(&[("alertname", "A")]),
            labels(&[("alertname", "A"), ("job", "b"), ("instance", "1")]),
            labels(&[("alertname", "Z"), ("job", "a")]),
            labels(&[("alertname", "B"), ("job", "a"), ("instance", "2")]),
            labels(&[("alertname", "A"), ("x", "1")]),
            labels(&[("alertname", "A"), ("b", "1")]),
        ];
        all.sort_by(notification_order);
        let shown: Vec<String> = all.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                r#"{alertname="B", instance="2", job="a"}"#,
                r#"{alertname="Z", job="a"}"#,
                r#"{alertname="A", instance="1", job="b"}"#,
                r#"{alertname="A"}"#,
                r#"{alertname="A", x="1"}"#,
                r#"{alertname="A", b="1"}"#,
            ]
        );
    }
}
