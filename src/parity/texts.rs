//! The texts of a message, and when two of them say the same.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex::Regex;
use serde_json::Value;

use crate::timeline::{AlertStatus, Body, Message, Notification};

/// Numbers that differ by no more than this part of themselves say the same: so much one scrape more in its window moves a
/// rate that has just begun to rise.
const NEAR: f64 = 0.2;

/// What differs in every world: instants, and links that have a rule's ranges in them.
const PASSED_OVER: [&str; 4] = ["startsAt", "endsAt", "generatorURL", "externalURL"];

/// Every text of a message by its place in it.
pub fn of(message: &Message) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    match message {
        Message::Mail(mail) => {
            texts.insert("Subject".to_owned(), mail.subject().to_owned());
            texts.insert("to".to_owned(), mail.to.join(", "));
            texts.insert("text".to_owned(), mail.text.clone().unwrap_or_default());
        }
        Message::Http(requests) => {
            for (number, request) in requests.iter().enumerate() {
                let name = if number == 0 { String::new() } else { format!("{number}") };
                match &request.body {
                    Body::Json(value) => json(&name, value, &mut texts),
                    Body::Form(pairs) => {
                        texts.extend(
                            pairs.iter().map(|(key, value)| (format!("{name}.{key}"), value.clone())),
                        );
                    }
                }
            }
        }
    }
    texts.into_iter().map(|(name, text)| (name, plain(&text))).collect()
}

/// How numbers are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    Nearly,
    /// Any is as good as another.
    Any,
}

impl Numbers {
    /// An alert that has resolved shows the value of its last evaluation, which may lie anywhere on the way back.
    pub fn of(notice: &Notification) -> Numbers {
        match notice.alerts.iter().any(|alert| alert.status == AlertStatus::Resolved) {
            true => Numbers::Any,
            false => Numbers::Nearly,
        }
    }
}

/// Word by word the same, but for numbers.
pub fn same(one: &str, other: &str, numbers: Numbers) -> bool {
    let (mut a, mut b) = (one.split_whitespace(), other.split_whitespace());
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == b || near(a, b, numbers) => {}
            _ => return false,
        }
    }
}

fn near(one: &str, other: &str, numbers: Numbers) -> bool {
    let number = |word: &str| -> Option<(f64, String)> {
        let digits: String = word.chars().filter(|c| c.is_ascii_digit() || ".-e".contains(*c)).collect();
        let others: String = word.chars().filter(|c| !(c.is_ascii_digit() || ".-e".contains(*c))).collect();
        Some((digits.parse().ok()?, others))
    };
    match (number(one), number(other)) {
        (Some((a, around)), Some((b, other_around))) => {
            let nearly = || (a - b).abs() <= NEAR * a.abs().max(b.abs());
            around == other_around && (numbers == Numbers::Any || nearly())
        }
        _ => false,
    }
}

fn json(name: &str, value: &Value, texts: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries.iter().filter(|(key, _)| !PASSED_OVER.contains(&key.as_str())) {
                json(&format!("{name}.{key}"), value, texts);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| json(&format!("{name}[{at}]"), value, texts));
        }
        Value::String(text) => drop(texts.insert(name.to_owned(), text.clone())),
        Value::Null => {}
        value => drop(texts.insert(name.to_owned(), value.to_string())),
    }
}

/// Without instants and links.
fn plain(text: &str) -> String {
    static KNOWN: OnceLock<Option<(Regex, Regex)>> = OnceLock::new();
    let known = KNOWN.get_or_init(|| {
        let instant = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( [+-]\d{4} \w+|Z)?( m=\S+)?";
        Some((Regex::new(instant).ok()?, Regex::new(r"https?://\S+/graph\?\S+").ok()?))
    });
    let Some((instant, link)) = known else { return text.to_owned() };
    link.replace_all(&instant.replace_all(text, "<time>"), "<link>").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_and_numbers_nearly() {
        for (one, other, expected) in [
            ("Error rate is 5.2%", "Error rate is 5.3%", true),
            ("Error rate is 5.2%", "Error rate is 8%", false),
            ("api is down", "api is up", false),
            ("5.2%", "5.2s", false),
        ] {
            assert_eq!(same(one, other, Numbers::Nearly), expected, "{one} / {other}");
        }
        assert!(same("Error rate is 5.2%", "Error rate is 8%", Numbers::Any));
        assert!(!same("Error rate is 5.2%", "Error rate is high", Numbers::Any));
        assert_eq!(plain("Time: 2026-01-05 09:06:30 +0000 UTC."), "Time: <time>.");
        assert_eq!(plain("at 2026-11-27T08:53:21.464Z"), "at <time>");
    }
}
