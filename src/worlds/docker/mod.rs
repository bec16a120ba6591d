//! The docker place: components are containers of the images that the documents name.
//!
//! All share a network without a way out, see `network`. Each sees its folder under the same path, as the user that
//! runs firedrill; what it says is written beside that folder. Everything carries labels that say whose it is, so that what a
//! killed firedrill left is found by the next, see `sweep`.

mod container;
mod engine;
mod images;
mod network;
mod sweep;

use std::net::SocketAddr;
use std::sync::Arc;

pub use container::Container;
pub use images::image;
pub use network::Network;

use super::real::place::{Component, Place, PlaceError, Program, Running};
use crate::stack::{ImageMap, Stack};

/// All containers of a run: their network, and which images to use in place of those that documents name.
#[derive(Clone)]
pub struct Containers {
    network: Arc<Network>,
    map: ImageMap,
}

impl Containers {
    /// Reaches the engine, removes what killed firedrills left there, and makes the network.
    pub fn ready(map: ImageMap) -> Result<Containers, PlaceError> {
        Ok(Containers { network: Arc::new(Network::new()?), map })
    }

    /// The release that runs as a program wherever documents name none of their own, if the map says it.
    pub fn version(&self, program: Program) -> Option<String> {
        image(&Stack::default(), &self.map, program).tag.filter(|tag| tag != "latest")
    }

    pub fn of<'s>(&self, stack: &'s Stack) -> Box<dyn Place + 's> {
        Box::new(Docker::new(Arc::clone(&self.network), stack, &self.map))
    }
}

impl std::fmt::Debug for Containers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Containers on {}", self.network.name())
    }
}

/// The containers of one stack.
pub struct Docker<'s> {
    network: Arc<Network>,
    stack: &'s Stack,
    map: ImageMap,
}

impl<'s> Docker<'s> {
    /// `map` goes before what the stack's own files say.
    pub fn new(network: Arc<Network>, stack: &'s Stack, map: &ImageMap) -> Docker<'s> {
        let map = stack.image_map.clone().overridden_by(map.clone());
        Docker { network, stack, map }
    }
}

impl Place for Docker<'_> {
    fn start(&self, component: &Component) -> Result<Box<dyn Running>, PlaceError> {
        let image = image(self.stack, &self.map, component.program);
        Ok(Box::new(Container::start(&self.network, &image, component)?))
    }

    fn reach(&self, server: SocketAddr) -> String {
        // Where no forward can be had, what nobody answers at is the plainest failure.
        self.network.forward(server).unwrap_or_else(|_| format!("{}:{}", network::HOST, server.port()))
    }
}
