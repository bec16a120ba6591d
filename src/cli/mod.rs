//! The command line: arguments, what they start, and the exit code. One file a command.

mod check;
mod color;
mod completions;
mod drill;
mod exit;
mod explain;
mod fault;
mod images;
mod init;
mod man;
mod output;
mod parity;
mod pool;
mod prove;
mod real_world;
mod schema;
pub mod stages;
mod steps;
mod test;
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::caught::caught;

pub use exit::Exit;

const EXAMPLES: &str = "\
Examples:
  firedrill check monitoring.md k8s/            what can't work, from the documents alone
  firedrill init monitoring/                    a firedrill.yaml and a first scenario
  firedrill test scenarios/                     every scenario in a folder
  firedrill test scenarios/shop.yaml:12         the scenario at a line
  firedrill test rules_test.yml                 promtool's unit tests, as they are
  firedrill test features/ --tags '@smoke and not @slow'
  firedrill test scenarios/ --report junit=report.xml --report json=-
  firedrill drill monitoring/                   who is told about which alert, and when
  firedrill test scenarios/ --world local --speed 60    with the real programs
  firedrill up monitoring/                      a stack to look at, with synthetic traffic
  firedrill steps                               what steps can say";

/// Proves that a team's monitoring works before they need it.
#[derive(Parser)]
#[command(name = "firedrill", version, disable_help_subcommand = true, max_term_width = 100)]
#[command(after_help = format!("{}\n\n{EXAMPLES}", Exit::help()))]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// When to colour what is printed; auto is on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: color::When,
}

#[derive(Subcommand)]
enum Command {
    Test(test::TestArguments),
    Drill(drill::DrillArguments),
    Parity(parity::ParityArguments),
    Up(up::UpArguments),
    Check(check::CheckArguments),
    Explain(explain::ExplainArguments),
    Init(init::InitArguments),
    Steps(steps::StepsArguments),
    Schema(schema::SchemaArguments),
    Completions(completions::CompletionsArguments),
    Man(man::ManArguments),
}

/// The whole program: reads its arguments, runs the command, and answers with the exit code.
pub fn main() -> ExitCode {
    let exit = caught(|| match Arguments::try_parse() {
        Ok(arguments) => run(&arguments),
        Err(error) => {
            // `--help` and `--version` come as errors too; printing fails only where nobody reads.
            let _ = error.print();
            if error.use_stderr() { Exit::Unusable } else { Exit::Held }
        }
    });
    let exit = exit.unwrap_or_else(|said| {
        output::complain(&fault::message(&said));
        Exit::OurFault
    });
    ExitCode::from(exit.code())
}

fn run(arguments: &Arguments) -> Exit {
    match &arguments.command {
        Command::Check(check) => check::run(check, arguments.color),
        Command::Explain(explain) => explain::run(explain, arguments.color),
        Command::Init(init) => init::run(init, arguments.color),
        Command::Test(test) => test::run(test, arguments.color, &stages::Stages::REAL),
        Command::Drill(drill) => drill::run(drill, arguments.color),
        Command::Parity(parity) => parity::run(parity, arguments.color),
        Command::Up(up) => up::run(up, arguments.color),
        Command::Steps(steps) => steps::run(steps),
        Command::Schema(_) => schema::run(),
        Command::Completions(completions) => completions::run(completions),
        Command::Man(man) => man::run(man),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_description_of_the_arguments_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn help_tells_every_exit_code() {
        let help = Arguments::command().render_long_help().to_string();
        for exit in Exit::ALL {
            let line = format!("{:>5}  {}", exit.code(), exit.meaning());
            assert!(help.contains(&line), "{line:?} is not in\n{help}");
        }
    }
}
