//! Variables in panels that the dashboard does not define.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, nearest};
use crate::stack::wiring::{Dashboard, Wiring};

pub const CHECK: Check = Check {
    id: "variable-undefined",
    harm: Harm::Breaks,
    title: "the dashboard does not define this variable",
    explanation: "`$name` in a query is replaced where `templating` defines `name`. Otherwise it stays as it is written, \
                  and the query selects series whose label is literally `$name`: none.",
    example: "# overview.json\n{\"title\": \"Overview\", \"panels\": [{\"title\": \"Up\", \"targets\": [{\"expr\": \"up{job=\\\"$service\\\"}\"}]}]}\n",
    mended: "# overview.json\n{\"title\": \"Overview\", \"templating\": {\"list\": [{\"name\": \"service\", \"type\": \"query\", \"query\": \"label_values(up, job)\"}]}, \"panels\": [{\"title\": \"Up\", \"targets\": [{\"expr\": \"up{job=\\\"$service\\\"}\"}]}]}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    wiring.grafana.dashboards.iter().flat_map(judge).collect()
}

fn judge(dashboard: &Dashboard) -> Vec<Diagnostic> {
    let mut found: Vec<(String, Diagnostic)> = Vec::new();
    for target in dashboard.panels.iter().flat_map(|panel| &panel.targets) {
        for name in used(&target.text.value) {
            if name.starts_with("__") || dashboard.variables.iter().any(|known| known == name) {
                continue;
            }
            if let Some((_, first)) = found.iter_mut().find(|(known, _)| known == name) {
                first.related.push((target.text.span.clone(), "used here too".to_owned()));
                continue;
            }
            let diagnostic = Diagnostic::error("", format!("this dashboard has no variable `{name}`"))
                .at(&target.text.span)
                .label(format!("`${name}` stays as it is written"));
            let known = dashboard.variables.iter().map(String::as_str);
            let diagnostic = match nearest(name, known) {
                Some(near) => diagnostic.help(format!("did you mean `${near}`?")),
                None => diagnostic.help(format!("define `{name}` under `templating.list`")),
            };
            found.push((name.to_owned(), diagnostic));
        }
    }
    found.into_iter().map(|(_, diagnostic)| diagnostic).collect()
}

/// `$name`, `${name}`, `${name:format}` and `[[name]]`.
fn used(query: &str) -> Vec<&str> {
    let dollars = query.match_indices('$').map(|(at, _)| query[at + 1..].trim_start_matches('{'));
    // `[[` also starts a class of a regular expression, such as `[[:alpha:]]`.
    let brackets = query.match_indices("[[").filter_map(|(at, _)| {
        let (name, _) = query[at + 2..].split_once("]]")?;
        name.chars().all(is_of_name).then_some(name)
    });
    dollars
        .chain(brackets)
        .map(|rest| &rest[..rest.find(|c| !is_of_name(c)).unwrap_or(rest.len())])
        .filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'))
        .collect()
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::used;

    #[test]
    fn variables_are_told_from_what_else_has_a_dollar() {
        for (query, expected) in [
            (r#"a{b="$c", d=~"${e:regex}", f="[[g]]"}"#, &["c", "e", "g"][..]),
            (r#"label_replace(a, "b", "$1", "c", "^(.*)$")"#, &[]),
            (r#"a{b=~"[[:alpha:]]+$"}"#, &[]),
            ("rate(a[$__rate_interval])", &["__rate_interval"]),
        ] {
            assert_eq!(used(query), expected, "{query}");
        }
    }
}
