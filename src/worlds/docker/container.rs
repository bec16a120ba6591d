//! A component in a container: started, heard, paused, killed, and removed whatever happens.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use testcontainers::bollard::errors::Error;
use testcontainers::bollard::models::{ContainerInspectResponse, HostConfigLogConfig};
use testcontainers::bollard::query_parameters::{
    InspectContainerOptions, KillContainerOptionsBuilder, LogsOptionsBuilder,
};
use testcontainers::core::{Host, Mount};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, GenericImage, ImageExt, TestcontainersError};
use tokio::task::JoinHandle;

use super::engine;
use super::network::{HOST, Network};
use super::sweep::remove_container;
use crate::stack::Image;
use crate::worlds::log::Log;
use crate::worlds::real::place::{Component, PlaceError, Program, Running};

/// How long the engine may take to start a container whose image is there.
const TO_START: Duration = Duration::from_secs(60);

/// How long a component that is asked to end may take, and how often it is looked whether it has.
const TO_END: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

/// How long after its end its last words may take to arrive.
const TO_BE_HEARD: Duration = Duration::from_secs(5);

pub struct Container {
    name: String,
    image: String,
    network: Arc<Network>,
    /// Taken when it is dropped.
    container: Option<ContainerAsync<GenericImage>>,
    address: SocketAddr,
    log: Log,
    heard: u64,
    /// The signal that asks it to end, whoever is connected to it.
    ends_by: &'static str,
    /// Ends with the container.
    listening: Option<JoinHandle<()>>,
}

impl Container {
    pub fn start(
        network: &Arc<Network>,
        image: &Image,
        component: &Component,
    ) -> Result<Container, PlaceError> {
        let name = network.container_name(&component.name);
        let failed = |reason: String| {
            // The engine may have made it all the same.
            drop(engine::wait(remove_container(network.engine(), &name)));
            PlaceError(format!("`{}` could not be started from the image {image}: {reason}", component.name))
        };
        let folder = component.folder.parent().unwrap_or(&component.folder);
        let log = Log::at(folder.join(format!("{}.log", component.name)));
        let written = OpenOptions::new().create(true).append(true).open(log.path());
        let written = written.map_err(|error| failed(error.to_string()))?;
        let heard = log.length();
        let request = request(network, &name, image, component).map_err(|error| failed(error.to_string()))?;
        let started = engine::wait(request.start());
        let container = started.map_err(|error| failed(explain(&error)))?;
        let id = container.id().to_owned();
        let listening = engine::runtime().spawn(listen(network.engine().client().clone(), id, written));
        let mut started = Container {
            name: component.name.clone(),
            image: image.to_string(),
            network: Arc::clone(network),
            container: Some(container),
            address: (Ipv4Addr::UNSPECIFIED, port(component.program)).into(),
            log,
            heard,
            ends_by: if component.program == Program::Postgres { "SIGINT" } else { "SIGTERM" },
            listening: Some(listening),
        };
        let inspected = started.inspect().map_err(|error| PlaceError(engine::reason(&error)))?;
        match own_address(&inspected, network.name()) {
            Some(own) => started.address.set_ip(own),
            // One that has ended has none.
            None => {
                started.hear_the_rest();
                started.check()?;
                return Err(started.error("has no address on its network"));
            }
        }
        Ok(started)
    }

    fn id(&self) -> &str {
        self.container.as_ref().map_or("", |container| container.id())
    }

    fn inspect(&self) -> Result<ContainerInspectResponse, Error> {
        let client = self.network.engine().client();
        engine::wait(client.inspect_container(self.id(), None::<InspectContainerOptions>))
    }

    /// Waits for what it has still said when it ended.
    fn hear_the_rest(&mut self) {
        if let Some(listening) = self.listening.take() {
            drop(engine::wait(async { tokio::time::timeout(TO_BE_HEARD, listening).await }));
        }
    }

    fn signal(&self, signal: &str, what: &str) -> Result<(), PlaceError> {
        let options = KillContainerOptionsBuilder::new().signal(signal).build();
        let client = self.network.engine().client();
        self.done(what, engine::wait(client.kill_container(self.id(), Some(options))))
    }

    fn error(&self, what: &str) -> PlaceError {
        let lines = self.log.last_lines();
        PlaceError(format!("`{}` (image {}) {what}; its last lines:\n{lines}", self.name, self.image))
    }

    fn done(&self, what: &str, done: Result<(), Error>) -> Result<(), PlaceError> {
        done.map_err(|error| {
            PlaceError(format!("`{}` could not be {what}: {}", self.name, engine::reason(&error)))
        })
    }
}

impl Running for Container {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn check(&mut self) -> Result<(), PlaceError> {
        // While it says something, or could, it runs.
        if self.listening.as_ref().is_some_and(|listening| !listening.is_finished()) {
            return Ok(());
        }
        // Whether it runs is not known without the engine: whoever uses it will see.
        let Ok(ContainerInspectResponse { state: Some(state), .. }) = self.inspect() else { return Ok(()) };
        if state.running == Some(true) {
            return Ok(());
        }
        let code = state.exit_code.unwrap_or_default();
        let memory = if state.oom_killed == Some(true) { ", for want of memory" } else { "" };
        Err(self.error(&format!("ended with exit code {code}{memory}")))
    }

