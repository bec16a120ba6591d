//! Applying a step's change: what a service does from then on.

use crate::diagnostic::Diagnostic;
use crate::scenario::{Change, Course as Asked, MetricName};
use crate::time::Timestamp;
use crate::workload::course::Shape;
use crate::workload::resolve::{Resolved, Scope, wrong_course};
use crate::workload::service::{Health, MetricConduct, Own, Service};
use crate::workload::{Distribution, Workload};

impl Workload {
    pub(super) fn change(&mut self, at: Timestamp, change: &Change, given: bool) -> Result<(), Diagnostic> {
        self.flap_until(at);
        match self.resolve(change)? {
            Resolved::Service(index, scope) => {
                if matches!(change, Change::Down { .. } | Change::Recovers { .. } | Change::Flaps { .. }) {
                    self.flaps_no_more(index, &scope.instances);
                }
                if let Change::Flaps { how, every, .. } = change {
                    for instance in &scope.instances {
                        self.begins_to_flap(at, (index, *instance), *how, *every);
                    }
                    return Ok(());
                }
                let moved = self.services[index].change(at, change, &scope);
                if moved {
                    self.memberships.push(at);
                }
                if given {
                    self.services[index].make_normal();
                    self.has_always_been(index, at);
                }
            }
            Resolved::Metrics(found) => {
                for (index, series) in found {
                    let service = &mut self.services[index];
                    service.change_metric(at, change, &series)?;
                    if given {
                        service.make_normal();
                        self.has_always_been(index, at);
                    }
                }
            }
        }
        Ok(())
    }

    /// What is given before anything was scraped did not begin just now.
    fn has_always_been(&mut self, service: usize, at: Timestamp) {
        if self.long_running_at == Some(at) {
            self.services[service].grow_old(at);
        }
    }
}

impl Service {
    /// Whether instances entered or left discovery.
    fn change(&mut self, at: Timestamp, change: &Change, scope: &Scope) -> bool {
        let mut moved = false;
        match change {
            Change::Traffic { per_second, .. } if scope.route => {
                let total: f64 = scope.flows.iter().map(|flow| self.flows[*flow].share).sum();
                for flow in &scope.flows {
                    let part = match total > 0.0 {
                        true => self.flows[*flow].share / total,
                        false => 1.0 / scope.flows.len() as f64,
                    };
                    self.conduct.flow_rates[*flow] = Some(per_second * part);
                }
            }
            Change::Traffic { per_second, .. } => {
                self.conduct.per_second = *per_second;
                self.conduct.flow_rates.fill(None);
            }
            Change::Errors { ratio, status, .. } => {
                let status = status.unwrap_or(self.spec().traffic.error_status);
                for instance in &scope.instances {
                    for flow in &scope.flows {
                        let conduct = &mut self.conduct.requests[*instance][*flow];
                        (conduct.errors, conduct.status) = (*ratio, status);
                    }
                }
            }
            Change::Latency { latency, .. } => {
                for instance in &scope.instances {
                    for flow in &scope.flows {
                        self.conduct.requests[*instance][*flow].latency = Distribution::from(*latency);
                    }
                }
            }
            Change::Down { how, .. } => {
                for instance in &scope.instances {
                    moved |= self.turns(*instance, at, Health::of(*how));
                }
            }
            Change::Restarts { .. } => {
                for instance in &scope.instances {
                    self.process_starts(*instance, at);
                }
            }
            Change::Recovers { .. } => {
                for instance in &scope.instances {
                    moved |= self.turns(*instance, at, Health::Up);
                    self.recover(*instance, at);
                }
                if scope.whole {
                    self.conduct.per_second = self.normal.per_second;
                    self.conduct.flow_rates.clone_from(&self.normal.flow_rates);
                }
            }
            Change::Database { runs, .. } => {
                for instance in &scope.instances {
                    self.database_turns(*instance, at, *runs);
                }
            }
            Change::Metric { .. }
            | Change::MetricGone { .. }
            | Change::Flaps { .. }
            | Change::Prometheus(_)
            | Change::Alertmanager(_) => {}
        }
        self.settle(at);
        moved
    }

    fn change_metric(
        &mut self,
        at: Timestamp,
        change: &Change,
        series: &[(usize, usize)],
    ) -> Result<(), Diagnostic> {
        for (instance, own) in series {
            match change {
                Change::Metric { metric, course } => {
                    self.take_course(*instance, *own, at, metric, course)?;
                }
                _ => {
                    self.conduct.metrics[*instance][*own].exported = false;
                    self.settle_metric(*instance, *own, at);
                }
            }
        }
        self.settle(at);
        Ok(())
    }

