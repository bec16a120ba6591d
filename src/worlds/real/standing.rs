//! A stack stood up: Prometheus and Alertmanager running, the synthetic services served, the inbox open.

use std::path::{Path, PathBuf};
use std::time::{Duration as Pause, Instant};

use super::config::{self, RuleFile, phase};
use super::exporters::Exporters;
use super::folder::Folder;
use super::place::{Component, Place, PlaceError, Program, Running};
use super::prometheus::{self, Scraped};
use super::relay::Relay;
use super::starting::{self, start};
use super::{Change, ask};
use crate::diagnostic::Diagnostic;
use crate::scenario::{Life, Operation};
use crate::stack::{Stack, Version};
use crate::time::{Duration, Timestamp};
use crate::workload::Workload;
use crate::worlds::clock::Clock;
use crate::worlds::edit::Substitution;
use crate::worlds::inbox::Inbox;
use crate::worlds::targets::Targets;
use crate::worlds::{WorldError, interrupt};

const PAUSE: Pause = Pause::from_millis(20);

/// How long Prometheus may take to find its targets and scrape each once: it hands them on every 5 s.
const TO_SCRAPE: Pause = Pause::from_secs(25);

/// How often Prometheus hands on what discovery has found, whatever its config says.
const HANDS_ON: Pause = Pause::from_secs(5);

/// What discovery finds is asked for every 100 ms, and what was handed on is looked at as often.
const TO_REFRESH: Pause = Pause::from_millis(300);

/// How much later than wanted a group may be evaluated, in parts of its interval.
const IN_STEP: i64 = 25;

/// How often Alertmanager writes down what it knows, in seconds.
const MAINTENANCE: i64 = 15 * 60;

/// Where links lead when the documents don't say.
const PROMETHEUS_URL: &str = "http://localhost:9090";
const ALERTMANAGER_URL: &str = "http://localhost:9093";

/// Ends with all that was started: components first, what serves them after.
pub struct Standing {
    pub prometheus: Box<dyn Running>,
    pub prometheus_life: Life,
    /// None where the stack has none.
    pub alertmanager: Option<Box<dyn Running>>,
    pub alertmanager_life: Life,
    pub exporters: Exporters,
    pub targets: Targets,
    pub inbox: Inbox,
    pub relay: Relay,
    pub clock: Clock,
    pub substituted: Substituted,
    /// An instant, in the machine's time, at which all groups are evaluated together.
    pub tick: Timestamp,
    /// The distance of such instants, in the machine's time.
    pub interval: Duration,
    /// How long after such an instant nothing is scraped yet.
    pub quiet: Duration,
    /// When Prometheus was started, and how long after that it first handed on what discovery had found.
    handed_on: (Instant, Pause),
    prometheus_component: Component,
    alertmanager_component: Option<Component>,
}

/// What the programs run with otherwise than the team wrote it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Substituted {
    pub texts: Vec<Substitution>,
    /// Flags that they are started with beside those that say where, each with why.
    pub flags: Vec<(String, &'static str)>,
}

/// What a world is stood up from.
pub struct Plan<'a> {
    pub stack: &'a Stack,
    pub place: &'a dyn Place,
    pub folder: &'a Folder,
    pub speed: u32,
    pub seed: u64,
    /// What the world's clock is to show when the first step is taken.
    pub start: Timestamp,
    /// How long what is normal goes on before.
    pub warm_up: Duration,
    pub given: &'a [Change],
}

