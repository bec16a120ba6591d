//! Which values an expression can have, from what is known of its metrics: the interval they stay within.
//!
//! Promises: an interval holds whatever the services do; what can't be told is unbounded. NaN is left aside.

use super::series;
use super::sources::{Known, Sources};
use crate::promql::ast::{Aggregate, AggregateOp, Binary, BinaryOp, Call, Expr, ExprKind, VectorSelector};
use crate::stack::wiring::{InstrumentedMetric, MetricKind};

/// From the least to the greatest value, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

const ANY: Interval = Interval { low: f64::NEG_INFINITY, high: f64::INFINITY };
const COUNTING: Interval = Interval { low: 0.0, high: f64::INFINITY };
const RATIO: Interval = Interval { low: 0.0, high: 1.0 };

impl Interval {
    fn of(low: f64, high: f64) -> Self {
        Interval { low, high }
    }

    fn one(value: f64) -> Self {
        Interval::of(value, value)
    }

    pub fn constant(self) -> Option<f64> {
        (self.low == self.high && self.low.is_finite()).then_some(self.low)
    }

    fn hull(values: [f64; 4]) -> Self {
        // 0 × ∞: the bound is 0, since no value is infinite.
        let values = values.map(|value| if value.is_nan() { 0.0 } else { value });
        Interval::of(
            values.iter().copied().fold(f64::INFINITY, f64::min),
            values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        )
    }

    fn or(self, other: Interval) -> Self {
        Interval::of(self.low.min(other.low), self.high.max(other.high))
    }
}

/// What a comparison with a constant always says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Always {
    True,
    False,
}

/// The comparison's verdict where it has only one, `side` being what is compared with the constant.
pub fn always(op: BinaryOp, side: Interval, constant: f64) -> Option<Always> {
    let Interval { low, high } = side;
    let (never, ever) = match op {
        BinaryOp::Greater => (high <= constant, low > constant),
        BinaryOp::GreaterOrEqual => (high < constant, low >= constant),
        BinaryOp::Less => (low >= constant, high < constant),
        BinaryOp::LessOrEqual => (low > constant, high <= constant),
        BinaryOp::Equal => (constant < low || constant > high, low == constant && high == constant),
        BinaryOp::NotEqual => (low == constant && high == constant, constant < low || constant > high),
        _ => (false, false),
    };
    match (never, ever) {
        (true, _) => Some(Always::False),
        (_, true) => Some(Always::True),
        _ => None,
    }
}

/// A comparison with a constant: its operator as if the constant stood on the right.
pub fn comparison<'e>(binary: &'e Binary, sources: &Sources) -> Option<(&'e Expr, BinaryOp, f64)> {
    if !binary.op.is_comparison() {
        return None;
    }
    if let Some(constant) = of(&binary.rhs, sources).constant().filter(|_| is_number(&binary.rhs)) {
        return Some((&binary.lhs, binary.op, constant));
    }
    let constant = of(&binary.lhs, sources).constant().filter(|_| is_number(&binary.lhs))?;
    let flipped = match binary.op {
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessOrEqual => BinaryOp::GreaterOrEqual,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterOrEqual => BinaryOp::LessOrEqual,
        op => op,
    };
    Some((&binary.rhs, flipped, constant))
}

fn is_number(expr: &Expr) -> bool {
    expr.value_type() == crate::promql::ast::ValueType::Scalar
}

/// The values of an expression.
pub fn of(expr: &Expr, sources: &Sources) -> Interval {
    match &expr.kind {
        ExprKind::Number(number) => Interval::one(number.value),
        ExprKind::String(_) => ANY,
        ExprKind::Vector(vector) => selected(vector, sources),
        ExprKind::Matrix(matrix) => selected(&matrix.vector, sources),
        ExprKind::Subquery(subquery) => of(&subquery.expr, sources),
        ExprKind::Paren(inner) => of(inner, sources),
        ExprKind::Unary(unary) => match (unary.negative, of(&unary.expr, sources)) {
            (true, Interval { low, high }) => Interval::of(-high, -low),
            (false, interval) => interval,
        },
        ExprKind::Aggregate(aggregate) => aggregated(aggregate, sources),
        ExprKind::Call(call) => called(call, sources),
        ExprKind::Binary(binary) => operated(binary, sources),
    }
}

