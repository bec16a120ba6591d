//! `firedrill schema`: the JSON schema of YAML scenarios, so that editors complete them.

use super::{Exit, output, stages};

/// Print the JSON schema of YAML scenarios, for editors
#[derive(clap::Args)]
pub struct SchemaArguments {}

pub fn run() -> Exit {
    output::say(&stages::schema());
    Exit::Held
}