impl Standing {
    pub fn up(plan: &Plan<'_>) -> Result<Standing, WorldError> {
        let speed = plan.speed.max(1);
        // Started up by then, mostly.
        let lead = Duration(plan.warm_up.0 + 7_000 * i64::from(speed));
        let clock = Clock::starting(plan.start - lead, speed);
        let targets = Targets::start(workload(plan, clock.now())?, clock);
        let targets = targets.map_err(|error| failed("the synthetic services can't be served", &error))?;
        let mut inbox = Inbox::start(clock).map_err(|error| failed("the inbox can't be opened", &error))?;
        let relay = Relay::start(clock).map_err(|error| failed("the relay can't be opened", &error))?;

        let rules = config::rules(plan.stack, speed).map_err(refused)?;
        let (prometheus_component, mut substitutions) = prepare_prometheus(plan, &targets, &relay)?;
        let alertmanager_component = match &plan.stack.alertmanager {
            Some(_) => {
                let (component, more) = prepare_alertmanager(plan, &mut inbox)?;
                substitutions.extend(more);
                Some(component)
            }
            None => None,
        };
        for file in &rules {
            substitutions.extend(file.written.substitutions.iter().cloned());
        }
        let mut all_flags = flags(speed);
        if alertmanager_component.is_some() {
            all_flags.extend(alertmanager_flags(speed));
        }
        let mut exporters = Exporters::start(plan.stack, plan.place, plan.folder)?;
        let started = Instant::now();
        let mut prometheus = start(plan.place, &prometheus_component)?;
        let mut alertmanager = match &alertmanager_component {
            Some(component) => Some(start(plan.place, component)?),
            None => None,
        };
        wait_until_ready(plan.place, &mut prometheus, &prometheus_component)?;
        if let (Some(running), Some(component)) = (&mut alertmanager, &alertmanager_component) {
            wait_until_ready(plan.place, running, component)?;
            relay.lead_to(Some(running.address()));
        }
        exporters.wait_until_ready(plan.place)?;
        exporters.addresses().for_each(|(instance, exporter)| targets.lead_to(instance, exporter));
        let mut standing = Standing {
            prometheus,
            prometheus_life: Life::Runs,
            alertmanager,
            alertmanager_life: Life::Runs,
            exporters,
            targets,
            inbox,
            relay,
            clock,
            substituted: Substituted { texts: substitutions, flags: all_flags },
            tick: Timestamp(0),
            interval: Duration(1000),
            quiet: Duration::ZERO,
            handed_on: (started, Pause::ZERO),
            prometheus_component,
            alertmanager_component,
        };
        standing.load_rules(plan, &rules)?;
        Ok(standing)
    }

    /// Gives Prometheus its rules once it is known when it scrapes: all groups are evaluated in step, at an instant
    /// of their interval in which nothing is scraped.
    fn load_rules(&mut self, plan: &Plan<'_>, rules: &[RuleFile]) -> Result<(), WorldError> {
        let intervals = rules.iter().flat_map(|file| &file.groups).map(|(_, interval)| *interval);
        let speed = i64::from(plan.speed.max(1));
        let own = Duration((plan.stack.prometheus.evaluation_interval.0 / speed).max(1));
        self.interval = intervals.clone().min().unwrap_or(own);
        let longest = intervals.max().unwrap_or(own);
        let scraped = self.first_scrapes(plan)?;
        let (wanted, quiet) = quiet_instant(&scraped, self.interval);
        self.quiet = quiet;
        let version = version(self.prometheus.address())?;
        let folder = self.rules_folder();
        for file in rules {
            let groups: Vec<phase::Group<'_>> =
                file.groups.iter().map(|(name, interval)| (name.as_str(), nanos(*interval))).collect();
            let path = phase::path(
                |number| folder.join(format!("{}.{number}.yml", file.name)).display().to_string(),
                &groups,
                version,
                nanos(wanted),
                nanos(self.interval) / IN_STEP as u64,
            );
            std::fs::write(&path, &file.written.text).map_err(|error| failed(&path, &error))?;
        }
        if !rules.is_empty() {
            let address = self.prometheus.address();
            if let Err(error) = ask::request(address, "POST", "/-/reload", None)
                .map_err(|error| error.to_string())
                .and_then(|answer| match answer.status {
                    200 => Ok(()),
                    _ => Err(answer.body.trim().to_owned()),
                })
            {
                let lines = self.prometheus.last_lines();
                return Err(WorldError::Failed(format!(
                    "Prometheus does not load its rules from {}: {error}\nits last lines:\n{lines}",
                    folder.display()
                )));
            }
        }
        // The first common instant after what is normal has gone on for long enough.
        let from = self.clock.time_of_day(self.clock.now()).0 + plan.warm_up.0 / speed;
        let planned = self.clock.time_of_day(plan.start).0;
        let from = from.max(planned - longest.0);
        let periods = (from - wanted.0).div_euclid(longest.0) + 1;
        self.tick = Timestamp(periods * longest.0 + wanted.0);
        Ok(())
    }

