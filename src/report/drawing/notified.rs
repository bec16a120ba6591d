//! Rows for receivers: each notification a mark at its time.

use std::collections::BTreeMap;

use super::{ROWS, Row, RowCourse, claims, end_of};
use crate::judge::Verdict;
use crate::scenario::{Claim, Scenario};
use crate::time::Timestamp;
use crate::timeline::{Notification, Observed, Outcome, Timeline};

/// Whether the claim is about notifications at all.
pub(super) fn is_about(claim: &Claim) -> bool {
    matches!(claim, Claim::Notified(_) | Claim::NobodyNotified { .. })
}

/// Whether the claim is about this notification.
fn is_told(claim: &Claim, seen: &Notification) -> bool {
    match claim {
        Claim::Notified(claim) => claim.to.is(&seen.receiver, seen.integration, &seen.address),
        Claim::NobodyNotified { but, .. } => {
            !but.iter().any(|to| to.is(&seen.receiver, seen.integration, &seen.address))
        }
        _ => false,
    }
}

/// Whom the failed claims are about, with each time that they were notified.
pub(super) fn rows(scenario: &Scenario, failed: &[&Verdict], timeline: &Timeline) -> Vec<Row> {
    let until = end_of(timeline, failed);
    let mut told: BTreeMap<String, Vec<Timestamp>> = BTreeMap::new();
    for claim in claims(scenario, failed) {
        let before = told.len();
        for seen in &timeline.observations {
            if let Observed::Notification(sent) = &seen.what
                && sent.outcome == Outcome::Delivered
                && is_told(claim, sent)
            {
                let instants = told.entry(format!("{} ({})", sent.receiver, sent.integration)).or_default();
                instants.push(seen.at);
            }
        }
        if let Claim::Notified(claim) = claim
            && told.len() == before
        {
            // Nobody was: an empty row says so.
            let name = [claim.to.receiver.as_ref(), claim.to.address.as_ref()];
            let kind = claim.to.kind.as_ref().map(|kind| kind.value.as_str());
            let name = name.into_iter().flatten().map(|name| name.value.as_str()).next().or(kind);
            let known = told.keys().any(|row| name.is_some_and(|name| row.starts_with(name)));
            if let Some(name) = name.filter(|_| !known) {
                told.insert(name.to_owned(), Vec::new());
            }
        }
    }
    let row = |(label, instants): (String, Vec<Timestamp>)| {
        let legend = if instants.is_empty() { "not notified".to_owned() } else { String::new() };
        Row { label, calm: "", course: RowCourse::Marks(instants), legend, until }
    };
    told.into_iter().take(ROWS).map(row).collect()
}
