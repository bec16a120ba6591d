//! A target's series in the storage: their labels, limits, samples and stale markers.

use std::collections::HashSet;
use std::sync::Arc;

use crate::golang::quote;
use crate::labels::{Labels, METRIC_NAME};
use crate::promql::{STALE_NAN, SeriesId, Storage};
use crate::stack::{ScrapeConfig, relabel};
use crate::time::Timestamp;
use crate::workload::{InstanceId, Workload, exposition};

/// What the series of an instance became, by their position there. All instances of a service have the same ones, so
/// an address that several share needs no second list.
#[derive(Clone, Default)]
pub struct Exported {
    service: Option<usize>,
    entries: Arc<Vec<Entry>>,
    /// Changes seldom, and is shared until then.
    flags: Arc<Vec<Flags>>,
    /// Of another service that answered here before: they end with the next samples.
    left: Vec<SeriesId>,
    /// One of the entries is refused.
    refuses: bool,
}

enum Entry {
    Stored(SeriesId),
    /// Became the same series as one that is exposed before it: the first counts.
    Repeated,
    /// By metric relabelling.
    Dropped,
    /// No scrape with it succeeds.
    Refused(String),
}

#[derive(Clone, Copy, Default)]
struct Flags {
    /// In the last scrape.
    present: bool,
    /// In any scrape.
    known: bool,
}

#[derive(Clone, Copy, Default, Debug, PartialEq)]
pub struct Counts {
    pub scraped: usize,
    pub after_relabelling: usize,
    pub added: usize,
}

impl Exported {
    /// Makes sure that every series of the instance has its entry.
    pub fn know(
        &mut self,
        instance: InstanceId,
        workload: &Workload,
        storage: &mut Storage,
        stored: impl Fn(&Labels) -> Result<Option<Labels>, String>,
    ) {
        if self.service != Some(instance.service()) {
            let left = self.present().collect();
            *self = Exported { service: Some(instance.service()), left, ..Exported::default() };
        }
        let count = workload.series_count(instance);
        if self.entries.len() >= count {
            return;
        }
        let mut entries = Vec::with_capacity(count);
        for position in 0..count {
            entries.push(match stored(workload.series_labels(instance, position)) {
                Ok(Some(labels)) => Entry::Stored(storage.series(&labels)),
                Ok(None) => Entry::Dropped,
                Err(reason) => Entry::Refused(reason),
            });
        }
        self.refuses = entries.iter().any(|entry| matches!(entry, Entry::Refused(_)));
        mark_repeated(&mut entries, instance, workload);
        self.entries = Arc::new(entries);
        Arc::make_mut(&mut self.flags).resize(count, Flags::default());
    }

    /// Why none of the scrape's samples may be stored, where a limit says so.
    pub fn refusal(
        &self,
        instance: InstanceId,
        at: Timestamp,
        workload: &Workload,
        sample_limit: u64,
    ) -> Option<(Counts, String)> {
        if sample_limit == 0 && !self.refuses {
            return None;
        }
        let mut is_present = vec![false; self.entries.len()];
        workload.samples(instance, at, |position, _| is_present[position] = true);
        let mut counts = Counts::default();
        for position in exposition::order(workload, instance).into_iter().filter(|at| is_present[*at]) {
            counts.scraped += 1;
            match &self.entries[position] {
                Entry::Stored(_) => {
                    counts.after_relabelling += 1;
                    counts.added += usize::from(!self.flags[position].known);
                }
                Entry::Repeated => counts.after_relabelling += 1,
                Entry::Dropped => {}
                // Prometheus reads no further.
                Entry::Refused(reason) => return Some((counts, reason.clone())),
            }
        }
        let over = sample_limit > 0 && counts.after_relabelling as u64 > sample_limit;
        over.then(|| (counts, "sample limit exceeded".to_owned()))
    }

    /// Stores the instance's samples, and ends the series that are no longer among them.
    pub fn store(
        &mut self,
        instance: InstanceId,
        at: Timestamp,
        workload: &Workload,
        storage: &mut Storage,
    ) -> Counts {
        let mut counts = Counts::default();
        let mut changed: Vec<(usize, bool)> = Vec::new();
        let mut next = 0;
        let (entries, flags) = (&self.entries, &self.flags);
        workload.samples(instance, at, |position, value| {
            let skipped = next..position;
            changed.extend(skipped.filter(|skipped| flags[*skipped].present).map(|skipped| (skipped, false)));
            next = position + 1;
            counts.scraped += 1;
            counts.after_relabelling += usize::from(!matches!(entries[position], Entry::Dropped));
            let Entry::Stored(id) = entries[position] else { return };
            counts.added += usize::from(!flags[position].known);
            if !flags[position].present {
                changed.push((position, true));
            }
            storage.append(id, at, value);
        });
        let rest = next..flags.len();
        changed.extend(rest.filter(|position| flags[*position].present).map(|position| (position, false)));
        // After all samples, as two series may have become one: the storage refuses a marker beside a sample.
        for (position, present) in &changed {
            if let (Entry::Stored(id), false) = (&self.entries[*position], present) {
                storage.append(*id, at, STALE_NAN);
            }
        }
        for id in self.left.drain(..) {
            storage.append(id, at, STALE_NAN);
        }
        if !changed.is_empty() {
            let flags = Arc::make_mut(&mut self.flags);
            for (position, present) in changed {
                flags[position].present = present;
                flags[position].known |= present;
            }
        }
        counts
    }