    /// All targets after their first scrape, or those that there are when no more come.
    fn first_scrapes(&mut self, plan: &Plan<'_>) -> Result<Vec<Scraped>, WorldError> {
        let begun = Instant::now();
        let any = !plan.stack.prometheus.scrape_configs.is_empty() && !plan.stack.services.is_empty();
        loop {
            self.prometheus.check().map_err(lost)?;
            let scraped = prometheus::targets(self.prometheus.address()).unwrap_or_default();
            if self.handed_on.1.is_zero() && !scraped.is_empty() {
                self.handed_on.1 = self.handed_on.0.elapsed();
            }
            let all = scraped.iter().all(|target| target.health != "unknown");
            if !any || (all && !scraped.is_empty()) || begun.elapsed() > TO_SCRAPE {
                return Ok(scraped);
            }
            interrupt::sleep_until(Instant::now() + PAUSE)?;
        }
    }

    fn rules_folder(&self) -> PathBuf {
        self.prometheus_component.folder.join("rules")
    }

    /// The next instant just before Prometheus hands on what discovery has found: what comes or goes then is known
    /// to it as soon as can be.
    pub fn before_handing_on(&self) -> Instant {
        let (started, first) = self.handed_on;
        let first = started + first.saturating_sub(TO_REFRESH);
        let passed = Instant::now().saturating_duration_since(first);
        first + HANDS_ON * (passed.as_millis() / HANDS_ON.as_millis()) as u32 + HANDS_ON
    }

    pub fn operate_prometheus(&mut self, operation: Operation, place: &dyn Place) -> Result<(), WorldError> {
        let life = after(self.prometheus_life, operation)?;
        match operation {
            Operation::Start => {
                self.handed_on.0 = Instant::now();
                self.prometheus = start(place, &self.prometheus_component)?;
                wait_until_ready(place, &mut self.prometheus, &self.prometheus_component)?;
            }
            operation => operate(&mut *self.prometheus, self.prometheus_life, operation)?,
        }
        self.prometheus_life = life;
        Ok(())
    }

    pub fn operate_alertmanager(
        &mut self,
        operation: Operation,
        place: &dyn Place,
    ) -> Result<(), WorldError> {
        let life = after(self.alertmanager_life, operation)?;
        let (Some(running), Some(component)) = (&mut self.alertmanager, &self.alertmanager_component) else {
            return Ok(());
        };
        match operation {
            Operation::Start => {
                *running = start(place, component)?;
                wait_until_ready(place, running, component)?;
                self.relay.lead_to(Some(running.address()));
            }
            operation => {
                if life == Life::Down {
                    self.relay.lead_to(None);
                }
                operate(&mut **running, self.alertmanager_life, operation)?;
            }
        }
        self.alertmanager_life = life;
        Ok(())
    }

    /// A change of the services: of the synthetic ones, and of the real exporters among them.
    pub fn apply(&mut self, change: &Change, place: &dyn Place) -> Result<Timestamp, WorldError> {
        let applied = self.targets.apply(change);
        let at = applied.map_err(|problem| WorldError::Refused(Box::new(problem)))?;
        self.exporters.apply(change, place)?;
        self.exporters.addresses().for_each(|(instance, exporter)| self.targets.lead_to(instance, exporter));
        Ok(at)
    }

    /// It has ended: what it has written down is gone too.
    pub fn clear_alertmanager(&self) {
        if let Some(component) = &self.alertmanager_component {
            drop(std::fs::remove_dir_all(component.folder.join("data")));
        }
    }

    /// An error if a component has ended by itself.
    pub fn check(&mut self) -> Result<(), WorldError> {
        self.exporters.check()?;
        if self.prometheus_life != Life::Down {
            self.prometheus.check().map_err(lost)?;
        }
        match &mut self.alertmanager {
            Some(alertmanager) if self.alertmanager_life != Life::Down => alertmanager.check().map_err(lost),
            _ => Ok(()),
        }
    }
}

fn after(life: Life, operation: Operation) -> Result<Life, WorldError> {
    life.after(operation).ok_or_else(|| WorldError::Failed("this can't happen to the program now".into()))
}

