//! The real Prometheus, watched through its API.
//!
//! `ALERTS` and `up` are read as raw samples, with the timestamps of the evaluations and scrapes that wrote them: so no
//! state is missed that lasts one evaluation, however seldom it is asked. Values and texts of alerts come from
//! `/api/v1/rules`, which knows those of the last evaluation only.

mod targets;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde_json::Value;

use super::ask::{self, AskError, escaped};
use super::relay::{instant, labels};
use crate::diagnostic::Span;
use crate::labels::{Labels, METRIC_NAME};
use crate::stack::{RuleKind, Stack};
use crate::time::{Duration, Timestamp};
use crate::timeline::{ActiveAlert, AlertChange, AlertState, Observation, Observed, SeenSample};
use crate::worlds::clock::Clock;

use targets::Targets;
pub use targets::{Scraped, targets};

/// Samples may be asked for a little more than once; those seen already are passed over.
const OVERLAP: Duration = Duration(2_000);

/// How long after its start Prometheus may not know its targets: discovery hands on what it finds every 5 s.
const TO_DISCOVER: Duration = Duration(7_000);

/// What is known of it so far. Instants are the machine's, unless they are observed.
#[derive(Debug)]
pub struct Prometheus {
    rules: Vec<KnownRule>,
    groups: BTreeMap<String, Group>,
    alerts: BTreeMap<Labels, Alert>,
    targets: Targets,
    health: BTreeMap<(String, String), (bool, String)>,
    watched: Vec<String>,
    /// All samples up to here have been taken in.
    taken: Timestamp,
    /// What is missing from before this says nothing: it stood still, or did not run.
    blind_until: Timestamp,
    /// When it last started anew, if it did.
    started_anew: Option<Timestamp>,
    /// When it last went on with all that it knew, if it has not started anew since.
    went_on: Option<Timestamp>,
}

#[derive(Debug)]
struct KnownRule {
    group: String,
    name: String,
    place: Span,
    hold: Duration,
    keep_firing_for: Duration,
}

#[derive(Clone, Copy, Debug, Default)]
struct Group {
    interval: i64,
    /// Where in its interval it is evaluated.
    phase: i64,
    /// The timestamp of its last evaluation.
    seen: Option<Timestamp>,
}

#[derive(Debug)]
struct Alert {
    state: AlertState,
    /// Of the last sample.
    at: Timestamp,
    /// Prometheus wrote no sample of that evaluation.
    unwritten: bool,
    last: ActiveAlert,
}

/// What a look at it gave.
pub struct Looked {
    pub seen: Vec<Observation>,
    /// All that happened before this has been seen.
    pub until: Timestamp,
}

impl Prometheus {
    /// `from` is the instant before which nothing is of interest.
    pub fn new(stack: &Stack, from: Timestamp) -> Prometheus {
        let rules =
            stack.rule_groups.iter().flat_map(|group| group.rules.iter().map(move |rule| (group, rule)));
        let rules = rules.map(|(group, rule)| {
            let (hold, keep_firing_for) = match &rule.kind {
                RuleKind::Alerting { hold, keep_firing_for, .. } => (*hold, *keep_firing_for),
                RuleKind::Recording { .. } => (Duration::ZERO, Duration::ZERO),
            };
            KnownRule {
                group: group.name.value.clone(),
                name: rule.name().value.clone(),
                place: rule.place.clone(),
                hold,
                keep_firing_for,
            }
        });
        Prometheus {
            rules: rules.collect(),
            groups: BTreeMap::new(),
            alerts: BTreeMap::new(),
            targets: Targets::default(),
            health: BTreeMap::new(),
            watched: Vec::new(),
            taken: from,
            blind_until: from,
            started_anew: None,
            went_on: None,
        }
    }

    /// From now on every evaluation of this alert is told in full.
    pub fn watch(&mut self, alert: &str) {
        if !self.watched.iter().any(|known| known == alert) {
            self.watched.push(alert.to_owned());
        }
    }

    /// It goes on at an instant, after it has stood still since another.
    pub fn went_on(&mut self, since: Timestamp, at: Timestamp) {
        self.blind_until = since;
        self.went_on = Some(at);
    }

