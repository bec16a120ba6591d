//! Where the components of a real world run: as processes of this machine, or in containers.
//!
//! All that is not about that one question (configs, watching, steps, evidence) is shared by every real world.

use std::net::SocketAddr;
use std::path::PathBuf;

/// One of the programs that make up a team's monitoring, ready to be started.
#[derive(Clone, Debug)]
pub struct Component {
    /// `prometheus`: names its log, its pid file, its container.
    pub name: String,
    pub program: Program,
    /// What it reads and writes, with its config. It sees the folder under this very path wherever it runs.
    pub folder: PathBuf,
    /// `{address}`, `{host}` and `{port}` stand for where it is to listen, which the place chooses.
    pub arguments: Vec<String>,
    pub environment: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Program {
    Prometheus,
    Alertmanager,
    NodeExporter,
    PostgresExporter,
    RedisExporter,
    Postgres,
    Redis,
}

/// A way to run components.
pub trait Place: Send + Sync {
    /// Starts it and comes back at once: it may not be ready yet.
    fn start(&self, component: &Component) -> Result<Box<dyn Running>, PlaceError>;

    /// How a component names a server of ours that listens at this loopback address: `host:port`.
    fn reach(&self, server: SocketAddr) -> String;
}

/// A component that was started. Dropping it ends it at once, and leaves nothing of it but its folder.
pub trait Running: Send {
    /// Where we reach it.
    fn address(&self) -> SocketAddr;

    /// An error that shows its last lines, if it has ended.
    fn check(&mut self) -> Result<(), PlaceError>;

    /// What it has said since this was last asked.
    fn said(&mut self) -> String;

    /// The last of all that it has said.
    fn last_lines(&self) -> String;

    /// Asks it to end and waits until it has, so that it may write down what it wants to keep.
    fn stop(&mut self) -> Result<(), PlaceError>;

    /// Ends it at once, like a crash.
    fn kill(&mut self) -> Result<(), PlaceError>;

    /// It stands still: connections to it are taken and never answered.
    fn pause(&mut self) -> Result<(), PlaceError>;

    fn resume(&mut self) -> Result<(), PlaceError>;
}

/// Why a component does not run, in words that name it and show its last lines.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct PlaceError(pub String);

impl Component {
    /// The arguments of one that listens there.
    pub fn arguments(&self, listen: SocketAddr) -> Vec<String> {
        let (host, port) = (listen.ip().to_string(), listen.port().to_string());
        let filled = |argument: &String| {
            argument
                .replace("{address}", &listen.to_string())
                .replace("{host}", &host)
                .replace("{port}", &port)
        };
        self.arguments.iter().map(filled).collect()
    }
}
