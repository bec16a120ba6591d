//! Scraping that stops and goes on: the process ends and starts anew, or stands still for a while.

use super::{ScrapePool, See};
use crate::promql::Storage;
use crate::time::Timestamp;
use crate::workload::Workload;

impl ScrapePool {
    /// The process ends. What it has stored stays as it is: nothing is marked stale.
    pub fn end(&mut self) {
        self.before = None;
        self.state.leaving.clear();
        for run in &mut self.state.runs {
            run.last = None;
            run.exported.forget();
        }
        self.state.direct.iter_mut().for_each(|direct| direct.exported.forget());
    }

    /// The process has started, and knows its targets from `at` on.
    pub fn start(&mut self, at: Timestamp) {
        self.before = None;
        self.state.membership = None;
        self.state.done = Some(at);
    }

    /// The process stood still until `at`. Whatever should have been scraped meanwhile is scraped once, now.
    pub fn go_on(&mut self, at: Timestamp, workload: &Workload, storage: &mut Storage, see: &mut See<'_>) {
        self.before = None;
        let setup = self.setup.clone();
        let state = &mut self.state;
        let since = state.done;
        state.look_up(&setup, at, workload, see);
        state.mark_left(at, storage);
        for run in &mut state.runs {
            if setup.schedule(&run.target).next(setup.start, since) <= at {
                run.scrape(&setup.configs()[run.config], at, workload, storage, see);
            }
        }
        if setup.direct_schedule().next(setup.start, since) <= at {
            state.direct.iter_mut().for_each(|direct| direct.store(at, workload, storage));
        }
        state.done = Some(at);
    }
}
