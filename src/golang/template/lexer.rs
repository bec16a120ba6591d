//! Cuts a template's text into tokens, as Go's `text/template/parse` does.

use crate::golang::quote;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Error,
    Bool,
    Char,
    CharConstant,
    Assign,
    Declare,
    End,
    Field,
    Identifier,
    LeftDelimiter,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelimiter,
    RightParen,
    Space,
    Str,
    Text,
    Variable,
    // Keywords, which Go writes in angle brackets.
    Dot,
    Block,
    Break,
    Continue,
    Define,
    Else,
    EndKeyword,
    If,
    Nil,
    Range,
    Template,
    With,
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub at: usize,
    pub value: String,
}

impl Token {
    /// As an error message names it.
    pub(super) fn describe(&self) -> String {
        match self.kind {
            TokenKind::End => "EOF".to_owned(),
            TokenKind::Error => self.value.clone(),
            kind if is_keyword(kind) => format!("<{}>", self.value),
            _ if self.value.len() > 10 => {
                format!("{}...", quote(&self.value.chars().take(10).collect::<String>()))
            }
            _ => quote(&self.value),
        }
    }
}

fn is_keyword(kind: TokenKind) -> bool {
    use TokenKind::*;
    matches!(
        kind,
        Dot | Block | Break | Continue | Define | Else | EndKeyword | If | Nil | Range | Template | With
    )
}

fn keyword(word: &str) -> Option<TokenKind> {
    Some(match word {
        "block" => TokenKind::Block,
        "break" => TokenKind::Break,
        "continue" => TokenKind::Continue,
        "define" => TokenKind::Define,
        "else" => TokenKind::Else,
        "end" => TokenKind::EndKeyword,
        "if" => TokenKind::If,
        "nil" => TokenKind::Nil,
        "range" => TokenKind::Range,
        "template" => TokenKind::Template,
        "with" => TokenKind::With,
        _ => return None,
    })
}

pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    is_inside_action: bool,
    open_parens: usize,
    is_finished: bool,
    /// A token that was read ahead: the delimiter after a text.
    pending: Option<Token>,
}

const SPACE: [char; 4] = [' ', '\t', '\r', '\n'];

