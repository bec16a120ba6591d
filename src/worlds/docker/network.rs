//! The network that all containers of a run share, with no way out: nobody is paged by a drill, whatever address a
//! config still holds.
//!
//! Our own servers listen on loopback. What a container must reach of them is forwarded from this machine's address on
//! that network, which only its containers have a way to; they know it by the name [`HOST`].

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use testcontainers::bollard::models::NetworkCreateRequest;
use testcontainers::bollard::query_parameters::InspectNetworkOptions;

use super::engine::{self, Engine};
use super::sweep;
use crate::worlds::forward::join;
use crate::worlds::real::place::PlaceError;
use crate::worlds::server::Server;

/// What containers call this machine.
pub const HOST: &str = "firedrill";

/// Removed when it is dropped; its containers go before.
pub struct Network {
    engine: Engine,
    name: String,
    gateway: IpAddr,
    /// By the address of the server that they lead to.
    forwards: Mutex<BTreeMap<SocketAddr, Server>>,
    containers: AtomicU32,
}

impl Network {
    /// Removes what killed firedrills left, then makes a network of its own.
    pub fn new() -> Result<Network, PlaceError> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let engine = Engine::reach()?;
        sweep::sweep(&engine)?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("firedrill-{}-{number}", std::process::id());
        let request = NetworkCreateRequest {
            name: name.clone(),
            driver: Some("bridge".to_owned()),
            internal: Some(true),
            labels: Some(engine::labels()),
            ..NetworkCreateRequest::default()
        };
        let made = engine::wait(async {
            engine.client().create_network(request).await?;
            engine.client().inspect_network(&name, None::<InspectNetworkOptions>).await
        });
        let failed =
            |reason: &str| PlaceError(format!("no network can be made for the containers: {reason}"));
        let made = made.map_err(|error| failed(&engine::reason(&error)))?;
        let configs = made.ipam.and_then(|ipam| ipam.config).unwrap_or_default();
        let gateway = configs.into_iter().find_map(|config| config.gateway?.parse::<IpAddr>().ok());
        let network = Network {
            engine,
            name,
            // Replaced at once; from here on dropping it removes the network.
            gateway: gateway.unwrap_or(IpAddr::from([0, 0, 0, 0])),
            forwards: Mutex::default(),
            containers: AtomicU32::new(0),
        };
        if gateway.is_none() {
            return Err(failed("it has no gateway"));
        }
        match TcpListener::bind((network.gateway, 0)) {
            Ok(_) => Ok(network),
            Err(error) => Err(PlaceError(format!(
                "containers have no way to this process: {} is not an address of this machine ({error})\nthe Docker \
                 engine must run on this very machine, not in another or in a virtual one",
                network.gateway
            ))),
        }
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn gateway(&self) -> IpAddr {
        self.gateway
    }

    /// A name for the next container.
    pub fn container_name(&self, component: &str) -> String {
        let number = self.containers.fetch_add(1, Ordering::Relaxed);
        format!("{}-{number}-{component}", self.name)
    }

    /// How a container names that server of ours.
    pub fn forward(&self, server: SocketAddr) -> io::Result<String> {
        let mut forwards = self.forwards.lock().unwrap_or_else(PoisonError::into_inner);
        let forward = match forwards.entry(server) {
            Entry::Occupied(forward) => forward.into_mut(),
            Entry::Vacant(place) => {
                let lead = move |stream: &TcpStream| {
                    // Either side's going away ends it.
                    drop(join(stream, server));
                };
                // The same port where it is free: to some clients a port has a meaning.
                let forward = Server::start_at((self.gateway, server.port()).into(), lead)
                    .or_else(|_| Server::start_at((self.gateway, 0).into(), lead))?;
                place.insert(forward)
            }
        };
        Ok(format!("{HOST}:{}", forward.address().port()))
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // While their address still exists.
        self.forwards.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        // The next sweep tries again.
        drop(engine::wait(self.engine.client().remove_network(&self.name)));
    }
}