    /// What a scrape that failed leaves: a stale marker on everything that the last one had.
    pub fn end(&mut self, at: Timestamp, storage: &mut Storage) {
        for id in self.present() {
            storage.append(id, at, STALE_NAN);
        }
        self.left.clear();
        if self.flags.iter().any(|flags| flags.present) {
            Arc::make_mut(&mut self.flags).iter_mut().for_each(|flags| flags.present = false);
        }
    }

    /// Nothing is known any more of what was scraped, as by a process that starts anew.
    pub fn forget(&mut self) {
        self.left.clear();
        if !self.flags.is_empty() {
            Arc::make_mut(&mut self.flags).fill(Flags::default());
        }
    }

    /// What the last scrape stored.
    pub fn present(&self) -> impl Iterator<Item = SeriesId> {
        let of_entries =
            self.entries.iter().zip(self.flags.iter()).filter_map(|(entry, flags)| match entry {
                Entry::Stored(id) if flags.present => Some(*id),
                _ => None,
            });
        of_entries.chain(self.left.iter().copied())
    }
}

/// Relabelling may have made one series of several.
fn mark_repeated(entries: &mut [Entry], instance: InstanceId, workload: &Workload) {
    let id = |entry: &Entry| match entry {
        Entry::Stored(id) => Some(*id),
        _ => None,
    };
    let mut ids: Vec<SeriesId> = entries.iter().filter_map(id).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() == count {
        return;
    }
    let mut seen = HashSet::new();
    for position in exposition::order(workload, instance) {
        if id(&entries[position]).is_some_and(|id| !seen.insert(id)) {
            entries[position] = Entry::Repeated;
        }
    }
}

/// A sample's labels as they are stored: the target's are added, then the job's relabelling and limits apply.
/// `Ok(None)` drops the sample.
pub fn stored_labels(
    exposed: &Labels,
    target: &Labels,
    config: &ScrapeConfig,
) -> Result<Option<Labels>, String> {
    let mut labels = exposed.builder();
    for (name, value) in target.iter() {
        if config.honor_labels {
            if labels.get(name).is_empty() {
                labels.set(name, value);
            }
            continue;
        }
        let own = labels.get(name).to_owned();
        if !own.is_empty() {
            let mut renamed = format!("exported_{name}");
            while !labels.get(&renamed).is_empty() || target.get(&renamed).is_some() {
                renamed.insert_str(0, "exported_");
            }
            labels.set(renamed, own);
        }
        labels.set(name, value);
    }
    let Some(labels) = relabel::apply(&config.metric_relabel_configs, &labels.build()) else {
        return Ok(None);
    };
    if labels.is_empty() {
        return Ok(None);
    }
    if labels.name().is_empty() {
        return Err("missing metric name (__name__ label)".to_owned());
    }
    check_limits(&labels, config)?;
    Ok(Some(labels))
}

fn check_limits(labels: &Labels, config: &ScrapeConfig) -> Result<(), String> {
    let cut = |text: &str| text.chars().take(50).collect::<String>();
    let metric = cut(labels.name());
    let (limit, count) = (config.label_limit, labels.len());
    if limit > 0 && count as u64 > limit {
        return Err(format!(
            "label_limit exceeded (metric: {metric}, number of labels: {count}, limit: {limit})"
        ));
    }
    for (name, value) in labels.iter() {
        let (limit, length) = (config.label_name_length_limit, name.len());
        if limit > 0 && length as u64 > limit {
            let name = cut(name);
            return Err(format!(
                "label_name_length_limit exceeded (metric: {metric}, label name: {name}, length: {length}, limit: {limit})"
            ));
        }
        let (limit, length) = (config.label_value_length_limit, value.len());
        if limit > 0 && length as u64 > limit {
            let (name, value) = (cut(name), quote(&cut(value)));
            return Err(format!(
                "label_value_length_limit exceeded (metric: {metric}, label name: {name}, value: {value}, length: {length}, limit: {limit})"
            ));
        }
    }
    Ok(())
}

/// What Prometheus says of each scrape.
#[derive(Clone, Copy)]
pub struct ReportSeries {
    up: SeriesId,
    duration: SeriesId,
    scraped: SeriesId,
    after_relabelling: SeriesId,
    added: SeriesId,
}

impl ReportSeries {
    pub fn new(target: &Labels, storage: &mut Storage) -> Self {
        let mut series = |name: &str| storage.series(&target.with(METRIC_NAME, name));
        ReportSeries {
            up: series("up"),
            duration: series("scrape_duration_seconds"),
            scraped: series("scrape_samples_scraped"),
            after_relabelling: series("scrape_samples_post_metric_relabeling"),
            added: series("scrape_series_added"),
        }
    }

    pub fn ids(&self) -> [SeriesId; 5] {
        [self.up, self.duration, self.scraped, self.after_relabelling, self.added]
    }

    pub fn store(&self, at: Timestamp, up: bool, seconds: f64, counts: &Counts, storage: &mut Storage) {
        storage.append(self.up, at, f64::from(u8::from(up)));
        storage.append(self.duration, at, seconds);
        storage.append(self.scraped, at, counts.scraped as f64);
        storage.append(self.after_relabelling, at, counts.after_relabelling as f64);
        storage.append(self.added, at, counts.added as f64);
    }
}
