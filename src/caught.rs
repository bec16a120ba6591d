//! A panic caught and told in other words: our own fault, or that of a library that gives up on what a person wrote.

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
