//! Go's `html/template`: what an action prints is escaped for the place it stands in.
//!
//! Where Go works out the context of each action beforehand, here the context follows the template's own text while
//! it is executed; for templates that Go accepts that comes to the same. HTML comments are dropped, as there.

mod escape;

use escape::{
    attribute_name, css_string, css_value, escape, escape_unquoted, is_safe_url, js_string, js_value,
    normalize_url, query_escape, strip_tags,
};

use super::executor::printed;
use super::value::{StrKind, Value};

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