fn operate(running: &mut dyn Running, life: Life, operation: Operation) -> Result<(), WorldError> {
    let done = match operation {
        Operation::Stop => running.stop(),
        Operation::Kill => {
            // An engine kills no container that it has paused.
            if life == Life::Paused {
                running.resume()?;
            }
            running.kill()
        }
        Operation::Pause => running.pause(),
        Operation::Resume => running.resume(),
        Operation::Start => Ok(()),
    };
    Ok(done?)
}

/// The synthetic services with what is given, as if it had always been so.
fn workload(plan: &Plan<'_>, now: Timestamp) -> Result<Workload, WorldError> {
    let mut workload = Workload::long_running(&plan.stack.services, plan.seed, now);
    for change in plan.given {
        if !matches!(change, Change::Alertmanager(_) | Change::Prometheus(_)) {
            workload.given(now, change).map_err(|problem| WorldError::Refused(Box::new(problem)))?;
        }
    }
    Ok(workload)
}

fn prepare_prometheus(
    plan: &Plan<'_>,
    targets: &Targets,
    relay: &Relay,
) -> Result<(Component, Vec<Substitution>), WorldError> {
    let stack = plan.stack;
    let own = add(plan.folder, "prometheus")?;
    let rules = add(plan.folder, "prometheus/rules")?;
    let relay = plan.place.reach(relay.address());
    let reached = config::Reached {
        targets: &plan.place.reach(targets.address()),
        alertmanager: stack.alertmanager.is_some().then_some(relay.as_str()),
    };
    let written = config::prometheus(stack, &rules, targets, &reached, plan.speed).map_err(refused)?;
    write(&own.join("prometheus.yml"), &written.text)?;
    let url = filled(&stack.prometheus.external_url, PROMETHEUS_URL);
    let mut arguments = vec![
        format!("--config.file={}", own.join("prometheus.yml").display()),
        format!("--storage.tsdb.path={}", own.join("data").display()),
        "--web.listen-address={address}".to_owned(),
        format!("--web.external-url={url}"),
        "--web.route-prefix=/".to_owned(),
    ];
    arguments.extend(flags(plan.speed).into_iter().map(|(flag, _)| flag));
    let component = Component {
        name: "prometheus".to_owned(),
        program: Program::Prometheus,
        folder: own,
        arguments,
        environment: Vec::new(),
    };
    Ok((component, written.substitutions))
}

/// So many seconds as they pass at that speed.
fn divided(speed: u32, seconds: i64) -> Duration {
    Duration((seconds * 1000 / i64::from(speed.max(1))).max(1))
}

/// What Prometheus takes from flags and not from its config.
fn flags(speed: u32) -> Vec<(String, &'static str)> {
    let mut flags = vec![
        ("--web.enable-lifecycle".to_owned(), "rules are loaded when it is known when targets are scraped"),
        ("--scrape.discovery-reload-interval=100ms".to_owned(), "targets that come or go are seen sooner"),
    ];
    if speed > 1 {
        for (flag, seconds) in [
            ("--query.lookback-delta", 300),
            ("--rules.alert.resend-delay", 60),
            ("--rules.alert.for-grace-period", 600),
            ("--rules.alert.for-outage-tolerance", 3600),
        ] {
            flags.push((format!("{flag}={}", divided(speed, seconds)), "--speed"));
        }
    }
    flags
}

/// What Alertmanager takes from flags.
fn alertmanager_flags(speed: u32) -> Vec<(String, &'static str)> {
    match speed {
        0 | 1 => Vec::new(),
        _ => vec![(format!("--data.maintenance-interval={}", divided(speed, MAINTENANCE)), "--speed")],
    }
}

