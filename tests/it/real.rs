//! The real programs that tests compare with.

use std::process::{Command, Stdio};

/// Whether all these programs are installed. Where they must be (in CI), a missing one fails the test.
pub fn available(programs: &[&str]) -> bool {
    for program in programs {
        let found = Command::new(program)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !found {
            assert!(std::env::var_os("CI").is_none(), "`{program}` is not installed");
            eprintln!("skipped: `{program}` is not installed");
            return false;
        }
    }
    true
}
