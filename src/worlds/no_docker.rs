//! What stands in the place of [`docker`](super) in a firedrill that was built without it.

use super::real::place::{Place, PlaceError, Program};
use crate::stack::{ImageMap, Stack};

/// There are none.
#[derive(Clone, Debug)]
pub enum Containers {}

impl Containers {
    pub fn ready(_: ImageMap) -> Result<Containers, PlaceError> {
        Err(PlaceError(
            "this firedrill was built without containers; `cargo install --path .` builds one that has them"
                .to_owned(),
        ))
    }

    pub fn version(&self, _: Program) -> Option<String> {
        match *self {}
    }

    pub fn of<'s>(&self, _: &'s Stack) -> Box<dyn Place + 's> {
        match *self {}
    }
}
