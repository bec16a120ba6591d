//! Go's `html/template`: what an action prints is escaped for the place it stands in.
//!
//! Where Go works out the context of each action beforehand, here the context follows the template's own text while
//! it is executed; for templates that Go accepts that comes to the same. HTML comments are dropped, as there.

use super::builtin::escape_html;
use super::executor::printed;
use super::value::{StrKind, Value};
use crate::golang::is_print;

/// Where in the HTML the output stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Escaper {
    state: State,
    element: Element,
    attribute: Attribute,
    quote: Quote,
    /// How far into a URL an attribute's value is.
    url: UrlPart,
    /// The quote of a string in a script or a style sheet.
    string: Option<char>,
    /// The name of the tag or attribute that is being read.
    name: String,
    is_closing_tag: bool,
    /// The last few characters of a script, style or RCDATA body, to see its end.
    tail: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    #[default]
    Text,
    TagName,
    Tag,
    AttributeName,
    AfterName,
    BeforeValue,
    Value,
    Comment,
    /// Text of a `title` or `textarea`.
    RawText,
    Script,
    Style,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Element {
    #[default]
    Other,
    Script,
    Style,
    /// `title` and `textarea`.
    Raw,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Attribute {
    #[default]
    Plain,
    Url,
    Style,
    Script,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Quote {
    #[default]
    None,
    Single,
    Double,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum UrlPart {
    #[default]
    Start,
    BeforeQuery,
    Query,
}

impl Escaper {
    /// Passes a piece of the template's own text on, and follows where it leads.
    pub(super) fn text(&mut self, text: &str, out: &mut String) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let unmoved = self.unmoved(rest);
            if unmoved > 0 {
                out.push_str(&rest[..unmoved]);
                self.tail.clear();
                rest = &rest[unmoved..];
                continue;
            }
            if self.state == State::Comment {
                match rest.find("-->") {
                    Some(end) => {
                        rest = &rest[end + 3..];
                        self.state = State::Text;
                    }
                    None => rest = "",
                }
                continue;
            }
            if self.state == State::Text && rest.starts_with("<!--") {
                rest = &rest[4..];
                self.state = State::Comment;
                continue;
            }
            rest = &rest[c.len_utf8()..];
            let opens_tag = rest.starts_with(|c: char| c == '/' || c.is_ascii_alphabetic());
            if self.state == State::Text && c == '<' && !opens_tag && !rest.starts_with('!') {
                out.push_str("&lt;");
                continue;
            }
            self.step(c, opens_tag);
            out.push(c);
        }
    }

    /// How many bytes of the text do not change where the output stands. Most texts are long runs of these, and
    /// going through them one by one is what rendering a mail would mostly be.
    fn unmoved(&self, text: &str) -> usize {
        let in_quotes = matches!(self.quote, Quote::Single | Quote::Double);
        let stops: &[u8] = match self.state {
            State::Text => b"<",
            // Not while the end of the body may have begun.
            State::RawText if !self.tail.contains('<') => b"<",
            State::Script | State::Style if !self.tail.contains('<') => b"<\"'`\\",
            State::Value if in_quotes => match self.attribute {
                Attribute::Plain => b"\"'",
                Attribute::Script | Attribute::Style => b"\"'`\\",
                Attribute::Url => return 0,
            },
            _ => return 0,
        };
        text.bytes().position(|byte| stops.contains(&byte)).unwrap_or(text.len())
    }

    fn step(&mut self, c: char, opens_tag: bool) {
        match self.state {
            State::Text => {
                if c == '<' && opens_tag {
                    self.state = State::TagName;
                    self.name.clear();
                    self.is_closing_tag = false;
                }
            }
            State::TagName => match c {
                '/' if self.name.is_empty() => self.is_closing_tag = true,
                c if c.is_ascii_alphanumeric() || c == '-' || c == ':' => {
                    self.name.push(c.to_ascii_lowercase())
                }
                c => {
                    self.element = match (self.is_closing_tag, self.name.as_str()) {
                        (false, "script") => Element::Script,
                        (false, "style") => Element::Style,
                        (false, "title" | "textarea") => Element::Raw,
                        _ => Element::Other,
                    };
                    self.state = State::Tag;
                    self.step(c, false);
                }
            },
            State::Tag => match c {
                '>' => self.body(),
                c if c.is_whitespace() || c == '/' => {}
                c => {
                    self.name.clear();
                    self.name.push(c.to_ascii_lowercase());
                    self.state = State::AttributeName;
                }
            },
            State::AttributeName => match c {
                '=' => self.before_value(),
                '>' => self.body(),
                c if c.is_whitespace() => self.state = State::AfterName,
                c => self.name.push(c.to_ascii_lowercase()),
            },
            State::AfterName => match c {
                '=' => self.before_value(),
                c if c.is_whitespace() => {}
                c => {
                    self.state = State::Tag;
                    self.step(c, false);
                }
            },
            State::BeforeValue => match c {
                '"' => self.value_begins(Quote::Double),
                '\'' => self.value_begins(Quote::Single),
                '>' => self.body(),
                c if c.is_whitespace() => {}
                c => {
                    self.value_begins(Quote::None);
                    self.step(c, false);
                }
            },
            State::Value => match (self.quote, c) {
                (Quote::Double, '"') | (Quote::Single, '\'') => self.state = State::Tag,
                (Quote::None, '>') => self.body(),
                (Quote::None, c) if c.is_whitespace() => self.state = State::Tag,
                (_, c) => self.inside_value(c),
            },
            State::RawText => self.watch_end(c, &["</title", "</textarea"]),
            State::Script => {
                self.follow_string(c);
                self.watch_end(c, &["</script"]);
            }
            State::Style => {
                self.follow_string(c);
                self.watch_end(c, &["</style"]);
            }
            State::Comment => {}
        }
    }

    fn body(&mut self) {
        self.tail.clear();
        self.string = None;
        self.state = match self.element {
            Element::Other => State::Text,
            Element::Script => State::Script,
            Element::Style => State::Style,
            Element::Raw => State::RawText,
        };
        self.element = Element::Other;
    }

    fn before_value(&mut self) {
        self.attribute = match self.name.as_str() {
            "style" => Attribute::Style,
            "action" | "archive" | "background" | "cite" | "classid" | "codebase" | "data" | "formaction"
            | "href" | "icon" | "longdesc" | "manifest" | "poster" | "profile" | "src" | "usemap"
            | "xmlns" => Attribute::Url,
            name if name.starts_with("xmlns:") => Attribute::Url,
            name if name.starts_with("on") => Attribute::Script,
            name if name.starts_with("data-")
                && (name.contains("src") || name.contains("uri") || name.contains("url")) =>
            {
                Attribute::Url
            }
            _ => Attribute::Plain,
        };
        self.state = State::BeforeValue;
    }

    fn value_begins(&mut self, quote: Quote) {
        self.quote = quote;
        self.url = UrlPart::Start;
        self.string = None;
        self.state = State::Value;
    }

    fn inside_value(&mut self, c: char) {
        match self.attribute {
            Attribute::Url => self.follow_url(c),
            Attribute::Script | Attribute::Style => self.follow_string(c),
            Attribute::Plain => {}
        }
    }

    fn follow_url(&mut self, c: char) {
        self.url = match (self.url, c) {
            (_, '?' | '#') => UrlPart::Query,
            (UrlPart::Start, c) if c.is_whitespace() => UrlPart::Start,
            (UrlPart::Start, _) => UrlPart::BeforeQuery,
            (part, _) => part,
        };
    }

    fn follow_string(&mut self, c: char) {
        let is_escaped = self.tail.ends_with('\\') && !self.tail.ends_with("\\\\");
        self.string = match (self.string, c) {
            (None, '"' | '\'' | '`') => Some(c),
            (Some(open), c) if open == c && !is_escaped => None,
            (string, _) => string,
        };
        if !matches!(self.state, State::Script | State::Style) {
            self.remember(c);
        }
    }

    fn remember(&mut self, c: char) {
        self.tail.push(c.to_ascii_lowercase());
        if self.tail.len() > 32 {
            let cut = self.tail.char_indices().rev().nth(12).map_or(0, |(at, _)| at);
            self.tail.drain(..cut);
        }
    }

    /// Sees the tag that ends a body in which nothing else is a tag.
    fn watch_end(&mut self, c: char, ends: &[&str]) {
        self.remember(c);
        if ends.iter().any(|end| self.tail.ends_with(end)) {
            self.state = State::TagName;
            self.is_closing_tag = true;
            self.name.clear();
            self.name.push('x');
        }
    }

    /// Prints a value, escaped for where it stands.
    pub(super) fn value(&mut self, value: &Value, out: &mut String) -> Result<(), String> {
        let (text, kind) = match value {
            Value::Str(text, kind) => (text.to_string(), *kind),
            Value::Nil | Value::NilInterface => (String::new(), StrKind::Plain),
            value => (printed(value), StrKind::Plain),
        };
        match self.state {
            State::Comment => {}
            State::Text => match kind {
                StrKind::Html => out.push_str(&text),
                _ => out.push_str(&escape(&text, true)),
            },
            State::RawText => match kind {
                StrKind::Html => out.push_str(&escape(&text, false)),
                _ => out.push_str(&escape(&text, true)),
            },
            State::Script => out.push_str(&match self.string {
                Some(_) => js_string(&text),
                None => js_value(value),
            }),
            State::Style => out.push_str(&match self.string {
                Some(_) => css_string(&text),
                None => css_value(&text),
            }),
            State::TagName | State::Tag | State::AttributeName | State::AfterName => {
                out.push_str(&attribute_name(&text));
                if self.state == State::Tag {
                    self.name = text.to_ascii_lowercase();
                    self.state = State::AttributeName;
                }
            }
            State::BeforeValue => {
                self.value_begins(Quote::None);
                self.attribute_value(&text, kind, value, out);
            }
            State::Value => self.attribute_value(&text, kind, value, out),
        }
        Ok(())
    }

    fn attribute_value(&mut self, text: &str, kind: StrKind, value: &Value, out: &mut String) {
        let escaped = match self.attribute {
            Attribute::Plain => match kind {
                StrKind::Html => strip_tags(text),
                _ => text.to_owned(),
            },
            Attribute::Url => match (self.url, kind) {
                (UrlPart::Query, StrKind::Url) => normalize_url(text),
                (UrlPart::Query, _) => query_escape(text),
                (UrlPart::Start, StrKind::Url) => normalize_url(text),
                (UrlPart::Start, _) if !is_safe_url(text) => "#ZgotmplZ".to_owned(),
                (UrlPart::Start | UrlPart::BeforeQuery, _) => normalize_url(text),
            },
            Attribute::Style => match self.string {
                Some(_) => css_string(text),
                None => css_value(text),
            },
            Attribute::Script => match self.string {
                Some(_) => js_string(text),
                None => js_value(value),
            },
        };
        let is_plain = matches!(self.attribute, Attribute::Plain);
        out.push_str(&match (self.quote, kind) {
            (Quote::None, StrKind::Html) if is_plain => escape_unquoted(&escaped, false),
            (Quote::None, _) => escape_unquoted(&escaped, true),
            (_, StrKind::Html) if is_plain => escape(&escaped, false),
            _ => escape(&escaped, true),
        });
    }

    /// The output must end in plain text.
    pub(super) fn finish(&self, name: &str) -> Result<(), String> {
        match self.state {
            State::Text => Ok(()),
            _ => {
                let name = if name.is_empty() { String::new() } else { format!("{name}:") };
                Err(format!("html/template:{name} ends in a non-text context: {}", self.describe()))
            }
        }
    }

    /// The context in the words of Go's `html/template`.
    fn describe(&self) -> String {
        let state = match (self.state, self.attribute) {
            (State::Text, _) => "stateText",
            (State::TagName | State::Tag, _) => "stateTag",
            (State::AttributeName, _) => "stateAttrName",
            (State::AfterName, _) => "stateAfterName",
            (State::BeforeValue, _) => "stateBeforeValue",
            (State::Value, Attribute::Plain) => "stateAttr",
            (State::Value, Attribute::Url) => "stateURL",
            (State::Value, Attribute::Style) | (State::Style, _) => "stateCSS",
            (State::Value, Attribute::Script) | (State::Script, _) => "stateJS",
            (State::Comment, _) => "stateHTMLCmt",
            (State::RawText, _) => "stateRCDATA",
        };
        let has_value = matches!(self.state, State::Value);
        let quote = match (has_value, self.quote) {
            (false, _) => "delimNone",
            (true, Quote::None) => "delimSpaceOrTagEnd",
            (true, Quote::Single) => "delimSingleQuote",
            (true, Quote::Double) => "delimDoubleQuote",
        };
        let url = match (has_value && self.attribute == Attribute::Url, self.url) {
            (false, _) | (true, UrlPart::Start) => "urlPartNone",
            (true, UrlPart::BeforeQuery) => "urlPartPreQuery",
            (true, UrlPart::Query) => "urlPartQueryOrFrag",
        };
        let attribute = match (has_value || self.state == State::BeforeValue, self.attribute) {
            (false, _) | (true, Attribute::Plain) => "attrNone",
            (true, Attribute::Url) => "attrURL",
            (true, Attribute::Style) => "attrStyle",
            (true, Attribute::Script) => "attrScript",
        };
        let element = match (self.state, self.element) {
            (State::Script, _) | (_, Element::Script) => "elementScript",
            (State::Style, _) | (_, Element::Style) => "elementStyle",
            (State::RawText, _) | (_, Element::Raw) => "elementTitle",
            _ => "elementNone",
        };
        format!("{{{state} {quote} {url} jsCtxRegexp {attribute} {element} <nil>}}")
    }
}

/// As for text; without `escapes_ampersand` entities that stand there already are kept.
fn escape(text: &str, escapes_ampersand: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' if !escapes_ampersand => out.push('&'),
            '+' => out.push_str("&#43;"),
            c => out.push_str(&escape_html(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}

fn escape_unquoted(text: &str, escapes_ampersand: bool) -> String {
    if text.is_empty() {
        // An empty value would take what follows for its own.
        return "ZgotmplZ".to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0' => out.push_str("&#xfffd;"),
            '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ' | '=' | '`' => {
                out.push_str(&format!("&#{};", c as u32))
            }
            c => out.push_str(&escape(c.encode_utf8(&mut [0; 4]), escapes_ampersand)),
        }
    }
    out
}

/// The text without its tags.
fn strip_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_tag = false;
    for (at, c) in text.char_indices() {
        match c {
            '<' if text[at + 1..].starts_with(|c: char| c == '/' || c == '!' || c.is_ascii_alphabetic()) => {
                is_tag = true;
            }
            '>' if is_tag => is_tag = false,
            c if !is_tag => out.push(c),
            _ => {}
        }
    }
    out
}

fn attribute_name(text: &str) -> String {
    let is_plain = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric());
    let lower = text.to_ascii_lowercase();
    let is_dangerous =
        lower.starts_with("on") || matches!(lower.as_str(), "style" | "href" | "src" | "action");
    if is_plain && !is_dangerous { text.to_owned() } else { "ZgotmplZ".to_owned() }
}