    /// It was started anew, and has forgotten its alerts and when it evaluated.
    pub fn started_anew(&mut self, at: Timestamp) {
        self.blind_until = at;
        self.started_anew = Some(at);
        self.went_on = None;
        self.groups.values_mut().for_each(|group| group.seen = None);
    }

    /// Takes in all that has happened up to `now`.
    pub fn look(&mut self, address: SocketAddr, now: Timestamp, clock: Clock) -> Result<Looked, AskError> {
        let rules = ask::get(address, "/api/v1/rules")?;
        let mut seen = Vec::new();
        let active = self.take_rules(&rules, clock, &mut seen);
        let range = (now - self.taken + OVERLAP).0.max(1);
        let query = format!("{{__name__=~\"ALERTS|up\"}}[{range}ms]");
        let at = now.0 as f64 / 1000.0;
        let answer = ask::get(address, &format!("/api/v1/query?query={}&time={at:.3}", escaped(&query)))?;
        let mut samples: BTreeMap<Labels, BTreeMap<Timestamp, AlertState>> = BTreeMap::new();
        let mut scrapes: Vec<(Labels, Timestamp, bool)> = Vec::new();
        for series in answer["data"]["result"].as_array().into_iter().flatten() {
            let all = labels(&series["metric"]);
            for (at, value) in points(&series["values"]) {
                match all.name() {
                    "ALERTS" => {
                        let state = match all.value("alertstate") {
                            "firing" => AlertState::Firing,
                            _ => AlertState::Pending,
                        };
                        let alert = all.without(METRIC_NAME).without("alertstate");
                        samples.entry(alert).or_default().insert(at, state);
                    }
                    _ => scrapes.push((all.without(METRIC_NAME), at, value == 1.0)),
                }
            }
        }
        let unwritten = self.add_unwritten(&active, &mut samples);
        self.take_alerts(samples, &unwritten, &active, clock, &mut seen);
        let longest = self.groups.values().map(|group| group.interval).max().unwrap_or(1000).max(100);
        let knows_all = self.started_anew.is_none_or(|at| now - at >= TO_DISCOVER);
        let look = targets::Look { now, clock, longest: Duration(longest), knows_all };
        let mut until = self.targets.take(address, scrapes, &look, &mut seen)?;
        for group in self.groups.values() {
            // An evaluation that was due may not have ended yet.
            if let Some(last) = group.seen
                && last + Duration(group.interval) < until
                && now - last < Duration(group.interval * 3)
            {
                until = last + Duration(group.interval);
            }
        }
        self.taken = until.max(self.taken);
        seen.sort_by_key(|observation| observation.at);
        Ok(Looked { seen, until })
    }

    /// The evaluations that `/api/v1/rules` knows, and the alerts active at them.
    fn take_rules(
        &mut self,
        answer: &Value,
        clock: Clock,
        seen: &mut Vec<Observation>,
    ) -> BTreeMap<Labels, ActiveAlert> {
        let mut active = BTreeMap::new();
        let mut evaluated: BTreeMap<String, Vec<ActiveAlert>> = BTreeMap::new();
        let mut evaluated_at: BTreeMap<String, Timestamp> = BTreeMap::new();
        for group in answer["data"]["groups"].as_array().into_iter().flatten() {
            let name = group["name"].as_str().unwrap_or_default();
            let key = format!("{};{name}", group["file"].as_str().unwrap_or_default());
            let interval = (group["interval"].as_f64().unwrap_or(60.0) * 1000.0).round().max(1.0) as i64;
            let last = instant(&group["lastEvaluation"]).filter(|last| last.0 > 0);
            let known = self.groups.entry(key).or_default();
            let Some(last) = last else { continue };
            if known.seen.is_none() {
                known.phase = last.0.rem_euclid(interval);
            }
            known.interval = interval;
            // It begins a little after its timestamp, which is that of what it writes.
            let late = (last.0 - known.phase).rem_euclid(interval);
            let is_early = late > interval - (interval / 4).min(20);
            if is_early {
                known.phase = last.0.rem_euclid(interval);
            }
            let at = if is_early { last } else { Timestamp(last.0 - late) };
            let is_new = known.seen != Some(at);
            known.seen = Some(at);
            let world = clock.at_time_of_day(at);
            for rule in group["rules"].as_array().into_iter().flatten() {
                let rule_name = rule["name"].as_str().unwrap_or_default();
                let health = rule["health"].as_str().unwrap_or("unknown");
                if health != "unknown" {
                    let error = rule["lastError"].as_str().unwrap_or_default().to_owned();
                    let now = (health == "ok", if health == "ok" { String::new() } else { error });
                    let key = (name.to_owned(), rule_name.to_owned());
                    if self.health.get(&key) != Some(&now) {
                        let what = Observed::Rule {
                            group: name.to_owned(),
                            rule: rule_name.to_owned(),
                            healthy: now.0,
                            error: now.1.clone(),
                        };
                        seen.push(Observation { at: world, what });
                        self.health.insert(key, now);
                    }
                }
                let alerts = rule["alerts"].as_array().into_iter().flatten();
                let alerts: Vec<ActiveAlert> =
                    alerts.filter_map(|alert| active_alert(alert, clock)).collect();
                if is_new && self.watched.iter().any(|watched| watched == rule_name) {
                    evaluated_at.insert(rule_name.to_owned(), world);
                    evaluated.entry(rule_name.to_owned()).or_default().extend(alerts.iter().cloned());
                }
                active.extend(alerts.into_iter().map(|alert| (alert.labels.clone(), alert)));
            }
        }
        for (alert, mut active) in evaluated {
            active.sort_by(|a, b| a.labels.cmp(&b.labels));
            let at = evaluated_at.get(&alert).copied().unwrap_or_default();
            seen.push(Observation { at, what: Observed::AlertsSeen { alert, active } });
        }
        active
    }

