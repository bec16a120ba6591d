//! Go's `fmt`: `Sprint`, `Sprintln` and `Sprintf` of template values.

use super::number;
use super::time_methods::int_text;
use super::value::{IntKind, Value};
use crate::golang::{quote, quote_to_ascii};

/// `fmt.Sprint`: a space between two operands when neither is a string.
pub fn sprint(arguments: &[Value]) -> String {
    let mut printer = Printer::default();
    let mut was_string = true;
    for (at, argument) in arguments.iter().enumerate() {
        let is_string = matches!(argument, Value::Str(..));
        if at > 0 && !is_string && !was_string {
            printer.out.push(' ');
        }
        printer.print(argument, 'v');
        was_string = is_string;
    }
    printer.out
}

/// `fmt.Sprintln`: spaces between all operands, and a line break.
pub fn sprintln(arguments: &[Value]) -> String {
    let mut printer = Printer::default();
    for (at, argument) in arguments.iter().enumerate() {
        if at > 0 {
            printer.out.push(' ');
        }
        printer.print(argument, 'v');
    }
    printer.out.push('\n');
    printer.out
}

/// `fmt.Sprintf`, with its ways of saying what is wrong: `%!d(string=x)`, `%!v(MISSING)`, `%!(EXTRA int=1)`.
pub fn sprintf(format: &str, arguments: &[Value]) -> String {
    let mut printer = Printer::default();
    let mut reader = Reader { format, at: 0, arguments, next: 0, is_reordered: false, is_good: true };
    let mut was_reordered = false;
    while let Some(length) = reader.rest().find('%') {
        printer.out.push_str(&reader.rest()[..length]);
        reader.at += length + 1;
        reader.is_reordered = false;
        reader.is_good = true;
        let Some(verb) = reader.directive(&mut printer) else {
            printer.out.push_str("%!(NOVERB)");
            break;
        };
        was_reordered |= reader.is_reordered;
        match verb {
            '%' => printer.out.push('%'),
            _ if !reader.is_good => printer.complain(verb, "BADINDEX"),
            _ => match arguments.get(reader.next) {
                None => printer.complain(verb, "MISSING"),
                Some(argument) => {
                    reader.next += 1;
                    if verb == 'v' {
                        let flags = &mut printer.flags;
                        (flags.is_sharp_v, flags.is_sharp) = (flags.is_sharp, false);
                        (flags.is_plus_v, flags.is_plus) = (flags.is_plus, false);
                    }
                    printer.print(argument, verb);
                }
            },
        }
    }
    if reader.at <= format.len() {
        printer.out.push_str(reader.rest());
    }
    if !was_reordered && reader.next < arguments.len() {
        printer.flags = Flags::default();
        printer.out.push_str("%!(EXTRA ");
        for (at, argument) in arguments[reader.next..].iter().enumerate() {
            if at > 0 {
                printer.out.push_str(", ");
            }
            if argument.is_nil() {
                printer.out.push_str("<nil>");
            } else {
                printer.out.push_str(argument.type_name());
                printer.out.push('=');
                printer.print(argument, 'v');
            }
        }
        printer.out.push(')');
    }
    printer.out
}

#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    pub width: Option<usize>,
    pub precision: Option<usize>,
    pub is_minus: bool,
    pub is_plus: bool,
    pub is_sharp: bool,
    pub has_space: bool,
    pub has_zero: bool,
    pub is_plus_v: bool,
    pub is_sharp_v: bool,
}

impl Flags {
    pub(super) fn pad(&self, text: &str) -> String {
        let length = text.chars().count();
        let Some(missing) = self.width.and_then(|width| width.checked_sub(length)) else {
            return text.to_owned();
        };
        match (self.is_minus, self.has_zero) {
            (true, _) => format!("{text}{}", " ".repeat(missing)),
            (false, zero) => format!("{}{text}", if zero { "0" } else { " " }.repeat(missing)),
        }
    }
}