    fn said(&mut self) -> String {
        let (text, heard) = self.log.after(self.heard);
        self.heard = heard;
        text
    }

    fn last_lines(&self) -> String {
        self.log.last_lines()
    }

    fn stop(&mut self) -> Result<(), PlaceError> {
        // An engine that is asked to stop a container may know the signal of its image only.
        self.signal(self.ends_by, "stopped")?;
        let asked = Instant::now();
        while self.inspect().is_ok_and(|it| it.state.is_some_and(|state| state.running == Some(true))) {
            if asked.elapsed() >= TO_END {
                return Err(self.error(&format!("did not end within {TO_END:?} of being asked to")));
            }
            std::thread::sleep(PAUSE);
        }
        self.hear_the_rest();
        Ok(())
    }

    fn kill(&mut self) -> Result<(), PlaceError> {
        self.signal("SIGKILL", "killed")?;
        self.hear_the_rest();
        Ok(())
    }

    fn pause(&mut self) -> Result<(), PlaceError> {
        let client = self.network.engine().client();
        self.done("paused", engine::wait(client.pause_container(self.id())))
    }

    fn resume(&mut self) -> Result<(), PlaceError> {
        let client = self.network.engine().client();
        self.done("resumed", engine::wait(client.unpause_container(self.id())))
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if let Some(container) = self.container.take() {
            // What cannot be removed now is left to the next sweep.
            drop(engine::wait(container.rm()));
        }
        self.hear_the_rest();
    }
}

fn request(
    network: &Network,
    name: &str,
    image: &Image,
    component: &Component,
) -> std::io::Result<testcontainers::ContainerRequest<GenericImage>> {
    let folder = component.folder.display().to_string();
    let owner = std::fs::metadata(&component.folder)?;
    let (repository, tag) = parts(image);
    let listen = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port(component.program)));
    let mut command = component.arguments(listen);
    if component.program == Program::Redis {
        // Images without an entrypoint need it, and the official one's takes it.
        command.insert(0, "redis-server".to_owned());
    }
    let mut request = GenericImage::new(repository, tag)
        .with_cmd(command)
        .with_container_name(name)
        .with_network(network.name())
        .with_host(HOST, Host::Addr(network.gateway()))
        .with_labels(engine::labels())
        .with_startup_timeout(TO_START)
        .with_host_config_modifier(|host| {
            // Reached on its own network, and heard whatever the engine does with logs otherwise.
            host.publish_all_ports = Some(false);
            host.log_config = Some(HostConfigLogConfig { typ: Some("json-file".to_owned()), config: None });
        });
    if component.program != Program::Postgres {
        // Who else could read what only we may read? PostgreSQL's image chooses its own user, and reads nothing of ours.
        request = request
            .with_mount(Mount::bind_mount(folder.clone(), folder.clone()))
            .with_working_dir(folder)
            .with_user(format!("{}:{}", owner.uid(), owner.gid()));
    }
    for (variable, value) in &component.environment {
        request = request.with_env_var(variable, value);
    }
    Ok(request)
}

/// Writes down what it says, until it ends.
async fn listen(client: testcontainers::bollard::Docker, id: String, mut log: File) {
    let options = LogsOptionsBuilder::new().follow(true).stdout(true).stderr(true).build();
    let mut said = Box::pin(client.logs(&id, Some(options)));
    while let Some(Ok(part)) = said.next().await {
        if log.write_all(&part.into_bytes()).is_err() {
            return;
        }
    }
}

fn own_address(inspected: &ContainerInspectResponse, network: &str) -> Option<IpAddr> {
    let networks = inspected.network_settings.as_ref()?.networks.as_ref()?;
    networks.get(network)?.ip_address.as_ref()?.parse().ok()
}

/// As testcontainers wants it: what stands before the last colon, and what behind.
fn parts(image: &Image) -> (String, String) {
    let text = image.to_string();
    let (repository, tag) = text.rsplit_once(':').unwrap_or((&text, "latest"));
    (repository.to_owned(), tag.to_owned())
}

/// Where each listens in its container: at its usual port.
fn port(program: Program) -> u16 {
    match program {
        Program::Prometheus => 9090,
        Program::Alertmanager => 9093,
        Program::NodeExporter => 9100,
        Program::PostgresExporter => 9187,
        Program::RedisExporter => 9121,
        Program::Postgres => 5432,
        Program::Redis => 6379,
    }
}

fn explain(error: &TestcontainersError) -> String {
    use testcontainers::core::error::ClientError;
    match error {
        TestcontainersError::Client(ClientError::PullImage { err, .. }) => format!(
            "it is not here and can't be pulled: {}\nsay which image to use in its place: `images` in firedrill.yaml, or \
             --image IMAGE=IMAGE",
            engine::reason(err)
        ),
        TestcontainersError::Client(
            ClientError::CreateContainer(error) | ClientError::StartContainer(error),
        ) => engine::reason(error),
        error => error.to_string(),
    }
}
