//! How the program ends; the numbers are promised to scripts.

/// The reasons to end, never mixed: the worst one wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    Held,
    Broken,
    Unusable,
    WorldFailed,
    OurFault,
}

impl Exit {
    pub const ALL: [Exit; 5] = [Exit::Held, Exit::Broken, Exit::Unusable, Exit::WorldFailed, Exit::OurFault];

    pub fn code(self) -> u8 {
        match self {
            Exit::Held => 0,
            Exit::Broken => 1,
            Exit::Unusable => 2,
            Exit::WorldFailed => 3,
            // What a Rust program ends with when it panics.
            Exit::OurFault => 101,
        }
    }

    pub fn meaning(self) -> &'static str {
        match self {
            Exit::Held => "every promise was kept",
            Exit::Broken => "a promise was broken: a then-step did not hold, or a check found a defect",
            Exit::Unusable => "the arguments, documents or scenarios can't be used; nothing was run",
            Exit::WorldFailed => "a world could not be started or reached, or a report not be written",
            Exit::OurFault => "firedrill itself failed; please report it",
        }
    }

    /// The part of `--help` that tells them.
    pub fn help() -> String {
        let lines = Exit::ALL.map(|exit| format!("{:>5}  {}", exit.code(), exit.meaning()));
        format!("Exit codes:\n{}", lines.join("\n"))
    }
}
