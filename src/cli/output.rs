//! Writing to standard output and standard error without minding a reader that has gone.

use std::io::{self, Write};

use crate::diagnostic::{Diagnostic, Severity};

/// Problems shown of a file or run that has very many.
const SHOWN: usize = 50;

/// Prints a result. A closed pipe is no fault: `firedrill steps | head` ends quietly.
pub fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints something that is not the result: problems, notes.
pub fn complain(text: &str) {
    let mut out = io::stderr().lock();
    let _ = out.write_all(text.as_bytes());
    if !text.ends_with('\n') {
        let _ = out.write_all(b"\n");
    }
}

/// Prints a result beside standard output, which something else has been asked to fill.
pub fn tell_aside(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Every problem as a person reads it, and how many there are. True when one of them is an error.
pub fn problems(problems: &[Diagnostic], colour: bool) -> bool {
    let errors = shown(problems, colour);
    match errors {
        0 => {}
        1 => complain("1 error; nothing was run"),
        errors => complain(&format!("{errors} errors; nothing was run")),
    }
    errors > 0
}

/// The same where everything goes on; how many of them are errors.
pub fn shown(problems: &[Diagnostic], colour: bool) -> usize {
    for problem in problems.iter().take(SHOWN) {
        complain(&format!("{}\n", problem.render(colour).trim_end()));
    }
    if problems.len() > SHOWN {
        complain(&format!("and {} more\n", problems.len() - SHOWN));
    }
    problems.iter().filter(|problem| problem.severity == Severity::Error).count()
}
