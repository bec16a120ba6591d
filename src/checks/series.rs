//! What is known of the labels of an expression's series: those they can have, those they surely have, and values.
//!
//! Promises: what nobody can tell from the documents is open; nothing is claimed of it.

use std::collections::{BTreeMap, BTreeSet};

use super::sources::{Known, Sources};
use crate::labels::METRIC_NAME;
use crate::promql::ast::{
    Aggregate, AggregateOp, Binary, BinaryOp, Call, Cardinality, Expr, ExprKind, MatchOp, ValueType,
    VectorSelector,
};
use crate::stack::Rule;
use crate::stack::wiring::MetricKind;

/// Recording rules that read one another are followed this far.
const MAX_RECORDED: usize = 8;

/// The labels of an expression's series.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// Labels that they can have; `None` where they can have any.
    may: Option<BTreeSet<String>>,
    /// Discovery may have given their targets any other label.
    open_targets: bool,
    /// Labels that each of them has.
    must: BTreeSet<String>,
    /// Labels with one value on all of them.
    fixed: BTreeMap<String, String>,
}

impl Series {
    fn open() -> Self {
        Series::default()
    }

    fn of(labels: impl IntoIterator<Item = String>) -> Self {
        let may: BTreeSet<String> = labels.into_iter().collect();
        Series { may: Some(may.clone()), must: may, ..Series::default() }
    }

    fn none() -> Self {
        Series { may: Some(BTreeSet::new()), ..Series::default() }
    }

    /// Whether no series can have the label.
    pub fn lacks(&self, label: &str) -> bool {
        !self.open_targets && self.may.as_ref().is_some_and(|may| !may.contains(label))
    }

    /// Whether no series has a label that another metric has of its own: discovery gives no targets such labels,
    /// except those that it is known to give.
    pub fn lacks_own(&self, label: &str) -> bool {
        const DISCOVERED: [&str; 12] = [
            "job",
            "instance",
            "namespace",
            "pod",
            "container",
            "service",
            "endpoint",
            "node",
            "cluster",
            "app",
            "server",
            "host",
        ];
        let other = self.may.as_ref().is_some_and(|may| !may.contains(label));
        other && (!self.open_targets || !DISCOVERED.contains(&label))
    }

    /// Whether every series has the label.
    pub fn has(&self, label: &str) -> bool {
        self.must.contains(label)
    }

    /// All labels that there can be, where that can be told.
    pub fn labels(&self) -> Option<&BTreeSet<String>> {
        self.may.as_ref().filter(|_| !self.open_targets)
    }

    pub fn must(&self) -> &BTreeSet<String> {
        &self.must
    }

    pub fn value(&self, label: &str) -> Option<&str> {
        self.fixed.get(label).map(String::as_str)
    }

    fn drop(&mut self, label: &str) {
        if let Some(may) = &mut self.may {
            may.remove(label);
        }
        self.must.remove(label);
        self.fixed.remove(label);
    }

    fn allow(&mut self, label: &str) {
        if let Some(may) = &mut self.may {
            may.insert(label.to_owned());
        }
        self.fixed.remove(label);
    }

    fn set(&mut self, label: &str, value: &str) {
        self.allow(label);
        self.must.insert(label.to_owned());
        self.fixed.insert(label.to_owned(), value.to_owned());
    }

    fn keep<'l>(&self, labels: impl Iterator<Item = &'l str> + Clone) -> Self {
        let listed: BTreeSet<String> = labels.map(str::to_owned).collect();
        let may = match &self.may {
            Some(may) if !self.open_targets => may.intersection(&listed).cloned().collect(),
            _ => listed.clone(),
        };
        let must = self.must.intersection(&listed).cloned().collect();
        let fixed = self.fixed.iter().filter(|(name, _)| listed.contains(*name));
        let fixed = fixed.map(|(name, value)| (name.clone(), value.clone())).collect();
        Series { may: Some(may), open_targets: false, must, fixed }
    }

    fn or(self, other: &Series) -> Self {
        let may = self.may.zip(other.may.as_ref()).map(|(one, other)| one.union(other).cloned().collect());
        let must = self.must.intersection(&other.must).cloned().collect();
        let fixed =
            self.fixed.into_iter().filter(|(name, value)| other.fixed.get(name) == Some(value)).collect();
        Series { may, open_targets: self.open_targets || other.open_targets, must, fixed }
    }
}

/// The labels of an expression's result.
pub fn of(expr: &Expr, sources: &Sources) -> Series {
    result(expr, sources, 0)
}

