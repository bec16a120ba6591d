//! Versions of the programs that are imitated: as image tags and people write them.

use std::fmt;

use crate::promql::Semantics;

/// `2.45.0`, `v3.1`, `2`: what is not written is zero, but a bare major is its newest minor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub major: u32,
    pub minor: u32,
}

impl Version {
    /// Imitated when nothing says otherwise.
    pub const NEWEST: Version = Version::new(3, u32::MAX);

    pub const fn new(major: u32, minor: u32) -> Self {
        Version { major, minor }
    }

    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let numbers = text.split(['-', '+', '@']).next()?;
        let mut parts = numbers.split('.');
        let major = parts.next()?.parse().ok()?;
        let minor = match parts.next() {
            Some(minor) => minor.parse().ok()?,
            None => u32::MAX,
        };
        match parts.next() {
            Some(patch) if patch.parse::<u32>().is_err() => None,
            _ if parts.next().is_some() => None,
            _ => Some(Version { major, minor }),
        }
    }

    pub fn semantics(self) -> Semantics {
        if self.major < 3 { Semantics::V2 } else { Semantics::V3 }
    }

    /// Names may hold any UTF-8 by default since Prometheus 3.
    pub fn utf8_names(self) -> bool {
        self.major >= 3
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.minor {
            u32::MAX => write!(f, "{}.x", self.major),
            minor => write!(f, "{}.{minor}", self.major),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_people_and_image_tags_write_them() {
        for (text, expected) in [
            ("2.45.0", Some(Version::new(2, 45))),
            ("v2.45.0", Some(Version::new(2, 45))),
            ("v3.1.0-rc.0", Some(Version::new(3, 1))),
            ("2.53", Some(Version::new(2, 53))),
            ("3", Some(Version::NEWEST)),
            ("latest", None),
            ("2.x", None),
            ("", None),
            ("2.1.0.4", None),
        ] {
            assert_eq!(Version::parse(text), expected, "{text}");
        }
    }
}
