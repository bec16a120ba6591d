//! A recorded Alertmanager: what 0.25.0 answered about groups and silences after alerts were sent to it.
//!
//! `FIREDRILL_CORPORA` says where the recordings are.

use firedrill::diagnostic::SourceFile;
use firedrill::documents::alertmanager as documents;
use firedrill::labels::Labels;
use firedrill::stack::alertmanager::{MatchType, Matcher, Version};
use firedrill::time::Timestamp;
use firedrill::twin::alertmanager::{Alertmanager, PushedAlert, Silence, Templates};
use serde_json::{Value, json};

use crate::corpora;

#[test]
fn corpora_karma_has_the_same_groups_states_and_reasons() {
    let Some(folder) = corpora::folder("alertmanager/karma") else { return };
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let json = |name: &str| serde_json::from_str::<Value>(&read(name)).unwrap();
    let (sent, silences) = (json("sent.json"), json("v0.25.0-silences.json"));
    let file = SourceFile::new("alertmanager.yml", read("alertmanager.yml"));
    let (config, problems) = documents::read(&file, Version::OLDEST);
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
    let mut recorded = json("v0.25.0-groups.json");
    for group in recorded.as_array_mut().unwrap() {
        for alert in group["alerts"].as_array_mut().unwrap() {
            for instant in ["startsAt", "endsAt", "updatedAt"] {
                alert.as_object_mut().unwrap().remove(instant);
            }
            alert["status"]["silencedBy"].as_array_mut().unwrap().sort_by_key(|id| id.to_string());
        }
    }
    let recorded = list(&recorded);
    assert_eq!(ours.len(), recorded.len());
    for (ours, recorded) in ours.iter().zip(recorded) {
        assert_eq!(ours, recorded);
    }
    println!("alertmanager/karma: {0}/{0} groups", ours.len());
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
