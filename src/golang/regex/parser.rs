//! Reads a pattern by Go's rules and writes it for the `regex` crate.

use super::class::{self, Class};

/// How deep groups may nest; Go's own limit is 1000, which would need more stack than a thread has.
const MAX_DEPTH: usize = 200;
/// How often something may be repeated, all nested repetitions multiplied.
const MAX_REPEAT: u64 = 1000;

/// The flags of `(?imsU)`.
#[derive(Clone, Copy, Default)]
struct Flags {
    fold_case: bool,
    multi_line: bool,
    dot_newline: bool,
    swap_greed: bool,
}

/// The pattern for the `regex` crate, or Go's message.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    Parser { pattern, at: 0, flags: Flags::default(), groups: vec![Group::default()], names: Vec::new() }
        .run()
}

/// One thing that a repetition can be put on.
struct Piece {
    text: String,
    /// The greatest product of nested repetition counts within.
    repeats: u64,
    /// The text holds together without a group around it.
    is_atom: bool,
}

/// What stands between a parenthesis and its partner.
#[derive(Default)]
struct Group {
    /// How the group opens: `(`, `(?P<name>` or `(?:`.
    open: String,
    /// Flags to go back to at the end.
    outer_flags: Flags,
    finished: String,
    finished_repeats: u64,
    pieces: Vec<Piece>,
}

impl Group {
    fn finish_alternative(&mut self) {
        for piece in self.pieces.drain(..) {
            self.finished.push_str(&piece.text);
            self.finished_repeats = self.finished_repeats.max(piece.repeats);
        }
    }
}

struct Parser<'p> {
    pattern: &'p str,
    at: usize,
    flags: Flags,
    groups: Vec<Group>,
    names: Vec<&'p str>,
}

impl<'p> Parser<'p> {
    fn run(mut self) -> Result<String, String> {
        // Where the repetition that was just read began, if one was.
        let mut last_repeat: Option<usize> = None;
        while let Some(c) = self.rest().chars().next() {
            let start = self.at;
            let mut repeat = None;
            match c {
                '(' if self.rest().starts_with("(?") => self.perl_group()?,
                '(' => {
                    self.at += 1;
                    self.open("(".to_owned(), self.flags)?;
                }
                '|' => {
                    self.at += 1;
                    let group = self.group();
                    group.finish_alternative();
                    group.finished.push('|');
                }
                ')' => self.close()?,
                '^' => self.simple(1, if self.flags.multi_line { "(?m:^)" } else { r"\A" }),
                '$' => self.simple(1, if self.flags.multi_line { "(?m:$)" } else { r"\z" }),
                '.' => self.simple(1, if self.flags.dot_newline { "(?s:.)" } else { r"[^\n]" }),
                '[' => {
                    let class = self.class()?;
                    self.push_class(&class);
                }
                '*' | '+' | '?' => {
                    self.at += 1;
                    self.repeat(start, last_repeat, &c.to_string(), 1)?;
                    repeat = Some(start);
                }
                '{' => match self.counts() {
                    Some((min, max, end)) => {
                        self.at = end;
                        self.check_counts(start, min, max)?;
                        let (text, count) = match max {
                            Some(max) if max == min => (format!("{{{min}}}"), max),
                            Some(max) => (format!("{{{min},{max}}}"), max),
                            None => (format!("{{{min},}}"), min),
                        };
                        self.repeat(start, last_repeat, &text, count as u64)?;
                        repeat = Some(start);
                    }
                    None => self.literal_at('{', 1),
                },
                '\\' => self.escape()?,
                c => self.literal_at(c, c.len_utf8()),
            }
            last_repeat = repeat;
        }
        if self.groups.len() != 1 {
            return Err(format!("missing closing ): `{}`", self.pattern));
        }
        let mut group = self.groups.remove(0);
        group.finish_alternative();
        Ok(group.finished)
    }

