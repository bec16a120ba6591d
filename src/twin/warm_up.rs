//! How long what is normal goes on before a scenario begins.
//!
//! A rate over five minutes says nothing of normal traffic until that has gone on for five minutes. So the twin begins
//! early enough for the longest window in the stack's rules to be full, and at whole multiples of every interval, so that
//! everything aligned is aligned with the scenario's start.

use super::Setup;
use super::reads::Reads;
use crate::stack::Stack;
use crate::time::Duration;

const SHORTEST: Duration = Duration::from_secs(5 * 60);
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// Intervals that only meet after longer than this are not waited for.
const LONGEST_PERIOD: i64 = 3_600_000;

pub fn warm_up(reads: &[Reads], stack: &Stack, setup: &Setup) -> Duration {
    let reach = reads.iter().map(|reads| reads.reach).max().unwrap_or_default();
    // One more evaluation, so that the first window is not short by one scrape.
    let wanted = (reach + setup.defaults.interval).clamp(SHORTEST, LONGEST);
    let period = period(stack, setup);
    Duration((wanted.0 + period - 1) / period * period)
}

/// The time after which all intervals meet again.
fn period(stack: &Stack, setup: &Setup) -> i64 {
    let scrapes = stack.prometheus.scrape_configs.iter().map(|config| config.scrape_interval);
    let groups = setup.groups.iter().filter_map(|group| group.interval);
    let intervals = scrapes.chain(groups).chain([setup.defaults.interval]);
    intervals.filter(|interval| interval.0 > 0).fold(1, |period, interval| {
        let met = period / greatest_common_divisor(period, interval.0) * interval.0;
        if met <= LONGEST_PERIOD { met } else { period }
    })
}

fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
