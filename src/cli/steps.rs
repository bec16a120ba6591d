//! `firedrill steps`: every phrase that a step can be, in Gherkin and in YAML.

use super::{Exit, output, stages};

/// List what steps can say, in Gherkin and in YAML
#[derive(clap::Args)]
pub struct StepsArguments {
    /// Print the documentation page instead, as Markdown
    #[arg(long)]
    markdown: bool,
}

pub fn run(arguments: &StepsArguments) -> Exit {
    output::say(&stages::steps(arguments.markdown));
    Exit::Held
}
