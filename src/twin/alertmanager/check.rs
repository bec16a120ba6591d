//! What is wrong with a configuration's templates, told before anything runs.
//!
//! Alertmanager refuses a template file that it can't read, so that is an error. What a receiver's setting says it first
//! reads when it notifies: a broken one passes every check of the real program and then loses the notification.
//! Here it is a warning at its place.

use crate::diagnostic::{Diagnostic, Span};
use crate::stack::alertmanager::{Alertmanager, Setting, Settings};

use super::template::{TemplateError, Templates};

pub fn templates(config: &Alertmanager) -> Vec<Diagnostic> {
    let templates = match Templates::new(&config.template_files, config.version) {
        Ok(templates) => templates,
        Err(error) => return vec![unreadable(&error)],
    };
    let mut problems = Vec::new();
    for receiver in &config.receivers {
        for integration in &receiver.integrations {
            let mut check =
                Check { templates: &templates, receiver: &receiver.name.value, problems: &mut problems };
            check.settings(&integration.settings);
        }
    }
    problems.sort_by_key(|problem| problem.place.as_ref().map(|place| place.start));
    problems
}

/// A template file that Alertmanager does not start with.
pub fn unreadable(error: &TemplateError) -> Diagnostic {
    let problem = Diagnostic::error("bad-template", error.message.as_str());
    match &error.place {
        Some(place) => problem.at(place).label("Alertmanager stops here"),
        None => problem,
    }
}

struct Check<'c> {
    templates: &'c Templates,
    receiver: &'c str,
    problems: &'c mut Vec<Diagnostic>,
}

impl Check<'_> {
    fn settings(&mut self, settings: &Settings) {
        for (key, setting) in settings.iter() {
            // What the configuration does not say itself is a default, and those are right.
            let Some(place) = settings.place(key) else { continue };
            // HTTP settings are no templates.
            if key == "http_config" {
                continue;
            }
            match setting {
                Setting::Text(text) => self.text(text, place),
                Setting::TextList(list) => list.iter().for_each(|text| self.text(text, place)),
                Setting::TextMap(map) => map.values().for_each(|text| self.text(text, place)),
                Setting::Json(json) => self.json(json, place),
                Setting::Object(object) => self.settings(object),
                Setting::List(list) => list.iter().for_each(|item| self.settings(item)),
                Setting::Flag(_) | Setting::Number(_) | Setting::Duration(_) => {}
            }
        }
    }

    fn json(&mut self, json: &serde_json::Value, place: &Span) {
        match json {
            serde_json::Value::String(text) => self.text(text, place),
            serde_json::Value::Array(items) => items.iter().for_each(|item| self.json(item, place)),
            serde_json::Value::Object(entries) => entries.values().for_each(|entry| self.json(entry, place)),
            _ => {}
        }
    }

    fn text(&mut self, text: &str, place: &Span) {
        let Err((message, at)) = self.templates.check(text) else { return };
        let receiver = self.receiver;
        self.problems.push(
            Diagnostic::warning("bad-template", message)
                .at(&within(place, text, at))
                .label("not a template")
                .because(format!(
                    "Alertmanager starts with it, and every notification of receiver `{receiver}` that needs it fails"
                )),
        );
    }
}

/// The place in the file of a byte of the text, where the text's line stands in the file as it is.
fn within(place: &Span, text: &str, at: usize) -> Span {
    let at = text.floor_char_boundary(at);
    let begin = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    let line = &text[begin..end];
    let indented = line.len() - line.trim_start().len();
    let line = line.trim();
    if line.is_empty() {
        return place.clone();
    }
    let Some(found) = place.text().find(line) else { return place.clone() };
    let start = place.start + found + (at - begin).saturating_sub(indented).min(line.len());
    let here = &place.file.text()[start..];
    let width = here.chars().next().filter(|c| *c != '\n').map_or(0, char::len_utf8);
    place.file.span(start..start + width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::documents::alertmanager;
    use crate::stack::alertmanager::Version;

    #[track_caller]
    fn check(settings: &str, expected: &[(&str, usize, &str)]) {
        let text = format!(
            "route: {{receiver: chat}}\nreceivers:\n- name: chat\n  slack_configs:\n  - api_url: http://a\n{settings}"
        );
        let file = SourceFile::new("alertmanager.yml", text);
        let (config, problems) = alertmanager::read(&file, Version(25));
        let config = config.unwrap_or_else(|| panic!("{problems:?}"));
        let got: Vec<(String, usize, String)> = templates(&config)
            .iter()
            .map(|problem| {
                let place = problem.place.as_ref().expect("a place");
                let rest = place.file.text()[place.start..].chars().take(8).collect();
                (problem.message.clone(), place.line(), rest)
            })
            .collect();
        let expected: Vec<(String, usize, String)> = expected
            .iter()
            .map(|(message, line, rest)| (message.to_string(), *line, rest.to_string()))
            .collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn a_setting_that_is_no_template_is_warned_of_at_its_place() {
        check("    title: '{{ .Status }}'\n", &[]);
        check(
            "    title: 'a {{ .Status | toJson }}'\n",
            &[("template: :1: function \"toJson\" not defined", 6, "toJson }")],
        );
        check(
            "    text: |\n      {{ range .Alerts }}\n      {{ .Labels.a } }\n      {{ end }}\n",
            &[("template: :2: unexpected \"}\" in operand", 8, "} }\n    ")],
        );
        check(
            "    fields: [{title: '{{ if }}', value: b}]\n",
            &[("template: :1: missing value for if", 6, "}}', val")],
        );
    }
}
