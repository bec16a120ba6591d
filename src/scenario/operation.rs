//! What happens to a program of the team's monitoring itself, and in which order it can.

/// An end, a beginning, or a stand-still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// It is asked to end, and writes down what it wants to keep.
    Stop,
    /// It ends at once, like a crash.
    Kill,
    /// One that has ended starts anew, with its storage.
    Start,
    /// It stands still: it takes connections and never answers.
    Pause,
    /// One that stands still goes on.
    Resume,
}

/// How a program is after the operations so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Life {
    #[default]
    Runs,
    Down,
    Paused,
}

impl Life {
    pub fn runs(self) -> bool {
        self == Life::Runs
    }

    /// How it is after this; `None` where that can't happen to it now.
    pub fn after(self, operation: Operation) -> Option<Life> {
        match (self, operation) {
            (Life::Runs | Life::Paused, Operation::Kill) | (Life::Runs, Operation::Stop) => Some(Life::Down),
            (Life::Runs, Operation::Pause) => Some(Life::Paused),
            (Life::Down, Operation::Start) | (Life::Paused, Operation::Resume) => Some(Life::Runs),
            _ => None,
        }
    }
}
