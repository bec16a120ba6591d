//! `firedrill man`: the manual page, made from the same description as `--help`.

use clap::CommandFactory;

use super::{Arguments, Exit, output};

/// Print the manual page, of firedrill or of one of its commands
///
/// To read it: firedrill man | man -l -
#[derive(clap::Args)]
pub struct ManArguments {
    /// The command whose page is wanted
    command: Option<String>,
}

pub fn run(arguments: &ManArguments) -> Exit {
    match page(arguments.command.as_deref()) {
        Ok(page) => {
            output::say(&page);
            Exit::Held
        }
        Err(complaint) => {
            output::complain(&complaint);
            Exit::Unusable
        }
    }
}

fn page(command: Option<&str>) -> Result<String, String> {
    let mut described = Arguments::command();
    described.build();
    let wanted = match command {
        None => described,
        Some(name) => {
            let known: Vec<&str> = described.get_subcommands().map(clap::Command::get_name).collect();
            let found = described.find_subcommand(name).cloned();
            // The page of a command bears the program's name too, as git's do.
            found.map(|found| found.display_name(format!("firedrill-{name}"))).ok_or_else(|| {
                format!("error: there is no command {name:?}; there are {}", known.join(", "))
            })?
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(wanted).render(&mut page).map_err(|error| format!("error: {error}"))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_page_for_the_program_and_for_each_command() {
        let whole = page(None).unwrap();
        assert!(whole.contains("every promise was kept"), "{whole}");
        assert!(page(Some("test")).unwrap().contains("firedrill\\-test"));
        assert_eq!(
            page(Some("fly")).unwrap_err(),
            "error: there is no command \"fly\"; there are test, drill, parity, up, check, explain, init, steps, schema, completions, man"
        );
    }
}
