//! Shell commands of a guide, as far as they say what is deployed: files written by here-documents, objects
//! applied from one, and Helm releases.
//!
//! Promises: words keep their places; nothing is expanded or run. Loops, conditions and functions are not
//! understood: their commands are read one by one.

use std::ops::Range;

use crate::diagnostic::{SourceFile, Span, Spanned};

/// What a stretch of shell does to the stack.
#[derive(Clone, Debug, Default)]
pub struct Shell {
    pub here_documents: Vec<HereDocument>,
    pub releases: Vec<HelmCommand>,
    /// The words of every command.
    pub commands: Vec<Vec<Spanned<String>>>,
}

#[derive(Clone, Debug)]
pub struct HereDocument {
    /// The file that it is written to; none where a command such as `kubectl apply -f -` reads it.
    pub file: Option<String>,
    pub source: SourceFile,
    /// `<< 'EOF'`: the shell expands nothing in it.
    pub quoted: bool,
    pub place: Span,
}

/// `helm install` or `helm upgrade`.
#[derive(Clone, Debug)]
pub struct HelmCommand {
    pub release: Spanned<String>,
    pub chart: Spanned<String>,
    pub namespace: Option<Spanned<String>>,
    /// `--set key=value`, in the order in which they apply.
    pub sets: Vec<(String, Spanned<String>)>,
    /// `--values file`
    pub values: Vec<Spanned<String>>,
    pub version: Option<Spanned<String>>,
}

pub fn read(file: &SourceFile) -> Shell {
    let text = file.text();
    let mut shell = Shell::default();
    let mut at = 0;
    while at < text.len() {
        let (words, end) = command(file, at);
        at = end;
        if let Some(marker) = words.iter().find_map(|word| Marker::of(&word.value)) {
            // `<< EOF` has the word apart.
            let marker = match marker.word.is_empty() {
                true => {
                    let behind = words.iter().skip_while(|word| Marker::of(&word.value).is_none()).nth(1);
                    let Some(word) = behind else { continue };
                    Marker { word: word.value.clone(), ..marker }
                }
                false => marker,
            };
            let (source, behind) = here_document(file, at, &marker);
            at = behind;
            let place = words.first().map_or_else(|| file.span(end..end), |word| word.span.clone());
            let quoted = is_quoted(&words);
            shell.here_documents.push(HereDocument { file: redirected(&words), source, quoted, place });
        }
        shell.releases.extend(helm(&words));
        if !words.is_empty() {
            shell.commands.push(words);
        }
    }
    shell
}

/// The words of the command that starts at `at`, over lines joined by backslashes, and where the next starts.
fn command(file: &SourceFile, at: usize) -> (Vec<Spanned<String>>, usize) {
    let text = file.text();
    let mut words = Vec::new();
    let mut word = String::new();
    let mut range: Option<Range<usize>> = None;
    let mut quote = None;
    let mut chars = text[at..].char_indices().map(|(offset, c)| (at + offset, c)).peekable();
    let mut end = text.len();
    let mut finish = |word: &mut String, range: &mut Option<Range<usize>>| {
        if let Some(range) = range.take() {
            words.push(Spanned::new(std::mem::take(word), file.span(range)));
        }
    };
    while let Some((here, c)) = chars.next() {
        let behind = here + c.len_utf8();
        let extended = range.as_ref().map_or(here, |range| range.start)..behind;
        match (quote, c) {
            (Some(mark), c) if c == mark => (quote, range) = (None, Some(extended)),
            (Some('"') | None, '\\') => match chars.next() {
                Some((_, '\n')) if quote.is_none() => finish(&mut word, &mut range),
                Some((_, '\r')) => {
                    chars.next_if(|(_, c)| *c == '\n');
                    finish(&mut word, &mut range);
                }
                Some((at, escaped)) => {
                    word.push(escaped);
                    range = Some(extended.start..at + escaped.len_utf8());
                }
                None => {}
            },
            (Some(_), c) => {
                word.push(c);
                range = Some(extended);
            }
            (None, '"' | '\'') => (quote, range) = (Some(c), Some(extended)),
            (None, '#') if range.is_none() => {
                end = text[here..].find('\n').map_or(text.len(), |newline| here + newline + 1);
                break;
            }
            (None, '\n') => {
                end = behind;
                break;
            }
            (None, ';' | '|' | '&') if !word.ends_with(['>', '<']) => finish(&mut word, &mut range),
            (None, c) if c.is_whitespace() => finish(&mut word, &mut range),
            (None, c) => {
                word.push(c);
                range = Some(extended);
            }
        }
    }
    finish(&mut word, &mut range);
    (words, end)
}

