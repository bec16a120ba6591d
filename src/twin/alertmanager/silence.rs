//! Silences: matchers with a start and an end.

use std::collections::BTreeMap;

use crate::labels::Labels;
use crate::stack::alertmanager::Matcher;
use crate::time::Timestamp;

#[derive(Clone, Debug)]
pub struct Silence {
    pub matchers: Vec<Matcher>,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub comment: String,
}

impl Silence {
    pub fn active(&self, at: Timestamp) -> bool {
        self.starts_at <= at && at < self.ends_at
    }
}

/// All silences by their ids, which count up so that the same story has the same ids.
#[derive(Clone, Debug, Default)]
pub struct Silences {
    by_id: BTreeMap<String, Silence>,
    made: usize,
}

impl Silences {
    pub fn add(&mut self, silence: Silence) -> String {
        self.made += 1;
        let id = format!("silence-{}", self.made);
        self.by_id.insert(id.clone(), silence);
        id
    }

    /// Whether there was such a silence to expire.
    pub fn expire(&mut self, id: &str, at: Timestamp) -> bool {
        let Some(silence) = self.by_id.get_mut(id) else { return false };
        silence.ends_at = silence.ends_at.min(at);
        true
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Silence)> {
        self.by_id.iter().map(|(id, silence)| (id.as_str(), silence))
    }

    /// The silences that mute these labels now.
    pub fn muting(&self, labels: &Labels, at: Timestamp) -> Vec<String> {
        self.iter()
            .filter(|(_, silence)| silence.active(at))
            .filter(|(_, silence)| silence.matchers.iter().all(|matcher| matcher.matches(labels)))
            .map(|(id, _)| id.to_owned())
            .collect()
    }
}
