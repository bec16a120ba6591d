//! The Docker engine of this machine: one connection to it, and one runtime for what is awaited from it.

use std::collections::HashMap;
use std::future::Future;
use std::sync::OnceLock;

use testcontainers::bollard::Docker as Client;
use testcontainers::bollard::errors::Error;
use testcontainers::core::client::docker_client_instance;
use tokio::runtime::{Builder, Runtime};

use crate::worlds::process;
use crate::worlds::real::place::PlaceError;

/// On everything of ours: whose it is, as `PID START`. Nothing without it is ever touched.
pub const OWNER: &str = "firedrill.owner";

/// Beside it: in which world of process numbers that number counts.
pub const NUMBERS: &str = "firedrill.pid-namespace";

pub struct Engine {
    client: Client,
}

impl Engine {
    pub fn reach() -> Result<Engine, PlaceError> {
        let client = wait(async {
            let client = docker_client_instance().await.map_err(|error| error.to_string())?;
            client.ping().await.map_err(|error| reason(&error))?;
            Ok::<_, String>(client)
        });
        let client = client.map_err(|reason| {
            PlaceError(format!(
                "the Docker engine can't be reached: {reason}\nis it running, and may you use it? Its address is \
                 taken from DOCKER_HOST, or else is /var/run/docker.sock"
            ))
        })?;
        Ok(Engine { client })
    }

    pub fn client(&self) -> &Client {
        &self.client
    }
}

/// Lets the runtime do what is to be awaited.
///
/// There is one for the whole process: connections to the engine are shared, and must not outlive their runtime.
pub fn wait<F: Future>(future: F) -> F::Output {
    runtime().block_on(future)
}

pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let builder =
            Builder::new_multi_thread().worker_threads(1).enable_all().thread_name("docker").build();
        #[allow(clippy::expect_used)]
        builder.expect("a thread can be started")
    })
}

/// The labels that say that something is this process's.
pub fn labels() -> HashMap<String, String> {
    let pid = std::process::id();
    let began = process::began(pid).unwrap_or_default();
    HashMap::from([(OWNER.to_owned(), format!("{pid} {began}")), (NUMBERS.to_owned(), numbers())])
}

/// Whether what has these labels is left over from a firedrill that does not run any more.
pub fn is_left_over(labels: &HashMap<String, String>) -> bool {
    let owner = labels.get(OWNER).and_then(|owner| owner.split_once(' '));
    let Some((pid, then)) = owner else { return false };
    let Ok(pid) = pid.parse() else { return false };
    // A firedrill in a container counts differently: whether it runs can't be seen from here.
    labels.get(NUMBERS).is_some_and(|there| *there == numbers())
        && process::began(pid).as_deref() != Some(then)
}

fn numbers() -> String {
    std::fs::read_link("/proc/self/ns/pid").map_or_else(|_| "?".to_owned(), |link| link.display().to_string())
}

/// What the engine says, without what the client adds.
pub fn reason(error: &Error) -> String {
    match error {
        Error::DockerResponseServerError { message, .. } => message.clone(),
        error => error.to_string(),
    }
}
