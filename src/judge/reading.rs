//! A message as its reader sees it: the words, without the marks around them.

use serde_json::Value;

use crate::timeline::{Body, Message, Notification};

/// The texts of a notification, each on lines of single-spaced words.
pub(super) fn texts(notification: &Notification) -> Vec<String> {
    let mut texts = Vec::new();
    match &notification.message {
        Some(Message::Mail(mail)) => {
            texts.push(mail.subject().to_owned());
            texts.extend(mail.text.clone());
            texts.extend(mail.html.as_deref().map(without_tags));
        }
        Some(Message::Http(requests)) => {
            for request in requests {
                match &request.body {
                    Body::Json(body) => strings(body, &mut texts),
                    Body::Form(pairs) => texts.extend(pairs.iter().map(|(_, text)| text.clone())),
                }
            }
            for text in &mut texts {
                // Slack's three entities, and what HTML modes of others write.
                *text = without_entities(text);
            }
        }
        None => {}
    }
    let mut texts: Vec<String> = texts.iter().map(|text| spaced(text)).collect();
    texts.retain(|text| !text.is_empty());
    texts.dedup();
    texts
}

/// Whether a reader finds these words, wherever the lines break.
pub(super) fn says(texts: &[String], wanted: &str) -> bool {
    let wanted = one_line(wanted);
    texts.iter().any(|text| one_line(text).contains(&wanted))
}

/// The subject of a mail, or what stands at the top of another message.
pub(super) fn subject(notification: &Notification) -> Option<String> {
    const TITLES: [&str; 9] = [
        "/attachments/0/title",
        "/embeds/0/title",
        "/payload/summary",
        "/description",
        "/title",
        "/message",
        "/entity_display_name",
        "/attachments/0/content/body/0/text",
        "/fields/summary",
    ];
    match notification.message.as_ref()? {
        Message::Mail(mail) => Some(mail.subject().to_owned()),
        Message::Http(requests) => match &requests.first()?.body {
            Body::Json(body) => {
                let title = TITLES.iter().find_map(|path| body.pointer(path)?.as_str())?;
                Some(without_entities(title))
            }
            Body::Form(pairs) => {
                let title = |wanted: &str| pairs.iter().find(|(name, _)| name == wanted);
                title("title").or_else(|| title("Subject")).map(|(_, text)| text.clone())
            }
        },
    }
}

/// Of all lines, the one most like the wanted text.
pub(super) fn nearest_line(texts: &[String], wanted: &str) -> Option<String> {
    let lines = texts.iter().flat_map(|text| text.lines()).map(str::trim).filter(|line| !line.is_empty());
    let likeness = |line: &str| (strsim::sorensen_dice(line, wanted) * 1e6) as i64;
    lines.max_by_key(|line| likeness(line)).filter(|line| likeness(line) > 300_000).map(str::to_owned)
}

/// Where two texts part, word by word: `"5%", not "7%"`.
pub(super) fn word_difference(wanted: &str, got: &str) -> Option<String> {
    let (wanted, got): (Vec<&str>, Vec<&str>) =
        (wanted.split_whitespace().collect(), got.split_whitespace().collect());
    let start = got
        .iter()
        .position(|word| Some(word) == wanted.first())
        .filter(|start| got.len() >= start + wanted.len())?;
    let got = &got[start..start + wanted.len()];
    let differing: Vec<String> = wanted
        .iter()
        .zip(got)
        .filter(|(wanted, got)| wanted != got)
        .map(|(wanted, got)| format!("{got:?} where {wanted:?} is wanted"))
        .collect();
    // Texts that hardly resemble each other are better read as a whole.
    (!differing.is_empty() && differing.len() * 2 <= wanted.len()).then(|| differing.join(", "))
}

fn strings(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings(item, texts)),
        Value::Object(entries) => entries.values().for_each(|entry| strings(entry, texts)),
        _ => {}
    }
}

fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        rest = &rest[open..];
        let name: String = rest[1..].chars().take_while(char::is_ascii_alphanumeric).collect();
        // What these hold is not for readers.
        let hidden = ["style", "script", "head"].iter().find(|hidden| name.eq_ignore_ascii_case(hidden));
        let end = match hidden {
            _ if rest.starts_with("<!--") => rest.find("-->").map(|at| at + 3),
            Some(hidden) => {
                let close = format!("</{hidden}");
                rest.to_ascii_lowercase()
                    .find(&close)
                    .and_then(|at| rest[at..].find('>').map(|end| at + end + 1))
            }
            None => rest.find('>').map(|at| at + 1),
        };
        // Emphasis does not part words; everything else begins something new.
        let inline = ["a", "b", "i", "em", "strong", "span", "code", "u"];
        let closing: String =
            rest[1..].trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        if !inline.iter().any(|tag| closing.eq_ignore_ascii_case(tag)) {
            text.push('\n');
        }
        let Some(end) = end else {
            rest = "";
            break;
        };
        rest = &rest[end..];
    }
    text.push_str(rest);
    without_entities(&text)
}

fn without_entities(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let known = rest[..].find(';').filter(|end| *end <= 8).and_then(|end| {
            let name = &rest[1..end];
            let character = match name {
                "amp" => Some('&'),
                "lt" => Some('<'),
                "gt" => Some('>'),
                "quot" => Some('"'),
                "apos" => Some('\''),
                "nbsp" => Some(' '),
                name => match name.strip_prefix('#')? {
                    hex if hex.starts_with(['x', 'X']) => {
                        u32::from_str_radix(&hex[1..], 16).ok().and_then(char::from_u32)
                    }
                    decimal => decimal.parse().ok().and_then(char::from_u32),
                },
            };
            character.map(|character| (character, end + 1))
        });
        let (character, length) = known.unwrap_or(('&', 1));
        out.push(character);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

/// Single spaces, and no empty lines.
fn spaced(text: &str) -> String {
    let lines = text.lines().map(one_line).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_read_without_its_tags_and_entities() {
        for (html, expected) in [
            ("<p>Error rate is <b>8.1%</b></p><p>Act</p>", "Error rate is 8.1%\nAct"),
            ("<html><head><title>x</title></head><style>p {}</style>a &lt; b &amp;&#39;c&#39;", "a < b &'c'"),
            ("a < b", "a"),
            ("<!-- hidden > --> shown", "shown"),
            ("AT&T &unknown; &", "AT&T &unknown; &"),
        ] {
            assert_eq!(spaced(&without_tags(html)), expected, "{html}");
        }
    }

    #[test]
    fn words_are_found_across_line_breaks() {
        let texts = vec![spaced("Error rate\n  is 8%")];
        assert!(says(&texts, "rate is 8%"));
        assert!(!says(&texts, "rate is 9%"));
    }

    #[test]
    fn texts_are_compared_word_by_word() {
        let check = |wanted, got, expected: Option<&str>| {
            assert_eq!(word_difference(wanted, got).as_deref(), expected);
        };
        let got = "X: API error rate is above 7%";
        check("API error rate is above 5%", got, Some(r#""7%" where "5%" is wanted"#));
        check("the disk is full", got, None);
    }
}
