//! Whatever the text, it is an Alertmanager configuration or refused with a place; what is accepted can be run.
#![no_main]

use firedrill::documents::alertmanager;
use firedrill::labels::Labels;
use firedrill::stack::alertmanager::Version;
use firedrill::time::Timestamp;
use firedrill::twin::alertmanager::{Alertmanager, PushedAlert, Templates};
use firedrill_fuzz::{file, shown};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for version in [Version::OLDEST, Version::NEWEST] {
        let (config, problems) = alertmanager::read(&file("alertmanager.yml", text), version);
        shown(&problems);
        let Some(config) = config else { continue };
        let mut twin = Alertmanager::new(config, Templates::default(), "http://here", Timestamp(0));
        let labels = Labels::from_pairs([("alertname", "Down"), ("severity", "critical"), ("team", "a")]);
        let alert = PushedAlert {
            labels,
            annotations: Labels::empty(),
            starts_at: None,
            ends_at: None,
            generator_url: "".into(),
        };
        twin.push(Timestamp(0), &[alert]);
        twin.advance(Timestamp(3_600_000));
    }
});
