//! A mail as its readers see it: encoded words and parts decoded.

use super::base64;
use crate::timeline::Mail;

/// Headers that only machines read, and that differ with every mail.
const TECHNICAL: [&str; 5] =
    ["Message-Id", "Date", "Content-Type", "Mime-Version", "Content-Transfer-Encoding"];

/// Reads a raw mail. What is no multipart mail is all text.
pub fn read(from: String, to: Vec<String>, raw: &str) -> Mail {
    let raw = raw.replace("\r\n", "\n");
    let (head, body) = raw.split_once("\n\n").unwrap_or((&raw, ""));
    let all = headers(head);
    let mut mail = Mail { from, to, headers: Vec::new(), text: None, html: None };
    match parameter(value(&all, "Content-Type"), "boundary") {
        Some(boundary) => {
            // In front of the first mark and behind the last stands nothing that is shown.
            for part in body.split(&format!("--{boundary}")).skip(1).filter(|part| !part.starts_with("--")) {
                let part = part.strip_prefix('\n').unwrap_or(part);
                let (head, text) = part.split_once("\n\n").unwrap_or(("", part));
                add(&mut mail, &headers(head), text.strip_suffix('\n').unwrap_or(text));
            }
        }
        None => add(&mut mail, &all, body),
    }
    mail.headers = all
        .into_iter()
        .filter(|(name, _)| !TECHNICAL.iter().any(|technical| technical.eq_ignore_ascii_case(name)))
        .map(|(name, value)| (name, decode_words(&value)))
        .collect();
    mail
}

fn add(mail: &mut Mail, headers: &[(String, String)], text: &str) {
    let text = match value(headers, "Content-Transfer-Encoding").to_ascii_lowercase().as_str() {
        "quoted-printable" => decode_quoted_printable(&text.replace("=\n", "")),
        "base64" => base64::decode(&text.replace('\n', ""))
            .map_or_else(|| text.to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned()),
        _ => text.to_owned(),
    };
    match value(headers, "Content-Type").to_ascii_lowercase().starts_with("text/html") {
        true => mail.html = Some(text),
        false => mail.text = Some(text),
    }
}

/// Names and values; a line that begins with a blank goes on with the one before.
fn headers(head: &str) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in head.lines() {
        match (line.starts_with([' ', '\t']), headers.last_mut(), line.split_once(':')) {
            (true, Some((_, value)), _) => {
                value.push(' ');
                value.push_str(line.trim());
            }
            (_, _, Some((name, value))) => headers.push((name.to_owned(), value.trim().to_owned())),
            _ => {}
        }
    }
    headers
}

fn value<'h>(headers: &'h [(String, String)], name: &str) -> &'h str {
    let found = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map_or("", |(_, value)| value)
}

/// `multipart/alternative;  boundary=abc`
fn parameter<'v>(value: &'v str, name: &str) -> Option<&'v str> {
    value.split(';').skip(1).find_map(|part| {
        let (known, value) = part.trim().split_once('=')?;
        known.eq_ignore_ascii_case(name).then(|| value.trim_matches('"'))
    })
}

/// `=?utf-8?q?…?=` and `=?utf-8?b?…?=`; words that follow each other are one text.
fn decode_words(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    let mut after_word = false;
    while let Some(start) = rest.find("=?") {
        let Some((decoded, behind)) = word(&rest[start + 2..]) else {
            out.push_str(&rest[..start + 2]);
            rest = &rest[start + 2..];
            after_word = false;
            continue;
        };
        let between = &rest[..start];
        if !(after_word && between.trim().is_empty()) {
            out.push_str(between);
        }
        out.push_str(&decoded);
        rest = behind;
        after_word = true;
    }
    out + rest
}

/// `utf-8?q?…?=`: the text, and what stands behind it.
fn word(text: &str) -> Option<(String, &str)> {
    let (charset, text) = text.split_once('?')?;
    let (encoding, text) = text.split_once('?')?;
    let (encoded, behind) = text.split_once("?=")?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let decoded = match encoding {
        "q" | "Q" => decode_quoted_printable(&encoded.replace('_', " ")),
        "b" | "B" => String::from_utf8_lossy(&base64::decode(encoded)?).into_owned(),
        _ => return None,
    };
    Some((decoded, behind))
}

fn decode_quoted_printable(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *first == b'=') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, subject: &str, text: Option<&str>, html: Option<&str>) {
        let mail = read("a@example.com".into(), vec!["b@example.com".into()], &raw.replace('\n', "\r\n"));
        assert_eq!(mail.subject(), subject);
        assert_eq!((mail.text.as_deref(), mail.html.as_deref()), (text, html));
        assert_eq!(mail.header("Content-Type"), None);
    }

    #[test]
    fn both_parts_and_encoded_words_are_read() {
        check(
            "Subject: =?utf-8?q?[FIRING:1]_Gr=C3=BC=C3=9Fe_?= =?utf-8?q?aus_Kiel?=\nContent-Type: \
             multipart/alternative;  boundary=abc\nDate: today\n\n--abc\nContent-Transfer-Encoding: \
             quoted-printable\nContent-Type: text/plain; charset=UTF-8\n\n50% =3D half, a long =\nline\n--abc\n\
             Content-Transfer-Encoding: base64\nContent-Type: text/html\n\nPGI+\n--abc--\n",
            "[FIRING:1] Grüße aus Kiel",
            Some("50% = half, a long line"),
            Some("<b>"),
        );
    }

    #[test]
    fn a_mail_without_parts_is_all_text() {
        check("Subject: a =?x?= b\n  c\n\nhello\n", "a =?x?= b c", Some("hello\n"), None);
        check("", "", Some(""), None);
    }
}
