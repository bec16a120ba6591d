//! From a rule to what is known of its alerts' labels: what the expression leaves, the rule sets, Prometheus adds.
//!
//! A series may bring any label along, but one: what alerting rules set, no scrape config can give and no
//! expression asks for, such as `severity`, is taken to come from rules alone. So a rule that forgets it is seen.

use std::collections::{BTreeMap, BTreeSet};

use super::known::{Known, KnownLabels};
use crate::labels::{Labels, METRIC_NAME};
use crate::promql::ast::{
    Aggregate, AggregateOp, Binary, BinaryOp, Call, Cardinality, Expr, ExprKind, MatchOp, ValueType,
    VectorSelector,
};
use crate::stack::{Discovery, RelabelAction, RelabelConfig, Rule, RuleKind, Stack, relabel};
use crate::twin::prometheus_template::AlertTemplate;

/// Recording rules that read one another are followed this far.
const MAX_RECORDED: usize = 12;

/// Reads rules of one stack: it knows what the recording rules record.
pub struct Inference<'s> {
    stack: &'s Stack,
    recorded: BTreeMap<&'s str, Vec<&'s Rule>>,
    /// Labels that no series has.
    of_rules_alone: BTreeSet<&'s str>,
}

impl<'s> Inference<'s> {
    pub fn new(stack: &'s Stack) -> Self {
        let mut recorded: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
        for rule in stack.rule_groups.iter().flat_map(|group| &group.rules) {
            if let RuleKind::Recording { record } = &rule.kind {
                recorded.entry(&record.value).or_default().push(rule);
            }
        }
        Inference { stack, recorded, of_rules_alone: of_rules_alone(stack) }
    }

    /// The labels with which a rule's alerts reach Alertmanager; `None` where relabelling drops them all. `series` are all
    /// labels that its expression's series can have, where somebody knows.
    pub fn alert(&self, rule: &Rule, series: Option<&BTreeSet<String>>) -> Option<KnownLabels> {
        let mut labels = self.unsent(rule, series);
        for (name, value) in self.stack.prometheus.external_labels.iter() {
            if *labels.get(name) == Known::Absent {
                labels.set_value(name, value);
            }
        }
        let ways = self.stack.prometheus.relabelling().into_iter();
        let sent = ways.filter_map(|way| {
            let mut labels = labels.clone();
            way.into_iter().flatten().all(|config| relabelled(config, &mut labels)).then_some(labels)
        });
        sent.reduce(|one, other| one.or(&other))
    }

    /// The labels of a rule's alerts in Prometheus itself.
    pub fn unsent(&self, rule: &Rule, series: Option<&BTreeSet<String>>) -> KnownLabels {
        let mut labels = self.result(&rule.expr, 0);
        if let Some(series) = series {
            labels = labels.keep(series.iter().map(String::as_str));
        }
        for (name, value) in &rule.labels {
            let template =
                AlertTemplate::parse(&rule.name().value, &value.value, self.stack.prometheus.imitated);
            match template.is_ok_and(|template| !template.is_plain()) {
                true => labels.set(name.value.as_str(), Known::Open),
                false => labels.set_value(name.value.as_str(), &value.value),
            }
        }
        labels.set_value("alertname", &rule.name().value);
        labels.with(METRIC_NAME, Known::Absent)
    }

    /// The labels of a query's result.
    pub fn query(&self, expr: &Expr) -> KnownLabels {
        self.result(expr, 0)
    }

    /// The labels of an expression's result.
    fn result(&self, expr: &Expr, recorded: usize) -> KnownLabels {
        match &expr.kind {
            ExprKind::Number(_) | ExprKind::String(_) => KnownLabels::none(),
            ExprKind::Vector(vector) => self.selected(vector, recorded),
            ExprKind::Matrix(matrix) => self.selected(&matrix.vector, recorded),
            ExprKind::Subquery(subquery) => self.result(&subquery.expr, recorded),
            ExprKind::Unary(unary) => self.result(&unary.expr, recorded),
            ExprKind::Paren(inner) => self.result(inner, recorded),
            ExprKind::Aggregate(aggregate) => self.aggregated(aggregate, recorded),
            ExprKind::Binary(binary) => self.binary(binary, recorded),
            ExprKind::Call(call) => self.called(call, recorded),
        }
    }

