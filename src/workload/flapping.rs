//! Instances that go down and come back again and again: their next changes are known beforehand, and happen at their
//! very instants however late somebody looks.

use crate::scenario::Outage;
use crate::time::{Duration, Timestamp};
use crate::workload::Workload;
use crate::workload::service::Health;

/// An instance that was last changed `every` before `next`.
#[derive(Clone, Debug)]
pub(super) struct Flap {
    service: usize,
    instance: usize,
    how: Outage,
    every: Duration,
    next: Timestamp,
    down: bool,
}

impl Workload {
    /// When an instance next goes down or comes back by itself.
    pub fn next_flap(&self) -> Option<Timestamp> {
        self.flaps.iter().map(|flap| flap.next).min()
    }

    /// Everything of that kind that happens up to an instant, in its order.
    pub fn flap_until(&mut self, to: Timestamp) {
        while let Some(at) = self.next_flap().filter(|next| *next <= to) {
            for number in 0..self.flaps.len() {
                if self.flaps[number].next == at {
                    self.turn(number, at);
                }
            }
        }
    }

    /// From now on, beginning with going down.
    pub(super) fn begins_to_flap(
        &mut self,
        at: Timestamp,
        (service, instance): (usize, usize),
        how: Outage,
        every: Duration,
    ) {
        self.flaps.push(Flap { service, instance, how, every, next: at, down: false });
        self.turn(self.flaps.len() - 1, at);
    }

    pub(super) fn flaps_no_more(&mut self, service: usize, instances: &[usize]) {
        self.flaps.retain(|flap| flap.service != service || !instances.contains(&flap.instance));
    }

    fn turn(&mut self, number: usize, at: Timestamp) {
        let flap = &mut self.flaps[number];
        flap.down = !flap.down;
        flap.next = at + flap.every;
        let health = if flap.down { Health::of(flap.how) } else { Health::Up };
        let moved = self.services[flap.service].turns_alone(flap.instance, at, health);
        if moved {
            self.memberships.push(at);
        }
    }
}
