//! Cuts PromQL's text into tokens, on demand, and refuses what Prometheus' lexer refuses, in its words.
//!
//! What a character means depends on where it stands: words in braces are never keywords, and between
//! brackets stand durations.

use super::ast::{BinaryOp, TextRange};
use super::token::{Keyword, Token, TokenKind};
use super::{ParseError, Semantics};
use crate::golang::quote;

pub(super) struct Lexer<'a> {
    text: &'a str,
    pos: usize,
    is_v2: bool,
    place: Place,
    paren_depth: usize,
    bracket_open: bool,
    /// A `:` was seen since the bracket was opened.
    colon_seen: bool,
    duration_seen: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Expression,
    Braces,
    /// Behind `[`, up to the first number.
    Duration,
}

type Lexed = Result<TokenKind, String>;

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str, semantics: Semantics) -> Self {
        Lexer {
            text,
            pos: 0,
            is_v2: semantics == Semantics::V2,
            place: Place::Expression,
            paren_depth: 0,
            bracket_open: false,
            colon_seen: false,
            duration_seen: false,
        }
    }

    pub fn next(&mut self) -> Result<Token, ParseError> {
        self.skip_spaces_and_comments();
        let start = self.pos;
        let kind = match self.place {
            Place::Expression => self.in_expression(),
            Place::Braces => self.in_braces(),
            Place::Duration if self.is_v2 => self.only_a_duration(),
            Place::Duration => self.in_duration(),
        };
        match kind {
            Ok(kind) => Ok(Token { kind, span: TextRange::new(start, self.pos) }),
            Err(message) => Err(ParseError { message, range: start..self.pos }),
        }
    }

    fn in_expression(&mut self) -> Lexed {
        use TokenKind::*;
        let start = self.pos;
        let Some(c) = self.take() else {
            return match (self.paren_depth, self.bracket_open) {
                (0, false) => Ok(EndOfInput),
                (0, true) => Err("unclosed left bracket".to_owned()),
                _ => Err("unclosed left parenthesis".to_owned()),
            };
        };
        let kind = match c {
            ',' => Comma,
            '*' => Operator(BinaryOp::Mul),
            '/' => Operator(BinaryOp::Div),
            '%' => Operator(BinaryOp::Mod),
            '+' => Operator(BinaryOp::Add),
            '-' => Operator(BinaryOp::Sub),
            '^' => Operator(BinaryOp::Pow),
            '@' => At,
            '=' => match self.peek() {
                Some('=') => self.and_take(Operator(BinaryOp::Equal)),
                Some('~') => return Err("unexpected character after '=': '~'".to_owned()),
                _ => Assign,
            },
            '!' => match self.take() {
                Some('=') => Operator(BinaryOp::NotEqual),
                other => return Err(format!("unexpected character after '!': {}", quote_char(other))),
            },
            '<' => match self.peek() {
                Some('=') => self.and_take(Operator(BinaryOp::LessOrEqual)),
                Some('/') if !self.is_v2 => self.and_take(Operator(BinaryOp::TrimUpper)),
                _ => Operator(BinaryOp::Less),
            },
            '>' => match self.peek() {
                Some('=') => self.and_take(Operator(BinaryOp::GreaterOrEqual)),
                Some('/') if !self.is_v2 => self.and_take(Operator(BinaryOp::TrimLower)),
                _ => Operator(BinaryOp::Greater),
            },
            '"' | '\'' | '`' => return self.string(c),
            '(' => {
                self.paren_depth += 1;
                LeftParen
            }
            ')' => return self.right_paren(),
            '{' => {
                self.place = Place::Braces;
                LeftBrace
            }
            '[' if self.bracket_open => return Err("unexpected left bracket '['".to_owned()),
            '[' => {
                self.bracket_open = true;
                self.colon_seen = false;
                self.place = Place::Duration;
                LeftBracket
            }
            ']' if !self.bracket_open => return Err("unexpected right bracket ']'".to_owned()),
            ']' => {
                self.bracket_open = false;
                RightBracket
            }
            c if self.starts_number(c) => return self.number_or_duration(start),
            c if (is_alpha(c) || c == ':') && self.bracket_open => return self.colon_or_keyword(c, start),
            c if is_alpha(c) || c == ':' => self.word(start),
            c => return Err(format!("unexpected character: {}", quote_char(Some(c)))),
        };
        Ok(kind)
    }

    fn in_braces(&mut self) -> Lexed {
        use TokenKind::*;
        let Some(c) = self.take() else { return Err("unexpected end of input inside braces".to_owned()) };
        match c {
            c if is_alpha(c) => {
                self.take_while(is_alphanumeric);
                Ok(Identifier)
            }
            ',' => Ok(Comma),
            '"' | '\'' | '`' => self.string(c),
            '=' if self.peek() == Some('~') => Ok(self.and_take(EqualRegex)),
            '=' => Ok(Assign),
            '!' => match self.take() {
                Some('~') => Ok(NotRegex),
                Some('=') => Ok(Operator(BinaryOp::NotEqual)),
                other => Err(format!("unexpected character after '!' inside braces: {}", quote_char(other))),
            },
            '{' => Err("unexpected left brace '{'".to_owned()),
            '}' => {
                self.place = Place::Expression;
                Ok(RightBrace)
            }
            c => Err(format!("unexpected character inside braces: {}", quote_char(Some(c)))),
        }
    }

    /// Between brackets Prometheus 3 computes durations.
    fn in_duration(&mut self) -> Lexed {
        use TokenKind::*;
        let start = self.pos;
        let Some(c) = self.take() else {
            return Err("unexpected end of input in duration expression".to_owned());
        };
        let kind = match c {
            ']' => {
                self.bracket_open = false;
                self.place = Place::Expression;
                RightBracket
            }
            ':' if !self.duration_seen => {
                return Err("unexpected colon before duration in duration expression".to_owned());
            }
            ':' if self.colon_seen => {
                return Err("unexpected repeated colon in duration expression".to_owned());
            }
            ':' => {
                self.colon_seen = true;
                Colon
            }
            '(' => {
                self.paren_depth += 1;
                LeftParen
            }
            ')' => return self.right_paren(),
            '+' => Operator(BinaryOp::Add),
            '-' => Operator(BinaryOp::Sub),
            '*' => Operator(BinaryOp::Mul),
            '/' => Operator(BinaryOp::Div),
            '%' => Operator(BinaryOp::Mod),
            '^' => Operator(BinaryOp::Pow),
            ',' => Comma,
            c if self.starts_number(c) => {
                self.duration_seen = true;
                self.place = Place::Expression;
                return self.number_or_duration(start);
            }
            c => match self.duration_keyword(start) {
                Some(keyword) => keyword,
                None => {
                    let c = quote_char(Some(c));
                    return Err(format!("unexpected character in duration expression: {c}"));
                }
            },
        };
        Ok(kind)
    }

    /// Between brackets Prometheus 2 takes a duration and nothing else.
    fn only_a_duration(&mut self) -> Lexed {
        self.place = Place::Expression;
        let start = self.pos;
        if self.scan_number() {
            return Err("missing unit character in duration".to_owned());
        }
        if !self.scan_rest_of_duration() {
            return Err(format!("bad duration syntax: {}", quote(&self.text[start..self.pos])));
        }
        Ok(TokenKind::Duration)
    }

    fn colon_or_keyword(&mut self, c: char, start: usize) -> Lexed {
        if c == ':' || self.is_v2 {
            // Prometheus 2 takes any letter here for the colon.
            if self.colon_seen {
                return Err(format!("unexpected colon {}", quote_char(Some(c))));
            }
            self.colon_seen = true;
            return Ok(TokenKind::Colon);
        }
        self.duration_keyword(start)
            .ok_or_else(|| format!("unexpected character: {}, expected ':'", quote_char(Some(c))))
    }

    fn duration_keyword(&mut self, start: usize) -> Option<TokenKind> {
        self.take_while(is_alpha);
        use super::token::Preprocessor::{MaxOf, MinOf, Range, Step};
        match TokenKind::of_word(&self.text[start..self.pos], self.is_v2) {
            Some(kind @ TokenKind::Preprocessor(Step | Range | MaxOf | MinOf)) => Some(kind),
            _ => None,
        }
    }

    fn right_paren(&mut self) -> Lexed {
        match self.paren_depth.checked_sub(1) {
            Some(depth) => {
                self.paren_depth = depth;
                Ok(TokenKind::RightParen)
            }
            None => Err("unexpected right parenthesis ')'".to_owned()),
        }
    }

    fn word(&mut self, start: usize) -> TokenKind {
        self.take_while(|c| is_alphanumeric(c) || c == ':');
        let word = &self.text[start..self.pos];
        match TokenKind::of_word(word, self.is_v2) {
            // So that metrics of these names stay usable.
            Some(TokenKind::Keyword(Keyword::Fill | Keyword::FillLeft | Keyword::FillRight))
                if !self.text[self.pos..].trim_start_matches(is_space).starts_with('(') =>
            {
                TokenKind::Identifier
            }
            Some(kind) => kind,
            None if word.contains(':') => TokenKind::MetricIdentifier,
            None => TokenKind::Identifier,
        }
    }

    /// The opening quote is taken already.
    fn string(&mut self, open: char) -> Lexed {
        loop {
            match self.take() {
                Some('\\') if open != '`' => self.escape(open)?,
                Some(char::REPLACEMENT_CHARACTER) => return Err("invalid UTF-8 rune".to_owned()),
                None if open == '`' => return Err("unterminated raw string".to_owned()),
                None => return Err("unterminated quoted string".to_owned()),
                Some('\n') if open != '`' => return Err("unterminated quoted string".to_owned()),
                Some(c) if c == open => return Ok(TokenKind::String),
                Some(_) => {}
            }
        }
    }

    fn escape(&mut self, open: char) -> Result<(), String> {
        let (count, base, max, mut next) = match self.take() {
            Some('a' | 'b' | 'f' | 'n' | 'r' | 't' | 'v' | '\\') => return Ok(()),
            Some(c) if c == open => return Ok(()),
            Some(c @ '0'..='7') => (3, 8, 255, Some(c)),
            Some('x') => (2, 16, 255, self.take()),
            Some('u') => (4, 16, u32::from(char::MAX), self.take()),
            Some('U') => (8, 16, u32::from(char::MAX), self.take()),
            None => return Err("escape sequence not terminated".to_owned()),
            Some(c) => return Err(format!("unknown escape sequence {}", code_point(c))),
        };
        let mut value: u32 = 0;
        for digit in 0..count {
            if digit > 0 {
                next = self.take();
            }
            let c = next.ok_or("escape sequence not terminated")?;
            let digit = c.to_digit(base);
            let digit =
                digit.ok_or_else(|| format!("illegal character {} in escape sequence", code_point(c)))?;
            value = value.wrapping_mul(base).wrapping_add(digit);
        }
        if value > max || (0xd800..0xe000).contains(&value) {
            return Err("escape sequence is an invalid Unicode code point".to_owned());
        }
        Ok(())
    }

    fn starts_number(&self, c: char) -> bool {
        c.is_ascii_digit() || (c == '.' && self.peek().is_some_and(|next| next.is_ascii_digit()))
    }

    /// What it accepts is not always a number: the parser finds that out.
    fn number_or_duration(&mut self, start: usize) -> Lexed {
        self.pos = start;
        if self.scan_number() {
            return Ok(TokenKind::Number);
        }
        if self.scan_rest_of_duration() {
            return Ok(TokenKind::Duration);
        }
        Err(format!("bad number or duration syntax: {}", quote(&self.text[start..self.pos])))
    }

    fn scan_number(&mut self) -> bool {
        let scanned = if self.is_v2 { self.scan_plain_number() } else { self.scan_number_with_underscores() };
        scanned && !self.peek().is_some_and(is_alphanumeric)
    }

    fn scan_plain_number(&mut self) -> bool {
        let is_hex = self.accept("0") && self.accept("xX");
        let is_digit = |c: char| if is_hex { c.is_ascii_hexdigit() } else { c.is_ascii_digit() };
        self.take_while(is_digit);
        if self.accept(".") {
            self.take_while(is_digit);
        }
        if self.accept("eE") {
            self.accept("+-");
            self.take_while(|c| c.is_ascii_digit());
        }
        true
    }

    fn scan_number_with_underscores(&mut self) -> bool {
        let start = self.pos;
        let is_hex = self.accept("0") && self.accept("xX");
        if is_hex {
            self.accept("_");
        }
        let is_digit = |c: char| if is_hex { c.is_ascii_hexdigit() } else { c.is_ascii_digit() };
        let (mut point, mut exponent) = (false, false);
        self.accept(".");
        if self.peek().is_some_and(is_digit) {
            self.pos += 1;
        }
        while let Some(c) = self.peek() {
            match c {
                '.' => {
                    self.pos += 1;
                    // A fraction in hexadecimal is none of Prometheus' numbers.
                    if point || self.accept("_.") || is_hex {
                        return false;
                    }
                    point = true;
                }
                // Taken for an exponent in hexadecimal too, where it is a digit to the parser.
                'e' | 'E' => {
                    self.pos += 1;
                    if exponent {
                        return false;
                    }
                    exponent = true;
                    self.accept("+-");
                    if self.accept("._eE") || self.peek().is_none() {
                        return false;
                    }
                }
                '_' => {
                    self.pos += 1;
                    if self.accept("._eE") || self.peek().is_none() {
                        return false;
                    }
                }
                c if is_digit(c) => self.take_while(is_digit),
                _ => break,
            }
        }
        self.pos > start
    }

    /// What follows the first number of a duration: `m`, `h30m`.
    fn scan_rest_of_duration(&mut self) -> bool {
        if !self.accept("smhdwy") {
            return false;
        }
        self.accept("s");
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.take_while(|c| c.is_ascii_digit());
            if !self.accept("smhdw") {
                return false;
            }
            self.accept("s");
        }
        match self.peek() {
            Some(c) if is_alphanumeric(c) => {
                self.pos += c.len_utf8();
                false
            }
            _ => true,
        }
    }

    fn skip_spaces_and_comments(&mut self) {
        loop {
            self.take_while(is_space);
            if self.place == Place::Duration || self.peek() != Some('#') {
                return;
            }
            self.take_while(|c| c != '\n' && c != '\r');
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.pos..].chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.pos += c.len_utf8();
        Some(c)
    }

    fn and_take(&mut self, kind: TokenKind) -> TokenKind {
        self.take();
        kind
    }

    fn accept(&mut self, any_of: &str) -> bool {
        let accepted = self.peek().is_some_and(|c| any_of.contains(c));
        if accepted {
            self.take();
        }
        accepted
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) {
        let rest = &self.text[self.pos..];
        self.pos += rest.find(|c| !wanted(c)).unwrap_or(rest.len());
    }
}