/// The labels of a rule's alerts, without those that Prometheus adds by itself.
pub fn of_rule(rule: &Rule, sources: &Sources) -> Series {
    let mut series = of(&rule.expr, sources);
    for (name, _) in &rule.labels {
        series.allow(&name.value);
    }
    series.allow("alertname");
    series
}

fn result(expr: &Expr, sources: &Sources, recorded: usize) -> Series {
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::String(_) => Series::none(),
        ExprKind::Vector(vector) => selected(vector, sources, recorded),
        ExprKind::Matrix(matrix) => selected(&matrix.vector, sources, recorded),
        ExprKind::Subquery(subquery) => result(&subquery.expr, sources, recorded),
        ExprKind::Unary(unary) => result(&unary.expr, sources, recorded),
        ExprKind::Paren(inner) => result(inner, sources, recorded),
        ExprKind::Aggregate(aggregate) => aggregated(aggregate, sources, recorded),
        ExprKind::Binary(binary) => joined(binary, sources, recorded),
        ExprKind::Call(call) => called(call, sources, recorded),
    }
}

fn selected(vector: &VectorSelector, sources: &Sources, recorded: usize) -> Series {
    let known = sources.selected(vector);
    let mut series = match &known {
        Known::Recorded(rules) if recorded < MAX_RECORDED => {
            let all = rules.iter().map(|rule| {
                let mut series = result(&rule.expr, sources, recorded + 1);
                for (name, value) in &rule.labels {
                    series.set(&name.value, &value.value);
                }
                series
            });
            all.reduce(|one, other| one.or(&other)).unwrap_or_else(Series::open)
        }
        _ => scraped(&known, vector.metric_name().unwrap_or_default(), sources),
    };
    for matcher in &vector.matchers {
        if &*matcher.name == METRIC_NAME || matcher.matches("") {
            if matcher.op == MatchOp::Equal && matcher.value.is_empty() {
                series.drop(&matcher.name);
            }
            continue;
        }
        // A matcher on a label that there is not is a finding of its own: nothing follows from it.
        series.allow(&matcher.name);
        series.must.insert(matcher.name.to_string());
        if matcher.op == MatchOp::Equal {
            series.set(&matcher.name, &matcher.value);
        }
    }
    series
}

/// The labels of a metric as Prometheus stores it: its own, and its target's.
pub fn scraped(known: &Known, name: &str, sources: &Sources) -> Series {
    let own = match known {
        Known::Instrumented(metric) if !metric.open_labels => metric.labels.clone(),
        Known::Catalogued(metric) if !metric.open => {
            metric.labels.iter().map(|it| (*it).to_owned()).collect()
        }
        Known::Nothing if sources.assumes && !name.is_empty() => Vec::new(),
        _ => return Series::open(),
    };
    let kind = match known {
        Known::Instrumented(metric) => metric.kind,
        Known::Catalogued(metric) => metric.kind,
        _ => MetricKind::Gauge,
    };
    let inner = match kind {
        MetricKind::Histogram if name.ends_with("_bucket") => Some("le"),
        MetricKind::Summary if !name.ends_with("_sum") && !name.ends_with("_count") => Some("quantile"),
        _ => None,
    };
    let mut series = Series::of(own.into_iter().chain(inner.map(str::to_owned)));
    if let Known::Catalogued(metric) = known {
        metric.sometimes.iter().for_each(|label| series.allow(label));
    }
    let application = matches!(known, Known::Instrumented(_));
    match &sources.target_labels[usize::from(!application)] {
        Some(labels) => labels.iter().for_each(|label| series.allow(label)),
        None => series.open_targets = true,
    }
    series.must.extend(["job".to_owned(), "instance".to_owned()]);
    series
}

/// A metric's own labels, those of its target aside; `None` where they can't be told.
pub fn own_labels(known: &Known) -> Option<BTreeSet<String>> {
    match known {
        Known::Instrumented(metric) => {
            let labels = metric
                .labels
                .iter()
                .cloned()
                .chain((metric.kind == MetricKind::Histogram).then(|| "le".into()));
            (!metric.open_labels).then(|| labels.collect())
        }
        Known::Catalogued(metric) if !metric.open => {
            let labels = metric.labels.iter().chain(&metric.sometimes).map(|label| (*label).to_owned());
            Some(labels.chain((metric.kind == MetricKind::Histogram).then(|| "le".to_owned())).collect())
        }
        _ => None,
    }
}