fn selected(vector: &VectorSelector, sources: &Sources) -> Interval {
    let name = vector.metric_name().unwrap_or_default();
    let (low, high) = series::range(&sources.selected(vector), name).unwrap_or((ANY.low, ANY.high));
    Interval { low, high }
}

fn aggregated(aggregate: &Aggregate, sources: &Sources) -> Interval {
    let inner = of(&aggregate.expr, sources);
    match aggregate.op {
        AggregateOp::Count | AggregateOp::CountValues => Interval::of(1.0, f64::INFINITY),
        AggregateOp::Group => Interval::one(1.0),
        AggregateOp::Stddev | AggregateOp::Stdvar => COUNTING,
        AggregateOp::Sum => Interval::of(
            if inner.low >= 0.0 { inner.low } else { f64::NEG_INFINITY },
            if inner.high <= 0.0 { inner.high } else { f64::INFINITY },
        ),
        AggregateOp::Quantile => ANY,
        _ => inner,
    }
}

fn called(call: &Call, sources: &Sources) -> Interval {
    let argument = |at: usize| call.args.get(at).map_or(ANY, |argument| of(argument, sources));
    match call.function.name {
        "absent" | "absent_over_time" | "present_over_time" => Interval::one(1.0),
        "count_over_time" => Interval::of(1.0, f64::INFINITY),
        "changes" | "resets" | "abs" | "sqrt" | "stddev_over_time" | "stdvar_over_time" => COUNTING,
        "rate" | "irate" => match per_second(call) {
            Some(most) => Interval::of(0.0, most),
            None => COUNTING,
        },
        "increase" => COUNTING,
        "sum_over_time" => match argument(0).low >= 0.0 {
            true => COUNTING,
            false => ANY,
        },
        "avg_over_time" | "min_over_time" | "max_over_time" | "last_over_time" | "first_over_time"
        | "sort" | "sort_desc" | "sort_by_label" | "label_replace" | "label_join" | "ceil" | "floor"
        | "scalar" | "vector" => {
            let interval = argument(0);
            match call.function.name {
                "ceil" => Interval::of(interval.low.ceil(), interval.high.ceil()),
                "floor" => Interval::of(interval.low.floor(), interval.high.floor()),
                "scalar" => ANY,
                _ => interval,
            }
        }
        "clamp_max" => match argument(1).constant() {
            Some(most) => Interval::of(argument(0).low.min(most), argument(0).high.min(most)),
            None => ANY,
        },
        "clamp_min" => match argument(1).constant() {
            Some(least) => Interval::of(argument(0).low.max(least), argument(0).high.max(least)),
            None => ANY,
        },
        "histogram_quantile" => {
            match call.args.get(1).and_then(|buckets| greatest_bucket(buckets, sources)) {
                Some(most) => Interval::of(0.0, most),
                None => ANY,
            }
        }
        _ => ANY,
    }
}

/// How fast a counter can grow: a CPU's mode by one second a second.
fn per_second(call: &Call) -> Option<f64> {
    let selectors = call.args.first()?.selectors();
    let name = selectors.first()?.0.metric_name()?;
    matches!(
        name,
        "node_cpu_seconds_total" | "node_cpu_guest_seconds_total" | "node_disk_io_time_seconds_total"
    )
    .then_some(1.0)
}

/// The greatest bound that the buckets of an instrumented histogram have: no quantile is above it.
pub fn greatest_bucket(expr: &Expr, sources: &Sources) -> Option<f64> {
    let bounds = buckets(expr, sources)?;
    bounds.iter().copied().filter(|bound| bound.is_finite()).reduce(f64::max)
}

/// The bounds of the only histogram in an expression, where its code is documented.
pub fn buckets(expr: &Expr, sources: &Sources) -> Option<Vec<f64>> {
    histogram(expr, sources).map(bounds)
}

/// The bounds of a histogram's buckets.
pub fn bounds(metric: &InstrumentedMetric) -> Vec<f64> {
    /// What clients have where the code says nothing.
    const DEFAULT: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
    /// Python's has these, too.
    const PYTHON: [f64; 3] = [0.075, 0.75, 7.5];
    metric.buckets.clone().unwrap_or_else(|| {
        let python = metric.name.span.file.text().contains("prometheus_client");
        DEFAULT.into_iter().chain(PYTHON.into_iter().filter(|_| python)).collect()
    })
}

