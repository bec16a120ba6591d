//! What Go's `net/url` refuses, and where credentials stand in a URL.

use std::ops::Range;

use super::quote;

/// `url.Parse`, for its verdict alone.
pub fn check(text: &str) -> Result<(), String> {
    if text.bytes().any(|byte| byte < 0x20 || byte == 0x7f) {
        return Err("invalid control character in URL".into());
    }
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    check_escapes(fragment)?;
    if text == "*" {
        return Ok(());
    }
    let (scheme, rest) = scheme(text)?;
    let path = rest.split('?').next().unwrap_or("");
    if !path.starts_with('/') {
        if scheme.is_some() {
            // Opaque: `mailto:somebody`.
            return Ok(());
        }
        if path.split('/').next().is_some_and(|segment| segment.contains(':')) {
            return Err("first path segment in URL cannot contain colon".into());
        }
    }
    let path = match path.strip_prefix("//") {
        Some(after) if scheme.is_some() || !after.starts_with('/') => {
            let end = after.find('/').unwrap_or(after.len());
            check_authority(&after[..end])?;
            &after[end..]
        }
        _ => path,
    };
    check_escapes(path)
}

/// The stretch of `user:password` in a URL.
pub fn credentials(text: &str) -> Option<Range<usize>> {
    let start = text.find("://")? + 3;
    let end = text[start..].find(['/', '?', '#']).map_or(text.len(), |at| start + at);
    let at = text[start..end].rfind('@')?;
    Some(start..start + at)
}

/// The scheme that a URL starts with, and the rest.
fn scheme(text: &str) -> Result<(Option<&str>, &str), String> {
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".into()),
            b':' => return Ok((Some(&text[..at]), &text[at + 1..])),
            _ => break,
        }
    }
    Ok((None, text))
}

fn check_authority(authority: &str) -> Result<(), String> {
    let host = match authority.rsplit_once('@') {
        Some((user, host)) => {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
            if !user.bytes().all(allowed) {
                return Err("net/url: invalid userinfo".into());
            }
            check_escapes(user)?;
            host
        }
        None => authority,
    };
    let port = match host.strip_prefix('[') {
        Some(inner) => match inner.rfind(']') {
            Some(end) => &inner[end + 1..],
            None => return Err("missing ']' in host".into()),
        },
        None => host.rfind(':').map_or("", |at| &host[at..]),
    };
    let valid_port = match port.strip_prefix(':') {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_digit()),
        None => port.is_empty(),
    };
    if !valid_port {
        return Err(format!("invalid port {} after host", quote(port)));
    }
    let forbidden = |c: char| matches!(c, ' ' | '{' | '}' | '|' | '\\' | '^' | '`');
    if let Some(c) = host.chars().find(|c| forbidden(*c)) {
        return Err(format!("invalid character {} in host name", quote(&c.to_string())));
    }
    if let Some(at) = host.find('%') {
        // Only bytes outside ASCII may be escaped in a host.
        let escape: String = host[at..].chars().take(3).collect();
        let byte = escape.get(1..3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if !host.starts_with('[') && byte.is_none_or(|byte| byte < 0x80) {
            return Err(format!("invalid URL escape {}", quote(&escape)));
        }
    }
    Ok(())
}

fn check_escapes(text: &str) -> Result<(), String> {
    for (at, _) in text.match_indices('%') {
        let escape: String = text[at..].chars().take(3).collect();
        if escape.len() < 3 || !escape[1..].bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(format!("invalid URL escape {}", quote(&escape)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_url(text: &str, expected: &str) {
        assert_eq!(check(text).err().unwrap_or_default(), expected, "{text}");
    }

    #[test]
    fn urls_are_refused_as_go_refuses_them() {
        check_url("http://host:9090/path?q=1#f", "");
        check_url("host", "");
        check_url("mailto:x@y", "");
        check_url("http://[::1]:80/", "");
        check_url("http://user:p%40ss@host/", "");
        check_url("://host", "missing protocol scheme");
        check_url("1.2.3.4:9090/x", "first path segment in URL cannot contain colon");
        check_url("http://host:port/", "invalid port \":port\" after host");
        check_url("http://ho st/", "invalid character \" \" in host name");
        check_url("http://host/%zz", "invalid URL escape \"%zz\"");
        check_url("http://[::1/", "missing ']' in host");
        check_url("http://h/\u{7f}", "invalid control character in URL");
    }

    #[test]
    fn credentials_are_found() {
        let of = |text| credentials(text).map(|range: Range<usize>| &text[range]);
        assert_eq!(of("https://me:secret@host/path@x"), Some("me:secret"));
        assert_eq!(of("https://host/me@x"), None);
        assert_eq!(of("postgres://a:b@c"), Some("a:b"));
    }
}
