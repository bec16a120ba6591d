//! The program as a person meets it: each file in `tests/cases` holds a command, its files, and what it answers.
//!
//! A case is a text in sections, `-- name --` above each: `command`, `exit`, `stdout` and `stderr`; every other
//! section is a file that the command finds in its folder. What stands above the first section says what is
//! shown. `FIREDRILL_REWRITE=1` writes down what the program answers now; `exit` is only ever written by hand.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

struct Case {
    about: String,
    sections: Vec<(String, String)>,
}

impl Case {
    fn parse(text: &str) -> Case {
        let mut case = Case { about: String::new(), sections: Vec::new() };
        for line in text.split_inclusive('\n') {
            let name = line.trim_end().strip_prefix("-- ").and_then(|rest| rest.strip_suffix(" --"));
            match (name, case.sections.last_mut()) {
                (Some(name), _) => case.sections.push((name.to_owned(), String::new())),
                (None, Some((_, body))) => body.push_str(line),
                (None, None) => case.about.push_str(line),
            }
        }
        case
    }

    fn get(&self, wanted: &str) -> &str {
        self.sections.iter().find(|(name, _)| name == wanted).map_or("", |(_, body)| body.as_str())
    }

    fn set(&mut self, wanted: &str, text: &str) {
        match self.sections.iter_mut().find(|(name, _)| name == wanted) {
            Some((_, body)) => *body = text.to_owned(),
            None => self.sections.push((wanted.to_owned(), text.to_owned())),
        }
    }

    fn print(&self) -> String {
        let mut text = self.about.clone();
        for (name, body) in &self.sections {
            write!(text, "-- {name} --\n{body}").expect("writing to a text");
        }
        text
    }
}

struct Answer {
    exit: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Runs the case's command in a fresh folder that holds its files.
fn answer(case: &Case, folder: &Path) -> Answer {
    for (name, body) in &case.sections {
        if !["command", "exit", "stdout", "stderr"].contains(&name.as_str()) {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
            fs::write(path, body).expect("the file can be written");
        }
    }
    // The documented stacks are found under the path that a reader of the repository would use.
    if case.get("command").contains("fixtures/") {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        std::os::unix::fs::symlink(fixtures, folder.join("fixtures")).expect("the fixtures can be linked");
    }
    let words = words(case.get("command").trim());
    assert_eq!(words.first().map(String::as_str), Some("firedrill"), "a case runs firedrill");
    let output = Command::new(env!("CARGO_BIN_EXE_firedrill"))
        .args(&words[1..])
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .env_remove("RUST_BACKTRACE")
        .env_remove("COLUMNS")
        .output()
        .expect("firedrill starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("firedrill prints UTF-8");
    Answer { exit: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The words of a command, single quotes as a shell has them.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in command.chars() {
        match c {
            '\'' => quoted = !quoted,
            c if c.is_whitespace() && !quoted => words.push(String::new()),
            c => words.last_mut().expect("there is a word").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder)
        .expect("tests/cases can be read")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    cases.sort();
    cases
}

#[test]
fn every_command_answers_as_its_case_says() {
    let rewrite = std::env::var_os("FIREDRILL_REWRITE").is_some();
    let mut wrong = String::new();
    let cases = cases();
    assert!(cases.len() > 5, "the cases are found");
    for path in cases {
        let text = fs::read_to_string(&path).expect("the case can be read");
        let mut case = Case::parse(&text);
        let folder = tempfile::tempdir().expect("a folder");
        let answer = answer(&case, folder.path());
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        // The exit code is the promise; a careless rewrite must not hide a change of it.
        let wanted: i32 = case.get("exit").trim().parse().expect("the case says how it ends");
        if answer.exit != Some(wanted) {
            let Answer { exit, stdout, stderr } = &answer;
            write!(wrong, "{name}: wanted exit {wanted}, got {exit:?}\n{stdout}{stderr}\n").expect("text");
        }
        case.set("stdout", &answer.stdout);
        case.set("stderr", &answer.stderr);
        let got = case.print();
        if got != text {
            if rewrite {
                fs::write(&path, &got).expect("the case can be written");
            } else {
                write!(wrong, "{name} answers otherwise. It said:\n{text}\nand says:\n{got}\n")
                    .expect("text");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}\nFIREDRILL_REWRITE=1 writes down what is said now");
}

/// Inputs too large or too strange to stand in a case.
#[track_caller]
fn refuses(name: &str, content: &[u8], said: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(name), content).expect("the file can be written");
    let output = Command::new(env!("CARGO_BIN_EXE_firedrill"))
        .args(["test", name])
        .current_dir(folder.path())
        .env("NO_COLOR", "1")
        .output()
        .expect("firedrill starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.len() < 2000, "a message that can be read: {} bytes", stderr.len());
    assert!(stderr.contains(said) && stderr.ends_with("nothing was run\n"), "{name}: {stderr}");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]), "{stderr}");
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    refuses("s.yaml", b"name: caf\xe9\n", "invalid-utf8");
    refuses("s.feature", b"Feature: caf\xe9\n", "invalid-utf8");
}

#[test]
fn ten_megabytes_of_nested_parentheses_are_refused() {
    let parentheses = "(".repeat(10 << 20);
    let test = format!("tests:\n- promql_expr_test: [{{expr: '{parentheses}'}}]\n");
    refuses("a_test.yaml", test.as_bytes(), "nested too deeply");
    let brackets = format!("tests: {}\n", "[".repeat(10 << 20));
    refuses("a_test.yaml", brackets.as_bytes(), "yaml-depth");
}

#[test]
fn a_closed_pipe_is_no_fault() {
    use std::process::Stdio;
    let mut child = Command::new(env!("CARGO_BIN_EXE_firedrill"))
        .arg("completions")
        .arg("bash")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("firedrill starts");
    drop(child.stdout.take());
    let ended = child.wait_with_output().expect("it ends");
    assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), &b""[..]));
}
