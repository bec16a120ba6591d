//! The real exporters of a stack, each with the database that it looks at.
//!
//! A service whose exporter is said to be real is answered for by the program itself. Prometheus asks for the team's own
//! address all the same, and the proxy before the targets passes it on. Between an exporter and its database stands a
//! forward, so that a database that was started anew is found again.

use std::io::Read;
use std::net::{SocketAddr, TcpStream};

use super::folder::{Folder, word};
use super::place::{Component, Place, Program, Running};
use super::{ask, starting};
use crate::diagnostic::Spanned;
use crate::scenario::Change;
use crate::stack::Stack;
use crate::workload::{ExporterKind, ExporterSpec, InstanceSpec};
use crate::worlds::WorldError;
use crate::worlds::forward::Forward;

/// The one user of PostgreSQL, called as its image calls it unless told otherwise.
const USER: &str = "postgres";

/// A service by its place in the stack, and one of its instances by its place in the service.
pub type Instance = (usize, usize);

/// All of them end with it: exporters first, then what they look at.
#[derive(Default)]
pub struct Exporters {
    all: Vec<Exporter>,
}

struct Exporter {
    instance: Instance,
    service: String,
    /// The instance's name and addresses.
    names: Vec<String>,
    component: Component,
    running: Box<dyn Running>,
    /// None where it looks at the machine that it runs on.
    database: Option<Database>,
}

struct Database {
    component: Component,
    /// None while it is stopped.
    running: Option<Box<dyn Running>>,
    forward: Forward,
    /// The metric by which its exporter says that it answers.
    up: &'static str,
}

impl Exporters {
    /// Starts all of them, and comes back at once.
    pub fn start(stack: &Stack, place: &dyn Place, folder: &Folder) -> Result<Exporters, WorldError> {
        let mut all = Vec::new();
        for (service, spec) in stack.services.iter().enumerate() {
            let Some(real) = spec.real_exporter() else { continue };
            for (number, instance) in spec.instances.iter().enumerate() {
                let name = match spec.instances.len() {
                    1 => word(&spec.name.value),
                    _ => format!("{}-{number}", word(&spec.name.value)),
                };
                let (component, database) = prepare(real, &name, place, folder)?;
                all.push(Exporter {
                    instance: (service, number),
                    service: spec.name.value.clone(),
                    names: names(instance),
                    running: starting::start(place, &component)?,
                    component,
                    database,
                });
            }
        }
        Ok(Exporters { all })
    }

    /// Waits until each answers, and says that its database does.
    pub fn wait_until_ready(&mut self, place: &dyn Place) -> Result<(), WorldError> {
        for exporter in &mut self.all {
            if let Some(database) = &mut exporter.database {
                database.wait(place)?;
            }
            exporter.wait(place)?;
        }
        Ok(())
    }

    /// Where each listens now.
    pub fn addresses(&self) -> impl Iterator<Item = (Instance, SocketAddr)> {
        self.all.iter().map(|exporter| (exporter.instance, exporter.running.address()))
    }

    /// An error if one has ended by itself, or its database has.
    pub fn check(&mut self) -> Result<(), WorldError> {
        for exporter in &mut self.all {
            exporter.running.check()?;
            if let Some(running) = exporter.database.as_mut().and_then(|database| database.running.as_mut()) {
                running.check()?;
            }
        }
        Ok(())
    }

    /// What a step's change means for the real ones.
    pub fn apply(&mut self, change: &Change, place: &dyn Place) -> Result<(), WorldError> {
        let (service, instance) = match change {
            Change::Database { service, instance, .. }
            | Change::Restarts { service, instance }
            | Change::Recovers { service, instance } => (service, instance.as_ref()),
            _ => return Ok(()),
        };
        for exporter in self.all.iter_mut().filter(|exporter| exporter.is(service, instance)) {
            match (change, &mut exporter.database) {
                (Change::Restarts { .. }, _) => {
                    exporter.running.stop()?;
                    exporter.running = starting::start(place, &exporter.component)?;
                    exporter.wait(place)?;
                }
                (Change::Database { runs: false, .. }, Some(database)) => database.stop()?,
                (_, Some(database)) => database.start(place)?,
                (_, None) => {}
            }
        }
        Ok(())
    }
}

impl Exporter {
    fn is(&self, service: &Spanned<String>, instance: Option<&Spanned<String>>) -> bool {
        // An instance's name is enough.
        (service.value.is_empty() || service.value == self.service)
            && instance.is_none_or(|instance| self.names.contains(&instance.value))
    }