fn is_safe_url(text: &str) -> bool {
    match text.split_once(':') {
        Some((scheme, _)) if !scheme.contains('/') => {
            ["http", "https", "mailto"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
        }
        _ => true,
    }
}

/// Keeps what URLs are made of and escapes the rest.
fn normalize_url(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    for (at, byte) in bytes.iter().enumerate() {
        let is_escape = *byte == b'%'
            && bytes.get(at + 1).is_some_and(u8::is_ascii_hexdigit)
            && bytes.get(at + 2).is_some_and(u8::is_ascii_hexdigit);
        let is_kept = byte.is_ascii_alphanumeric() || b"-._~!#$&*+,/:;=?@[]".contains(byte) || is_escape;
        match is_kept {
            true => out.push(char::from(*byte)),
            false => out.push_str(&format!("%{byte:02x}")),
        }
    }
    out
}

fn query_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            true => out.push(char::from(byte)),
            false => out.push_str(&format!("%{byte:02x}")),
        }
    }
    out
}

/// The inside of a JavaScript string.
fn js_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\0' => out.push_str(r"\u0000"),
            '\t' => out.push_str(r"\t"),
            '\n' => out.push_str(r"\n"),
            '\u{b}' => out.push_str(r"\u000b"),
            '\u{c}' => out.push_str(r"\f"),
            '\r' => out.push_str(r"\r"),
            '\\' => out.push_str(r"\\"),
            '/' => out.push_str(r"\/"),
            '"' | '\'' | '&' | '+' | '<' | '>' | '`' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out
}