fn aggregated(aggregate: &Aggregate, sources: &Sources, recorded: usize) -> Series {
    let inner = result(&aggregate.expr, sources, recorded);
    match aggregate.op {
        AggregateOp::TopK | AggregateOp::BottomK | AggregateOp::LimitK | AggregateOp::LimitRatio => {
            return inner;
        }
        _ => {}
    }
    let names = aggregate.grouping.iter().map(|label| &*label.name);
    let mut series = match aggregate.without {
        true => {
            let mut series = inner;
            names.for_each(|name| series.drop(name));
            series
        }
        false => inner.keep(names),
    };
    if let (AggregateOp::CountValues, Some(ExprKind::String(label))) =
        (aggregate.op, aggregate.param.as_ref().map(|param| &param.kind))
    {
        series.allow(&label.text);
    }
    series
}

fn joined(binary: &Binary, sources: &Sources, recorded: usize) -> Series {
    let lhs = result(&binary.lhs, sources, recorded);
    if binary.rhs.value_type() == ValueType::Scalar {
        return lhs;
    }
    let rhs = result(&binary.rhs, sources, recorded);
    if binary.lhs.value_type() == ValueType::Scalar {
        return rhs;
    }
    let matching = &binary.matching;
    let included = |mut series: Series, one: &Series| {
        for label in &matching.include {
            match one.has(&label.name) {
                true => {
                    series.allow(&label.name);
                    series.must.insert(label.name.to_string());
                }
                false => series.allow(&label.name),
            }
        }
        series
    };
    match (binary.op, matching.cardinality) {
        (BinaryOp::And | BinaryOp::Unless, _) => lhs,
        (BinaryOp::Or, _) => lhs.or(&rhs),
        (_, Cardinality::ManyToOne) => included(lhs, &rhs),
        (_, Cardinality::OneToMany) => included(rhs, &lhs),
        _ if matching.on => lhs.keep(matching.labels.iter().map(|label| &*label.name)),
        _ => {
            let mut series = lhs;
            matching.labels.iter().for_each(|label| series.drop(&label.name));
            series
        }
    }
}

fn called(call: &Call, sources: &Sources, recorded: usize) -> Series {
    match call.function.name {
        "absent" | "absent_over_time" => {
            let selectors = call.args.first().map(Expr::selectors).unwrap_or_default();
            let mut series = Series::none();
            for matcher in selectors.iter().flat_map(|(selector, _)| &selector.matchers) {
                if matcher.op == MatchOp::Equal && &*matcher.name != METRIC_NAME {
                    series.set(&matcher.name, &matcher.value);
                }
            }
            series
        }
        "vector" | "time" | "scalar" | "pi" => Series::none(),
        "info" => Series::open(),
        name => {
            let mut vectors = call
                .args
                .iter()
                .filter(|arg| matches!(arg.value_type(), ValueType::Vector | ValueType::Matrix));
            let Some(vector) = vectors.next() else { return Series::none() };
            let mut series = result(vector, sources, recorded);
            match (name, call.args.get(1).map(|argument| &argument.kind)) {
                ("histogram_quantile" | "histogram_fraction", _) => series.drop("le"),
                ("label_replace" | "label_join", Some(ExprKind::String(target))) => {
                    series.allow(&target.text)
                }
                _ => {}
            }
            series
        }
    }
}

/// The only values that a metric's label has, where they can be told.
pub fn values(known: &Known, label: &str) -> Option<Vec<String>> {
    match known {
        Known::Instrumented(metric) => metric.values.get(label).cloned(),
        Known::Catalogued(metric) => {
            let found = metric.values.iter().find(|(name, _)| *name == label);
            found.map(|(_, values)| values.iter().map(|value| (*value).to_owned()).collect())
        }
        _ => None,
    }
}

/// A catalogued metric's range, or what its kind says.
pub fn range(known: &Known, name: &str) -> Option<(f64, f64)> {
    let counting = (0.0, f64::INFINITY);
    match known {
        Known::Catalogued(metric) if metric.range.is_some() => metric.range,
        Known::Catalogued(metric) => {
            (metric.kind != MetricKind::Gauge || name.ends_with("_bytes")).then_some(counting)
        }
        Known::Instrumented(metric) => (metric.kind != MetricKind::Gauge).then_some(counting),
        Known::Recorded(_) => None,
        Known::Nothing => None,
    }
}

/// Whether a series only grows.
pub fn is_counter(known: &Known, name: &str) -> bool {
    match known {
        Known::Instrumented(metric) => metric.kind != MetricKind::Gauge,
        Known::Catalogued(metric) => metric.kind != MetricKind::Gauge,
        _ => ["_total", "_bucket", "_count", "_sum"].iter().any(|end| name.ends_with(end)),
    }
}
