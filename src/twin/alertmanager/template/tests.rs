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
        generator_url: "".into(),
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
fn lists_and_maps_are_go_s() {
    check(
        "{{ list }} {{ list \"x\" 1 true }} {{ dict }} {{ dict \"b\" 2 \"a\" \"x\" }}",
        "[] [x 1 true] map[] map[a:x b:2]",
    );
    check(
        "{{ $l := list \"x\" }}{{ $l = append $l \"y\" 2 }}{{ $l }} {{ index $l 2 }} {{ len $l }}",
        "[x y 2] 2 3",
    );
    check(
        "{{ $l := list }}{{ range .Alerts }}{{ $l = append $l (dict \"s\" .Status \"l\" .Labels) }}{{ end }}{{ toJson $l }}",
        r#"[{"l":{"alertname":"Down","severity":"warning"},"s":"firing"}]"#,
    );
    check(
        "{{ dict 1 \"x\" }}",
        "template: :1:3: executing \"\" at <dict 1 \"x\">: error calling dict: dict keys must be strings",
    );
    check(
        "{{ append \"x\" 1 }}",
        "template: :1:10: executing \"\" at <\"x\">: can't handle \"x\" for arg of type []interface {}",
    );
}

#[test]
fn json_is_that_of_go() {
    check(
        "{{ toJson \"<a> & 'b'\" }} {{ toJson 1.50 }} {{ toJson true }} {{ toJson nil }}",
        r#""\u003ca\u003e \u0026 'b'" 1.5 true null"#,
    );
    check(
        "{{ toJson .Alerts.Firing }}",
        r#"[{"status":"firing","labels":{"alertname":"Down","severity":"warning"},"annotations":{},"startsAt":"1970-01-01T00:00:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"","fingerprint":"f"}]"#,
    );
}

#[test]
fn base64_is_that_of_urls() {
    check(
        "{{ base64encode \"a>>b??\" }} {{ base64encode \"\" }}|{{ base64decode \"YT4-Yj8_\" }}",
        "YT4-Yj8_ |a>>b??",
    );
    check(
        "{{ base64decode \"a+/=\" }}",
        "template: :1:3: executing \"\" at <base64decode \"a+/=\">: error calling base64decode: illegal base64 data at input byte 1",
    );
}

#[test]
fn times_are_read_shown_and_moved() {
    check(
        "{{ toDate \"02.01.2006\" \"24.12.2025\" | date \"Mon Jan 2\" }} {{ (toDate \"2006\" \"no\").Year }}",
        "Wed Dec 24 1",
    );
    check(
        "{{ mustToDate \"2006-01-02T15:04\" \"2025-07-01T12:30\" | tz \"Europe/Paris\" }}",
        "2025-07-01 14:30:00 +0200 CEST",
    );
    check(
        "{{ mustToDate \"2006\" \"no\" }}",
        "template: :1:3: executing \"\" at <mustToDate \"2006\" \"no\">: error calling mustToDate: parsing time \"no\" as \"2006\": cannot parse \"no\" as \"2006\"",
    );
    check(
        "{{ range list 0 59.9 60 3600 86400.5 -90 0.25 0.0002 \"7261\" }}{{ humanizeDuration . }};{{ end }}",
        "0s;59.9s;1m 0s;1h 0m 0s;1d 0h 0m 0s;-1m 30s;250ms;200us;2h 1m 1s;",
    );
}

#[test]
fn safe_urls_are_left_as_they_are() {
    let templates = Templates::new(&[], Version::NEWEST).unwrap();
    let html = |text: &str| {
        templates.html(text, &Data::new("r", &Labels::empty(), "http://am", Vec::new())).unwrap()
    };
    assert_eq!(html("<a href=\"/f?{{ \"a=b%20c\" }}\">"), "<a href=\"/f?a%3db%2520c\">");
    assert_eq!(html("<a href=\"/f?{{ \"a=b%20c\" | safeUrl }}\">"), "<a href=\"/f?a=b%20c\">");
}

#[test]
fn functions_are_known_from_the_release_that_brought_them() {
    for (function, since) in [
        ("trimSpace \"\"", 26),
        ("humanizeDuration 1", 28),
        ("safeUrl \"\"", 30),
        ("urlUnescape \"\"", 30),
        ("toJson 1", 30),
        ("list", 32),
        ("dict", 32),
        ("append list", 32),
        ("now", 33),
        ("base64encode \"\"", 34),
        ("routeLabels \"\"", 34),
        ("toDate \"\" \"\"", 34),
    ] {
        let knows = |version| !render(&format!("{{{{ {function} }}}}"), version).contains("not defined");
        assert!(knows(Version(since)) && !knows(Version(since - 1)), "{function}");
    }
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
