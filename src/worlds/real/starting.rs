//! Starting components, and waiting until they are ready.

use std::net::SocketAddr;
use std::time::{Duration as Pause, Instant};

use super::place::{Component, Place, PlaceError, Running};
use crate::worlds::{WorldError, interrupt};

const TO_START: Pause = Pause::from_secs(60);
const PAUSE: Pause = Pause::from_millis(20);

/// What programs say whose address is in use …
const TAKEN: [&str; 2] = ["address already in use", "Address already in use"];

/// … and how often they may.
const MOST_TAKEN: u32 = 3;

pub fn start(place: &dyn Place, component: &Component) -> Result<Box<dyn Running>, WorldError> {
    Ok(place.start(component)?)
}

/// Waits for it. One whose address somebody else took between choosing it and listening is started again.
pub fn wait_until(
    place: &dyn Place,
    running: &mut Box<dyn Running>,
    component: &Component,
    mut ready: impl FnMut(SocketAddr) -> bool,
) -> Result<(), WorldError> {
    let begun = Instant::now();
    let mut taken = 0;
    while !ready(running.address()) {
        match running.check() {
            Err(error) if taken < MOST_TAKEN && TAKEN.iter().any(|words| error.0.contains(words)) => {
                taken += 1;
                *running = start(place, component)?;
            }
            checked => checked.map_err(|error| with_config(error, component))?,
        }
        if begun.elapsed() > TO_START {
            let lines = running.last_lines();
            let said =
                format!("`{}` was not ready after {TO_START:?}; its last lines:\n{lines}", component.name);
            return Err(with_config(PlaceError(said), component).into());
        }
        interrupt::sleep_until(Instant::now() + PAUSE)?;
    }
    Ok(())
}

fn with_config(error: PlaceError, component: &Component) -> PlaceError {
    let config = component.folder.join(format!("{}.yml", component.name));
    match config.exists() {
        true => PlaceError(format!("{error}\nits config: {}", config.display())),
        false => error,
    }
}

impl From<PlaceError> for WorldError {
    fn from(error: PlaceError) -> WorldError {
        WorldError::Failed(error.to_string())
    }
}
