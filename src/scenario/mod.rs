//! A scenario: what happens and what must be seen.
//!
//! YAML scenarios, Gherkin features and promtool unit tests all become [`Scenario`]s; what runs them
//! can't tell which door they came through. Nothing here knows a world.

pub mod check;
pub mod first;
pub mod gherkin;
pub mod manual;
mod notification;
mod operation;
pub mod phrases;
pub mod promtool;
pub mod schema;
pub mod select;
pub mod tags;
pub mod values;
pub mod yaml;

use crate::diagnostic::{SourceFile, Span, Spanned};
use crate::labels::Labels;
use crate::time::{Duration, Timestamp};

pub use notification::{
    Addressee, AlertmanagerChange, Content, DirectAlert, MuteCause, MutedClaim, NotificationClaim,
    ReceiverAnswer, RoutedClaim, Times,
};
pub use operation::{Life, Operation};

#[derive(Clone, Debug)]
pub struct Scenario {
    pub name: String,
    /// Without the `@`; a feature's tags count for each of its scenarios.
    pub tags: Vec<String>,
    /// Where it begins: `path:line` selects it.
    pub place: Span,
    /// The outline that it is one example of; its place is then that of the example.
    pub outline: Option<Span>,
    pub file: SourceFile,
    /// The documents to stand up, relative to where the person works; `None` takes `--stack` or the file's own folder.
    pub stack: Option<Spanned<String>>,
    pub seed: Option<u64>,
    /// The world's time at the first step.
    pub start: Option<Timestamp>,
    /// Set for a promtool unit test: the samples are given, nothing is scraped and no stack is read.
    pub unit_test: Option<UnitTest>,
    pub steps: Vec<Step>,
}

impl Scenario {
    /// Everything that its steps change, in order.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.steps.iter().flat_map(Step::changes)
    }

    /// Adds a step. What it means by "nobody else", and how far it looks back, the steps before it tell.
    pub fn push(&mut self, mut step: Step) {
        if let What::Then(then) = &mut step.what {
            let last = self.steps.iter().rposition(|step| matches!(step.what, What::When(_)));
            if let Some(When { action: Action::Wait(waited), .. }) = last.and_then(|at| self.steps[at].when())
                && then.timing.since.is_none()
            {
                then.timing.waited = *waited;
            }
            if let Claim::NobodyNotified { others: true, but } = &mut then.claim {
                // A wait changes nothing: who was to be told before it is no surprise.
                let caused = |step: &Step| step.when().is_some_and(|w| !matches!(w.action, Action::Wait(_)));
                let since = self.steps.iter().rposition(caused).unwrap_or(0);
                but.extend(self.steps[since..].iter().filter_map(Step::expects_told).cloned());
            }
        }
        self.steps.push(step);
    }
}

/// What promtool sets up before it judges a test: samples and rules, without targets.
#[derive(Clone, Debug)]
pub struct UnitTest {
    /// The files that `rule_files` names, globs resolved, in promtool's order.
    pub rule_files: Vec<SourceFile>,
    /// Rules are evaluated at the start and then every so often, whatever a group's own interval says.
    pub evaluation_interval: Duration,
    /// Groups named here are evaluated in this order; groups not named count as the first.
    pub group_eval_order: Vec<Spanned<String>>,
    /// The distance of the input samples, the first of them at the start; what it is where none is stated depends on
    /// the version.
    pub interval: Option<Duration>,
    pub input_series: Vec<InputSeries>,
    pub external_labels: Labels,
    pub external_url: String,
}

/// A series and its values in promtool's notation: `up{job="api"}` and `1 1 0x10 _ stale`.
#[derive(Clone, Debug)]
pub struct InputSeries {
    pub series: Spanned<String>,
    pub values: Spanned<String>,
}

#[derive(Clone, Debug)]
pub struct Step {
    /// As the person wrote it, keyword included: `When "api" errors rise to 8%`.
    pub text: String,
    pub place: Span,
    pub what: What,
}

