//! Markdown guides: the fenced blocks in them, each with its language and the file that it is said to be.
//!
//! Promises: a block's text is a view, so every place in it is a place in the guide. A block that is never
//! closed reaches to the guide's end, as everywhere. Indented code without a fence is prose to it.

use std::ops::Range;

use crate::diagnostic::{SourceFile, Span};

/// A fenced block.
#[derive(Clone, Debug)]
pub struct Block {
    /// The first word of what stands behind the fence, in lower case: `yaml`, `bash`, or nothing.
    pub language: String,
    /// The file that the block is said to be: by its first line's comment, or by the prose just above.
    pub name: Option<String>,
    /// The text within, without the fence's indentation.
    pub source: SourceFile,
    /// The opening fence.
    pub place: Span,
}

/// All fenced blocks of a guide, in its order.
pub fn blocks(file: &SourceFile) -> Vec<Block> {
    let text = file.text();
    let mut blocks = Vec::new();
    let mut prose: &str = "";
    let mut lines = lines(text);
    while let Some(line) = lines.next() {
        let Some(fence) = Fence::open(&text[line.clone()]) else {
            let words = text[line].trim();
            if !words.is_empty() {
                prose = words;
            }
            continue;
        };
        let inside: Vec<Range<usize>> =
            lines.by_ref().take_while(|line| !fence.is_closed_by(&text[line.clone()])).collect();
        let source = file.view(inside.iter().map(|line| {
            let kept = line.start + fence.indent.min(indent(&text[line.clone()]))..line.end;
            (kept.clone(), &text[kept])
        }));
        let shown = line.start + fence.indent..line.start + text[line.clone()].trim_end().len();
        let name = named_by_info(fence.info)
            .or_else(|| named_by_comment(source.text()))
            .or_else(|| named_by_prose(prose));
        let language = fence.info.split(|c: char| c.is_whitespace() || matches!(c, ':' | '{' | ','));
        let language = language.map(str::trim).next().unwrap_or_default().to_lowercase();
        blocks.push(Block { language, name, source, place: file.span(shown) });
        prose = "";
    }
    blocks
}

struct Fence<'t> {
    mark: char,
    length: usize,
    indent: usize,
    info: &'t str,
}

impl<'t> Fence<'t> {
    /// Lists indent their blocks, so any indentation will do.
    fn open(line: &'t str) -> Option<Fence<'t>> {
        let indent = indent(line);
        let rest = line[indent..].trim_end();
        let mark = rest.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
        let info = rest.trim_start_matches(mark);
        let length = rest.len() - info.len();
        // Three backticks around words in a line of prose are no fence.
        let fence = length >= 3 && !(mark == '`' && info.contains('`'));
        fence.then_some(Fence { mark, length, indent, info: info.trim() })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let line = line.trim();
        line.len() >= self.length && line.chars().all(|c| c == self.mark)
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// The lines, each with its line break.
fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        start..at
    })
}

/// `yaml:docker-compose.yml`, `yaml title="prometheus.yml"`
fn named_by_info(info: &str) -> Option<String> {
    let words = info.split([' ', '\t', ':', '=', '{', '}', '"', '\'']).skip(1);
    words.filter(|word| is_file_name(word)).map(str::to_owned).next()
}

/// A first line that is a comment with a file's name, and little else.
fn named_by_comment(text: &str) -> Option<String> {
    let first = text.lines().find(|line| !line.trim().is_empty())?.trim();
    let comment = ["#", "//", "--", ";", "<!--", "/*"].iter().find_map(|mark| first.strip_prefix(mark))?;
    let words: Vec<&str> = words(comment).collect();
    let names = words.iter().filter(|word| is_file_name(word)).count();
    let name = words.iter().find(|word| is_file_name(word))?;
    (names == 1 && words.len() <= 3).then(|| (*name).to_owned())
}

/// The one file's name in a heading or paragraph that leads to the block: `**Create it (k8s/config.yaml):**`.
fn named_by_prose(prose: &str) -> Option<String> {
    let mut names = words(prose).filter(|word| is_file_name(word));
    let name = names.next()?;
    names.next().is_none().then(|| name.to_owned())
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let separator =
        |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '`' | '*' | '"' | '\'' | '[' | ']' | ',');
    text.split(separator)
        .map(|word| word.trim_end_matches([':', '.', ';']))
        .filter(|word| !word.is_empty() && !matches!(*word, "-->" | "*/"))
}

