//! Go's `strconv.Quote` (`%q`) and `strconv.Unquote`.

use std::sync::OnceLock;

use regex::Regex;

/// The text in double quotes, escaped as Go escapes it.
pub fn quote(text: &str) -> String {
    quote_with(text, '"', false)
}

/// `strconv.QuoteToASCII`: everything beyond ASCII is escaped.
pub fn quote_to_ascii(text: &str) -> String {
    quote_with(text, '"', true)
}

/// `strconv.QuoteRune`.
pub fn quote_char(c: char) -> String {
    quote_with(c.encode_utf8(&mut [0; 4]), '\'', false)
}

/// As [`quote`], of bytes that need not be UTF-8: what isn't is written as `\xff`.
pub fn quote_bytes(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        chunk.valid().chars().for_each(|c| push_escaped(&mut out, c, '"', false));
        chunk.invalid().iter().for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
    }
    out.push('"');
    out
}

fn quote_with(text: &str, mark: char, is_ascii_only: bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(mark);
    text.chars().for_each(|c| push_escaped(&mut out, c, mark, is_ascii_only));
    out.push(mark);
    out
}

fn push_escaped(out: &mut String, c: char, mark: char, is_ascii_only: bool) {
    match c {
        '\\' => out.push_str("\\\\"),
        c if c == mark => {
            out.push('\\');
            out.push(c);
        }
        ' '..='~' => out.push(c),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{7}' => out.push_str("\\a"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\u{b}' => out.push_str("\\v"),
        c if c.is_ascii() => out.push_str(&format!("\\x{:02x}", c as u32)),
        c if !is_ascii_only && is_print(c) => out.push(c),
        c if (c as u32) < 0x10000 => out.push_str(&format!("\\u{:04x}", c as u32)),
        c => out.push_str(&format!("\\U{:08x}", c as u32)),
    }
}

/// Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the plain space.
pub fn is_print(c: char) -> bool {
    if c.is_ascii() || c.is_alphanumeric() {
        return !c.is_ascii_control();
    }
    static PRINTABLE: OnceLock<Option<Regex>> = OnceLock::new();
    let printable = PRINTABLE.get_or_init(|| Regex::new(r"[\pL\pM\pN\pP\pS]").ok());
    printable.as_ref().is_some_and(|printable| printable.is_match(c.encode_utf8(&mut [0; 4])))
}

/// The text that a Go literal in double, single or back quotes stands for; `None` if it isn't one. Bytes that make no
/// UTF-8 become the replacement character.
pub fn unquote(literal: &str) -> Option<String> {
    let mark = literal.chars().next()?;
    let body = literal.strip_prefix(mark)?.strip_suffix(mark)?;
    match mark {
        '`' if body.contains('`') => None,
        '`' => Some(body.replace('\r', "")),
        '"' | '\'' => {
            let mut out = Vec::new();
            let mut rest = body;
            let mut count = 0;
            while !rest.is_empty() {
                rest = unquote_char(rest, mark, &mut out)?;
                count += 1;
            }
            match mark == '\'' && count != 1 {
                true => None,
                false => Some(String::from_utf8_lossy(&out).into_owned()),
            }
        }
        _ => None,
    }
}

/// Puts the first character or escape of `text` into `out`, and gives the rest.
fn unquote_char<'t>(text: &'t str, mark: char, out: &mut Vec<u8>) -> Option<&'t str> {
    let mut characters = text.chars();
    let push = |out: &mut Vec<u8>, c: char| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    let c = characters.next()?;
    if c == '\n' || c == mark {
        return None;
    }
    if c != '\\' {
        push(out, c);
        return Some(characters.as_str());
    }
    let escape = characters.next()?;
    let rest = characters.as_str();
    let simple = match escape {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => 10,
        'r' => 13,
        't' => 9,
        'v' => 11,
        '\\' => b'\\',
        '"' | '\'' if escape == mark => escape as u8,
        'x' | 'u' | 'U' | '0'..='7' => {
            let (length, radix, rest) = match escape {
                'x' => (2, 16, rest),
                'u' => (4, 16, rest),
                'U' => (8, 16, rest),
                _ => (3, 8, &text[1..]),
            };
            let digits = rest.get(..length)?;
            if !digits.chars().all(|c| c.is_digit(radix)) {
                return None;
            }
            let code = u32::from_str_radix(digits, radix).ok()?;
            match escape {
                'u' | 'U' => push(out, char::from_u32(code)?),
                _ if mark == '\'' => push(out, char::from_u32(u8::try_from(code).ok()?.into())?),
                _ => out.push(u8::try_from(code).ok()?),
            }
            return Some(&rest[length..]);
        }
        _ => return None,
    };
    out.push(simple);
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_as_in_go() {
        for (text, expected) in [
            ("plain é 日本", r#""plain é 日本""#),
            ("a\"b\\c\n\t\u{1}\u{7f}", r#""a\"b\\c\n\t\x01\x7f""#),
            ("\u{a0}\u{200b}\u{85}\u{e000}\u{f0000}", r#""\u00a0\u200b\u0085\ue000\U000f0000""#),
            ("😀\u{fffd}", "\"😀\u{fffd}\""),
        ] {
            assert_eq!(quote(text), expected);
            assert_eq!(unquote(expected).as_deref(), Some(text));
        }
        assert_eq!(quote_bytes(b"a\xff\xc3\xa9"), "\"a\\xffé\"");
        assert_eq!(quote_to_ascii("é"), r#""\u00e9""#);
        assert_eq!(quote_char('\''), r"'\''");
    }

    #[test]
    fn literals_are_unquoted_as_in_go() {
        for (literal, expected) in [
            (r#""\x41\102\u0043\U00000044""#, Some("ABCD")),
            (r#""\xc3\xa9""#, Some("é")),
            (r"'\''", Some("'")),
            ("`a\\n`", Some("a\\n")),
            (r#""\'""#, None),
            (r"'ab'", None),
            (r#""a"b""#, None),
            ("\"a\nb\"", None),
            (r#""\ud800""#, None),
            (r#""\400""#, None),
            ("\"", None),
            ("", None),
        ] {
            assert_eq!(unquote(literal).as_deref(), expected, "{literal}");
        }
    }
}
