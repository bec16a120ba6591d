//! How old the processes are when a world begins.
//!
//! `rate` never extrapolates a counter to below zero, so that the rate of a counter that began a minute ago
//! lags behind what happens, and its alert comes later than in production, where counters are old. So a world's
//! processes have run for a week before anything looks at them. A process that restarts is as young as it should be.

use super::Workload;
use super::service::{Own, Service};
use super::spec::ServiceSpec;
use crate::time::{Duration, Timestamp};

/// Long enough that even errors that rise from 0.01% to all of the traffic meet an old counter.
const AGE: Duration = Duration::from_secs(7 * 24 * 3600);

impl Workload {
    /// Services that have behaved at `start` as they do now for as long as matters.
    pub fn long_running(specs: &[ServiceSpec], seed: u64, start: Timestamp) -> Self {
        let mut workload = Workload::new(specs, seed, start);
        workload.long_running_at = Some(start);
        workload.services.iter_mut().for_each(|service| service.grow_old(start));
        workload
    }
}

impl Service {
    /// Lets all that counts have counted at its present rate until now; a counter whose value is given has that.
    pub(super) fn grow_old(&mut self, now: Timestamp) {
        for instance in 0..self.instances.len() {
            self.started(instance, now, now - AGE);
            let mut stated = vec![None; self.series_count()];
            for (own, conduct) in self.metrics.iter().zip(&self.conduct.metrics[instance]) {
                if let Own::Counter(position) = own.what {
                    stated[position] = Some(conduct.value).filter(|value| *value > 0.0);
                }
            }
            for (position, stated) in stated.into_iter().enumerate() {
                if self.restarts_at_zero(position) {
                    self.instances[instance].courses[position].has_counted(now, AGE, stated);
                }
            }
        }
    }
}