    fn wait(&mut self, place: &dyn Place) -> Result<(), WorldError> {
        let up = self.database.as_ref().filter(|database| database.running.is_some());
        let up = up.map(|database| format!("{} 1", database.up));
        starting::wait_until(place, &mut self.running, &self.component, |address| {
            ask::request(address, "GET", "/metrics", None).is_ok_and(|answer| {
                let says = |wanted: &String| answer.body.lines().any(|line| line == wanted);
                answer.status == 200 && up.as_ref().is_none_or(says)
            })
        })
    }
}

impl Database {
    fn wait(&mut self, place: &dyn Place) -> Result<(), WorldError> {
        let Some(running) = &mut self.running else { return Ok(()) };
        starting::wait_until(place, running, &self.component, |address| TcpStream::connect(address).is_ok())?;
        self.forward.lead_to(Some(running.address()));
        Ok(())
    }

    fn start(&mut self, place: &dyn Place) -> Result<(), WorldError> {
        if self.running.is_none() {
            self.running = Some(starting::start(place, &self.component)?);
            self.wait(place)?;
        }
        Ok(())
    }

    fn stop(&mut self) -> Result<(), WorldError> {
        if let Some(mut running) = self.running.take() {
            self.forward.lead_to(None);
            running.stop()?;
        }
        Ok(())
    }
}

/// What must be there for the real exporters of a stack, whatever it is run by.
pub fn programs(stack: &Stack) -> impl Iterator<Item = Program> {
    let real = stack.services.iter().filter_map(|service| service.real_exporter());
    real.flat_map(|exporter| {
        let (program, database) = programs_of(exporter.kind);
        std::iter::once(program).chain(database)
    })
}

/// An exporter's own program, and the one that it looks at.
fn programs_of(kind: ExporterKind) -> (Program, Option<Program>) {
    match kind {
        ExporterKind::Postgres => (Program::PostgresExporter, Some(Program::Postgres)),
        ExporterKind::Redis => (Program::RedisExporter, Some(Program::Redis)),
        ExporterKind::Node | ExporterKind::Other => (Program::NodeExporter, None),
    }
}

fn names(instance: &InstanceSpec) -> Vec<String> {
    std::iter::once(&instance.name).chain(&instance.addresses).cloned().collect()
}

/// The exporter's component, and its database, which is started with it.
fn prepare(
    real: &ExporterSpec,
    name: &str,
    place: &dyn Place,
    folder: &Folder,
) -> Result<(Component, Option<Database>), WorldError> {
    let failed = |what: &str, error: std::io::Error| WorldError::Failed(format!("{what}: {error}"));
    let component = |name: String, program: Program| {
        let own = folder.add(&name).map_err(|error| failed(&name, error))?;
        let (arguments, environment) = (Vec::new(), Vec::new());
        Ok::<_, WorldError>(Component { name, program, folder: own, arguments, environment })
    };
    let (program, database) = programs_of(real.kind);
    let mut exporter = component(format!("exporter-{name}"), program)?;
    exporter.arguments.push("--web.listen-address={address}".to_owned());
    let (Some(program), Some((up, _))) = (database, real.kind.of_database()) else {
        return Ok((exporter, None));
    };
    let mut component = component(format!("database-{name}"), program)?;
    let forward = Forward::start().map_err(|error| failed("no way to a database can be opened", error))?;
    let reached = place.reach(forward.address());
    match program {
        Program::Postgres => {
            let password = password().map_err(|error| failed("no password can be made", error))?;
            // Nothing of it has to outlast this machine.
            let settings = ["fsync=off", "full_page_writes=off", "synchronous_commit=off"];
            component.arguments =
                settings.into_iter().flat_map(|setting| ["-c", setting]).map(str::to_owned).collect();
            let set = |variable: &str, value: &str| (variable.to_owned(), value.to_owned());
            component.environment = vec![
                set("POSTGRES_USER", USER),
                set("POSTGRES_PASSWORD", &password),
                set("POSTGRES_DB", &real.database),
            ];
            let source = format!(
                "postgresql://{USER}:{password}@{reached}/{}?sslmode=disable",
                ask::escaped(&real.database)
            );
            exporter.environment = vec![("DATA_SOURCE_NAME".to_owned(), source)];
        }
        _ => {
            let dir = component.folder.display().to_string();
            let arguments = [
                "--port",
                "{port}",
                "--bind",
                "{host}",
                "--protected-mode",
                "no",
                "--save",
                "",
                "--dir",
                &dir,
            ];
            component.arguments = arguments.into_iter().map(str::to_owned).collect();
            exporter.environment = vec![("REDIS_ADDR".to_owned(), format!("redis://{reached}"))];
        }
    }
    let running = Some(starting::start(place, &component)?);
    Ok((exporter, Some(Database { component, running, forward, up })))
}

/// Other users of this machine reach loopback too.
fn password() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