    fn selected(&self, vector: &VectorSelector, recorded: usize) -> KnownLabels {
        let name = vector
            .matchers
            .iter()
            .find(|matcher| &*matcher.name == METRIC_NAME && matcher.op == MatchOp::Equal);
        let rules = name.and_then(|name| self.recorded.get(&*name.value));
        let mut labels = match rules {
            Some(rules) if recorded < MAX_RECORDED => {
                let all = rules.iter().map(|rule| {
                    let mut labels = self.result(&rule.expr, recorded + 1);
                    for (name, value) in &rule.labels {
                        labels.set_value(name.value.as_str(), &value.value);
                    }
                    labels
                });
                all.reduce(|one, other| one.or(&other)).unwrap_or_else(KnownLabels::open)
            }
            _ => self
                .of_rules_alone
                .iter()
                .fold(KnownLabels::open(), |labels, name| labels.with(name, Known::Absent)),
        };
        for matcher in vector.matchers.iter().filter(|matcher| matcher.op == MatchOp::Equal) {
            labels.set_value(matcher.name.clone(), &matcher.value);
        }
        labels
    }

    fn aggregated(&self, aggregate: &Aggregate, recorded: usize) -> KnownLabels {
        let inner = self.result(&aggregate.expr, recorded);
        match aggregate.op {
            AggregateOp::TopK | AggregateOp::BottomK | AggregateOp::LimitK | AggregateOp::LimitRatio => {
                return inner;
            }
            _ => {}
        }
        let names = aggregate.grouping.iter().map(|label| &*label.name);
        let mut labels = match aggregate.without {
            true => names.fold(inner, |labels, name| labels.with(name, Known::Absent)),
            false => inner.keep(names),
        };
        if let (AggregateOp::CountValues, Some(ExprKind::String(label))) =
            (aggregate.op, aggregate.param.as_ref().map(|param| &param.kind))
        {
            labels.set(label.text.clone(), Known::Open);
        }
        labels
    }

    fn binary(&self, binary: &Binary, recorded: usize) -> KnownLabels {
        let lhs = self.result(&binary.lhs, recorded);
        if binary.rhs.value_type() == ValueType::Scalar {
            return lhs;
        }
        let rhs = self.result(&binary.rhs, recorded);
        if binary.lhs.value_type() == ValueType::Scalar {
            return rhs;
        }
        let matching = &binary.matching;
        // What both sides agree on is known if one side knows it.
        let agreed = |mut labels: KnownLabels, other: &KnownLabels| {
            for label in matching.labels.iter().filter(|_| matching.on) {
                if *labels.get(&label.name) == Known::Open {
                    labels.set(label.name.clone(), other.get(&label.name).clone());
                }
            }
            labels
        };
        let included = |labels: KnownLabels, one: &KnownLabels| {
            matching
                .include
                .iter()
                .fold(labels, |labels, label| labels.with(&label.name, one.get(&label.name).clone()))
        };
        match (binary.op, matching.cardinality) {
            (BinaryOp::And, _) => agreed(lhs, &rhs),
            (BinaryOp::Unless, _) => lhs,
            (BinaryOp::Or, _) => lhs.or(&rhs),
            (_, Cardinality::ManyToOne) => included(agreed(lhs, &rhs), &rhs),
            (_, Cardinality::OneToMany) => included(agreed(rhs, &lhs), &lhs),
            _ => {
                let names = matching.labels.iter().map(|label| &*label.name);
                match matching.on {
                    true => agreed(lhs, &rhs).keep(names),
                    false => names.fold(lhs, |labels, name| labels.with(name, Known::Absent)),
                }
            }
        }
    }

    fn called(&self, call: &Call, recorded: usize) -> KnownLabels {
        match call.function.name {
            "absent" | "absent_over_time" => call.args.first().map_or_else(KnownLabels::none, absent),
            "vector" | "time" | "scalar" | "pi" => KnownLabels::none(),
            "info" => KnownLabels::open(),
            name => {
                let vector = call
                    .args
                    .iter()
                    .find(|argument| matches!(argument.value_type(), ValueType::Vector | ValueType::Matrix));
                let Some(vector) = vector else { return KnownLabels::none() };
                let labels = self.result(vector, recorded);
                match (name, call.args.get(1).map(|argument| &argument.kind)) {
                    ("histogram_quantile" | "histogram_fraction", _) => labels.with("le", Known::Absent),
                    ("label_replace" | "label_join", Some(ExprKind::String(target))) => {
                        labels.with(&target.text, Known::Open)
                    }
                    _ => labels,
                }
            }
        }
    }
}

