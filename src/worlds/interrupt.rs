//! Somebody wants us to end (Ctrl-C, or being asked to): worlds stop at the next opportunity, and clean up as always.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::WorldError;

/// The longest that anything sleeps without looking up.
const NAP: Duration = Duration::from_millis(40);

/// From now on the first SIGINT or SIGTERM ends worlds; a second ends us at once.
pub fn heed() -> std::io::Result<()> {
    let flag = flag();
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        // In this order: the second comes when the flag is set already.
        signal_hook::flag::register_conditional_shutdown(signal, 130, Arc::clone(flag))?;
        signal_hook::flag::register(signal, Arc::clone(flag))?;
    }
    Ok(())
}

pub fn interrupted() -> bool {
    flag().load(Ordering::Relaxed)
}

/// Sleeps until then, unless we are to end.
pub fn sleep_until(instant: Instant) -> Result<(), WorldError> {
    loop {
        if interrupted() {
            return Err(WorldError::Interrupted);
        }
        let left = instant.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(NAP));
    }
}

fn flag() -> &'static Arc<AtomicBool> {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    FLAG.get_or_init(Arc::default)
}
