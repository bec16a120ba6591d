//! Prometheus that ends, starts anew or stands still, in virtual time.
//!
//! A process that starts anew has its storage and nothing else; its targets and Alertmanagers it hears of a little
//! later. One that stood still knows everything and is late: it evaluates what was due last, with its time, and scrapes.

use super::rules::Ground;
use super::{Source, Twin};
use crate::scenario::Operation;
use crate::time::Duration;
use crate::worlds::WorldError;

/// Discovery hands on what it finds every so often, the first time after as long.
const DISCOVERED: Duration = Duration::from_secs(5);

impl Twin {
    pub(super) fn operate(&mut self, operation: Operation) -> Result<(), WorldError> {
        let Some(life) = self.life.after(operation) else {
            return Err(WorldError::Failed("this can't happen to Prometheus now".into()));
        };
        self.forget_ahead()?;
        match operation {
            Operation::Stop | Operation::Kill => {
                self.groups.iter_mut().for_each(super::GroupRun::end);
                self.scraping()?.pool.end();
            }
            Operation::Start => {
                let from = self.now + DISCOVERED;
                self.scraping()?.pool.start(from);
                if let Some(alerting) = &mut self.alerting {
                    alerting.heard_of_at(from);
                }
            }
            Operation::Pause => self.paused_at = self.now,
            Operation::Resume => {
                self.evaluate_missed();
                self.scrape_missed();
                self.forget_ahead()?;
            }
        }
        self.life = life;
        Ok(())
    }

    /// Each group that missed evaluations has one, of the time of the last that was due.
    fn evaluate_missed(&mut self) {
        let now = self.now;
        let seen = self.timeline.observations.len();
        let mut sent = Vec::new();
        for group in &mut self.groups {
            if group.next_due(self.paused_at) > now {
                continue;
            }
            let mut ground = Ground {
                evaluator: &mut self.evaluator,
                storage: &mut self.storage,
                timeline: &mut self.timeline,
                writes_alert_series: self.watching.reads_alert_series(),
                sent: (self.sends && self.alerting.is_some()).then_some(&mut sent),
            };
            group.evaluate(group.last_due(now), &mut ground);
        }
        // It happens now, whatever time it counts as.
        self.timeline.observations[seen..].iter_mut().for_each(|observation| observation.at = now);
        if let Some(alerting) = &mut self.alerting {
            alerting.push(now, &sent);
        }
    }

    fn scrape_missed(&mut self) {
        let Source::Scraped(scraping) = &mut self.source else { return };
        let timeline = &mut self.timeline;
        let mut see = |at, what| timeline.push(at, what);
        scraping.pool.go_on(self.now, &scraping.workload, &mut self.storage, &mut see);
    }
}