impl Step {
    /// What a given-step or a when-step changes.
    pub fn changes(&self) -> &[Change] {
        match &self.what {
            What::Given(Given::Changes(changes))
            | What::When(When { action: Action::Changes(changes), .. }) => changes,
            What::When(_) | What::Then(_) => &[],
        }
    }

    fn when(&self) -> Option<&When> {
        match &self.what {
            What::When(when) => Some(when),
            _ => None,
        }
    }

    /// Who is to be notified, if the step claims that somebody is.
    fn expects_told(&self) -> Option<&Addressee> {
        match &self.what {
            What::Then(Then { claim: Claim::Notified(claim), timing }) if !timing.negated => Some(&claim.to),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Given(Given),
    When(When),
    Then(Then),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// A service's normal behaviour, or a metric's normal course: what "recovers" returns to.
    Changes(Vec<Change>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct When {
    /// A named moment, for claims that count from it.
    pub moment: Option<String>,
    pub action: Action,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Effective together, at one moment.
    Changes(Vec<Change>),
    /// Time passes.
    Wait(Duration),
}

/// A change to the workload or to what watches it, effective now. A service without a name is the one that has the instance.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Requests per second, of the whole service or of one route.
    Traffic {
        service: Spanned<String>,
        route: Option<String>,
        per_second: f64,
    },
    /// The share of requests that fail, 0 to 1, with their status.
    Errors {
        service: Spanned<String>,
        route: Option<String>,
        instance: Option<Spanned<String>>,
        ratio: f64,
        status: Option<u16>,
    },
    /// How long requests take.
    Latency {
        service: Spanned<String>,
        route: Option<String>,
        instance: Option<Spanned<String>>,
        latency: Latency,
    },
    /// Back to what the given-steps and the stack said, up again where it was down.
    Recovers {
        service: Spanned<String>,
        instance: Option<Spanned<String>>,
    },
    Down {
        service: Spanned<String>,
        instance: Option<Spanned<String>>,
        how: Outage,
    },
    /// Down for so long, then up for so long, again and again until it recovers.
    Flaps {
        service: Spanned<String>,
        instance: Option<Spanned<String>>,
        how: Outage,
        every: Duration,
    },
    /// Counters begin at zero again.
    Restarts {
        service: Spanned<String>,
        instance: Option<Spanned<String>>,
    },
    /// The database that an exporter looks at goes, or comes back.
    Database {
        service: Spanned<String>,
        instance: Option<Spanned<String>>,
        runs: bool,
    },
    /// A metric takes a course of its own: a gauge its value, a counter its increase per second.
    Metric {
        metric: MetricName,
        course: Course,
    },
    /// The metric is no longer exported.
    MetricGone {
        metric: MetricName,
    },
    /// Something happens to Prometheus itself.
    Prometheus(Operation),
    Alertmanager(AlertmanagerChange),
}

/// A metric by name and labels (a subset suffices); every series that fits is meant.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricName {
    pub name: Spanned<String>,
    pub labels: Labels,
    /// Only as this service exports it.
    pub service: Option<Spanned<String>>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Course {
    /// At once.
    Set(f64),
    /// From its present value, in a straight line.
    Ramp { to: f64, over: Duration },
    /// A counter grows by so much per second.
    PerSecond(f64),
    /// Around a mean, by at most so much; from the seed.
    Noise { mean: f64, spread: f64 },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Latency {
    /// Every request takes this long.
    Fixed(Duration),
    /// A log-normal-like spread with this quantile at this length: (0.95, 2s).
    Quantile(f64, Duration),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// The connection is refused.
    Refuses,
    /// The scrape runs into its timeout.
    TimesOut,
    /// The target leaves discovery.
    Vanishes,
}

/// A claim about the timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Then {
    pub claim: Claim,
    pub timing: Timing,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    Alert(AlertClaim),
    Target {
        labels: Labels,
        up: bool,
    },
    /// An expression compared with a number; every element of the result must agree, and there must be one.
    Expr {
        expr: Spanned<String>,
        compare: Comparison,
        number: f64,
    },
    /// A selector finds at least one series, or none.
    Series {
        selector: Spanned<String>,
        exists: bool,
    },
    /// The rule evaluates without an error; without a name, every rule does.
    RuleHealthy {
        rule: Option<Spanned<String>>,
    },
    Notified(NotificationClaim),
    /// Nobody is notified of anything; with `others`, nobody `but` those that the claims before it name.
    NobodyNotified {
        others: bool,
        but: Vec<Addressee>,
    },
    Muted(MutedClaim),
    Routed(RoutedClaim),
    /// promtool's alert_rule_test: the alert's firing elements, whole label sets and annotations.
    ExactAlerts {
        alert: Spanned<String>,
        expected: Vec<ExpectedAlert>,
    },
    /// promtool's promql_expr_test: the expression's whole result.
    ExactSamples {
        expr: Spanned<String>,
        expected: Vec<ExpectedSample>,
        fuzzy: bool,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct AlertClaim {
    pub alert: Spanned<String>,
    /// A subset of the alert's labels.
    pub labels: Labels,
    pub state: ClaimedState,
    /// What annotations must say; without a name any of them may say it.
    pub annotations: Vec<(String, TextMatch)>,
    pub value: Option<(Comparison, f64)>,
    /// How many elements are in that state.
    pub count: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimedState {
    Inactive,
    Pending,
    Firing,
    /// Was firing, and is not any more.
    Resolved,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TextMatch {
    Is(String),
    Contains(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A person who writes 0.052 means 0.05200000000000002 too: what is equal may differ by this part of itself.
const EQUAL_TO: f64 = 1e-9;

impl Comparison {
    pub fn holds(self, left: f64, right: f64) -> bool {
        let equal = || left == right || (left - right).abs() <= EQUAL_TO * left.abs().min(right.abs());
        match self {
            Comparison::Equal => equal(),
            Comparison::NotEqual => !equal(),
            Comparison::Less => left < right,
            Comparison::LessOrEqual => left <= right,
            Comparison::Greater => left > right,
            Comparison::GreaterOrEqual => left >= right,
        }
    }

    pub fn symbol(self) -> &'static str {
        match self {
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        }
    }
}

/// When a claim must hold. All times count from the last when-step, or from the named moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timing {
    pub since: Option<Spanned<String>>,
    /// At the latest by then. Neither this nor `throughout` nor `at`: it must hold now.
    pub within: Option<Duration>,
    /// And not earlier than this.
    pub not_before: Option<Duration>,
    /// Once it holds, it must go on holding for this long.
    pub lasting: Option<Duration>,
    /// It must hold at every instant of this stretch; with `negated`, at none.
    pub throughout: Option<Duration>,
    /// Exactly then, counted from the scenario's start (promtool's `eval_time`).
    pub at: Option<Duration>,
    pub negated: bool,
    /// How long the when-step before it waited: what happened meanwhile counts as having happened since.
    pub waited: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedAlert {
    pub labels: Labels,
    pub annotations: Labels,
    pub place: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedSample {
    pub labels: Labels,
    pub value: f64,
    /// In Prometheus' notation, parsed when compared.
    pub histogram: Option<String>,
    pub place: Span,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_means_as_a_person_reads_it_and_no_more() {
        #[track_caller]
        fn check(left: f64, right: f64, equal: bool) {
            assert_eq!(Comparison::Equal.holds(left, right), equal, "{left} and {right}");
            assert_eq!(Comparison::NotEqual.holds(left, right), !equal, "{left} and {right}");
        }
        check(0.05200000000000002, 0.052, true);
        check(0.052001, 0.052, false);
        check(10_001.0, 10_000.0, false);
        check(0.0, 0.0, true);
        check(1e-300, 0.0, false);
        check(f64::INFINITY, f64::INFINITY, true);
        check(f64::INFINITY, 1.0, false);
        check(f64::NAN, f64::NAN, false);
    }
}