    /// Of the first two evaluations after a start nothing is written of alerts: their states are those that it tells.
    /// Gives what it has added.
    fn add_unwritten(
        &self,
        active: &BTreeMap<Labels, ActiveAlert>,
        samples: &mut BTreeMap<Labels, BTreeMap<Timestamp, AlertState>>,
    ) -> BTreeMap<Labels, Timestamp> {
        let mut added = BTreeMap::new();
        let Some(since) = self.started_anew else { return added };
        for (labels, alert) in active {
            let Some(group) = self.group_of(labels.value("alertname")) else { continue };
            let Some(evaluated) = group.seen.filter(|at| *at > since) else { continue };
            let states = samples.entry(labels.clone()).or_default();
            let half = Duration(group.interval / 2);
            if states.range(evaluated - half..=evaluated + half).next().is_none() {
                states.insert(evaluated, alert.state);
                added.insert(labels.clone(), evaluated);
            }
        }
        added
    }

    fn take_alerts(
        &mut self,
        mut samples: BTreeMap<Labels, BTreeMap<Timestamp, AlertState>>,
        unwritten: &BTreeMap<Labels, Timestamp>,
        active: &BTreeMap<Labels, ActiveAlert>,
        clock: Clock,
        seen: &mut Vec<Observation>,
    ) {
        for alert in self.alerts.keys() {
            samples.entry(alert.clone()).or_default();
        }
        for (alert, states) in samples {
            let Some(group) = self.group_of(alert.value("alertname")) else { continue };
            let evaluated = group.seen.unwrap_or_default();
            let known = self.alerts.get(&alert);
            let (mut state, mut at) = known.map_or((AlertState::Inactive, Timestamp(0)), |a| (a.state, a.at));
            let mut last = active.get(&alert).cloned();
            let now_active = last.clone();
            let mut of_unwritten = known.is_some_and(|known| known.unwritten);
            if last.is_none() {
                last = known.map(|known| known.last.clone());
            }
            let mut changes = Vec::new();
            for (sample_at, next) in states {
                if sample_at <= at || sample_at > evaluated {
                    continue;
                }
                // Evaluations went by between the two that did not have it; but the one after an unwritten one may be
                // unwritten too, and have passed unseen.
                let without = if of_unwritten { 2 } else { 1 };
                let gap = Duration(group.interval * without + group.interval / 2);
                let missing_from = match at > self.blind_until {
                    true => Some(at + Duration(group.interval)),
                    // While it stood still there were none; only a new process forgets what was firing.
                    false => self.went_on.filter(|went_on| *went_on < sample_at),
                };
                if state != AlertState::Inactive
                    && sample_at - at > gap
                    && next == AlertState::Pending
                    && let Some(gone_at) = missing_from
                {
                    changes.push((gone_at, state, AlertState::Inactive));
                    state = AlertState::Inactive;
                }
                if next != state {
                    changes.push((sample_at, state, next));
                    state = next;
                }
                at = sample_at;
                of_unwritten = unwritten.get(&alert) == Some(&sample_at);
            }
            let missed = evaluated - at;
            if state != AlertState::Inactive
                && missed.0 > group.interval / 2
                && evaluated > self.blind_until
                && now_active.is_none()
            {
                let gone_at = match at < self.blind_until {
                    true => evaluated,
                    false => (at + Duration(group.interval)).min(evaluated),
                };
                changes.push((gone_at, state, AlertState::Inactive));
                (state, at) = (AlertState::Inactive, evaluated);
            }
            let Some(last) = last.or_else(|| {
                (!changes.is_empty()).then(|| ActiveAlert {
                    labels: alert.clone(),
                    annotations: Labels::empty(),
                    state,
                    active_at: clock.at_time_of_day(at),
                    value: f64::NAN,
                })
            }) else {
                continue;
            };
            for (changed, from, to) in changes {
                let rule = self.rules.iter().find(|rule| rule.name == alert.value("alertname"));
                let change = AlertChange {
                    from,
                    to,
                    alert: ActiveAlert { state: to, ..last.clone() },
                    rule: rule.map(|rule| rule.place.clone()),
                    reason: reason(rule, from, to),
                };
                seen.push(Observation { at: clock.at_time_of_day(changed), what: Observed::Alert(change) });
            }
            self.alerts.insert(alert, Alert { state, at, unwritten: of_unwritten, last });
        }
    }

