//! The UTF-8 grammar (0.27 and later): any text is a label name, and what has reserved characters is quoted.

use super::{MatchType, Matcher, MatcherError};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'t> {
    OpenBrace,
    CloseBrace,
    Comma,
    Operator(MatchType),
    Quoted(&'t str),
    Unquoted(&'t str),
    End,
}

/// Characters that must stand in quotes.
pub fn is_reserved(c: char) -> bool {
    c.is_whitespace() || "{}!=~,\\\"'`".contains(c)
}

pub fn parse(text: &str) -> Result<Vec<Matcher>, MatcherError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut matchers = Vec::new();
    let mut token = lexer.next()?;
    let braces = token == Token::OpenBrace;
    if braces {
        token = lexer.next()?;
    }
    loop {
        match token {
            Token::End | Token::CloseBrace => break,
            Token::Quoted(_) | Token::Unquoted(_) => {}
            _ => return Err(lexer.error("expected label name")),
        }
        let name = lexer.word(token).ok_or_else(|| lexer.error("expected label name"))?;
        let Token::Operator(op) = lexer.next()? else {
            return Err(lexer.error("expected an operator such as '=', '!=', '=~' or '!~'"));
        };
        let token_of_value = lexer.next()?;
        let value = lexer.word(token_of_value).ok_or_else(|| lexer.error("expected label value"))?;
        matchers.push(Matcher::new(name, op, value)?);
        token = lexer.next()?;
        match token {
            Token::Comma => token = lexer.next()?,
            Token::End | Token::CloseBrace => {}
            _ => return Err(lexer.error("expected a comma or close brace")),
        }
    }
    match (braces, token) {
        (true, Token::CloseBrace) => match lexer.next()? {
            Token::End => Ok(matchers),
            _ => Err(lexer.error("expected end of input")),
        },
        (true, _) => Err(lexer.error("expected close brace")),
        (false, Token::End) => Ok(matchers),
        (false, _) => Err(lexer.error("expected opening brace")),
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    fn error(&self, what: &str) -> MatcherError {
        let column = self.text[..self.at].chars().count();
        MatcherError(format!("0:{column}: {what}"))
    }

    fn next(&mut self) -> Result<Token<'t>, MatcherError> {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        let Some(first) = trimmed.chars().next() else { return Ok(Token::End) };
        let (token, length) = match first {
            '{' => (Token::OpenBrace, 1),
            '}' => (Token::CloseBrace, 1),
            ',' => (Token::Comma, 1),
            '=' if trimmed.starts_with("=~") => (Token::Operator(MatchType::Regexp), 2),
            '=' => (Token::Operator(MatchType::Equal), 1),
            '!' if trimmed.starts_with("!=") => (Token::Operator(MatchType::NotEqual), 2),
            '!' if trimmed.starts_with("!~") => (Token::Operator(MatchType::NotRegexp), 2),
            '"' => {
                let length = quoted_length(trimmed).ok_or_else(|| self.error("missing end \""))?;
                (Token::Quoted(&trimmed[..length]), length)
            }
            c if is_reserved(c) => return Err(self.error("invalid input")),
            _ => {
                let length = trimmed.find(is_reserved).unwrap_or(trimmed.len());
                (Token::Unquoted(&trimmed[..length]), length)
            }
        };
        self.at += length;
        Ok(token)
    }

    fn word(&self, token: Token<'t>) -> Option<String> {
        match token {
            Token::Unquoted(text) => Some(text.to_owned()),
            Token::Quoted(text) => unquote(&text[1..text.len() - 1]),
            _ => None,
        }
    }
}

/// The bytes of a quoted text at the start, both quotes included.
fn quoted_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Go's `strconv.Unquote`, less the quotes; `None` where Go refuses.
fn unquote(text: &str) -> Option<String> {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\n' {
            return None;
        }
        if c != '\\' {
            out.extend(c.encode_utf8(&mut [0; 4]).bytes());
            continue;
        }
        match chars.clone().next()? {
            'x' => {
                chars.next();
                out.push(hex(&mut chars, 2)? as u8);
                continue;
            }
            'u' | 'U' => {
                let digits = if chars.next()? == 'u' { 4 } else { 8 };
                let c = char::from_u32(hex(&mut chars, digits)?)?;
                out.extend(c.encode_utf8(&mut [0; 4]).bytes());
                continue;
            }
            first @ '0'..='7' => {
                chars.next();
                let mut value = first.to_digit(8)?;
                for _ in 0..2 {
                    value = value * 8 + chars.next()?.to_digit(8)?;
                }
                out.push(u8::try_from(value).ok()?);
                continue;
            }
            _ => {}
        }
        out.push(match chars.next()? {
            'a' => 7,
            'b' => 8,
            'f' => 12,
            'n' => b'\n',
            'r' => b'\r',
            't' => b'\t',
            'v' => 11,
            '\\' => b'\\',
            '"' => b'"',
            _ => return None,
        });
    }
    String::from_utf8(out).ok()
}

fn hex(chars: &mut std::str::Chars<'_>, digits: usize) -> Option<u32> {
    let mut value = 0u32;
    for _ in 0..digits {
        value = value.checked_mul(16)?.checked_add(chars.next()?.to_digit(16)?)?;
    }
    Some(value)
}
