//! Our own faults: a panic becomes a message that says whose fault it is and how to report it.

/// What a person is told when the program itself fails.
pub fn message(said: &str) -> String {
    format!("error[our-own-fault]: firedrill failed: {said}\n{}", how_to_report())
}

pub fn how_to_report() -> String {
    let place = match env!("CARGO_PKG_REPOSITORY") {
        "" => String::new(),
        repository => format!(" at {repository}/issues"),
    };
    format!(
        "This is a fault of firedrill {}, not of your files. Please report it{place}, with this message, the command \
         and, if you can, the files.",
        env!("CARGO_PKG_VERSION")
    )
}