    fn group_of(&self, alert: &str) -> Option<Group> {
        let rule = self.rules.iter().find(|rule| rule.name == alert)?;
        let of = format!(";{}", rule.group);
        self.groups.iter().find(|(key, _)| key.ends_with(&of)).map(|(_, group)| *group)
    }
}

fn reason(rule: Option<&KnownRule>, from: AlertState, to: AlertState) -> String {
    let hold = rule.map_or(Duration::ZERO, |rule| rule.hold);
    let keep = rule.map_or(Duration::ZERO, |rule| rule.keep_firing_for);
    match (from, to) {
        (AlertState::Inactive, AlertState::Pending) => {
            format!("the expression has a result, `for: {hold}` begins to count")
        }
        (AlertState::Inactive, AlertState::Firing) => "the expression has a result, without `for`".into(),
        (AlertState::Pending, AlertState::Firing) => format!("`for: {hold}` is met"),
        (AlertState::Pending, _) => format!("the expression gave no result before `for: {hold}` was met"),
        (AlertState::Firing, AlertState::Pending) => "`for` begins to count again".into(),
        (AlertState::Firing, _) if keep > Duration::ZERO => {
            format!("the expression gave no result for `keep_firing_for: {keep}`")
        }
        _ => "the expression gives no result any more".into(),
    }
}

fn active_alert(alert: &Value, clock: Clock) -> Option<ActiveAlert> {
    let state = match alert["state"].as_str()? {
        "firing" => AlertState::Firing,
        "pending" => AlertState::Pending,
        _ => return None,
    };
    Some(ActiveAlert {
        labels: labels(&alert["labels"]),
        annotations: labels(&alert["annotations"]),
        state,
        active_at: clock.at_time_of_day(instant(&alert["activeAt"]).unwrap_or_default()),
        value: number(&alert["value"]),
    })
}

/// An expression's result at one instant of the machine's time.
pub fn evaluate(address: SocketAddr, expr: &str, at: Timestamp) -> Result<Vec<SeenSample>, String> {
    let at = at.0 as f64 / 1000.0;
    let answer = ask::get(address, &format!("/api/v1/query?query={}&time={at:.3}", escaped(expr)));
    let answer = answer.map_err(|error| match error {
        AskError::Status(_, body) => serde_json::from_str::<Value>(&body)
            .ok()
            .and_then(|body| body["error"].as_str().map(str::to_owned))
            .unwrap_or(body),
        error => error.to_string(),
    })?;
    let data = &answer["data"];
    if data["resultType"] == "scalar" || data["resultType"] == "string" {
        let value = number(&data["result"][1]);
        return Ok(vec![SeenSample { labels: Labels::empty(), value, histogram: None }]);
    }
    let elements = data["result"].as_array().into_iter().flatten();
    let mut samples: Vec<SeenSample> = elements
        .map(|element| SeenSample {
            labels: labels(&element["metric"]),
            value: number(&element["value"][1]),
            histogram: element["histogram"].get(1).map(Value::to_string),
        })
        .collect();
    samples.sort_by(|a, b| a.labels.cmp(&b.labels));
    Ok(samples)
}

