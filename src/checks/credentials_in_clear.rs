//! Passwords and tokens written where everybody who reads the documents can use them.

use super::placeholder_receiver::is_password_placeholder;
use super::{Check, Harm, logs};
use crate::diagnostic::{Diagnostic, Span, Spanned};
use crate::stack::wiring::{Setting, Wiring};

pub const CHECK: Check = Check {
    id: "credentials-in-clear",
    harm: Harm::Risk,
    title: "a password stands here in clear",
    explanation: "Whoever reads the repository has it, and changing it means changing the documents. A Secret, a file, \
                  or an environment variable holds it instead.",
    example: "services:\n  grafana:\n    image: grafana/grafana:10.0.0\n    environment:\n    - GF_SECURITY_ADMIN_PASSWORD=admin123\n",
    mended: "services:\n  grafana:\n    image: grafana/grafana:10.0.0\n    environment:\n    - GF_SECURITY_ADMIN_PASSWORD=${GRAFANA_PASSWORD}\n",
    find,
};

const DEFAULTS: [&str; 8] =
    ["admin", "admin123", "password", "prom-operator", "changeme", "secret", "123456", "root"];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut previous: Option<&Setting> = None;
    for setting in &wiring.settings {
        let value = &setting.value;
        // An environment as a list of texts, or of names with values.
        let named = previous
            .filter(|name| setting.path.ends_with("env[].value") && name.path.ends_with("env[].name"));
        match value.value.split_once('=') {
            Some((key, password)) if setting.path.ends_with("environment[]") => {
                let start = value.span.start + value.span.text().find('=').map_or(0, |at| at + 1);
                let span = value.span.file.span(start..start + password.len());
                found.extend(judge(key, &Spanned::new(password.to_owned(), span)));
            }
            _ => {
                let key = named.map_or(setting.key(), |name| name.value.value.as_str());
                found.extend(judge(key, value));
            }
        }
        previous = Some(setting);
    }
    for release in &wiring.releases {
        for (path, value) in &release.values {
            found.extend(judge(path.rsplit('.').next().unwrap_or_default(), value));
        }
    }
    // One that an operator has not made is nobody's, and no secret is out.
    let guessed = (logs::elasticsearch_password_guessed::CHECK.find)(wiring);
    let guessed: Vec<Span> = guessed.into_iter().filter_map(|diagnostic| diagnostic.place).collect();
    let told = found.into_iter().map(|diagnostic| match diagnostic.place.clone() {
        Some(at) if guessed.iter().any(|place| place.same_as(&at)) => {
            diagnostic.follows_from(logs::elasticsearch_password_guessed::CHECK.id, &at)
        }
        _ => diagnostic,
    });
    told.collect()
}

fn judge(key: &str, value: &Spanned<String>) -> Option<Diagnostic> {
    let key = key.to_lowercase();
    let secret = key.ends_with("password") || key.ends_with("passwd") || key.ends_with("secretkey");
    let text = value.value.as_str();
    let elsewhere = text.is_empty() || text.contains(['$', '{', '<']) || text.starts_with("/");
    if !secret || elsewhere {
        return None;
    }
    let default = DEFAULTS.contains(&text.to_lowercase().as_str());
    let (message, label) = match (default, is_password_placeholder(text)) {
        (true, _) => ("a password that everybody tries first stands here in clear", "a default password"),
        (false, true) => ("a password is to be written here in clear", "a placeholder for one"),
        (false, false) => ("a password stands here in clear", "in clear"),
    };
    value.span.conceal();
    Some(
        Diagnostic::warning("", message)
            .at(&value.span)
            .label(label)
            .help("take it from a Secret or a file")
            // What nobody has filled in is no password yet.
            .follows_from("placeholder-receiver", &value.span),
    )
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_password_is_found_wherever_it_stands() {
        let one = |yaml: &str, place: &str| {
            let message = "a password that everybody tries first stands here in clear";
            check("credentials-in-clear", yaml, &[&format!("{place} {message}")]);
        };
        one("```yaml\n# values.yaml\nadminPassword: admin123\n```\n", "3:16");
        one("```sh\nhelm install g grafana/grafana --set adminPassword=admin\n```\n", "2:52");
        one(
            "```yaml\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - env:\n    - name: GF_SECURITY_ADMIN_PASSWORD\n      \
             value: admin\n```\n",
            "8:14",
        );
    }

    #[test]
    fn a_placeholder_is_no_password_yet() {
        let guide = |password: &str| format!("```yaml\n# values.yaml\nadminPassword: {password}\n```\n");
        let id = "credentials-in-clear";
        check(id, &guide("grafana-password"), &["3:16 a password is to be written here in clear"]);
        check(id, &guide("Gr4fana-password"), &["3:16 a password stands here in clear"]);
    }

    #[test]
    fn a_reference_is_no_password() {
        check(
            "credentials-in-clear",
            "```yaml\n# values.yaml\npassword: ${PASSWORD}\npassword_file: /a\n```\n",
            &[],
        );
    }
}