/// The only histogram in an expression, where its code is documented.
pub fn histogram<'w>(expr: &Expr, sources: &Sources<'w>) -> Option<&'w InstrumentedMetric> {
    let selectors = expr.selectors();
    let [(selector, _)] = selectors.as_slice() else { return None };
    match sources.selected(selector) {
        Known::Instrumented(metric) if metric.kind == MetricKind::Histogram => Some(metric),
        _ => None,
    }
}

fn operated(binary: &Binary, sources: &Sources) -> Interval {
    let (lhs, rhs) = (of(&binary.lhs, sources), of(&binary.rhs, sources));
    if binary.returns_bool {
        return RATIO;
    }
    match binary.op {
        BinaryOp::Add => Interval::of(lhs.low + rhs.low, lhs.high + rhs.high),
        BinaryOp::Sub => {
            let difference = Interval::of(lhs.low - rhs.high, lhs.high - rhs.low);
            match is_part(&binary.rhs, &binary.lhs) {
                true => Interval::of(difference.low.max(0.0), difference.high),
                false => difference,
            }
        }
        BinaryOp::Mul => {
            Interval::hull([lhs.low * rhs.low, lhs.low * rhs.high, lhs.high * rhs.low, lhs.high * rhs.high])
        }
        BinaryOp::Div => match rhs.constant().filter(|divisor| *divisor != 0.0) {
            Some(divisor) => {
                Interval::hull([lhs.low / divisor, lhs.high / divisor, lhs.low / divisor, lhs.high / divisor])
            }
            None if is_part(&binary.lhs, &binary.rhs) => RATIO,
            None if lhs.low >= 0.0 && rhs.low >= 0.0 => COUNTING,
            None => ANY,
        },
        BinaryOp::Mod => ANY,
        BinaryOp::And | BinaryOp::Unless => lhs,
        BinaryOp::Or => lhs.or(rhs),
        _ if binary.op.is_comparison() => match is_number(&binary.lhs) && !is_number(&binary.rhs) {
            true => rhs,
            false => lhs,
        },
        _ => ANY,
    }
}

/// Pairs of which the first is part of the second.
const PARTS: [(&str, &str); 17] = [
    ("node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes"),
    ("node_memory_MemFree_bytes", "node_memory_MemTotal_bytes"),
    ("node_memory_Buffers_bytes", "node_memory_MemTotal_bytes"),
    ("node_memory_Cached_bytes", "node_memory_MemTotal_bytes"),
    ("node_memory_SwapFree_bytes", "node_memory_SwapTotal_bytes"),
    ("node_filesystem_avail_bytes", "node_filesystem_size_bytes"),
    ("node_filesystem_free_bytes", "node_filesystem_size_bytes"),
    ("node_filesystem_files_free", "node_filesystem_files"),
    ("node_filefd_allocated", "node_filefd_maximum"),
    ("kubelet_volume_stats_available_bytes", "kubelet_volume_stats_capacity_bytes"),
    ("kubelet_volume_stats_used_bytes", "kubelet_volume_stats_capacity_bytes"),
    ("kubelet_volume_stats_inodes_free", "kubelet_volume_stats_inodes"),
    ("kubelet_volume_stats_inodes_used", "kubelet_volume_stats_inodes"),
    ("process_open_fds", "process_max_fds"),
    ("pg_stat_database_numbackends", "pg_settings_max_connections"),
    ("container_cpu_cfs_throttled_periods_total", "container_cpu_cfs_periods_total"),
    ("kube_deployment_status_replicas_available", "kube_deployment_status_replicas"),
];