fn points(values: &Value) -> impl Iterator<Item = (Timestamp, f64)> {
    let points = values.as_array().into_iter().flatten();
    points.filter_map(|point| {
        let at = point[0].as_f64()?;
        Some((Timestamp((at * 1000.0).round() as i64), number(&point[1])))
    })
}

fn number(value: &Value) -> f64 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::relay::rfc3339;
    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::documents::rules;
    use crate::stack::Version;

    /// One look: when the rule was last evaluated, whether its alert was pending then, and the samples written since
    /// the last look; all in seconds.
    type Look = (i64, bool, &'static [i64]);

    /// Looks after a start at 0 s, at a rule that is evaluated each second; the alert was pending until then.
    #[track_caller]
    fn check(looks: &[Look], expected: &[&str]) {
        let file = SourceFile::new(
            "r.yml",
            "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up == 0\n    for: 1m\n",
        );
        let (rule_groups, _) = rules::read(&file, Version::NEWEST);
        let stack = Stack { rule_groups, ..Stack::default() };
        let clock = Clock::starting(Timestamp(0), 1);
        let second = |second: i64| clock.time_of_day(Timestamp(second * 1000));
        let mut prometheus = Prometheus::new(&stack, second(-100));
        let mut told = Vec::new();
        let mut look = |prometheus: &mut Prometheus, (last, pending, written): Look| {
            let alert = json!({"labels": {"alertname": "A"}, "annotations": {}, "state": "pending", "activeAt": rfc3339(second(-10)), "value": "0e+00"});
            let alerts = if pending { vec![alert] } else { Vec::new() };
            let rule = json!({"name": "A", "health": "ok", "alerts": alerts});
            let group = json!({"name": "g", "file": "r.yml", "interval": 1, "lastEvaluation": rfc3339(second(last)), "rules": [rule]});
            let mut seen = Vec::new();
            let active = prometheus.take_rules(&json!({"data": {"groups": [group]}}), clock, &mut seen);
            let alert = Labels::from_pairs([("alertname", "A")]);
            let states = written.iter().map(|at| (second(*at), AlertState::Pending)).collect();
            let mut samples = BTreeMap::from([(alert, states)]);
            let unwritten = prometheus.add_unwritten(&active, &mut samples);
            prometheus.take_alerts(samples, &unwritten, &active, clock, &mut seen);
            told.extend(seen.iter().filter_map(|seen| match &seen.what {
                Observed::Alert(change) => Some(format!("{} {:?}", seen.at.0 / 1000, change.to)),
                _ => None,
            }));
        };
        look(&mut prometheus, (-1, true, &[-2, -1]));
        prometheus.started_anew(second(0));
        looks.iter().for_each(|one| look(&mut prometheus, *one));
        assert_eq!(told, expected);
    }

    #[test]
    fn the_first_evaluations_after_a_start_are_not_written_and_may_pass_unseen() {
        check(&[(1, true, &[]), (2, true, &[]), (3, true, &[3])], &["-2 Pending"]);
        check(&[(1, true, &[]), (3, true, &[3])], &["-2 Pending"]);
        check(&[(3, true, &[3])], &["-2 Pending"]);
    }

    #[test]
    fn an_evaluation_without_the_alert_is_told() {
        check(&[(1, true, &[]), (2, false, &[])], &["-2 Pending", "2 Inactive"]);
        check(&[(3, true, &[3]), (5, true, &[5])], &["-2 Pending", "4 Inactive", "5 Pending"]);
        check(&[(1, true, &[]), (4, true, &[4])], &["-2 Pending", "2 Inactive", "4 Pending"]);
    }
}
