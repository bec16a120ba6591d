//! The classic grammar: tolerant of missing quotes, strict about label names.

use super::{MatchType, Matcher, MatcherError};

pub fn parse(text: &str) -> Result<Vec<Matcher>, MatcherError> {
    let text = text.strip_prefix('{').unwrap_or(text);
    let text = text.strip_suffix('}').unwrap_or(text);
    split(text).iter().map(|token| matcher(token)).collect()
}

/// Splits at commas that stand outside of double quotes; what follows the last comma counts only if it is
/// more than white space.
fn split(text: &str) -> Vec<String> {
    let (mut quoted, mut escaped) = (false, false);
    let mut tokens = Vec::new();
    let mut token = String::new();
    for c in text.chars() {
        match c {
            ',' if !quoted => {
                tokens.push(std::mem::take(&mut token));
                continue;
            }
            '"' if escaped => escaped = false,
            '"' => quoted = !quoted,
            '\\' => escaped = !escaped,
            // A quoted comma too: it leaves a pending backslash as it is.
            ',' => {}
            _ => escaped = false,
        }
        token.push(c);
    }
    let rest = token.trim();
    if !rest.is_empty() {
        tokens.push(rest.to_owned());
    }
    tokens
}

fn matcher(token: &str) -> Result<Matcher, MatcherError> {
    let bad = || MatcherError(format!("bad matcher format: {token}"));
    // Go's `\s` is ASCII and has no vertical tab.
    let space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\x0c' | '\r');
    let text = token.trim_start_matches(space);
    let name_end = text
        .char_indices()
        .find(|(at, c)| {
            !(c.is_ascii_alphabetic() || matches!(c, '_' | ':') || (*at > 0 && c.is_ascii_digit()))
        })
        .map_or(text.len(), |(at, _)| at);
    let (name, rest) = text.split_at(name_end);
    let rest = rest.trim_start_matches(space);
    let (op, raw) = [
        ("=~", MatchType::Regexp),
        ("!=", MatchType::NotEqual),
        ("!~", MatchType::NotRegexp),
        ("=", MatchType::Equal),
    ]
    .into_iter()
    .find_map(|(sign, op)| Some((op, rest.strip_prefix(sign)?)))
    .ok_or_else(bad)?;
    if name.is_empty() {
        return Err(bad());
    }
    Matcher::new(name, op, value(raw.trim_matches(space))?)
}

fn value(raw: &str) -> Result<String, MatcherError> {
    let unescaped_quote = || MatcherError(format!("matcher value contains unescaped double quote: {raw}"));
    let (text, mut closing_expected) = match raw.strip_prefix('"') {
        Some(text) => (text, true),
        None => (raw, false),
    };
    let mut out = String::with_capacity(text.len());
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        let last = at + 1 == text.len();
        if std::mem::take(&mut escaped) {
            match c {
                'n' => out.push('\n'),
                '"' | '\\' => out.push(c),
                // A spurious escape: the backslash is itself.
                _ => out.extend(['\\', c]),
            }
            continue;
        }
        match c {
            '\\' if !last => escaped = true,
            '"' if closing_expected && last => closing_expected = false,
            '"' => return Err(unescaped_quote()),
            _ => out.push(c),
        }
    }
    if closing_expected {
        return Err(unescaped_quote());
    }
    Ok(out)
}
