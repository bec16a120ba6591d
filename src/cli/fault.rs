//! Our own faults: a panic becomes a message that says whose fault it is and how to report it.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether someone on this thread waits to tell a panic in their own words.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
    /// What the last panic of this thread said, and where.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `work`; a panic in it is not printed, but comes back as what it said and where it was.
pub fn caught<R>(work: impl FnOnce() -> R) -> Result<R, String> {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                return usual(info);
            }
            let said = info.payload_as_str().unwrap_or("no reason was given");
            let place =
                info.location().map_or(String::new(), |at| format!(" at {}:{}", at.file(), at.line()));
            LAST.set(Some(format!("{said}{place}")));
        }));
    });
    let before = GUARDED.replace(true);
    // What was being worked on is thrown away with the panic.
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    GUARDED.set(before);
    done.map_err(|_| LAST.take().unwrap_or_else(|| "no reason is known".to_owned()))
}

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
