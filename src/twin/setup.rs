//! The twin of a scenario and its stack.

use std::collections::BTreeMap;

use super::warm_up::warm_up;
use super::{AlertTexts, GroupDefaults, Input, InputValue, Inputs, Offsets, Setup, Twin};
use crate::labels::Labels;
use crate::promql::series::{Run, SeriesDescription, parse_series};
use crate::promql::{Engine, Storage};
use crate::scenario::{InputSeries, Scenario, UnitTest};
use crate::stack::{RuleGroup, Stack, Version};
use crate::time::{Duration, Timestamp};
use crate::worlds::WorldError;

/// When a scenario begins that says nothing else: a Monday morning.
const DEFAULT_START: Timestamp = Timestamp(1_767_603_600_000);

impl Twin {
    /// A unit test's twin is fed the samples that the test gives; any other scrapes the stack's workload.
    pub fn of(scenario: &Scenario, stack: &Stack, seed: u64, spread: bool) -> Result<Twin, WorldError> {
        match &scenario.unit_test {
            Some(test) => {
                let start = scenario.start.unwrap_or_default();
                let mut storage = Storage::default();
                let inputs = inputs(test, stack.prometheus.imitated, start, &mut storage)?;
                Ok(Twin::of_unit_test(unit_test_setup(test, stack, start), inputs, storage))
            }
            None => {
                let start = start_of(scenario, stack);
                let offsets = if spread { Offsets::Spread } else { Offsets::Aligned };
                Twin::of_stack(stack_setup(stack, (!spread).then_some(start)), stack, start, seed, offsets)
            }
        }
    }
}

/// How long what is normal goes on before a scenario over this stack begins.
pub fn warm_up_of(stack: &Stack) -> Duration {
    let setup = stack_setup(stack, None);
    warm_up(&super::rules_read(&setup.groups), stack, &setup)
}

/// What a world's clock shows when this scenario begins.
pub fn start_of(scenario: &Scenario, stack: &Stack) -> Timestamp {
    scenario.start.or(stack.start).unwrap_or(DEFAULT_START)
}

fn unit_test_setup(test: &UnitTest, stack: &Stack, start: Timestamp) -> Setup {
    let interval = test.evaluation_interval;
    let mut groups = ordered(&stack.rule_groups, test);
    for group in &mut groups {
        // promtool evaluates every group at every step, whatever the group says.
        group.interval = Some(interval);
    }
    // Subqueries that name no step take that of the evaluations.
    let engine = Engine { subquery_step: interval, ..Engine::new(stack.prometheus.semantics()) };
    let defaults = GroupDefaults { interval, query_offset: Duration::ZERO, aligned_at: Some(start) };
    let texts = texts(stack, &test.external_labels, &test.external_url);
    Setup { groups, engine, defaults, texts }
}

/// The groups in the order that `group_eval_order` states; those it does not name count as its first.
fn ordered(groups: &[RuleGroup], test: &UnitTest) -> Vec<RuleGroup> {
    let place = |group: &RuleGroup| {
        let named = test.group_eval_order.iter().position(|name| name.value == group.name.value);
        named.unwrap_or(0)
    };
    let mut groups = groups.to_vec();
    groups.sort_by_key(place);
    groups
}

fn stack_setup(stack: &Stack, aligned_at: Option<Timestamp>) -> Setup {
    let prometheus = &stack.prometheus;
    let interval = prometheus.evaluation_interval;
    Setup {
        groups: stack.rule_groups.clone(),
        engine: Engine { subquery_step: interval, ..Engine::new(prometheus.semantics()) },
        defaults: GroupDefaults { interval, query_offset: prometheus.rule_query_offset, aligned_at },
        texts: texts(stack, &prometheus.external_labels, &prometheus.external_url),
    }
}

fn texts(stack: &Stack, external_labels: &Labels, external_url: &str) -> AlertTexts {
    AlertTexts {
        external_labels: external_labels.clone(),
        external_url: external_url.to_owned(),
        version: stack.prometheus.imitated,
    }
}

/// Before it, promtool put all samples to the start where a test states no interval; since, it takes that of evaluations.
const INTERVAL_BY_DEFAULT: Version = Version::new(2, 48);

fn inputs(
    test: &UnitTest,
    version: Version,
    start: Timestamp,
    storage: &mut Storage,
) -> Result<Inputs, WorldError> {
    let mut series = BTreeMap::new();
    for input in &test.input_series {
        let SeriesDescription { labels, values } = described(input)?;
        // A series given twice has the values given last, as in promtool.
        series.insert(storage.series(&labels), values);
    }
    let all_at_once = test.interval.is_none() && version < INTERVAL_BY_DEFAULT;
    let series = series.into_iter().map(|(series, values)| {
        let values = values.into_iter().flat_map(run);
        let values: Box<dyn Iterator<Item = InputValue> + Send> = match all_at_once {
            // Of samples of one instant the first one counts.
            true => Box::new(values.filter(|value| !matches!(value, InputValue::Gap)).take(1)),
            false => Box::new(values),
        };
        Input { series, values }
    });
    Ok(Inputs::new(start, test.interval.unwrap_or(test.evaluation_interval), series.collect()))
}

fn described(input: &InputSeries) -> Result<SeriesDescription, WorldError> {
    let text = format!("{} {}", input.series.value, input.values.value);
    parse_series(&text)
        .map_err(|error| WorldError::Failed(format!("{}: {}", input.series.span, error.message)))
}

fn run(run: Run) -> Box<dyn Iterator<Item = InputValue> + Send> {
    match run {
        Run::Gap { count } => Box::new((0..count).map(|_| InputValue::Gap)),
        Run::Floats(run) => Box::new(run.values().map(InputValue::Float)),
        Run::Histograms(run) => {
            Box::new(run.values().map(|histogram| InputValue::Histogram(Box::new(histogram))))
        }
    }
}