/// Reads the directives of a format.
struct Reader<'f> {
    format: &'f str,
    at: usize,
    arguments: &'f [Value],
    next: usize,
    is_reordered: bool,
    is_good: bool,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.format.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// What follows a `%`, up to its verb.
    fn directive(&mut self, printer: &mut Printer) -> Option<char> {
        let mut flags = Flags::default();
        loop {
            match self.peek() {
                Some('#') => flags.is_sharp = true,
                Some('0') => flags.has_zero = !flags.is_minus,
                Some('+') => flags.is_plus = true,
                Some('-') => (flags.is_minus, flags.has_zero) = (true, false),
                Some(' ') => flags.has_space = true,
                _ => break,
            }
            self.at += 1;
        }
        let mut after_index = self.index();
        if self.peek() == Some('*') {
            self.at += 1;
            match self.int_argument() {
                Some(width) => {
                    flags.width = Some(width.unsigned_abs() as usize);
                    if width < 0 {
                        (flags.is_minus, flags.has_zero) = (true, false);
                    }
                }
                None => printer.out.push_str("%!(BADWIDTH)"),
            }
            after_index = false;
        } else {
            flags.width = self.number();
            if after_index && flags.width.is_some() {
                self.is_good = false;
            }
        }
        if self.peek() == Some('.') && self.rest().len() > 1 {
            self.at += 1;
            if after_index {
                self.is_good = false;
            }
            after_index = self.index();
            if self.peek() == Some('*') {
                self.at += 1;
                match self.int_argument() {
                    Some(precision) if precision >= 0 => flags.precision = Some(precision as usize),
                    Some(_) | None => printer.out.push_str("%!(BADPREC)"),
                }
                after_index = false;
            } else {
                flags.precision = Some(self.number().unwrap_or(0));
            }
        }
        if !after_index {
            self.index();
        }
        printer.flags = flags;
        let verb = self.peek()?;
        self.at += verb.len_utf8();
        Some(verb)
    }

    fn number(&mut self) -> Option<usize> {
        let length = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        let number = self.rest()[..length].parse().ok().filter(|number| *number <= 1_000_000);
        self.at += length;
        number
    }

    /// `[3]`: the next argument is the third.
    fn index(&mut self) -> bool {
        if self.peek() != Some('[') {
            return false;
        }
        self.is_reordered = true;
        let Some(end) = self.rest().find(']') else {
            self.is_good = false;
            self.at += 1;
            return false;
        };
        let number = self.rest()[1..end].parse::<usize>().ok();
        self.at += end + 1;
        match number.filter(|number| (1..=self.arguments.len()).contains(number)) {
            Some(number) => self.next = number - 1,
            None => self.is_good = false,
        }
        true
    }

    fn int_argument(&mut self) -> Option<i64> {
        let argument = self.arguments.get(self.next);
        self.next += usize::from(argument.is_some());
        match argument {
            Some(Value::Int(value, _)) if value.unsigned_abs() <= 1_000_000 => Some(*value),
            _ => None,
        }
    }
}

#[derive(Default)]
struct Printer {
    out: String,
    flags: Flags,
    /// Inside `%!d(…)`, where values are printed without their own `String()`.
    is_complaining: bool,
}

impl Printer {
    fn complain(&mut self, verb: char, what: &str) {
        self.out.push_str(&format!("%!{verb}({what})"));
    }

    fn padded(&mut self, text: &str) {
        let text = self.flags.pad(text);
        self.out.push_str(&text);
    }

    fn print(&mut self, value: &Value, verb: char) {
        match verb {
            'T' => return self.text(value.type_name(), 's'),
            'v' if value.is_nil() => return self.padded("<nil>"),
            'p' => return self.bad_verb(value, verb),
            _ => {}
        }
        self.print_at(value, verb, 0);
    }

    fn bad_verb(&mut self, value: &Value, verb: char) {
        let was_complaining = std::mem::replace(&mut self.is_complaining, true);
        self.out.push_str(&format!("%!{verb}("));
        if value.is_nil() {
            self.out.push_str("<nil>");
        } else {
            self.out.push_str(value.type_name());
            self.out.push('=');
            self.print_at(value, 'v', 0);
        }
        self.out.push(')');
        self.is_complaining = was_complaining;
    }