/// What ends a here-document.
struct Marker {
    word: String,
    /// `<<-`: leading tabs are no part of it.
    tabs: bool,
}

impl Marker {
    fn of(word: &str) -> Option<Marker> {
        let behind = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
        let (tabs, word) = match behind.strip_prefix('-') {
            Some(word) => (true, word),
            None => (false, behind),
        };
        // `<<<` is a text, and `<<EOF>f` has the file in the same word.
        let word = word.split('>').next().unwrap_or_default();
        (!word.starts_with('<')).then(|| Marker { word: word.to_owned(), tabs })
    }
}

/// Whether the marker has quotes or a backslash.
fn is_quoted(words: &[Spanned<String>]) -> bool {
    let mut words = words.iter().skip_while(|word| Marker::of(&word.value).is_none());
    let apart = |word: &Spanned<String>| Marker::of(&word.value).is_some_and(|marker| marker.word.is_empty());
    let marker = match words.next() {
        Some(word) if apart(word) => words.next(),
        word => word,
    };
    marker.is_some_and(|word| word.span.text().contains(['\'', '"', '\\']))
}

/// The lines up to the marker, and where the next command starts.
fn here_document(file: &SourceFile, at: usize, marker: &Marker) -> (SourceFile, usize) {
    let text = file.text();
    let mut pieces = Vec::new();
    let mut start = at;
    for line in text[at..].split_inclusive('\n') {
        let end = start + line.len();
        let kept = if marker.tabs { line.trim_start_matches('\t') } else { line };
        if kept.trim_end() == marker.word {
            return (file.view(pieces), end);
        }
        pieces.push((end - kept.len()..end, kept));
        start = end;
    }
    (file.view(pieces), start)
}

/// `> file`, `>file`, `>> file`, `tee file`
fn redirected(words: &[Spanned<String>]) -> Option<String> {
    let mut words = words.iter().map(|word| word.value.as_str()).peekable();
    while let Some(word) = words.next() {
        let behind = match word.split_once('>') {
            Some((_, behind)) => behind.trim_start_matches('>'),
            None if word == "tee" => "",
            None => continue,
        };
        if !behind.is_empty() {
            return Some(behind.to_owned());
        }
        return words.find(|word| !word.starts_with('-')).map(str::to_owned);
    }
    None
}

fn helm(words: &[Spanned<String>]) -> Option<HelmCommand> {
    let start = words.iter().position(|word| word.value == "helm")?;
    let mut words = words[start + 1..].iter();
    words.next().filter(|word| matches!(word.value.as_str(), "install" | "upgrade"))?;
    let mut positional: Vec<Spanned<String>> = Vec::new();
    let (mut namespace, mut sets, mut values, mut version) = (None, Vec::new(), Vec::new(), None);
    while let Some(word) = words.next() {
        if !word.value.starts_with('-') {
            positional.push(word.clone());
            continue;
        }
        let (flag, joined) = match word.value.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => {
                let start = word.span.start + flag.len() + 1;
                let span = word.span.file.span(start.min(word.span.end)..word.span.end);
                (flag, Some(Spanned::new(value.to_owned(), span)))
            }
            _ => (word.value.as_str(), None),
        };
        const TAKING: [&str; 11] = [
            "-n",
            "--namespace",
            "-f",
            "--values",
            "--set",
            "--set-string",
            "--set-json",
            "--set-file",
            "--version",
            "--timeout",
            "--repo",
        ];
        if !TAKING.contains(&flag) {
            continue;
        }
        let Some(value) = joined.or_else(|| words.next().cloned()) else { break };
        match flag {
            "-n" | "--namespace" => namespace = Some(value),
            "-f" | "--values" => values.push(value),
            "--version" => version = Some(value),
            "--set" | "--set-string" => sets.extend(pairs(&value)),
            _ => {}
        }
    }
    let mut positional = positional.into_iter();
    Some(HelmCommand {
        release: positional.next()?,
        chart: positional.next()?,
        namespace,
        sets,
        values,
        version,
    })
}

