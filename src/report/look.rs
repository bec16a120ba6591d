//! How a report for a person looks: colours, width, characters.

/// What a person's terminal can show, and how much they want to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub colour: bool,
    /// Columns to fill at most.
    pub width: usize,
    /// Draw with ASCII characters only.
    pub ascii: bool,
    pub detail: Detail,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Failures and the summary only.
    Quiet,
    /// A line for each scenario that passed.
    Normal,
    /// The steps of every scenario, each with when it was decided.
    Verbose,
}

impl Look {
    pub const PLAIN: Look = Look { colour: false, width: 100, ascii: false, detail: Detail::Normal };

    pub fn bad(&self, text: &str) -> String {
        self.paint("1;31", text)
    }

    pub fn good(&self, text: &str) -> String {
        self.paint("32", text)
    }

    pub fn strong(&self, text: &str) -> String {
        self.paint("1", text)
    }

    pub fn faint(&self, text: &str) -> String {
        self.paint("2", text)
    }

    pub fn warm(&self, text: &str) -> String {
        self.paint("33", text)
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// Text cut to so many characters, with a sign that it was cut.
pub(super) fn cut(text: &str, width: usize, ascii: bool) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mark = if ascii { "~" } else { "…" };
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{}{mark}", kept.trim_end())
}

/// The text without what colours it.
pub(super) fn unpainted(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').map_or("", |(_, rest)| rest))
}

/// A line broken at blanks where possible; never empty.
pub(super) fn wrapped(line: &str, width: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest: Vec<char> = line.chars().collect();
    let width = width.max(1);
    while rest.len() > width {
        let at = rest[..=width].iter().rposition(|c| *c == ' ').filter(|at| *at > width / 3).unwrap_or(width);
        parts.push(rest[..at].iter().collect::<String>());
        rest.drain(..at);
        while rest.first() == Some(&' ') {
            rest.remove(0);
        }
    }
    parts.push(rest.iter().collect());
    parts
}

/// Text cut in its middle: what tells names apart often stands at their end.
pub(super) fn cut_middle(text: &str, width: usize, ascii: bool) -> String {
    let length = text.chars().count();
    if length <= width {
        return text.to_owned();
    }
    let mark = if ascii { "~" } else { "…" };
    let kept = width.saturating_sub(1);
    let head: String = text.chars().take(kept / 2).collect();
    let tail: String = text.chars().skip(length - (kept - kept / 2)).collect();
    format!("{head}{mark}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_at_their_end_differ_when_cut() {
        let check = |text, cut| assert_eq!(cut_middle(text, 20, false), cut);
        check("Slow{pod=\"a\"}", "Slow{pod=\"a\"}");
        check("HighErrorRate{instance=\"10.1.0.1:3000\"}", "HighError…0.1:3000\"}");
        check("HighErrorRate{instance=\"10.1.0.2:3000\"}", "HighError…0.2:3000\"}");
    }
}
