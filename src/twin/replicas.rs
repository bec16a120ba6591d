//! Several replicas of Prometheus, as Alertmanager sees them: each sends every alert, one a little later than the other.
//!
//! Promises: a replica sees what the first one sees, only later; it differs in one external label, if in any. So what
//! replicas are feared for can be tried: an alert that is told twice since nothing drops their label, one that flaps
//! since one replica resolves it first, alerts that end because no replica is left to send them.

use std::collections::BTreeMap;

use super::rules::SentAlert;
use crate::labels::Labels;
use crate::time::{Duration, Timestamp};

#[derive(Clone, Debug)]
pub struct Replicas {
    /// Whether each is up.
    up: Vec<bool>,
    /// The external label that tells them apart; its value is the replica's number.
    label: Option<String>,
    /// How much later each one sends than the one before.
    apart: Duration,
    /// What is yet to be sent, and by which.
    waiting: BTreeMap<Timestamp, Vec<(usize, SentAlert)>>,
}

/// What one replica sends at one time.
pub struct Sending {
    pub at: Timestamp,
    pub alerts: Vec<(Labels, SentAlert)>,
}

impl Default for Replicas {
    fn default() -> Self {
        Replicas::new(1, None, Duration::ZERO)
    }
}

impl Replicas {
    pub fn new(count: usize, label: Option<String>, apart: Duration) -> Self {
        Replicas { up: vec![true; count], label, apart, waiting: BTreeMap::new() }
    }

    /// The replica of this number, counted from 1, stops or starts; what it had not sent yet is lost.
    pub fn set_up(&mut self, number: usize, up: bool) {
        let Some(place) = number.checked_sub(1).filter(|place| *place < self.up.len()) else { return };
        self.up[place] = up;
        if !up {
            self.waiting.values_mut().for_each(|sent| sent.retain(|(by, _)| *by != place));
        }
    }

    /// Takes what the first replica sends at `at`; the others will send it too.
    pub fn take(&mut self, at: Timestamp, sent: &[SentAlert]) {
        for place in (0..self.up.len()).filter(|place| self.up[*place]) {
            let later = Duration(self.apart.0.saturating_mul(place as i64));
            let shifted = sent.iter().map(|sent| {
                let (starts_at, ends_at) = (sent.starts_at + later, sent.ends_at + later);
                (place, SentAlert { starts_at, ends_at, ..sent.clone() })
            });
            self.waiting.entry(at + later).or_default().extend(shifted);
        }
    }

    /// When something is sent next.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.waiting.keys().next().copied()
    }

    /// What is sent up to `to`, the earliest first, each with what its replica adds to the external labels.
    pub fn due(&mut self, to: Timestamp) -> Option<Sending> {
        let entry = self.waiting.first_entry().filter(|entry| *entry.key() <= to)?;
        let (at, sent) = entry.remove_entry();
        let own = |place: usize| match &self.label {
            Some(label) => Labels::from_pairs([(label.as_str(), (place + 1).to_string())]),
            None => Labels::empty(),
        };
        Some(Sending { at, alerts: sent.into_iter().map(|(place, sent)| (own(place), sent)).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::{ActiveAlert, AlertState};

    fn sent(at: i64) -> SentAlert {
        let alert = ActiveAlert {
            labels: Labels::from_pairs([("alertname", "A")]),
            annotations: Labels::empty(),
            state: AlertState::Firing,
            active_at: Timestamp(at),
            value: 1.0,
        };
        SentAlert { alert, starts_at: Timestamp(at), ends_at: Timestamp(at + 240), expr: String::new() }
    }

    /// `at label: starts-ends` of everything sent up to 1000.
    #[track_caller]
    fn check(replicas: &mut Replicas, expected: &[&str]) {
        let mut got = Vec::new();
        while let Some(sending) = replicas.due(Timestamp(1000)) {
            for (own, sent) in sending.alerts {
                got.push(format!("{} {own}: {}-{}", sending.at.0, sent.starts_at.0, sent.ends_at.0));
            }
        }
        assert_eq!(got, expected);
    }

    #[test]
    fn each_replica_sends_later_than_the_one_before_and_has_a_label_of_its_own() {
        let mut replicas = Replicas::new(3, Some("replica".into()), Duration(15));
        replicas.take(Timestamp(10), &[sent(10)]);
        check(
            &mut replicas,
            &["10 {replica=\"1\"}: 10-250", "25 {replica=\"2\"}: 25-265", "40 {replica=\"3\"}: 40-280"],
        );
    }

    #[test]
    fn a_replica_that_goes_down_loses_what_it_had_not_sent() {
        let mut replicas = Replicas::new(2, None, Duration(15));
        replicas.take(Timestamp(10), &[sent(10)]);
        replicas.set_up(2, false);
        replicas.take(Timestamp(70), &[sent(70)]);
        check(&mut replicas, &["10 {}: 10-250", "70 {}: 70-310"]);
        replicas.set_up(2, true);
        replicas.set_up(3, true);
        replicas.take(Timestamp(130), &[sent(130)]);
        check(&mut replicas, &["130 {}: 130-370", "145 {}: 145-385"]);
    }
}
