//! The targets that the real Prometheus scrapes: up, down and gone.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::Value;

use super::super::ask::{self, AskError};
use super::super::relay::{instant, labels};
use crate::labels::Labels;
use crate::time::{Duration, Timestamp};
use crate::timeline::{Observation, Observed};
use crate::worlds::clock::Clock;

/// What is known of them so far.
#[derive(Debug, Default)]
pub struct Targets {
    known: BTreeMap<Labels, Target>,
}

#[derive(Debug)]
struct Target {
    up: bool,
    reason: String,
    at: Timestamp,
    gone: bool,
}

/// A scrape target as `/api/v1/targets` has it.
#[derive(Clone, Debug)]
pub struct Scraped {
    pub labels: Labels,
    pub health: String,
    pub error: String,
    pub last: Timestamp,
    pub interval: Duration,
}

/// When and how they are looked at.
pub struct Look {
    pub now: Timestamp,
    pub clock: Clock,
    /// The longest interval between two evaluations.
    pub longest: Duration,
    /// What Prometheus does not name is gone; started anew, it does not know its targets yet.
    pub knows_all: bool,
}

impl Targets {
    /// Takes in samples of `up`: the target, when it was scraped, and whether it was up. Gives the instant up to which
    /// all scrapes have been seen.
    pub fn take(
        &mut self,
        address: SocketAddr,
        mut scrapes: Vec<(Labels, Timestamp, bool)>,
        look: &Look,
        seen: &mut Vec<Observation>,
    ) -> Result<Timestamp, AskError> {
        let Look { now, clock, longest, knows_all } = *look;
        let mut until = now;
        scrapes.sort_by_key(|(_, at, _)| *at);
        let mut changed = Vec::new();
        for (labels, at, up) in scrapes {
            let known = self.known.get(&labels);
            if known.is_some_and(|known| known.at >= at) {
                continue;
            }
            let same = known.is_some_and(|known| known.up == up && !known.gone);
            let reason = known.map(|known| known.reason.clone()).filter(|_| same).unwrap_or_default();
            self.known.insert(labels.clone(), Target { up, reason, at, gone: false });
            if !same {
                changed.push((labels, at, up));
            }
        }
        let overdue = |target: &Target| !target.gone && (now - target.at).0 > longest.0 * 2;
        let look_closer = changed.iter().any(|(_, _, up)| !up) || self.known.values().any(overdue);
        let scraped = if look_closer { targets(address)? } else { Vec::new() };
        for (labels, at, up) in changed {
            let error =
                scraped.iter().find(|target| target.labels == labels).map(|target| target.error.clone());
            let reason = if up { String::new() } else { error.unwrap_or_default() };
            if let Some(target) = self.known.get_mut(&labels) {
                target.reason.clone_from(&reason);
            }
            let what = Observed::Target { labels, up, reason };
            seen.push(Observation { at: clock.at_time_of_day(at), what });
        }
        if !look_closer {
            return Ok(until);
        }
        for (labels, target) in &mut self.known {
            match scraped.iter().find(|scraped| scraped.labels == *labels) {
                // A scrape that has begun and not ended: its sample will bear the time of its beginning.
                Some(scraped) if !target.gone => {
                    let due = target.at + scraped.interval;
                    let is_late = due < until && now - due < scraped.interval;
                    if is_late {
                        until = due;
                    }
                }
                None if knows_all && !target.gone => {
                    target.gone = true;
                    let what = Observed::TargetGone { labels: labels.clone() };
                    seen.push(Observation { at: clock.at_time_of_day(now), what });
                }
                _ => {}
            }
        }
        Ok(until)
    }
}

/// What `/api/v1/targets` knows.
pub fn targets(address: SocketAddr) -> Result<Vec<Scraped>, AskError> {
    let answer = ask::get(address, "/api/v1/targets?state=active")?;
    let targets = answer["data"]["activeTargets"].as_array().into_iter().flatten();
    let target = |target: &Value| Scraped {
        labels: labels(&target["labels"]),
        health: target["health"].as_str().unwrap_or_default().to_owned(),
        error: target["lastError"].as_str().unwrap_or_default().to_owned(),
        last: instant(&target["lastScrape"]).unwrap_or_default(),
        interval: target["scrapeInterval"]
            .as_str()
            .and_then(|text| Duration::parse(text).ok())
            .unwrap_or(Duration::from_secs(60)),
    };
    Ok(targets.map(target).collect())
}