/// Whether the first is at most the second: the same but narrower, or a part of the whole.
pub fn is_part(part: &Expr, whole: &Expr) -> bool {
    let (part, whole) = (part.unwrap_parens(), whole.unwrap_parens());
    match (&part.kind, &whole.kind) {
        (ExprKind::Vector(part), ExprKind::Vector(whole)) => is_narrower(part, whole),
        (ExprKind::Matrix(part), ExprKind::Matrix(whole)) => {
            part.range == whole.range && is_narrower(&part.vector, &whole.vector)
        }
        (ExprKind::Call(one), ExprKind::Call(other)) => {
            let linear = matches!(one.function.name, "rate" | "irate" | "increase");
            let both = one.args.first().zip(other.args.first());
            linear
                && one.function.name == other.function.name
                && both.is_some_and(|(one, other)| is_part(one, other))
        }
        (ExprKind::Aggregate(one), ExprKind::Aggregate(other)) => {
            let names = |aggregate: &Aggregate| {
                let mut names: Vec<String> =
                    aggregate.grouping.iter().map(|label| label.name.to_string()).collect();
                names.sort();
                names
            };
            matches!(one.op, AggregateOp::Sum | AggregateOp::Count)
                && one.op == other.op
                && one.without == other.without
                && names(one) == names(other)
                && is_part(&one.expr, &other.expr)
        }
        _ => false,
    }
}

fn is_narrower(part: &VectorSelector, whole: &VectorSelector) -> bool {
    let (Some(one), Some(other)) = (part.metric_name(), whole.metric_name()) else { return false };
    let named = |selector: &VectorSelector| -> Vec<(String, String, crate::promql::ast::MatchOp)> {
        let matchers =
            selector.matchers.iter().filter(|matcher| &*matcher.name != crate::labels::METRIC_NAME);
        matchers.map(|matcher| (matcher.name.to_string(), matcher.value.to_string(), matcher.op)).collect()
    };
    let (narrow, wide) = (named(part), named(whole));
    let same_time = part.offset == whole.offset && part.at == whole.at;
    let metric = one == other || PARTS.contains(&(one, other));
    same_time && metric && wide.iter().all(|matcher| narrow.contains(matcher))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::wiring::of_text;
    use crate::promql;

    #[track_caller]
    fn check(expr: &str, low: f64, high: f64) {
        let wiring = of_text(
            "guide.md",
            "```python\nfrom prometheus_client import Histogram\nH = Histogram('h', 'x', buckets=[0.5, 2])\n```\n",
        );
        let sources = Sources::new(&wiring);
        let got = of(&promql::parse(expr).expect("an expression"), &sources);
        assert_eq!(got, Interval { low, high }, "{expr}");
    }

    #[test]
    fn values_stay_within_what_is_known_of_their_metrics() {
        const MANY: f64 = f64::INFINITY;
        check("up", 0.0, 1.0);
        check("anything", -MANY, MANY);
        check("sum(up)", 0.0, MANY);
        check("avg(up) * 100", 0.0, 100.0);
        check("1 - up", 0.0, 1.0);
        check("rate(anything[5m])", 0.0, MANY);
        check("sum(rate(a{c=\"5\"}[5m])) / sum(rate(a[5m]))", 0.0, 1.0);
        check("sum(rate(a{c=\"5\"}[5m])) by (x) / sum(rate(a[5m])) by (x) * 100", 0.0, 100.0);
        check("sum(rate(a[5m])) / sum(rate(b[5m]))", 0.0, MANY);
        check("100 - avg by (instance) (rate(node_cpu_seconds_total{mode=\"idle\"}[5m])) * 100", 0.0, 100.0);
        check("(1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes) * 100", 0.0, 100.0);
        check("histogram_quantile(0.95, sum by (le) (rate(h_bucket[5m])))", 0.0, 2.0);
        check("count(up == 0)", 1.0, MANY);
        check("absent(up)", 1.0, 1.0);
        check("clamp_max(anything, 3)", -MANY, 3.0);
        check("a - (a > 5)", -MANY, MANY);
    }

    #[test]
    fn a_comparison_that_has_only_one_answer_is_seen() {
        use BinaryOp::*;
        assert_eq!(always(Greater, RATIO, 5.0), Some(Always::False));
        assert_eq!(always(Greater, RATIO, 1.0), Some(Always::False));
        assert_eq!(always(GreaterOrEqual, RATIO, 1.0), None);
        assert_eq!(always(Less, RATIO, 2.0), Some(Always::True));
        assert_eq!(always(GreaterOrEqual, RATIO, 0.0), Some(Always::True));
        assert_eq!(always(Equal, RATIO, 2.0), Some(Always::False));
        assert_eq!(always(Less, COUNTING, 0.0), Some(Always::False));
        assert_eq!(always(Equal, Interval::of(1.0, f64::INFINITY), 0.0), Some(Always::False));
        assert_eq!(always(Greater, ANY, 0.0), None);
    }
}
