//! A template that no setting and no other template uses. Those that replace a default one are used by it.

use std::collections::BTreeSet;

use regex::Regex;

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::routing::Routing;
use crate::stack::alertmanager::{Setting, Settings};

pub const CHECK: Check = Check {
    id: "template-unused",
    harm: Harm::Style,
    title: "nothing uses a template",
    explanation: "A template is used by the settings of receivers and by other templates. Those that replace one of Alertmanager's own (`slack.default.title`, `__subject`) are used by it.",
    example: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: alertmanager}\ndata:\n  alertmanager.yml: |\n    route: {receiver: team}\n    receivers:\n    - name: team\n      slack_configs:\n      - api_url_file: /etc/alertmanager/slack\n        channel: '#alerts'\n        text: '{{ template \"team.text\" . }}'\n    templates: [/etc/alertmanager/*.tmpl]\n  team.tmpl: |\n    {{ define \"team.text\" }}{{ .CommonAnnotations.summary }}{{ end }}\n    {{ define \"team.titel\" }}{{ .CommonLabels.alertname }}{{ end }}\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n",
    mended: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: alertmanager}\ndata:\n  alertmanager.yml: |\n    route: {receiver: team}\n    receivers:\n    - name: team\n      slack_configs:\n      - api_url_file: /etc/alertmanager/slack\n        channel: '#alerts'\n        text: '{{ template \"team.text\" . }}'\n    templates: [/etc/alertmanager/*.tmpl]\n  team.tmpl: |\n    {{ define \"team.text\" }}{{ .CommonAnnotations.summary }}{{ end }}\n---8<---\n# rules.yml\ngroups:\n- name: api\n  rules:\n  - alert: ApiDown\n    expr: up == 0\n",
    find: |wiring| super::alone(wiring, CHECK.id),
};

pub(super) fn check(routing: &Routing<'_>) -> Vec<Diagnostic> {
    let files = &routing.alertmanager.template_files;
    let (Ok(define), Ok(invoke)) = (
        Regex::new(r#"\{\{-?\s*define\s+["`]([^"`]+)["`]"#),
        Regex::new(r#"\{\{-?\s*(?:template|block)\s+["`]([^"`]+)["`]"#),
    ) else {
        return Vec::new();
    };
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut note = |text: &str| {
        used.extend(invoke.captures_iter(text).map(|found| found[1].to_owned()));
    };
    files.iter().for_each(|file| note(file.text()));
    for integration in routing.alertmanager.receivers.iter().flat_map(|receiver| &receiver.integrations) {
        texts(&integration.settings, &mut note);
    }
    let mut found = Vec::new();
    for file in files {
        for captures in define.captures_iter(file.text()) {
            let Some(name) = captures.get(1) else { continue };
            let replaces_default = name.as_str().starts_with("__") || name.as_str().contains(".default.");
            if !replaces_default && !used.contains(name.as_str()) {
                found.push(
                    Diagnostic::warning(CHECK.id, format!("nothing uses template `{}`", name.as_str()))
                        .at(&file.span(name.range()))
                        .label("defined here")
                        .help(format!("use it in a receiver: `{{{{ template \"{}\" . }}}}`", name.as_str())),
                );
            }
        }
    }
    found
}

/// Every text in some settings.
fn texts(settings: &Settings, note: &mut impl FnMut(&str)) {
    for (_, setting) in settings.iter() {
        match setting {
            Setting::Text(text) => note(text),
            Setting::TextMap(map) => map.values().for_each(|text| note(text)),
            Setting::TextList(list) => list.iter().for_each(|text| note(text)),
            Setting::Json(value) => note(&value.to_string().replace("\\\"", "\"")),
            Setting::Object(inner) => inner.iter().for_each(|(_, setting)| {
                if let Setting::Text(text) = setting {
                    note(text);
                }
            }),
            Setting::List(list) => list.iter().for_each(|inner| {
                inner.iter().for_each(|(_, setting)| {
                    if let Setting::Text(text) = setting {
                        note(text);
                    }
                });
            }),
            Setting::Flag(_) | Setting::Number(_) | Setting::Duration(_) => {}
        }
    }
}