fn is_file_name(word: &str) -> bool {
    const EXTENSIONS: [&str; 18] = [
        "yaml", "yml", "json", "conf", "cfg", "ini", "toml", "sh", "py", "js", "ts", "tsx", "go", "rules",
        "tmpl", "sql", "java", "rs",
    ];
    let known = word.rsplit_once('.').is_some_and(|(stem, extension)| {
        (!stem.is_empty() || word.contains('/')) && EXTENSIONS.contains(&extension)
    });
    known && !word.contains("://") && word.chars().all(|c| c.is_alphanumeric() || "._-/~".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each block as `language name "text" place`.
    #[track_caller]
    fn check(guide: &str, expected: &[&str]) {
        let file = SourceFile::new("guide.md", guide);
        let got: Vec<String> = blocks(&file)
            .iter()
            .map(|block| {
                let name = block.name.as_deref().unwrap_or("-");
                let text = block.source.text();
                format!("{} {name} {text:?} {}", block.language, block.source.span(0..1))
            })
            .collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn blocks_have_a_language_and_a_place_in_the_guide() {
        check("Words\n\n```yaml\na: 1\n```\n", &[r#"yaml - "a: 1\n" guide.md:4:1"#]);
        check("~~~\nx\n~~~\n", &[r#" - "x\n" guide.md:2:1"#]);
        check("```YAML title=x\r\na: 1\r\n```\r\n", &[r#"yaml - "a: 1\r\n" guide.md:2:1"#]);
    }

    #[test]
    fn a_block_in_a_list_is_read_without_its_indentation() {
        check("1. Do:\n   ```sh\n   a\n     b\n\n   ```\n", &[r#"sh - "a\n  b\n\n" guide.md:3:4"#]);
    }

    #[test]
    fn a_longer_fence_holds_a_shorter_one() {
        check("````md\n```\nx\n```\n````\n", &[r#"md - "```\nx\n```\n" guide.md:2:1"#]);
    }

    #[test]
    fn a_block_without_end_reaches_to_the_end() {
        check("```\nx", &[r#" - "x" guide.md:2:1"#]);
        check("```", &[r#" - "" guide.md:1:1"#]);
    }

    #[test]
    fn backticks_within_a_line_are_no_fence() {
        check("```not a fence``` but words\n", &[]);
    }

    #[test]
    fn the_first_line_s_comment_names_the_file() {
        check("```yaml\n# k8s/app.yaml\n```\n", &[r##"yaml k8s/app.yaml "# k8s/app.yaml\n" guide.md:2:1"##]);
        check("```js\n// metrics.js\n```\n", &[r#"js metrics.js "// metrics.js\n" guide.md:2:1"#]);
        check(
            "```yaml\n# merge app.yaml with other.yaml\n```\n",
            &[r##"yaml - "# merge app.yaml with other.yaml\n" guide.md:2:1"##],
        );
    }

    #[test]
    fn the_prose_above_names_the_file() {
        for prose in [
            "**Create it (k8s/app.yaml):**",
            "#### Alerts (k8s/app.yaml)",
            "Write `k8s/app.yaml`:",
            "k8s/app.yaml",
        ] {
            check(
                &format!("{prose}\n\n```yaml\na: 1\n```\n"),
                &[&format!(r#"yaml k8s/app.yaml "a: 1\n" {}"#, "guide.md:4:1")],
            );
        }
        check("From a.yaml to b.yaml:\n```yaml\na: 1\n```\n", &[r#"yaml - "a: 1\n" guide.md:3:1"#]);
        check("See https://example.com/a.yaml\n```yaml\na: 1\n```\n", &[r#"yaml - "a: 1\n" guide.md:3:1"#]);
    }

    #[test]
    fn the_fence_itself_may_name_the_file() {
        check("```yaml:app.yml\na\n```\n", &[r#"yaml app.yml "a\n" guide.md:2:1"#]);
        check("```yaml title=\"app.yml\"\na\n```\n", &[r#"yaml app.yml "a\n" guide.md:2:1"#]);
    }
}