    fn take_course(
        &mut self,
        instance: usize,
        own: usize,
        at: Timestamp,
        metric: &MetricName,
        course: &Asked,
    ) -> Result<(), Diagnostic> {
        let what = self.metrics[own].what.clone();
        let mut conduct = self.conduct.metrics[instance][own];
        let present = match what {
            Own::Gauge(position) | Own::Counter(position) => self.value(instance, position, at),
            Own::Observed(_) => None,
        }
        .unwrap_or(conduct.value);
        conduct.exported = true;
        match (&what, course) {
            (Own::Observed(_), Asked::PerSecond(rate)) => conduct.per_second = *rate,
            (Own::Observed(_), Asked::Set(value)) => conduct.observed = Distribution::Fixed(*value),
            (Own::Observed(_), Asked::Ramp { .. } | Asked::Noise { .. }) => {}
            (Own::Gauge(_), Asked::Set(value)) => {
                (conduct.value, conduct.per_second, conduct.noise) = (*value, 0.0, 0.0);
            }
            (Own::Gauge(_), Asked::PerSecond(rate)) => {
                (conduct.value, conduct.per_second, conduct.noise) = (present, *rate, 0.0);
            }
            (Own::Gauge(_), Asked::Noise { mean, spread }) => {
                (conduct.value, conduct.per_second, conduct.noise) = (*mean, 0.0, *spread);
            }
            (Own::Counter(position), Asked::Set(value)) => {
                conduct.value = *value;
                let there = Shape::Line { from: *value, per_second: 0.0 };
                self.instances[instance].courses[*position].set(at, there);
            }
            (Own::Counter(_), Asked::PerSecond(rate)) => {
                (conduct.per_second, conduct.noise) = (*rate, 0.0);
            }
            (Own::Counter(_), Asked::Noise { mean, spread }) => {
                (conduct.per_second, conduct.noise) = (*mean, *spread);
            }
            (Own::Gauge(position) | Own::Counter(position), Asked::Ramp { to, over }) => {
                if matches!(what, Own::Counter(_)) && *to < present {
                    return Err(wrong_course(
                        metric,
                        format!("`{}` is a counter: it can't fall from {present} to {to}", metric.name.value),
                    ));
                }
                (conduct.value, conduct.per_second, conduct.noise) = (*to, 0.0, 0.0);
                self.conduct.metrics[instance][own] = conduct;
                self.instances[instance].courses[*position].ramp(at, present, *to, *over);
                return Ok(());
            }
        }
        self.conduct.metrics[instance][own] = conduct;
        self.settle_metric(instance, own, at);
        Ok(())
    }

    /// One instance goes or comes, and the others share its traffic. Whether it entered or left discovery.
    pub(super) fn turns_alone(&mut self, instance: usize, at: Timestamp, health: Health) -> bool {
        let moved = self.turns(instance, at, health);
        self.settle(at);
        moved
    }

    /// Whether that made the instance enter or leave discovery.
    fn turns(&mut self, instance: usize, at: Timestamp, health: Health) -> bool {
        let before = self.health(instance, at);
        if before == health {
            return false;
        }
        if health == Health::Up && before != Health::TimesOut {
            self.process_starts(instance, at);
        }
        self.set_health(instance, at, health);
        before == Health::Vanished || health == Health::Vanished
    }

    /// Of a database that does not answer its exporter says just that.
    fn database_turns(&mut self, instance: usize, at: Timestamp, runs: bool) {
        let Some((up, of_database)) = self.spec().database() else { return };
        for own in 0..self.metrics.len() {
            let name = self.spec().metrics[self.metrics[own].metric].name.value.clone();
            if !name.starts_with(of_database) {
                continue;
            }
            let normal = self.normal.metrics[instance][own];
            let conduct = &mut self.conduct.metrics[instance][own];
            *conduct = match (runs, name == up) {
                (true, _) => normal,
                (false, true) => MetricConduct { value: 0.0, per_second: 0.0, noise: 0.0, ..normal },
                (false, false) => MetricConduct { exported: false, ..normal },
            };
            self.settle_metric(instance, own, at);
        }
    }

    fn recover(&mut self, instance: usize, at: Timestamp) {
        self.conduct.requests[instance].clone_from(&self.normal.requests[instance]);
        for own in 0..self.metrics.len() {
            let normal = self.normal.metrics[instance][own];
            if self.conduct.metrics[instance][own] != normal {
                self.conduct.metrics[instance][own] = normal;
                self.settle_metric(instance, own, at);
            }
        }
    }

    fn make_normal(&mut self) {
        self.normal = self.conduct.clone();
    }
}
