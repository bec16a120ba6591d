//! `amtool template render` beside the twin's Alertmanager templates.

use std::process::Command;

use firedrill::diagnostic::SourceFile;
use firedrill::labels::Labels;
use firedrill::stack::alertmanager::Version;
use firedrill::time::Timestamp;
use firedrill::twin::alertmanager::template::{Data, TemplateAlert, Templates};

use super::{in_parallel, lines};
use crate::real;

/// Debian's build has the default templates in files; other builds have them within, and nothing here.
const DEBIANS_DEFAULTS: &str = "/usr/share/prometheus/alertmanager/*.tmpl";
const TEAM_FILE: &str = include_str!("team.tmpl");
const CASES: &str = include_str!("alertmanager.txt");
const HTML_CASES: &str = include_str!("html.txt");

/// Every default template that a notification uses.
const DEFAULTS: [&str; 24] = [
    "__alertmanagerURL",
    "__subject",
    "slack.default.title",
    "slack.default.fallback",
    "slack.default.username",
    "slack.default.text",
    "pagerduty.default.description",
    "pagerduty.default.client",
    "pagerduty.default.clientURL",
    "pagerduty.default.instances",
    "opsgenie.default.message",
    "opsgenie.default.description",
    "opsgenie.default.source",
    "wechat.default.message",
    "victorops.default.state_message",
    "victorops.default.entity_display_name",
    "pushover.default.title",
    "pushover.default.message",
    "sns.default.message",
    "telegram.default.message",
    "discord.default.message",
    "webex.default.message",
    "email.default.subject",
    "email.default.html",
];

fn alert(
    status: &str,
    labels: &[(&str, &str)],
    annotations: &[(&str, &str)],
    ends_at: Option<i64>,
) -> TemplateAlert {
    TemplateAlert {
        status: status.to_owned(),
        labels: Labels::from_pairs(labels.iter().copied()),
        annotations: Labels::from_pairs(annotations.iter().copied()),
        starts_at: Timestamp(1_772_352_309_120),
        ends_at: ends_at.map(Timestamp),
        generator_url: "http://prom:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1".into(),
        fingerprint: "00e1aa5d3e6f0fc5".to_owned(),
    }
}

fn firing_and_resolved() -> Data {
    let group = Labels::from_pairs([("alertname", "Down"), ("cluster", "eu")]);
    let api = [("alertname", "Down"), ("cluster", "eu"), ("instance", "api<1>:80"), ("severity", "critical")];
    let web = [("alertname", "Down"), ("cluster", "eu"), ("instance", "web & co"), ("severity", "critical")];
    let db = [("alertname", "Down"), ("cluster", "eu"), ("instance", "db'\"2\""), ("severity", "critical")];
    let text = ("summary", "It's \"down\" <now> + more");
    let alerts = vec![
        alert("firing", &api, &[text, ("runbook", "http://wiki/?p=a b&c=<d>")], None),
        alert("firing", &web, &[text], None),
        alert("resolved", &db, &[text, ("value", "0.05")], Some(1_772_355_909_000)),
    ];
    Data::new("team (a+b)", &group, "http://am.example:9093/x", alerts)
}

fn one_resolved() -> Data {
    let labels = [("alertname", "Lag"), ("team", "data")];
    let alerts = vec![alert("resolved", &labels, &[], Some(1_772_355_909_000))];
    Data::new("ops", &Labels::from_pairs([("team", "data")]), "http://am", alerts)
}

/// The data as the file that `amtool` reads.
fn json(data: &Data, name: &str) -> String {
    let templates = Templates::new(&[], Version::NEWEST).expect("the defaults are well-formed");
    templates.text("{{ toJson . }}", data).unwrap_or_else(|error| panic!("{name}: {error}"))
}

struct Case<'d> {
    text: String,
    data: &'d Data,
    data_file: String,
    is_html: bool,
}

#[test]
fn templates_render_as_amtool_renders_them() {
    if !real::available(&["amtool"]) {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let team_path = folder.path().join("team.tmpl");
    std::fs::write(&team_path, TEAM_FILE).expect("writable");
    let team = SourceFile::new(team_path.to_string_lossy(), TEAM_FILE);
    let templates = Templates::new(&[team], Version(25)).expect("the team's file is well-formed");

    let both = [firing_and_resolved(), one_resolved()];
    let mut cases = Vec::new();
    for (at, data) in both.iter().enumerate() {
        let path = folder.path().join(format!("data{at}.json"));
        std::fs::write(&path, json(data, "data")).expect("writable");
        let mut add = |text: String, is_html: bool| {
            cases.push(Case { text, data, data_file: path.to_string_lossy().into_owned(), is_html });
        };
        for name in DEFAULTS {
            let is_page = name == "email.default.html";
            let data = if name == "pagerduty.default.instances" { ".Alerts.Firing" } else { "." };
            add(format!("{{{{ template \"{name}\" {data} }}}}"), is_page);
        }
        // One set of data suffices for what doesn't depend on it much.
        if at == 0 {
            lines(CASES).into_iter().for_each(|text| add(text, false));
            lines(HTML_CASES).into_iter().for_each(|text| add(text, true));
        }
    }
    assert!(cases.len() >= 200, "only {} cases", cases.len());
    let real = in_parallel(&cases, |case| amtool(case, &team_path.to_string_lossy()));
    let mut differences = Vec::new();
    for (case, real) in cases.iter().zip(real) {
        let ours = match case.is_html {
            true => templates.html(&case.text, case.data),
            false => templates.text(&case.text, case.data),
        };
        // `amtool` gives the data itself where the real program gives a pointer to it.
        let ours = ours.map_err(|error| error.message.replace("*template.Data", "template.Data"));
        if ours != real {
            differences.push(format!("{:?}\n   ours {ours:?}\n   real {real:?}", case.text));
        }
    }
    assert!(differences.is_empty(), "{} differ:\n{}", differences.len(), differences.join("\n"));
}

fn amtool(case: &Case<'_>, team_file: &str) -> Result<String, String> {
    let output = Command::new("amtool")
        .args(["template", "render", "--template.glob", DEBIANS_DEFAULTS, "--template.glob", team_file])
        .args(["--template.data", &case.data_file])
        .args(["--template.type", if case.is_html { "html" } else { "text" }])
        .arg(format!("--template.text={}", case.text))
        .output()
        .expect("amtool runs");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(error.trim_start_matches("amtool: error: ").trim_end_matches('\n').to_owned()),
    }
}