    /// The value's own `String()`, for the verbs that ask for it.
    fn own_text(&self, value: &Value, verb: char) -> Option<String> {
        if self.is_complaining || self.flags.is_sharp_v || !matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') {
            return None;
        }
        match value {
            Value::Time(time) => Some(time.to_string()),
            Value::Int(number, kind @ (IntKind::Duration | IntKind::Month | IntKind::Weekday)) => {
                Some(int_text(*number, *kind))
            }
            Value::List(list) => list.of.text.map(|text| text(value)),
            Value::Map(map) => map.of.text.map(|text| text(value)),
            Value::Struct(object) => object.of.text.map(|text| text(value)),
            _ => None,
        }
    }

    fn print_at(&mut self, value: &Value, verb: char, depth: usize) {
        if let Some(text) = self.own_text(value, verb) {
            return self.text(&text, verb);
        }
        match value {
            Value::Nil | Value::NilInterface if depth > 0 => self.out.push_str("<nil>"),
            Value::Nil | Value::NilInterface => self.bad_verb(value, verb),
            Value::Bool(truth) => match verb {
                't' | 'v' => self.padded(if *truth { "true" } else { "false" }),
                _ => self.bad_verb(value, verb),
            },
            Value::Int(number, _) => match number::format_int(*number, verb, &self.flags) {
                Some(text) => self.out.push_str(&text),
                None => self.bad_verb(value, verb),
            },
            Value::Float(number) => match number::format_float_verb(*number, verb, &self.flags) {
                Some(text) => self.out.push_str(&text),
                None => self.bad_verb(value, verb),
            },
            Value::Str(text, _) => match verb {
                'v' if self.flags.is_sharp_v => self.text(text, 'q'),
                'v' | 's' | 'q' | 'x' | 'X' => self.text(text, verb),
                _ => self.bad_verb(value, verb),
            },
            Value::Time(time) => self.padded(&time.to_string()),
            Value::List(list) => {
                let (open, separator, close) = match self.flags.is_sharp_v {
                    true => (format!("{}{{", list.of.name), ", ", "}"),
                    false => ("[".to_owned(), " ", "]"),
                };
                self.out.push_str(&open);
                for (at, item) in list.items.iter().enumerate() {
                    self.out.push_str(if at > 0 { separator } else { "" });
                    self.print_at(item, verb, depth + 1);
                }
                self.out.push_str(close);
            }
            Value::Map(map) => {
                let (open, separator, close) = match self.flags.is_sharp_v {
                    true => (format!("{}{{", map.of.name), ", ", "}"),
                    false => ("map[".to_owned(), " ", "]"),
                };
                self.out.push_str(&open);
                for (at, (key, item)) in map.entries.iter().enumerate() {
                    self.out.push_str(if at > 0 { separator } else { "" });
                    self.print_at(&Value::from(&**key), verb, depth + 1);
                    self.out.push(':');
                    self.print_at(item, verb, depth + 1);
                }
                self.out.push_str(close);
            }
            Value::Struct(object) => {
                let is_pointer = object.of.name.starts_with('*');
                if is_pointer && depth > 0 {
                    // Go prints an address here, which differs from run to run.
                    self.out.push_str("0xc000000000");
                    return;
                }
                if is_pointer {
                    self.out.push('&');
                }
                if self.flags.is_sharp_v {
                    self.out.push_str(value.pointed_type_name());
                }
                self.out.push('{');
                for (at, (name, field)) in object.of.fields.iter().zip(object.fields.iter()).enumerate() {
                    if at > 0 {
                        self.out.push_str(if self.flags.is_sharp_v { ", " } else { " " });
                    }
                    if self.flags.is_plus_v || self.flags.is_sharp_v {
                        self.out.push_str(name);
                        self.out.push(':');
                    }
                    self.print_at(field, verb, depth + 1);
                }
                self.out.push('}');
            }
        }
    }

    fn text(&mut self, text: &str, verb: char) {
        if let 'x' | 'X' = verb {
            let text = self.hexadecimal(text, verb == 'X');
            return self.padded(&text);
        }
        let text = match self.flags.precision {
            Some(length) => text.char_indices().nth(length).map_or(text, |(end, _)| &text[..end]),
            None => text,
        };
        if verb != 'q' {
            return self.padded(text);
        }
        let can_be_raw =
            !text.contains(|c: char| c == '`' || c == '\u{feff}' || (c.is_control() && c != '\t'));
        let quoted = match () {
            () if self.flags.is_sharp && can_be_raw => format!("`{text}`"),
            () if self.flags.is_plus => quote_to_ascii(text),
            () => quote(text),
        };
        self.padded(&quoted);
    }

    fn hexadecimal(&self, text: &str, is_upper: bool) -> String {
        let length = self.flags.precision.unwrap_or(text.len()).min(text.len());
        let prefix = match (self.flags.is_sharp, is_upper) {
            (false, _) => "",
            (true, false) => "0x",
            (true, true) => "0X",
        };
        let mut out = String::new();
        for (at, byte) in text.as_bytes()[..length].iter().enumerate() {
            if at > 0 && self.flags.has_space {
                out.push(' ');
            }
            if at == 0 || self.flags.has_space {
                out.push_str(prefix);
            }
            out.push_str(&if is_upper { format!("{byte:02X}") } else { format!("{byte:02x}") });
        }
        out
    }
}
