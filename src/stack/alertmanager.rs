//! Alertmanager's configuration as one typed model: what the documents mean after defaults, inheritance
//! and the fallbacks to `global` have been applied.
//!
//! Everything that a notification needs stands here; nothing here knows the file it came from except by
//! [`Span`], and nothing here runs.

mod labels;
mod matcher;
mod receiver;
mod time_interval;

use std::fmt;

use crate::diagnostic::{SourceFile, Span, Spanned};
use crate::labels::Labels;
use crate::time::Duration;

pub use labels::{fingerprint, go_label_set};
pub use matcher::{Grammar, MatchType, Matcher, MatcherError, parse_matchers};
pub use receiver::{Integration, IntegrationKind, Receiver, Setting, Settings};
pub use time_interval::{
    InclusiveRange, TimeInterval, TimeRange, day_range, minutes, month_range, weekday_range, year_range,
};

/// A team's Alertmanager, read.
#[derive(Clone, Debug)]
pub struct Alertmanager {
    pub place: Span,
    pub version: Version,
    pub resolve_timeout: Duration,
    pub route: Route,
    pub receivers: Vec<Receiver>,
    pub inhibit_rules: Vec<InhibitRule>,
    /// `time_intervals` and the older `mute_time_intervals`, by name.
    pub time_intervals: Vec<NamedTimeInterval>,
    /// Globs as they are written, relative to the configuration's own folder.
    pub templates: Vec<Spanned<String>>,
    /// `--web.external-url`, where links in notifications lead.
    pub external_url: String,
    /// The files that the globs found, in the order in which Alertmanager reads them.
    pub template_files: Vec<SourceFile>,
}

impl Alertmanager {
    pub fn receiver(&self, name: &str) -> Option<&Receiver> {
        self.receivers.iter().find(|receiver| receiver.name.value == name)
    }

    pub fn time_interval(&self, name: &str) -> Option<&NamedTimeInterval> {
        self.time_intervals.iter().find(|interval| interval.name.value == name)
    }
}

/// A release of Alertmanager, by its minor number: behaviour and configuration changed at these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16);

impl Version {
    /// The oldest release that is imitated.
    pub const OLDEST: Version = Version(25);
    pub const NEWEST: Version = Version(34);

    /// `0.25.0`, `v0.27`, or an image tag such as `v0.26.0-rc.1`; what is older than 0.25 or newer than we
    /// know counts as the nearest we imitate.
    pub fn parse(text: &str) -> Option<Version> {
        let mut parts = text.trim_start_matches('v').split('.');
        let (major, minor) = (parts.next()?, parts.next()?);
        let digits: String = minor.chars().take_while(char::is_ascii_digit).collect();
        let (major, minor) = (major.parse::<u16>().ok()?, digits.parse::<u16>().ok()?);
        Some(match major {
            0 => Version(minor).clamp(Version::OLDEST, Version::NEWEST),
            _ => Version::NEWEST,
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0.{}", self.0)
    }
}

/// A node of the routing tree, with what it inherits filled in.
#[derive(Clone, Debug)]
pub struct Route {
    pub place: Span,
    pub receiver: Spanned<String>,
    /// As Alertmanager sorts them: by name, value, then operator.
    pub matchers: Vec<Spanned<Matcher>>,
    pub group_by: GroupBy,
    pub group_wait: Duration,
    pub group_interval: Duration,
    pub repeat_interval: Duration,
    /// Not inherited.
    pub mute_time_intervals: Vec<Spanned<String>>,
    /// Not inherited.
    pub active_time_intervals: Vec<Spanned<String>>,
    /// Its own and those of the routes above it; values are templates. They match nothing.
    pub labels: Labels,
    /// Whether the next sibling may try too after this route has matched.
    pub continues: bool,
    pub routes: Vec<Route>,
}

impl Route {
    /// This node and all below it, depth first, as Alertmanager walks them.
    pub fn walk<'r>(&'r self, visit: &mut dyn FnMut(&'r Route)) {
        visit(self);
        for route in &self.routes {
            route.walk(visit);
        }
    }

    /// `{severity="critical"}`: the route's own part of the group keys.
    pub fn matchers_text(&self) -> String {
        let matchers: Vec<String> = self.matchers.iter().map(|matcher| matcher.value.to_string()).collect();
        format!("{{{}}}", matchers.join(","))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum GroupBy {
    /// `...`: every label, so that each alert is a group of its own.
    All,
    Labels(Vec<String>),
}

#[derive(Clone, Debug)]
pub struct InhibitRule {
    pub place: Span,
    pub name: Option<String>,
    pub source: Vec<Matcher>,
    pub target: Vec<Matcher>,
    pub equal: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct NamedTimeInterval {
    pub name: Spanned<String>,
    /// Any of them.
    pub intervals: Vec<TimeInterval>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_an_image_tag() {
        for (text, expected) in [
            ("0.25.0", Some(Version(25))),
            ("v0.27.0-rc.0", Some(Version(27))),
            ("v0.31", Some(Version(31))),
            ("v0.16.2", Some(Version::OLDEST)),
            ("v0.99.0", Some(Version::NEWEST)),
            ("1.0.0", Some(Version::NEWEST)),
            ("latest", None),
        ] {
            assert_eq!(Version::parse(text), expected, "{text}");
        }
    }
}
