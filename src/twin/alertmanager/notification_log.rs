//! The notification log: what each integration was last told about each group, and whether to tell again.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::time::{Duration, Timestamp};
use crate::timeline::NotifyReason;

#[derive(Clone, Debug)]
pub struct Entry {
    pub at: Timestamp,
    pub firing: Arc<BTreeSet<u64>>,
    pub resolved: Arc<BTreeSet<u64>>,
    expires_at: Timestamp,
}

/// Which integration: the receiver and its place in it.
type Integration = (usize, usize);

#[derive(Clone, Debug, Default)]
pub struct NotificationLog {
    entries: HashMap<(Arc<str>, Integration), Entry>,
}

/// How long Alertmanager keeps anything, unless told otherwise.
const RETENTION: Duration = Duration::from_secs(120 * 3600);

impl NotificationLog {
    pub fn get(&self, group_key: &Arc<str>, integration: Integration) -> Option<&Entry> {
        self.entries.get(&(group_key.clone(), integration))
    }

    pub fn record(
        &mut self,
        group_key: &Arc<str>,
        integration: Integration,
        at: Timestamp,
        alerts: (Arc<BTreeSet<u64>>, Arc<BTreeSet<u64>>),
        repeat_interval: Duration,
    ) {
        let keep = Duration(repeat_interval.0.saturating_mul(2)).min(RETENTION);
        let (firing, resolved) = alerts;
        let entry = Entry { at, firing, resolved, expires_at: at + keep };
        self.entries.insert((group_key.clone(), integration), entry);
    }

    pub fn collect_garbage(&mut self, at: Timestamp) {
        self.entries.retain(|_, entry| entry.expires_at > at);
    }
}

/// Whether an integration must be told, and why.
pub fn reason(
    entry: Option<&Entry>,
    firing: &BTreeSet<u64>,
    resolved: &BTreeSet<u64>,
    send_resolved: bool,
    repeat_interval: Duration,
    at: Timestamp,
) -> Option<NotifyReason> {
    let Some(entry) = entry else {
        return (!firing.is_empty()).then_some(NotifyReason::FirstNotification);
    };
    if !firing.is_subset(&entry.firing) {
        return Some(match entry.firing.is_empty() {
            true => NotifyReason::FirstNotification,
            false => NotifyReason::NewAlertsInGroup,
        });
    }
    if firing.is_empty() {
        // Whether or not resolutions are sent: the log must forget the firing ones.
        return (!entry.firing.is_empty()).then_some(NotifyReason::AllAlertsResolved);
    }
    if send_resolved && !resolved.is_subset(&entry.resolved) {
        return Some(NotifyReason::NewResolvedAlerts);
    }
    (entry.at < at - repeat_interval).then_some(NotifyReason::RepeatIntervalElapsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(logged: Option<(&[u64], &[u64])>, firing: &[u64], resolved: &[u64], after: i64, expected: &str) {
        let set = |ids: &[u64]| -> BTreeSet<u64> { ids.iter().copied().collect() };
        let entry = logged.map(|(firing, resolved)| Entry {
            at: Timestamp(0),
            firing: Arc::new(set(firing)),
            resolved: Arc::new(set(resolved)),
            expires_at: Timestamp(i64::MAX),
        });
        let got = reason(
            entry.as_ref(),
            &set(firing),
            &set(resolved),
            true,
            Duration::from_secs(100),
            Timestamp(after * 1000),
        );
        assert_eq!(got.map_or("nothing", NotifyReason::as_str), expected);
    }

    #[test]
    fn it_tells_what_is_new_and_nothing_twice() {
        check(None, &[1], &[], 0, "first notification");
        check(None, &[], &[1], 0, "nothing");
        check(Some((&[1], &[])), &[1], &[], 10, "nothing");
        check(Some((&[1], &[])), &[1, 2], &[], 10, "new alerts added");
        check(Some((&[1, 2], &[])), &[1], &[2], 10, "some alerts resolved");
        check(Some((&[1], &[2])), &[1], &[2], 10, "nothing");
        check(Some((&[1], &[])), &[], &[1], 10, "all alerts resolved");
        check(Some((&[], &[1])), &[], &[1], 10, "nothing");
        check(Some((&[], &[1])), &[1], &[], 10, "first notification");
    }

    #[test]
    fn it_repeats_only_after_the_interval() {
        check(Some((&[1], &[])), &[1], &[], 100, "nothing");
        check(Some((&[1], &[])), &[1], &[], 101, "repeat interval elapsed");
    }
}
