//! Lines of the programs' logs: `name=value` pairs, values in quotes where they need them.

/// The value of a name in a line, without its quotes and escapes.
pub fn value(line: &str, name: &str) -> Option<String> {
    let mut rest = line;
    loop {
        rest = rest.trim_start();
        let (found, after) = rest.split_once('=')?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => {
                let end = closing_quote(quoted)?;
                (&after[..end + 2], &quoted[end + 1..])
            }
            None => {
                let end = after.find(' ').unwrap_or(after.len());
                after.split_at(end)
            }
        };
        if found == name {
            // What Go escapes, JSON does too; anything else is taken as it stands.
            return Some(match value.starts_with('"') {
                true => serde_json::from_str(value).unwrap_or_else(|_| value.trim_matches('"').to_owned()),
                false => value.to_owned(),
            });
        }
        rest = after;
    }
}

fn closing_quote(quoted: &str) -> Option<usize> {
    let mut escaped = false;
    quoted.char_indices().find_map(|(at, c)| match (escaped, c) {
        (true, _) => {
            escaped = false;
            None
        }
        (false, '\\') => {
            escaped = true;
            None
        }
        (false, '"') => Some(at),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_its_name() {
        let line = r#"ts=2026-11-27T08:53:21.464Z level=debug aggrGroup="{}:{alertname=\"B\"}" msg=flushing alerts="[Do wn[5fb791c][active]]""#;
        for (name, expected) in [
            ("ts", Some("2026-11-27T08:53:21.464Z")),
            ("aggrGroup", Some("{}:{alertname=\"B\"}")),
            ("msg", Some("flushing")),
            ("alerts", Some("[Do wn[5fb791c][active]]")),
            ("alertname", None),
        ] {
            assert_eq!(value(line, name).as_deref(), expected, "{name}");
        }
        assert_eq!(value("no pairs here", "msg"), None);
        assert_eq!(value("msg=\"never ends", "msg"), None);
    }
}