/// `a.b=1,c=2`; a comma behind a backslash is part of the value.
fn pairs(set: &Spanned<String>) -> Vec<(String, Spanned<String>)> {
    let mut parts: Vec<String> = Vec::new();
    for part in set.value.split(',') {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(',');
                last.push_str(part);
            }
            _ => parts.push(part.to_owned()),
        }
    }
    // Where nothing is escaped or quoted, the value's own place is known.
    let verbatim = set.span.text() == set.value && !set.value.contains('\\');
    let mut at = set.span.start;
    let mut pairs = Vec::new();
    for part in &parts {
        let end = at + part.len();
        if let Some((key, value)) = part.split_once('=') {
            let span = match verbatim {
                true => set.span.file.span(end - value.len()..end),
                false => set.span.clone(),
            };
            pairs.push((key.to_owned(), Spanned::new(value.to_owned(), span)));
        }
        at = end + 1;
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(text: &str) -> Shell {
        read(&SourceFile::new("setup.sh", text))
    }

    /// Each here-document as `file "text" place`.
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let got: Vec<String> = shell(text)
            .here_documents
            .iter()
            .map(|document| {
                let file = document.file.as_deref().unwrap_or("-");
                let quoted = if document.quoted { " quoted" } else { "" };
                format!("{file} {:?} {}{quoted}", document.source.text(), document.source.span(0..1))
            })
            .collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn a_here_document_is_the_file_it_is_written_to() {
        check("cat > a.yaml << EOF\na: 1\nEOF\necho done\n", &[r#"a.yaml "a: 1\n" setup.sh:2:1"#]);
        check("cat <<'EOF' >a.yaml\na: 1\nEOF\n", &[r#"a.yaml "a: 1\n" setup.sh:2:1 quoted"#]);
        check("cat > a << \"EOF\"\na\nEOF\n", &[r#"a "a\n" setup.sh:2:1 quoted"#]);
        check(
            "cat <<-EOF | sudo tee -a /etc/a.yaml\n\ta: 1\n\tEOF\n",
            &[r#"/etc/a.yaml "a: 1\n" setup.sh:2:2"#],
        );
        check("cat <<EOF>a.yaml\na\nEOF\n", &[r#"a.yaml "a\n" setup.sh:2:1"#]);
    }

    #[test]
    fn a_here_document_may_go_to_a_command() {
        check("kubectl apply -f - <<EOF\nkind: X\nEOF\n", &[r#"- "kind: X\n" setup.sh:2:1"#]);
    }

    #[test]
    fn a_here_document_without_end_reaches_to_the_end() {
        check("cat > a << EOF\nx", &[r#"a "x" setup.sh:2:1"#]);
        check("cat <<< text\n# cat << EOF\n", &[]);
        check("cat <<", &[]);
    }

    #[test]
    fn a_helm_release_has_a_chart_a_namespace_and_values() {
        let shell = shell(
            "# Install\nhelm install grafana grafana/grafana -n monitoring \\\n  --set a.b=1,c='x y' --set=d=2 \\\n  \
             --create-namespace --values grafana.yaml\nhelm upgrade --install loki grafana/loki -f=no --wait\n",
        );
        let got: Vec<String> = shell
            .releases
            .iter()
            .map(|release| {
                let namespace = release.namespace.as_ref().map_or("-", |name| &name.value);
                let sets: Vec<String> =
                    release.sets.iter().map(|(key, value)| format!("{key}={}", value.value)).collect();
                let values: Vec<&str> = release.values.iter().map(|value| value.value.as_str()).collect();
                format!(
                    "{} {} {namespace} {} {} {}",
                    release.release.value,
                    release.chart.value,
                    sets.join(" "),
                    values.join(" "),
                    release.chart.span
                )
            })
            .collect();
        assert_eq!(
            got,
            [
                "grafana grafana/grafana monitoring a.b=1 c=x y d=2 grafana.yaml setup.sh:2:22",
                "loki grafana/loki -   setup.sh:5:29",
            ]
        );
    }
}
