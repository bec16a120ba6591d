//! `firedrill explain`: what a check looks for, and what to do about it.

use std::io;

use super::color::When;
use super::{Exit, output};
use crate::checks;

/// Explain a check, with an example and the mend
#[derive(clap::Args)]
pub struct ExplainArguments {
    /// The check's id [default: list them all]
    #[arg(value_name = "ID")]
    id: Option<String>,

    /// Print the documentation page of all checks instead, as Markdown
    #[arg(long, conflicts_with = "id")]
    markdown: bool,
}

pub fn run(arguments: &ExplainArguments, color: When) -> Exit {
    let text = match &arguments.id {
        Some(id) => match checks::explain(id) {
            Ok(text) => text,
            Err(problem) => {
                output::complain(&problem.render(color.on(&io::stderr())));
                return Exit::Unusable;
            }
        },
        None if arguments.markdown => checks::page(),
        None => checks::list(),
    };
    output::say(&text);
    Exit::Held
}