    fn rest(&self) -> &'p str {
        &self.pattern[self.at..]
    }

    fn group(&mut self) -> &mut Group {
        self.groups.last_mut().expect("the outermost group is never closed")
    }

    fn push(&mut self, text: String, is_atom: bool) {
        self.group().pieces.push(Piece { text, repeats: 0, is_atom });
    }

    fn simple(&mut self, length: usize, text: &str) {
        self.at += length;
        self.push(text.to_owned(), true);
    }

    fn literal_at(&mut self, c: char, length: usize) {
        self.at += length;
        self.literal(c);
    }

    fn literal(&mut self, c: char) {
        let mut text = String::new();
        match self.flags.fold_case {
            true => text = format!("(?i:\\x{{{:x}}})", c as u32),
            false if c.is_ascii_alphanumeric() || (!c.is_ascii() && !c.is_control()) => text.push(c),
            false => text = format!("\\x{{{:x}}}", c as u32),
        }
        self.push(text, true);
    }

    fn push_class(&mut self, class: &Class) {
        let text = class.render(self.flags.fold_case);
        self.push(text, true);
    }

    fn open(&mut self, open: String, outer_flags: Flags) -> Result<(), String> {
        if self.groups.len() > MAX_DEPTH {
            return Err(format!("expression nests too deeply: `{}`", self.pattern));
        }
        self.groups.push(Group { open, outer_flags, ..Group::default() });
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        if self.groups.len() == 1 {
            return Err(format!("unexpected ): `{}`", self.pattern));
        }
        let mut group = self.groups.pop().expect("more than one");
        group.finish_alternative();
        self.flags = group.outer_flags;
        self.at += 1;
        let text = format!("{}{})", group.open, group.finished);
        self.group().pieces.push(Piece { text, repeats: group.finished_repeats, is_atom: true });
        Ok(())
    }

    /// Puts a repetition on the piece before it.
    fn repeat(
        &mut self,
        start: usize,
        last_repeat: Option<usize>,
        operator: &str,
        count: u64,
    ) -> Result<(), String> {
        let mut greedy = true;
        if self.rest().starts_with('?') {
            self.at += 1;
            greedy = false;
        }
        if let Some(first) = last_repeat {
            let operators = &self.pattern[first..self.at];
            return Err(format!("invalid nested repetition operator: `{operators}`"));
        }
        let greedy = greedy != self.flags.swap_greed;
        let text = &self.pattern[start..self.at];
        let is_counted = operator.starts_with('{');
        let Some(piece) = self.groups.last_mut().and_then(|group| group.pieces.last_mut()) else {
            return Err(format!("missing argument to repetition operator: `{text}`"));
        };
        if !piece.is_atom {
            piece.text = format!("(?:{})", piece.text);
        }
        piece.text.push_str(operator);
        piece.text.push_str(if greedy { "" } else { "?" });
        piece.is_atom = false;
        if is_counted {
            piece.repeats = match (count, operator.ends_with(",}")) {
                (0, false) => 0,
                (count, _) => count.max(1) * piece.repeats.max(1),
            };
            if count >= 2 && piece.repeats > MAX_REPEAT {
                return Err(format!("invalid repeat count: `{}`", &self.pattern[start..self.at]));
            }
        }
        Ok(())
    }

    /// `{n}`, `{n,}` or `{n,m}` at the current place, with the offset after it. Anything else is literal text in Go.
    /// A number too big to count is `u32::MAX`.
    fn counts(&self) -> Option<(u32, Option<u32>, usize)> {
        let body = &self.rest()[1..];
        let (min, body) = count(body)?;
        let (max, body) = match body.strip_prefix(',') {
            None => (Some(min), body),
            Some(body) if body.starts_with('}') => (None, body),
            Some(body) => count(body).map(|(max, body)| (Some(max), body))?,
        };
        let body = body.strip_prefix('}')?;
        Some((min, max, self.pattern.len() - body.len()))
    }

    fn check_counts(&self, start: usize, min: u32, max: Option<u32>) -> Result<(), String> {
        let too_many = |count: u32| u64::from(count) > MAX_REPEAT;
        if too_many(min) || max.is_some_and(|max| too_many(max) || min > max) {
            return Err(format!("invalid repeat count: `{}`", &self.pattern[start..self.at]));
        }
        Ok(())
    }

    fn escape(&mut self) -> Result<(), String> {
        let rest = self.rest();
        match rest.as_bytes().get(1) {
            Some(b'A') => self.simple(2, r"\A"),
            Some(b'z') => self.simple(2, r"\z"),
            Some(b'b') => self.simple(2, r"(?-u:\b)"),
            Some(b'B') => self.simple(2, r"(?-u:\B)"),
            Some(b'C') => return Err(r"invalid escape sequence: `\C`".to_owned()),
            Some(b'Q') => {
                let quoted = &rest[2..];
                let (quoted, length) = match quoted.find(r"\E") {
                    Some(end) => (&quoted[..end], end + 4),
                    None => (quoted, rest.len()),
                };
                self.at += length;
                quoted.chars().for_each(|c| self.literal(c));
            }
            _ => match class::escaped(rest)? {
                Some((class, length)) => {
                    self.at += length;
                    self.push_class(&class);
                }
                None => {
                    let (c, length) = class::escaped_char(rest)?;
                    self.at += length;
                    self.literal(c);
                }
            },
        }
        Ok(())
    }

    fn class(&mut self) -> Result<Class, String> {
        let (class, length) = class::bracketed(self.rest())?;
        self.at += length;
        Ok(class)
    }

    /// `(?flags)`, `(?flags:`, `(?P<name>` or `(?<name>`.
    fn perl_group(&mut self) -> Result<(), String> {
        let rest = self.rest();
        let named = match () {
            () if rest.starts_with("(?P<") && rest.len() > 4 => Some(4),
            () if rest.starts_with("(?<") && rest.len() > 3 => Some(3),
            () => None,
        };
        if let Some(name_start) = named {
            let end = rest.find('>').ok_or_else(|| format!("invalid named capture: `{rest}`"))?;
            let name = rest.get(name_start..end).unwrap_or("");
            if name.is_empty() || !name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric()) {
                return Err(format!("invalid named capture: `{}`", &rest[..=end]));
            }
            self.at += end + 1;
            // Go lets a name come twice, the crate doesn't; the first is the one that replacements find.
            if self.names.contains(&name) {
                return self.open("(".to_owned(), self.flags);
            }
            self.names.push(name);
            return self.open(format!("(?P<{}>", super::crate_name(name)), self.flags);
        }
        let mut flags = self.flags;
        let (mut value, mut saw_flag) = (true, false);
        for (at, c) in rest.char_indices().skip(2) {
            match c {
                'i' => flags.fold_case = value,
                'm' => flags.multi_line = value,
                's' => flags.dot_newline = value,
                'U' => flags.swap_greed = value,
                '-' if value => {
                    (value, saw_flag) = (false, false);
                    continue;
                }
                ':' | ')' if value || saw_flag => {
                    self.at += at + 1;
                    if c == ':' {
                        self.open("(?:".to_owned(), self.flags)?;
                    }
                    self.flags = flags;
                    return Ok(());
                }
                c => {
                    let wrong = &rest[..at + c.len_utf8()];
                    return Err(format!("invalid or unsupported Perl syntax: `{wrong}`"));
                }
            }
            saw_flag = true;
        }
        Err(format!("invalid or unsupported Perl syntax: `{rest}`"))
    }
}

/// A decimal number without leading zeros, and the rest.
fn count(text: &str) -> Option<(u32, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(length);
    match digits {
        "" => None,
        _ if digits.len() > 1 && digits.starts_with('0') => None,
        _ => Some((digits.parse().unwrap_or(u32::MAX), rest)),
    }
}
