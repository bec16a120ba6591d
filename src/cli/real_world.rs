//! What commands do before and around real worlds: look for their programs, sweep what was left, heed Ctrl-C.

use std::path::PathBuf;

use super::images::ImageArguments;
use super::{Exit, output};
use crate::runner::WorldKind;
use crate::stack::Stack;
use crate::worlds::docker::Containers;
use crate::worlds::interrupt;
use crate::worlds::local;
use crate::worlds::real::place::Program;
use crate::worlds::real::{exporters, folder};

/// Says which programs are missing of those that these stacks need, and gives an exit code where one is.
pub fn installed<'s>(world: WorldKind, stacks: impl Iterator<Item = &'s Stack>) -> Result<(), Exit> {
    if world != WorldKind::Local {
        return Ok(());
    }
    let mut wanted = vec![Program::Prometheus, Program::Alertmanager];
    wanted.extend(stacks.flat_map(exporters::programs));
    wanted.sort_unstable();
    wanted.dedup();
    let missing = local::missing_programs(&wanted);
    missing.iter().for_each(|missing| output::complain(&format!("error: {missing}")));
    if missing.is_empty() { Ok(()) } else { Err(Exit::WorldFailed) }
}

/// Makes ready for real worlds, and their containers where they have some; an exit code where they can't be.
pub fn ready(world: WorldKind, images: &ImageArguments, color: bool) -> Result<Option<Containers>, Exit> {
    let failed = |message: &str| {
        output::complain(&format!("error: {message}"));
        Exit::WorldFailed
    };
    if world == WorldKind::Twin {
        return Ok(None);
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