fn is_space(c: char) -> bool {
    SPACE.contains(&c)
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Lexer { text, at: 0, is_inside_action: false, open_parens: 0, is_finished: false, pending: None }
    }

    /// The next token; after the end or an error the end, again and again.
    pub(super) fn next(&mut self) -> Token {
        if let Some(token) = self.pending.take() {
            return token;
        }
        if self.is_finished {
            return Token { kind: TokenKind::End, at: self.text.len(), value: String::new() };
        }
        let token = match self.is_inside_action {
            true => self.inside_action(),
            false => self.outside_action(),
        };
        self.is_finished = matches!(token.kind, TokenKind::End | TokenKind::Error);
        token
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn token(&self, kind: TokenKind, start: usize) -> Token {
        Token { kind, at: start, value: self.text[start..self.at].to_owned() }
    }

    fn error(&self, start: usize, message: impl Into<String>) -> Token {
        Token { kind: TokenKind::Error, at: start, value: message.into() }
    }

    fn outside_action(&mut self) -> Token {
        loop {
            let start = self.at;
            let Some(length) = self.rest().find("{{") else {
                self.at = self.text.len();
                return match start == self.at {
                    true => self.token(TokenKind::End, start),
                    false => {
                        let token = self.token(TokenKind::Text, start);
                        self.is_finished = true;
                        token
                    }
                };
            };
            let delimiter = start + length;
            let mut text = &self.text[start..delimiter];
            self.at = delimiter + 2;
            let is_trimming = self.rest().starts_with('-') && self.rest()[1..].starts_with(is_space);
            if is_trimming {
                text = text.trim_end_matches(SPACE);
            }
            let after_marker = self.at + if is_trimming { 2 } else { 0 };
            let text = (!text.is_empty()).then(|| Token {
                kind: TokenKind::Text,
                at: start,
                value: text.to_owned(),
            });
            let next = match self.text[after_marker..].starts_with("/*") {
                true => {
                    self.at = after_marker;
                    self.comment().err()
                }
                false => {
                    let token = self.token(TokenKind::LeftDelimiter, delimiter);
                    self.at = after_marker;
                    self.is_inside_action = true;
                    self.open_parens = 0;
                    Some(token)
                }
            };
            match (text, next) {
                (Some(text), next) => {
                    self.pending = next;
                    return text;
                }
                (None, Some(next)) => return next,
                (None, None) => {}
            }
        }
    }

    /// Skips a comment with its delimiter.
    fn comment(&mut self) -> Result<(), Token> {
        let start = self.at;
        self.at += 2;
        let Some(length) = self.rest().find("*/") else {
            self.is_finished = true;
            return Err(self.error(start, "unclosed comment"));
        };
        self.at += length + 2;
        match self.right_delimiter() {
            None => {
                self.is_finished = true;
                Err(self.error(start, "comment ends before closing delimiter"))
            }
            Some(is_trimming) => {
                self.skip_right_delimiter(is_trimming);
                Ok(())
            }
        }
    }

    /// Whether a right delimiter stands here, and whether it trims.
    fn right_delimiter(&self) -> Option<bool> {
        let rest = self.rest();
        let is_trimming = rest.starts_with(is_space) && rest[1..].starts_with("-}}");
        (is_trimming || rest.starts_with("}}")).then_some(is_trimming)
    }

    fn skip_right_delimiter(&mut self, is_trimming: bool) {
        self.at += if is_trimming { 4 } else { 2 };
        if is_trimming {
            self.at += self.rest().len() - self.rest().trim_start_matches(SPACE).len();
        }
    }

    fn inside_action(&mut self) -> Token {
        let start = self.at;
        if let Some(is_trimming) = self.right_delimiter() {
            if self.open_parens > 0 {
                return self.error(start, "unclosed left paren");
            }
            self.is_inside_action = false;
            self.skip_right_delimiter(is_trimming);
            let at = start + if is_trimming { 2 } else { 0 };
            return Token { kind: TokenKind::RightDelimiter, at, value: "}}".to_owned() };
        }
        let Some(c) = self.peek() else { return self.error(start, "unclosed action") };
        if is_space(c) {
            return self.space();
        }
        self.at += c.len_utf8();
        match c {
            '=' => self.token(TokenKind::Assign, start),
            ':' if self.rest().starts_with('=') => {
                self.at += 1;
                self.token(TokenKind::Declare, start)
            }
            ':' => self.error(start, "expected :="),
            '|' => self.token(TokenKind::Pipe, start),
            '"' => self.quoted(start, '"', TokenKind::Str, "unterminated quoted string"),
            '\'' => self.quoted(start, '\'', TokenKind::CharConstant, "unterminated character constant"),
            '`' => match self.rest().find('`') {
                Some(length) => {
                    self.at += length + 1;
                    self.token(TokenKind::RawString, start)
                }
                None => self.error(start, "unterminated raw quoted string"),
            },
            '$' => self.name(start, TokenKind::Variable),
            '.' if !self.rest().is_empty() && !self.rest().starts_with(|c: char| c.is_ascii_digit()) => {
                self.name(start, TokenKind::Field)
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.at = start;
                self.number()
            }
            c if is_alphanumeric(c) => self.word(start),
            '(' => {
                self.open_parens += 1;
                self.token(TokenKind::LeftParen, start)
            }
            ')' => {
                self.open_parens = self.open_parens.saturating_sub(1);
                self.token(TokenKind::RightParen, start)
            }
            ' '..='~' => self.token(TokenKind::Char, start),
            c => self.error(start, format!("unrecognized character in action: {}", unicode(c))),
        }
    }

    fn space(&mut self) -> Token {
        let start = self.at;
        let mut spaces = 0;
        while self.peek().is_some_and(is_space) {
            self.at += 1;
            spaces += 1;
        }
        // The last space may belong to a trimming delimiter.
        if self.rest().starts_with("-}}") {
            self.at -= 1;
            if spaces == 1 {
                return self.inside_action();
            }
        }
        self.token(TokenKind::Space, start)
    }

    fn quoted(&mut self, start: usize, end: char, kind: TokenKind, unterminated: &str) -> Token {
        let mut characters = self.rest().char_indices();
        while let Some((at, c)) = characters.next() {
            match c {
                '\\' if characters.next().is_none_or(|(_, c)| c == '\n') => break,
                '\n' => break,
                c if c == end => {
                    self.at += at + 1;
                    return self.token(kind, start);
                }
                _ => {}
            }
        }
        self.error(start, unterminated)
    }

    /// A field or variable whose first character is read.
    fn name(&mut self, start: usize, kind: TokenKind) -> Token {
        if self.is_at_terminator() {
            return self.token(if kind == TokenKind::Field { TokenKind::Dot } else { kind }, start);
        }
        self.skip_alphanumeric();
        match self.is_at_terminator() {
            true => self.token(kind, start),
            false => self.bad_character(start),
        }
    }

    fn word(&mut self, start: usize) -> Token {
        self.skip_alphanumeric();
        if !self.is_at_terminator() {
            return self.bad_character(start);
        }
        let word = &self.text[start..self.at];
        let kind = match word {
            "true" | "false" => TokenKind::Bool,
            _ => keyword(word).unwrap_or(TokenKind::Identifier),
        };
        self.token(kind, start)
    }

    fn skip_alphanumeric(&mut self) {
        self.at += self.rest().find(|c| !is_alphanumeric(c)).unwrap_or(self.rest().len());
    }

    fn bad_character(&self, start: usize) -> Token {
        let c = self.peek().map_or_else(String::new, unicode);
        self.error(start, format!("bad character {c}"))
    }

    fn is_at_terminator(&self) -> bool {
        match self.peek() {
            None => true,
            Some(c) => is_space(c) || ".,|:)(".contains(c) || self.rest().starts_with("}}"),
        }
    }

    fn number(&mut self) -> Token {
        let start = self.at;
        self.accept("+-");
        let mut digits = "0123456789_";
        if self.accept("0") {
            if self.accept("xX") {
                digits = "0123456789abcdefABCDEF_";
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        while self.accept(digits) {}
        if self.accept(".") {
            while self.accept(digits) {}
        }
        let has_exponent = match digits.len() {
            11 => self.accept("eE"),
            23 => self.accept("pP"),
            _ => false,
        };
        if has_exponent {
            self.accept("+-");
            while self.accept("0123456789_") {}
        }
        if self.peek().is_some_and(is_alphanumeric) {
            self.at += self.peek().map_or(0, char::len_utf8);
            return self.error(start, format!("bad number syntax: {}", quote(&self.text[start..self.at])));
        }
        self.token(TokenKind::Number, start)
    }

    fn accept(&mut self, valid: &str) -> bool {
        let is_valid = self.peek().is_some_and(|c| valid.contains(c));
        self.at += usize::from(is_valid);
        is_valid
    }
}

/// Go's `%#U`: `U+0040 '@'`.
fn unicode(c: char) -> String {
    match c.is_control() {
        true => format!("U+{:04X}", c as u32),
        false => format!("U+{:04X} '{c}'", c as u32),
    }
}
