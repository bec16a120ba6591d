//! YAML that one habit breaks, read all the same: `description: {{ $value }} left`, where YAML takes the braces for
//! a mapping.
//!
//! Promises: places stay those of the person's file; nothing else is changed. The mistake is told all the same.

use crate::diagnostic::SourceFile;

/// The text with templates in quotes where they stand bare behind a key; `None` where there are none.
pub fn templates_quoted(file: &SourceFile) -> Option<SourceFile> {
    let text = file.text();
    let mut pieces = Vec::new();
    let mut taken = 0;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let Some((start, end, quote)) = bare_template(line).map(|(s, e, q)| (start + s, start + e, q)) else {
            continue;
        };
        pieces.push((taken..start, &text[taken..start]));
        pieces.push((start..start, quote));
        pieces.push((start..end, &text[start..end]));
        pieces.push((end..end, quote));
        taken = end;
    }
    pieces.push((taken..text.len(), &text[taken..]));
    (taken > 0).then(|| file.view(pieces))
}

/// Where the template behind a line's key stands, and the quotes that it can stand in.
fn bare_template(line: &str) -> Option<(usize, usize, &'static str)> {
    let (key, value) = line.split_once(": ")?;
    let word = key.trim_start_matches([' ', '-']);
    let is_key = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c));
    let value_at = line.len() - value.trim_start().len();
    let value = value.trim();
    if !is_key || !value.starts_with("{{") {
        return None;
    }
    let quote = match (value.contains('\''), value.contains(['"', '\\'])) {
        (false, _) => "'",
        (true, false) => "\"",
        (true, true) => return None,
    };
    Some((value_at, value_at + value.len(), quote))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let mended = templates_quoted(&SourceFile::new("a.yml", text));
        assert_eq!(mended.as_ref().map(SourceFile::text), expected);
    }

    #[test]
    fn bare_templates_are_quoted_and_nothing_else() {
        check("a: {{ $value }} left\nb: c\n", Some("a: '{{ $value }} left'\nb: c\n"));
        check("- a: {{ printf '%d' }}", Some("- a: \"{{ printf '%d' }}\""));
        check("a: {{ '\"' }}\nb: '{{ x }}'\nc: {d: e}\n", None);
        check("a: is {{ x }}\n", None);
    }

    #[test]
    fn places_are_those_of_the_file() {
        let mended = templates_quoted(&SourceFile::new("a.yml", "a: {{ x }}\nb: c\n")).expect("mended");
        let at = mended.text().find("b:").expect("b");
        assert_eq!(mended.span(at..at + 1).in_own_file().to_string(), "a.yml:2:1");
    }
}
