//! Recorded Alertmanagers: what each version answered about groups and silences after alerts were sent to it.
//!
//! `FIREDRILL_CORPORA` says where the recordings are: folders below `alertmanager/`, each with an `alertmanager.yml`, what was
//! sent (`sent.json`), and answers such as `v0.25.0-groups.json` and `v0.25.0-silences.json`.

use std::path::Path;

use firedrill::diagnostic::SourceFile;
use firedrill::documents::alertmanager as documents;
use firedrill::labels::Labels;
use firedrill::stack::alertmanager::{MatchType, Matcher, Version};
use firedrill::time::Timestamp;
use firedrill::twin::alertmanager::{Alertmanager, PushedAlert, Silence, Templates};
use serde_json::{Value, json};

use crate::corpora;

#[test]
fn corpora_alertmanager_has_the_same_groups_states_and_reasons() {
    let Some(folder) = corpora::folder("alertmanager") else { return };
    let recordings = corpora::files(&folder, "-groups.json");
    assert!(!recordings.is_empty(), "no recording below {}", folder.display());
    for recording in &recordings {
        let groups = check(recording);
        println!("{}: {groups}/{groups} groups", corpora::name_of(recording, &folder));
    }
}

/// How many groups were recorded; the twin has the same.
fn check(recording: &Path) -> usize {
    let read = |name: &str| {
        let path = recording.with_file_name(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let json = |name: &str| serde_json::from_str::<Value>(&read(name)).unwrap();
    let name = recording.file_name().unwrap().to_string_lossy().into_owned();
    let version = name.strip_suffix("-groups.json").unwrap();
    let (sent, silences) = (json("sent.json"), json(&format!("{version}-silences.json")));
    let file = SourceFile::new("alertmanager.yml", read("alertmanager.yml"));
    let minor = version.split('.').nth(1).and_then(|minor| minor.parse().ok()).unwrap_or(Version::OLDEST.0);
    let (config, problems) = documents::read(&file, Version(minor).max(Version::OLDEST));
    let config = config.unwrap_or_else(|| panic!("{problems:?}"));
    let mut twin = Alertmanager::new(config, Templates::default(), "", Timestamp(0));
    let ids: Vec<(String, &Value)> = list(&sent["silences"])
        .iter()
        .map(|silence| (twin.silence(Timestamp(0), self::silence(silence)), silence))
        .collect();
    let alerts: Vec<PushedAlert> = list(&sent["alerts"]).iter().map(alert).collect();
    // They were sent again and again.
    for round in 0..4 {
        twin.push(Timestamp(round * 10_000), &alerts);
        twin.advance(Timestamp(round * 10_000));
    }
    // The recorded ids are random: each silence is known by what it matches.
    let recorded_id = |id: &str| -> String {
        let (_, sent) = ids.iter().find(|(known, _)| known == id).unwrap();
        let same = list(&silences).iter().find(|recorded| recorded["comment"] == sent["comment"]).unwrap();
        text(&same["id"])
    };
    let ours: Vec<Value> = twin
        .groups()
        .iter()
        .map(|group| {
            let alerts = group.alerts.iter().map(|alert| {
                let inhibited_by: Vec<String> = alert.inhibited_by.iter().map(|by| format!("{by:016x}")).collect();
                let mut silenced_by: Vec<String> = alert.silenced_by.iter().map(|id| recorded_id(id)).collect();
                silenced_by.sort();
                let receivers: Vec<Value> = alert.receivers.iter().map(|name| json!({ "name": name })).collect();
                json!({
                    "annotations": alert.annotations,
                    "fingerprint": format!("{:016x}", alert.fingerprint),
                    "receivers": receivers,
                    "status": { "inhibitedBy": inhibited_by, "silencedBy": silenced_by, "state": alert.state() },
                    "generatorURL": &*alert.generator_url,
                    "labels": alert.labels,
                })
            });
            json!({
                "alerts": alerts.collect::<Vec<_>>(),
                "labels": group.labels,
                "receiver": { "name": group.receiver },
            })
        })
        .collect();
    let mut recorded = json(&name);
    for group in recorded.as_array_mut().unwrap() {
        for alert in group["alerts"].as_array_mut().unwrap() {
            for instant in ["startsAt", "endsAt", "updatedAt"] {
                alert.as_object_mut().unwrap().remove(instant);
            }
            alert["status"]["silencedBy"].as_array_mut().unwrap().sort_by_key(|id| id.to_string());
            // From 0.28 on; no configuration here mutes by time.
            if let Some(muted_by) = alert["status"].as_object_mut().unwrap().remove("mutedBy") {
                assert_eq!(muted_by, json!([]));
            }
        }
    }
    let recorded = list(&recorded);
    assert_eq!(ours.len(), recorded.len(), "{name}");
    for (ours, recorded) in ours.iter().zip(recorded) {
        assert_eq!(ours, recorded, "{name}");
    }
    ours.len()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn labels(value: &Value) -> Labels {
    Labels::from_pairs(value.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), text(value))))
}

fn alert(value: &Value) -> PushedAlert {
    PushedAlert {
        labels: labels(&value["labels"]),
        annotations: labels(&value["annotations"]),
        starts_at: None,
        ends_at: None,
        generator_url: text(&value["generatorURL"]).into(),
    }
}

fn silence(value: &Value) -> Silence {
    let matchers = list(&value["matchers"]).iter().map(|matcher| {
        let op = match matcher["isRegex"] == json!(true) {
            true => MatchType::Regexp,
            false => MatchType::Equal,
        };
        Matcher::new(text(&matcher["name"]), op, text(&matcher["value"])).unwrap()
    });
    Silence {
        matchers: matchers.collect(),
        starts_at: Timestamp(0),
        ends_at: Timestamp(i64::MAX),
        comment: text(&value["comment"]),
    }
}