/// The text that a string token stands for. Bytes that make no UTF-8 become U+FFFD.
pub(super) fn unquote(token: &str) -> String {
    String::from_utf8(unquote_bytes(token))
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The bytes that a string token stands for.
pub(super) fn unquote_bytes(token: &str) -> Vec<u8> {
    let Some(open) = token.chars().next() else { return Vec::new() };
    let inner = &token[1..token.len().max(2) - 1];
    if open == '`' || !inner.contains('\\') {
        return inner.as_bytes().to_owned();
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            push_char(&mut bytes, c);
            continue;
        }
        let Some(c) = chars.next() else { break };
        let mut digits = |count: usize, base: u32| {
            let digits = chars.by_ref().take(count).filter_map(|c| c.to_digit(base));
            digits.fold(0_u32, |value, digit| value.wrapping_mul(base).wrapping_add(digit))
        };
        match c {
            'a' => bytes.push(7),
            'b' => bytes.push(8),
            'f' => bytes.push(12),
            'n' => bytes.push(b'\n'),
            'r' => bytes.push(b'\r'),
            't' => bytes.push(b'\t'),
            'v' => bytes.push(11),
            // As in Go, `\x` and octal escapes are bytes, `\u` and `\U` characters.
            '0'..='7' => bytes.push((c.to_digit(8).unwrap_or(0) * 64 + digits(2, 8)) as u8),
            'x' => bytes.push(digits(2, 16) as u8),
            'u' => {
                push_char(&mut bytes, char::from_u32(digits(4, 16)).unwrap_or(char::REPLACEMENT_CHARACTER))
            }
            'U' => {
                push_char(&mut bytes, char::from_u32(digits(8, 16)).unwrap_or(char::REPLACEMENT_CHARACTER))
            }
            c => push_char(&mut bytes, c),
        }
    }
    bytes
}

fn push_char(bytes: &mut Vec<u8>, c: char) {
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

pub(super) fn is_alpha(c: char) -> bool {
    c == '_' || c.is_ascii_alphabetic()
}

pub(super) fn is_alphanumeric(c: char) -> bool {
    is_alpha(c) || c.is_ascii_digit()
}

/// Go's `%q` of a rune; `None` is the end of the text.
pub(super) fn quote_char(c: Option<char>) -> String {
    match c {
        None => "'\u{fffd}'".to_owned(),
        Some('\'') => r"'\''".to_owned(),
        Some('"') => "'\"'".to_owned(),
        Some(c) => format!("'{}'", quote(c.encode_utf8(&mut [0; 4])).trim_matches('"')),
    }
}

/// Go's `%#U`
fn code_point(c: char) -> String {
    let code = format!("U+{:04X}", u32::from(c));
    if c.is_control() { code } else { format!("{code} '{c}'") }
}
