//! Whatever the text, it is a template or refused at a place, and executing it ends.
#![no_main]

use std::sync::LazyLock;

use firedrill::labels::Labels;
use firedrill::stack::{Version, alertmanager};
use firedrill::time::Timestamp;
use firedrill::twin::alertmanager::template::{Data, TemplateAlert, Templates};
use firedrill::twin::prometheus_template::{AlertTemplate, AlertTemplateData};
use libfuzzer_sys::fuzz_target;

static TEMPLATES: LazyLock<Templates> =
    LazyLock::new(|| Templates::new(&[], alertmanager::Version::NEWEST).expect("the defaults"));

fuzz_target!(|text: &str| {
    if let Ok(template) = AlertTemplate::parse("Down", text, Version::NEWEST) {
        let labels = Labels::from_pairs([("job", "api"), ("instance", "api-1:80")]);
        let data =
            AlertTemplateData::new(&labels, &labels, "http://here", 0.07, Timestamp(1_700_000_000_000));
        let query = |_: &str| Ok(vec![(labels.clone(), 3.0), (Labels::empty(), f64::NAN)]);
        template.expand(&data, &query);
    }
    // A copy of its own, so that what was expanded before is not kept.
    let templates = TEMPLATES.clone();
    match templates.check(text) {
        Err((_, at)) => assert!(at <= text.len()),
        Ok(()) => {
            let labels = Labels::from_pairs([("alertname", "Down"), ("cluster", "<eu>")]);
            let alert = TemplateAlert {
                status: "firing".to_owned(),
                labels: labels.clone(),
                annotations: labels.clone(),
                starts_at: Timestamp(1_700_000_000_000),
                ends_at: None,
                generator_url: "http://here".into(),
                fingerprint: "0123456789abcdef".to_owned(),
            };
            let data = Data::new("team", &labels, "http://here", vec![alert]);
            drop(templates.text(text, &data));
            drop(templates.html(text, &data));
        }
    }
});
