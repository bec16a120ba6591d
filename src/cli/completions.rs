//! `firedrill completions`: what a shell needs to complete the command line.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Arguments, Exit, output};

/// Print a completion script for a shell
///
/// For bash, for example: firedrill completions bash > /etc/bash_completion.d/firedrill
#[derive(clap::Args)]
pub struct CompletionsArguments {
    shell: Shell,
}

pub fn run(arguments: &CompletionsArguments) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "firedrill", &mut script);
    output::say(&String::from_utf8_lossy(&script));
    Exit::Held
}