/// What alerting rules set and scraped series can't have.
fn of_rules_alone(stack: &Stack) -> BTreeSet<&str> {
    let rules = stack.rule_groups.iter().flat_map(|group| &group.rules);
    let alerting = rules.filter(|rule| matches!(rule.kind, RuleKind::Alerting { .. }));
    let mut names: BTreeSet<&str> =
        alerting.flat_map(|rule| rule.labels.iter().map(|(name, _)| name.value.as_str())).collect();
    for config in &stack.prometheus.scrape_configs {
        for discovery in &config.discovery {
            if let Discovery::Static { labels, .. } = discovery {
                names.retain(|name| labels.get(name).is_none());
            }
        }
        for relabel in config.relabel_configs.iter().chain(&config.metric_relabel_configs) {
            names.remove(relabel.target_label.as_str());
            // Whatever pods and services are labelled with.
            if relabel.action == RelabelAction::LabelMap {
                names.retain(|name| *name == "severity");
            }
        }
    }
    // Who asks for a label expects that series have it.
    for rule in stack.rule_groups.iter().flat_map(|group| &group.rules) {
        rule.expr.walk(&mut |expr| match &expr.kind {
            ExprKind::Aggregate(aggregate) => {
                names.retain(|name| aggregate.grouping.iter().all(|label| *label.name != **name));
            }
            ExprKind::Binary(binary) => names.retain(|name| {
                let mut labels = binary.matching.labels.iter().chain(&binary.matching.include);
                labels.all(|label| *label.name != **name)
            }),
            ExprKind::Vector(vector) => {
                names.retain(|name| vector.matchers.iter().all(|matcher| *matcher.name != **name));
            }
            ExprKind::Matrix(matrix) => {
                names.retain(|name| matrix.vector.matchers.iter().all(|matcher| *matcher.name != **name));
            }
            _ => {}
        });
    }
    for label in ["job", "instance", METRIC_NAME] {
        names.remove(label);
    }
    names
}

/// `absent(up{job="api"})` has the labels that the selector fixes, each written once.
fn absent(argument: &Expr) -> KnownLabels {
    let mut labels = KnownLabels::none();
    let vector = match &argument.kind {
        ExprKind::Paren(inner) => return absent(inner),
        ExprKind::Vector(vector) => vector,
        ExprKind::Matrix(matrix) => &matrix.vector,
        _ => return labels,
    };
    for matcher in &vector.matchers {
        let alone = vector.matchers.iter().filter(|other| other.name == matcher.name).count() == 1;
        if alone && matcher.op == MatchOp::Equal && &*matcher.name != METRIC_NAME {
            labels.set_value(matcher.name.clone(), &matcher.value);
        }
    }
    labels
}

/// Whether alerts may be left after a relabelling step.
fn relabelled(config: &RelabelConfig, labels: &mut KnownLabels) -> bool {
    let reads_target = matches!(config.action, RelabelAction::KeepEqual | RelabelAction::DropEqual);
    let mut read: Vec<&str> = config.source_labels.iter().map(String::as_str).collect();
    if reads_target {
        read.push(&config.target_label);
    }
    let all_known = read.iter().all(|name| labels.get(name).text().is_some());
    match config.action {
        RelabelAction::LabelDrop => {
            labels.map(|name, known| match name {
                Some(name) if config.regex.is_match(name) => Known::Absent,
                _ => known.clone(),
            });
            true
        }
        RelabelAction::LabelKeep => {
            labels.map(|name, known| match name {
                Some(name) if !config.regex.is_match(name) => Known::Absent,
                _ => known.clone(),
            });
            true
        }
        RelabelAction::LabelMap => {
            labels.map(|name, known| if name == Some("alertname") { known.clone() } else { Known::Open });
            true
        }
        _ if all_known => {
            let concrete = Labels::from_pairs(labels.values());
            let Some(after) = relabel::apply(std::slice::from_ref(config), &concrete) else { return false };
            for (name, value) in after.iter() {
                if concrete.get(name) != Some(value) {
                    labels.set_value(name, value);
                }
            }
            for (name, _) in concrete.iter().filter(|(name, _)| after.get(name).is_none()) {
                labels.set(name, Known::Absent);
            }
            true
        }
        RelabelAction::Keep | RelabelAction::Drop | RelabelAction::KeepEqual | RelabelAction::DropEqual => {
            true
        }
        _ if config.target_label.contains('$') => {
            *labels = KnownLabels::open();
            true
        }
        _ => {
            labels.set(config.target_label.as_str(), Known::Open);
            true
        }
    }
}
