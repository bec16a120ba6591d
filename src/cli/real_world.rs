//! What commands do before and around real worlds: look for their programs, sweep what was left, heed Ctrl-C.

use std::path::PathBuf;

use super::images::ImageArguments;
use super::{Exit, output};
use crate::runner::WorldKind;
use crate::worlds::docker::Containers;
use crate::worlds::interrupt;
use crate::worlds::local;
use crate::worlds::real::folder;
use crate::worlds::real::place::Program;

/// Makes ready for real worlds, and their containers where they have some; an exit code where they can't be.
pub fn ready(world: WorldKind, images: &ImageArguments, color: bool) -> Result<Option<Containers>, Exit> {
    let failed = |message: &str| {
        output::complain(&format!("error: {message}"));
        Exit::WorldFailed
    };
    match world {
        WorldKind::Twin => return Ok(None),
        WorldKind::Local => {
            let missing = local::missing_programs(&[Program::Prometheus, Program::Alertmanager]);
            if let Some(first) = missing.first() {
                missing.iter().skip(1).for_each(|also| output::complain(&format!("error: {also}")));
                return Err(failed(&first.to_string()));
            }
        }
        WorldKind::Docker => {}
    }
    interrupt::heed().map_err(|error| failed(&format!("signals can't be heeded: {error}")))?;
    let left = folder::sweep().map_err(|error| failed(&format!("what was left can't be swept: {error}")))?;
    for left in left {
        let ended = if left.ended.is_empty() { "nothing".to_owned() } else { left.ended.join(", ") };
        output::complain(&format!(
            "note: removed what a killed firedrill had left in {} (still running: {ended})",
            left.folder.display()
        ));
    }
    match world {
        WorldKind::Docker => {
            let map = images.map().map_err(|problems| {
                output::problems(&problems, color);
                Exit::Unusable
            })?;
            Containers::ready(map).map(Some).map_err(|error| failed(&error.to_string()))
        }
        WorldKind::Twin | WorldKind::Local => Ok(None),
    }
}

/// Where evidence is kept unless somebody says otherwise.
pub fn evidence() -> PathBuf {
    std::env::temp_dir().join("firedrill-evidence")
}
