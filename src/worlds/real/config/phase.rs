//! When, within its interval, the real Prometheus evaluates a group: at an offset that it takes from a hash of the
//! group's file and name.
//!
//! The twin evaluates all groups in step. Here a file gets a name in whose hashes its groups are in step too, as far
//! as such a name can be found.

use crate::promql::functions::xxhash::xxhash64;
use crate::stack::Version;

/// A group, and its interval in nanoseconds.
pub type Group<'g> = (&'g str, u64);

/// More names than these are not tried.
const MOST: u32 = 3_000_000;

/// Of the paths that `path` gives for numbers, the first in which every group is evaluated within `tolerance`
/// nanoseconds after `wanted` (counted in its interval); else the one that comes nearest.
pub fn path(
    path: impl Fn(u32) -> String,
    groups: &[Group<'_>],
    version: Version,
    wanted: u64,
    tolerance: u64,
) -> String {
    let mut best = (u64::MAX, 0);
    for number in 0..MOST {
        let candidate = path(number);
        let mut late = 0;
        for (name, interval) in groups {
            let offset = hash(version, &candidate, name) % interval;
            late = late.max((offset + interval - wanted % interval) % interval);
            if late >= best.0 {
                break;
            }
        }
        if late < best.0 {
            best = (late, number);
        }
        if best.0 <= tolerance {
            break;
        }
    }
    path(best.1)
}

/// How Prometheus hashes the labels `file` and `name`.
fn hash(version: Version, file: &str, group: &str) -> u64 {
    let mut bytes = Vec::with_capacity(file.len() + group.len() + 16);
    let pairs = [("file", file), ("name", group)];
    for text in pairs.into_iter().flat_map(|(name, value)| [name, value]) {
        // Releases from 2.44 on keep labels in one string, each text behind its length.
        if version >= Version::new(2, 44) {
            length(text.len(), &mut bytes);
            bytes.extend(text.as_bytes());
        } else {
            bytes.extend(text.as_bytes());
            bytes.push(0xff);
        }
    }
    xxhash64(&bytes)
}

/// As one byte, or as a mark and three.
fn length(length: usize, bytes: &mut Vec<u8>) {
    match u8::try_from(length).ok().filter(|length| *length < 255) {
        Some(length) => bytes.push(length),
        None => bytes.extend([255, length as u8, (length >> 8) as u8, (length >> 16) as u8]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_that_puts_all_groups_in_step() {
        let version = Version::new(2, 42);
        let interval = 250_000_000;
        let groups = [("api", interval), ("database", 2 * interval)];
        let found = path(|n| format!("/rules/{n}.yml"), &groups, version, 40_000_000, 10_000_000);
        for (name, interval) in groups {
            let offset = hash(version, &found, name) % interval;
            assert!((40_000_000..=50_000_000).contains(&offset), "{name} of {found} is at {offset}");
        }
    }
}
