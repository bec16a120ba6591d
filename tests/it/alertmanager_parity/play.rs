//! A play: a configuration, and what is done when; played to the real program and to the twin.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration as Pause, Instant, SystemTime};

use firedrill::diagnostic::SourceFile;
use firedrill::documents::alertmanager as documents;
use firedrill::labels::Labels;
use firedrill::stack::alertmanager::{Grammar, MatchType, Version, parse_matchers};
use firedrill::time::Timestamp;
use firedrill::timeline::{Body, Message, Observed, Outcome};
use firedrill::twin::alertmanager::{Alertmanager, Behaviour, PushedAlert, Silence, Templates};
use serde_json::{Value, json};

use super::inbox::{Inbox, request};
use super::mail;

pub struct Play {
    pub name: &'static str,
    /// `HOOK` stands for the inbox's address, `SMTP` for its mail port.
    pub config: &'static str,
    /// A template file that the configuration may name.
    pub templates: &'static str,
    pub steps: Vec<(f64, Step)>,
    pub seconds: f64,
}

pub enum Step {
    Push(Vec<Pushed>),
    /// Matchers, and the seconds from when until when.
    Silence(&'static str, f64, f64),
    /// The silence that was made as the how-manieth.
    Expire(usize),
    Behave(&'static str, Behaviour),
    Restart {
        keep_storage: bool,
    },
}

/// `A{severity=critical}` with annotations in the same form, and seconds.
#[derive(Clone)]
pub struct Pushed {
    pub labels: &'static str,
    pub annotations: &'static str,
    pub starts: Option<f64>,
    pub ends: Option<f64>,
}

/// One thing that a receiver got.
#[derive(Clone, Debug)]
pub struct Got {
    pub at: f64,
    pub path: String,
    pub body: Value,
    pub accepted: bool,
}

/// Everything that is needed to compare.
pub struct Prepared {
    inbox: Inbox,
    folder: tempfile::TempDir,
    address: SocketAddr,
    process: Option<Process>,
    config: String,
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Play {
    /// Starts the real program on a loopback address of its own, `127.0.1.NUMBER`: there no other play and no
    /// outgoing connection can take its port.
    pub fn prepare(&self, number: usize) -> Prepared {
        let inbox = Inbox::start();
        let folder = tempfile::tempdir().unwrap();
        let config = self
            .config
            .replace("HOOK", &format!("http://127.0.0.1:{}", inbox.http_port))
            .replace("SMTP", &format!("127.0.0.1:{}", inbox.smtp_port));
        std::fs::write(folder.path().join("alertmanager.yml"), &config).unwrap();
        std::fs::write(folder.path().join("team.tmpl"), self.templates).unwrap();
        let ip = Ipv4Addr::new(127, 0, 1, 1 + u8::try_from(number).unwrap());
        let address = TcpListener::bind((ip, 0)).unwrap().local_addr().unwrap();
        let process = Some(start(folder.path(), "data", address));
        Prepared { inbox, folder, address, process, config }
    }

    /// Plays it to the real program, from now on.
    pub fn real(&self, prepared: &mut Prepared) -> (SystemTime, Vec<Got>) {
        let (epoch, zero) = (SystemTime::now(), Instant::now());
        let base = millis(epoch);
        let mut silences: Vec<String> = Vec::new();
        for (seconds, step) in &self.steps {
            let due = zero + Pause::from_secs_f64(*seconds);
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let api = |method: &str, path: &str, body: &Value| {
                request(prepared.address, method, path, body)
                    .unwrap_or_else(|error| panic!("{}: {error}", self.name))
            };
            match step {
                Step::Push(alerts) => {
                    let alerts: Vec<Value> = alerts.iter().map(|alert| alert.json(base)).collect();
                    api("POST", "/api/v2/alerts", &json!(alerts));
                }
                Step::Silence(matchers, from, until) => {
                    let answer =
                        api("POST", "/api/v2/silences", &silence_json(matchers, base, *from, *until));
                    let answer: Value = serde_json::from_str(&answer).unwrap();
                    silences.push(answer["silenceID"].as_str().unwrap().to_owned());
                }
                Step::Expire(which) => {
                    api("DELETE", &format!("/api/v2/silence/{}", silences[*which]), &Value::Null);
                }
                Step::Behave(path, behaviour) => prepared.inbox.behave(path, behaviour.clone()),
                Step::Restart { keep_storage } => prepared.restart(*keep_storage),
            }
        }
        let end = zero + Pause::from_secs_f64(self.seconds);
        thread::sleep(end.saturating_duration_since(Instant::now()));
        prepared.process = None;
        let got = prepared.inbox.arrivals().into_iter().map(|arrival| Got {
            at: arrival.at.saturating_duration_since(zero).as_secs_f64(),
            path: arrival.path,
            body: mail::sorted(arrival.body),
            accepted: arrival.answered,
        });
        let seconds = self.seconds;
        (epoch, got.filter(|got| got.at <= seconds).collect())
    }

    /// Plays it to the twin, as of the same instant.
    pub fn twin(&self, prepared: &Prepared, epoch: SystemTime) -> Vec<Got> {
        let base = millis(epoch);
        let at = |seconds: f64| Timestamp(base + (seconds * 1000.0) as i64);
        let file = SourceFile::new("alertmanager.yml", prepared.config.as_str());
        let (config, problems) = documents::read(&file, Version::OLDEST);
        let config = config.unwrap_or_else(|| panic!("{}: {problems:?}", self.name));
        let files = match config.templates.is_empty() {
            true => vec![],
            false => vec![SourceFile::new("team.tmpl", self.templates)],
        };
        let templates = Templates::new(&files, Version::OLDEST).unwrap();
        let mut twin = Alertmanager::new(config, templates, EXTERNAL_URL, at(0.0));
        let mut silences = Vec::new();
        for (seconds, step) in &self.steps {
            let now = at(*seconds);
            match step {
                Step::Push(alerts) => {
                    let alerts: Vec<PushedAlert> = alerts.iter().map(|alert| alert.pushed(base)).collect();
                    twin.push(now, &alerts);
                }
                Step::Silence(matchers, from, until) => {
                    let matchers = parse_matchers(matchers, Grammar::Classic).unwrap();
                    let silence = Silence {
                        matchers,
                        starts_at: at(*from),
                        ends_at: at(*until),
                        comment: "parity".into(),
                    };
                    silences.push(twin.silence(now, silence));
                }
                Step::Expire(which) => assert!(twin.expire(now, &silences[*which])),
                Step::Behave(path, behaviour) => {
                    // Receivers are named like their only path.
                    twin.set_receiver_behaviour(now, path, None, behaviour.clone());
                }
                Step::Restart { keep_storage } => twin.restart(now, *keep_storage),
            }
        }
        let mut got = Vec::new();
        for seen in twin.advance(at(self.seconds)) {
            let Observed::Notification(notification) = seen.what else { continue };
            let accepted = notification.outcome == Outcome::Delivered;
            let mut add = |path: String, body: Value| {
                got.push(Got {
                    at: (seen.at.0 - base) as f64 / 1000.0,
                    path,
                    body: mail::sorted(body),
                    accepted,
                });
            };
            match &notification.message {
                None => {}
                Some(Message::Mail(mail)) => add("mail".into(), mail::told(mail)),
                Some(Message::Http(requests)) => {
                    for request in requests {
                        let path = request.url.splitn(4, '/').nth(3).unwrap_or_default().to_owned();
                        let Body::Json(body) = &request.body else { panic!("{}: a form", self.name) };
                        add(path, body.clone());
                    }
                }
            }
        }
        got
    }
}

impl Prepared {
    pub fn wait_until_ready(&self) {
        let begun = Instant::now();
        while begun.elapsed() < Pause::from_secs(60) {
            if request(self.address, "GET", "/-/ready", &Value::Null).is_ok() {
                return;
            }
            thread::sleep(Pause::from_millis(50));
        }
        panic!("prometheus-alertmanager did not start at {}", self.address);
    }

    /// Stops it as an operator would, so that it writes its storage, and starts it again.
    fn restart(&mut self, keep_storage: bool) {
        if let Some(process) = &mut self.process {
            let stopped = Command::new("kill").arg(process.0.id().to_string()).status();
            assert!(stopped.is_ok_and(|status| status.success()));
            process.0.wait().unwrap();
        }
        let data = if keep_storage { "data" } else { "other" };
        self.process = Some(start(self.folder.path(), data, self.address));
        self.wait_until_ready();
    }
}

const EXTERNAL_URL: &str = "http://alertmanager.example.com/am";

fn start(folder: &Path, data: &str, address: SocketAddr) -> Process {
    let child = Command::new("prometheus-alertmanager")
        .arg(format!("--config.file={}", folder.join("alertmanager.yml").display()))
        .arg(format!("--storage.path={}", folder.join(data).display()))
        .arg(format!("--web.listen-address={address}"))
        .arg(format!("--web.external-url={EXTERNAL_URL}"))
        .args(["--web.route-prefix=/", "--cluster.listen-address=", "--log.level=error"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Process(child)
}

impl Pushed {
    fn json(&self, base: i64) -> Value {
        let alert = self.pushed(base);
        let mut json = json!({
            "labels": alert.labels,
            "annotations": alert.annotations,
            "generatorURL": &*alert.generator_url,
        });
        for (key, at) in [("startsAt", alert.starts_at), ("endsAt", alert.ends_at)] {
            if let Some(at) = at {
                json[key] = json!(rfc3339(at));
            }
        }
        json
    }

    fn pushed(&self, base: i64) -> PushedAlert {
        let at = |seconds: f64| Timestamp(base + (seconds * 1000.0) as i64);
        let (name, rest) = self.labels.split_once('{').unwrap_or((self.labels, ""));
        PushedAlert {
            labels: pairs(rest.trim_end_matches('}')).with("alertname", name),
            annotations: pairs(self.annotations),
            starts_at: self.starts.map(at),
            ends_at: self.ends.map(at),
            generator_url: "http://prometheus.example.com/graph?g0.expr=up+%3D%3D+0&g0.tab=1".into(),
        }
    }
}

/// `a=b,c=d`
fn pairs(text: &str) -> Labels {
    Labels::from_pairs(text.split(',').filter_map(|pair| pair.split_once('=')))
}

fn silence_json(matchers: &str, base: i64, from: f64, until: f64) -> Value {
    let matchers: Vec<Value> = parse_matchers(matchers, Grammar::Classic)
        .unwrap()
        .into_iter()
        .map(|matcher| {
            json!({
                "name": matcher.name,
                "value": matcher.value,
                "isRegex": matches!(matcher.op, MatchType::Regexp | MatchType::NotRegexp),
                "isEqual": matches!(matcher.op, MatchType::Regexp | MatchType::Equal),
            })
        })
        .collect();
    let at = |seconds: f64| rfc3339(Timestamp(base + (seconds * 1000.0) as i64));
    json!({
        "matchers": matchers,
        "startsAt": at(from),
        "endsAt": at(until),
        "createdBy": "parity",
        "comment": "parity",
    })
}

fn rfc3339(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).unwrap().to_string()
}

fn millis(at: SystemTime) -> i64 {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis() as i64
}
