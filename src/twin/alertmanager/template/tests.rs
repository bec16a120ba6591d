//! What newer versions add, which the installed program can't be asked.

use super::*;
use crate::labels::Labels;
use crate::time::Timestamp;

fn render(text: &str, version: Version) -> String {
    let alert = TemplateAlert {
        status: "firing".into(),
        labels: Labels::from_pairs([("alertname", "Down"), ("severity", "warning")]),
        annotations: Labels::empty(),
        starts_at: Timestamp(0),
        ends_at: None,
        generator_url: String::new(),
        fingerprint: "f".into(),
    };
    let data = Data::new("r", &Labels::from_pairs([("alertname", "Down")]), "http://am", vec![alert])
        .at(Timestamp(90_000))
        .because("first notification");
    let templates = Templates::new(&[], version).unwrap();
    templates.text(text, &data).unwrap_or_else(|error| error.message)
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(render(text, Version::NEWEST), expected, "{text}");
}

#[test]
fn newer_functions_give_what_they_should() {
    check(
        "{{ with index .Alerts 0 }}{{ since .StartsAt }} {{ since .StartsAt | humanizeDuration }}{{ end }}",
        "1m30s 1m 30s",
    );
    check("{{ now | date \"15:04:05\" }} {{ (now | tz \"Europe/Berlin\").Hour }}", "00:01:30 1");
    check(
        "{{ tz \"Nowhere/City\" now }}",
        "template: :1:3: executing \"\" at <tz \"Nowhere/City\" now>: error calling tz: unknown time zone Nowhere/City",
    );
    check("{{ toJson .GroupLabels }} {{ list 1 \"a\" | toJson }}", "{\"alertname\":\"Down\"} [1,\"a\"]");
    check(
        "{{ (dict \"a\" 1).a }} {{ append (list 1) 2 3 | len }} {{ dict 1 }}",
        "template: :1:56: executing \"\" at <dict 1>: error calling dict: dict requires an even number of arguments",
    );
    check("{{ base64encode \"a?b>c\" }} {{ base64decode \"YT9iPmM=\" }}", "YT9iPmM= a?b>c");
    check(
        "{{ urlUnescape \"a%20b+c\" }} {{ trimSpace \" x \" }} {{ .NotificationReason }}",
        "a b c x first notification",
    );
    check(
        "{{ template \"jira.default.priority\" . }} {{ .GroupLabels.Values.Join \"-\" }} {{ .GroupLabels }}",
        "Medium Down alertname=Down",
    );
}

#[test]
fn older_versions_know_less() {
    assert_eq!(render("{{ now }}", Version(32)), "template: :1: function \"now\" not defined");
    assert_eq!(render("{{ .GroupLabels }}", Version(25)), "map[alertname:Down]");
    assert_eq!(
        render("{{ template \"msteams.default.title\" . }}", Version(25)),
        "template: :1:12: executing \"\" at <{{template \"msteams.default.title\" .}}>: \
template \"msteams.default.title\" not defined"
    );
}