/// A value as JavaScript: JSON that can't leave the script.
fn js_value(value: &Value) -> String {
    let json = super::json::to_json(value).unwrap_or_else(|_| "null".to_owned());
    let json = json.replace('/', if json.starts_with('"') { "\\/" } else { "/" });
    match value {
        Value::Int(..) | Value::Float(_) | Value::Bool(_) | Value::Nil | Value::NilInterface => {
            format!(" {json} ")
        }
        _ => json,
    }
}

fn css_string(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let needs_escape = matches!(
            c,
            '\0' | '\t'
                | '\n'
                | '\u{c}'
                | '\r'
                | '"'
                | '&'
                | '\''
                | '('
                | ')'
                | '+'
                | '/'
                | ':'
                | ';'
                | '<'
                | '>'
                | '{'
                | '}'
        );
        match c {
            '\\' => out.push_str("\\\\"),
            c if needs_escape => {
                out.push_str(&format!("\\{:x}", c as u32));
                if characters.peek().is_some_and(|next| next.is_ascii_hexdigit() || next.is_whitespace()) {
                    out.push(' ');
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// A value in a style, or a harmless word if it could do more than be one.
fn css_value(text: &str) -> String {
    let is_unsafe = text
        .contains(['\0', '"', '\'', '(', ')', '/', ';', '@', '[', '\\', ']', '`', '{', '}', '<', '>'])
        || text.contains("--");
    let letters: String =
        text.chars().filter(|c| c.is_alphanumeric() && is_print(*c)).collect::<String>().to_lowercase();
    match is_unsafe || letters.contains("expression") || letters.contains("mozbinding") {
        true => "ZgotmplZ".to_owned(),
        false => text.to_owned(),
    }
}
