//! README.md and the pages in docs/: the files and commands that they show, run as a reader would.
//!
//! A block below `<!-- file: NAME -->` is written to NAME; a `console` block is a command after `$`, and what it answers.
//! `console exit=1` ends with 1. A command that stands alone is run, and what it answers is not shown.
//! `FIREDRILL_REWRITE=1` writes down what is answered now (for a new block, put any line below its command); how it ends
//! is only ever written by hand.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use firedrill::diagnostic::SourceFile;
use firedrill::documents;

/// What stands between ``` and ```.
struct Block<'t> {
    /// After the opening fence: `console exit=1`.
    info: &'t str,
    body: &'t str,
    /// The file that the line before the fence names.
    file: Option<&'t str>,
    /// Where the body stands in the page.
    at: std::ops::Range<usize>,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, &str, usize, Option<&str>)> = None;
    let (mut at, mut above) = (0, "");
    for line in page.split_inclusive('\n') {
        let info = line.trim_end().trim_start_matches('`');
        let fence = &line[..line.trim_end().len() - info.len()];
        match open {
            // A longer fence holds shorter ones.
            Some((opening, info, from, file)) if fence == opening => {
                blocks.push(Block { info, body: &page[from..at], file, at: from..at });
                open = None;
            }
            None if fence.len() >= 3 => {
                let file = above.trim().strip_prefix("<!-- file: ").and_then(|f| f.strip_suffix(" -->"));
                open = Some((fence, info, at + line.len(), file));
            }
            _ => {}
        }
        at += line.len();
        above = line;
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// How a command ends, and what a reader sees of it: its results or, where there are none, its complaints.
fn answer(command: &str, folder: &Path) -> (Option<i32>, String) {
    let quoted = command.split('\'').enumerate();
    let words = quoted.flat_map(|(at, part)| match at % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
        _ => vec![part.to_owned()],
    });
    let words: Vec<String> = words.collect();
    assert_eq!(words.first().map(String::as_str), Some("firedrill"), "{command}");
    let output = Command::new(env!("CARGO_BIN_EXE_firedrill"))
        .args(&words[1..])
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .output()
        .expect("firedrill starts");
    let text = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    (output.status.code(), String::from_utf8(text).expect("firedrill prints UTF-8"))
}

/// A folder in which the page's commands find what a reader of the repository has.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for shown in ["fixtures", "scenarios", "features"] {
        std::os::unix::fs::symlink(root().join(shown), folder.path().join(shown)).expect("a link");
    }
    folder
}

#[track_caller]
fn check(path: &Path) {
    let page = fs::read_to_string(path).expect("the page can be read");
    let folder = folder();
    let mut now = String::new();
    let mut copied = 0;
    for block in blocks(&page) {
        if let Some(file) = block.file {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
            fs::write(path, block.body).expect("the file can be written");
        }
        let mut info = block.info.split_whitespace();
        if info.next() != Some("console") {
            continue;
        }
        let wanted: i32 = match info.next() {
            Some(exit) => exit.strip_prefix("exit=").and_then(|n| n.parse().ok()).expect("exit=NUMBER"),
            None => 0,
        };
        let command = block.body.lines().next().and_then(|line| line.strip_prefix("$ ")).expect("a command");
        let (exit, said) = answer(command, folder.path());
        assert_eq!(exit, Some(wanted), "{}: $ {command}\n{said}", path.display());
        if block.body.lines().count() == 1 {
            continue;
        }
        write!(now, "{}$ {command}\n{}\n", &page[copied..block.at.start], said.trim_end()).expect("text");
        copied = block.at.end;
    }
    now += &page[copied..];
    if std::env::var_os("FIREDRILL_REWRITE").is_some() {
        fs::write(path, &now).expect("the page can be written");
    } else {
        assert_eq!(page, now, "{} is stale: run the tests with FIREDRILL_REWRITE=1", path.display());
    }
}

/// README.md and docs/*.md.
fn pages() -> Vec<PathBuf> {
    let docs = fs::read_dir(root().join("docs")).expect("docs can be read");
    let mut pages: Vec<PathBuf> = docs.map(|entry| entry.expect("an entry").path()).collect();
    pages.push(root().join("README.md"));
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    pages
}

#[test]
fn every_command_on_a_page_answers_as_the_page_says() {
    pages().iter().for_each(|page| check(page));
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let mut links = 0;
    for path in pages() {
        let page = fs::read_to_string(&path).expect("the page can be read");
        for part in page.split("](").skip(1) {
            let target = part.split(')').next().unwrap_or_default();
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") {
                continue;
            }
            links += 1;
            let there = path.parent().expect("a folder").join(file);
            assert!(there.exists(), "{}: {target} leads nowhere", path.display());
        }
    }
    assert!(links > 10, "the links are found");
}

#[test]
fn every_example_of_firedrill_yaml_is_read_without_a_complaint() {
    let page = fs::read_to_string(root().join("docs/workload.md")).expect("the page can be read");
    let examples: Vec<_> = blocks(&page).into_iter().filter(|block| block.info == "yaml").collect();
    assert!(examples.len() > 8, "the examples are found");
    for example in examples {
        let (_, problems) = documents::firedrill::read(&SourceFile::new("docs/workload.md", example.body));
        let told: String = problems.iter().map(ToString::to_string).collect();
        assert!(told.is_empty(), "{told}\n{}", example.body);
    }
}

/// Every key that the reader asks for by name.
fn keys_read() -> Vec<String> {
    let readers = ["firedrill.rs", "services/mod.rs", "services/metric.rs", "services/kubernetes.rs"];
    let mut keys = Vec::new();
    for reader in readers {
        let source = fs::read_to_string(root().join("src/documents").join(reader)).expect("the reader");
        for asks in [".get(\"", ".require(\"", " text(\"", " object(\"", " label(\""] {
            let asked = source.split(asks).skip(1).filter_map(|rest| rest.split('"').next());
            keys.extend(asked.filter(|key| !key.starts_with("prometheus.io/")).map(str::to_owned));
        }
    }
    keys
}

#[test]
fn every_key_of_firedrill_yaml_is_on_its_page() {
    let page = fs::read_to_string(root().join("docs/workload.md")).expect("the page can be read");
    let keys = keys_read();
    assert!(keys.len() > 35, "the keys are found: {keys:?}");
    for key in keys {
        assert!(page.contains(&format!("`{key}`")), "docs/workload.md does not tell of `{key}`");
    }
}