fn prepare_alertmanager(
    plan: &Plan<'_>,
    inbox: &mut Inbox,
) -> Result<(Component, Vec<Substitution>), WorldError> {
    let Some(stack) = &plan.stack.alertmanager else {
        return Err(WorldError::Failed("the stack has no Alertmanager".into()));
    };
    let own = add(plan.folder, "alertmanager")?;
    let templates = add(plan.folder, "alertmanager/templates")?;
    for (number, file) in stack.template_files.iter().enumerate() {
        write(&templates.join(format!("{number}.tmpl")), file.text())?;
    }
    let written = config::alertmanager(stack, &templates, inbox, plan.place, plan.speed).map_err(refused)?;
    write(&own.join("alertmanager.yml"), &written.text)?;
    // Whoever signed the inbox's certificates.
    let authority = own.join("authority.pem");
    write(&authority, inbox.authority())?;
    let url = filled(&stack.external_url, ALERTMANAGER_URL);
    let mut arguments = vec![
        format!("--config.file={}", own.join("alertmanager.yml").display()),
        format!("--storage.path={}", own.join("data").display()),
        "--web.listen-address={address}".to_owned(),
        format!("--web.external-url={url}"),
        "--web.route-prefix=/".to_owned(),
        "--cluster.listen-address=".to_owned(),
        // Which group is told of what, only its log says.
        "--log.level=debug".to_owned(),
    ];
    arguments.extend(alertmanager_flags(plan.speed).into_iter().map(|(flag, _)| flag));
    let component = Component {
        name: "alertmanager".to_owned(),
        program: Program::Alertmanager,
        folder: own,
        arguments,
        environment: vec![("SSL_CERT_FILE".to_owned(), authority.display().to_string())],
    };
    Ok((component, written.substitutions))
}

/// Waits until a program of Prometheus' family says so itself.
fn wait_until_ready(
    place: &dyn Place,
    running: &mut Box<dyn Running>,
    component: &Component,
) -> Result<(), WorldError> {
    starting::wait_until(place, running, component, |address| ask::is_ready(address, "/-/ready"))
}

/// The release that runs, as it says itself.
fn version(address: std::net::SocketAddr) -> Result<Version, WorldError> {
    let answer = ask::get(address, "/api/v1/status/buildinfo");
    let answer = answer
        .map_err(|error| WorldError::Failed(format!("Prometheus does not say its version: {error}")))?;
    let text = answer["data"]["version"].as_str().unwrap_or_default();
    Ok(Version::parse(text.split(['+', '-']).next().unwrap_or(text)).unwrap_or(Version::NEWEST))
}

/// Where in the interval the longest stretch without a scrape begins, a little after the scrape before it: what that
/// brought must be there, and what changes just after is to be scraped before the next evaluation. And what is left of that
/// stretch.
fn quiet_instant(scraped: &[Scraped], interval: Duration) -> (Duration, Duration) {
    let mut phases: Vec<i64> = scraped.iter().map(|target| target.last.0.rem_euclid(interval.0)).collect();
    phases.sort_unstable();
    phases.dedup();
    let gap = |at: usize| match phases.get(at + 1) {
        Some(next) => next - phases[at],
        None => phases[0] + interval.0 - phases[at],
    };
    let Some(widest) = (0..phases.len()).max_by_key(|at| gap(*at)) else {
        return (Duration::ZERO, interval);
    };
    let after = gap(widest) * 2 / 5;
    (Duration((phases[widest] + after).rem_euclid(interval.0)), Duration(gap(widest) - after))
}

fn nanos(duration: Duration) -> u64 {
    duration.0.unsigned_abs() * 1_000_000
}

fn add(folder: &Folder, name: &str) -> Result<PathBuf, WorldError> {
    folder.add(name).map_err(|error| failed(name, &error))
}

fn write(path: &Path, text: &str) -> Result<(), WorldError> {
    std::fs::write(path, text).map_err(|error| failed(&path.display().to_string(), &error))
}

fn filled<'t>(text: &'t str, otherwise: &'t str) -> &'t str {
    if text.is_empty() { otherwise } else { text }
}

fn failed(what: &str, error: &std::io::Error) -> WorldError {
    WorldError::Failed(format!("{what}: {error}"))
}

fn lost(error: PlaceError) -> WorldError {
    error.into()
}

/// Several may be wrong; a scenario's run ends with the first.
fn refused(problems: Vec<Diagnostic>) -> WorldError {
    match problems.into_iter().next() {
        Some(problem) => WorldError::Refused(Box::new(problem)),
        None => WorldError::Failed("this stack can't be run in a real world".into()),
    }
}
