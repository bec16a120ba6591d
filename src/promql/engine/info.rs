//! `info()`: adds the labels of info metrics (`target_info`) to the series of the same target.

use std::collections::HashMap;

use super::EvalError;
use super::durations::{offset_of, reference_time};
use super::evaluator::Evaluator;
use super::grid::{Grid, Row, Steps};
use super::matching::{RowSink, as_pairs, keep};
use super::selectors::{Ages, Newest, Viewpoint};
use crate::labels::{Labels, METRIC_NAME};
use crate::promql::ast::{Expr, ExprKind, MatchOp, Matcher};
use crate::promql::storage::StoredSeries;

/// The labels that say which target a series belongs to.
const IDENTIFYING: [&str; 2] = ["instance", "job"];

struct InfoSeries<'s> {
    stored: &'s StoredSeries,
    /// The info metric's name and the target.
    key: Labels,
}

impl<'a> Evaluator<'a> {
    pub fn info(&mut self, vector: &Expr, selector: Option<&Expr>, steps: Steps) -> Result<Grid, EvalError> {
        let view = self.info_viewpoint(vector)?;
        let base = self.vector(vector, steps)?;
        let matchers: Vec<Matcher> = match selector.map(|expr| &expr.unwrap_parens().kind) {
            Some(ExprKind::Vector(selector)) => selector.matchers.clone(),
            _ => Vec::new(),
        };
        let (names, data): (Vec<Matcher>, Vec<Matcher>) =
            matchers.into_iter().partition(|matcher| &*matcher.name == METRIC_NAME);
        let names = effective_names(names)?;
        let is_info = |row: &Row| names.iter().all(|matcher| matcher.matches(row.labels.name()));

        let infos = self.info_series(&base, &names, &data, is_info);
        let mut sink = RowSink::new(steps.count);
        let mut ages: Vec<Ages<'_>> =
            infos.iter().map(|info| Ages::new(info.stored, self.oldest_offset())).collect();
        for step in 0..steps.count {
            let time = view.time(steps.time(step));
            let mut newest: HashMap<&Labels, (i64, &InfoSeries<'_>)> = HashMap::new();
            for (info, ages) in infos.iter().zip(&mut ages) {
                let taken = match ages.at(time) {
                    None => continue,
                    Some(Newest::Float(index)) => info.stored.floats.times[index],
                    Some(Newest::Histogram(_)) => {
                        return Err(EvalError::new(format!(
                            "this should be an info metric, with float samples: {}",
                            as_pairs(&info.stored.labels)
                        )));
                    }
                };
                match newest.get(&info.key) {
                    Some((known, other)) if *known == taken && !base.rows.is_empty() => {
                        return Err(EvalError::new(format!(
                            "found duplicate series for info metric: existing {} @ {known}, new {} @ {taken}",
                            other.stored.labels,
                            as_pairs(&info.stored.labels)
                        )));
                    }
                    Some((known, _)) if *known > taken => {}
                    _ => drop(newest.insert(&info.key, (taken, info))),
                }
            }
            for (at, row) in base.rows.iter().enumerate() {
                let Some(value) = base.get(at, step) else { continue };
                let labels = match is_info(row) {
                    true => Some(row.labels.clone()),
                    false => enriched(&row.labels, newest.values().map(|(_, info)| *info), &data)?,
                };
                if let Some(labels) = labels {
                    sink.add(step, &Row { labels, drop_name: row.drop_name }, value)?;
                }
            }
        }
        Ok(sink.grid)
    }

    /// The series that may describe any of the rows' targets.
    fn info_series(
        &self,
        base: &Grid,
        names: &[Matcher],
        data: &[Matcher],
        is_info: impl Fn(&Row) -> bool,
    ) -> Vec<InfoSeries<'a>> {
        let storage = self.storage;
        let targets = || base.rows.iter().filter(|row| !is_info(row));
        let named: Vec<&str> = IDENTIFYING
            .into_iter()
            .filter(|name| targets().any(|row| row.labels.get(name).is_some()))
            .collect();
        if named.is_empty() {
            return Vec::new();
        }
        let matchers: Vec<Matcher> = names.iter().chain(data).cloned().collect();
        let of_any_target = |stored: &&StoredSeries| {
            named.iter().all(|name| {
                let value = stored.labels.value(name);
                !value.is_empty() && targets().any(|row| row.labels.value(name) == value)
            })
        };
        let found = storage.select(&matchers).into_iter().filter(of_any_target);
        found
            .map(|stored| {
                let key = keep(&stored.labels, |name| name == METRIC_NAME || IDENTIFYING.contains(&name));
                InfoSeries { stored, key }
            })
            .collect()
    }

    /// The first selector's own `@` and offset, with those of the subqueries around it.
    fn info_viewpoint(&self, vector: &Expr) -> Result<Viewpoint, EvalError> {
        let mut view = Viewpoint { at: None, offset: 0 };
        self.first_selector(vector, &mut view)?;
        Ok(view)
    }

    fn first_selector(&self, expr: &Expr, view: &mut Viewpoint) -> Result<bool, EvalError> {
        let own = match &expr.kind {
            ExprKind::Vector(selector) => Some((&selector.offset, selector.at)),
            ExprKind::Matrix(selector) => Some((&selector.vector.offset, selector.vector.at)),
            _ => None,
        };
        if let Some((offset, at)) = own {
            view.offset = offset_of(offset, self.query)?;
            view.at = reference_time(at, self.query);
            return Ok(true);
        }
        for child in expr.children() {
            if !self.first_selector(child, view)? {
                continue;
            }
            if let (ExprKind::Subquery(subquery), None) = (&expr.kind, view.at) {
                view.offset = view.offset.saturating_add(offset_of(&subquery.offset, self.query)?);
                view.at = reference_time(subquery.at, self.query);
            }
            return Ok(true);
        }
        Ok(false)
    }
}

/// Which metrics count as info metrics: `target_info` unless stated; where only exclusions are, `.+_info`.
fn effective_names(mut names: Vec<Matcher>) -> Result<Vec<Matcher>, EvalError> {
    if names.iter().any(|matcher| matches!(matcher.op, MatchOp::Equal | MatchOp::Regex)) {
        return Ok(names);
    }
    let (op, name) =
        if names.is_empty() { (MatchOp::Equal, "target_info") } else { (MatchOp::Regex, ".+_info") };
    let matcher = Matcher::new(METRIC_NAME, op, name).map_err(|error| EvalError::new(error.to_string()))?;
    names.insert(0, matcher);
    Ok(names)
}

/// A series' labels with those of its target's info metrics; `None` where it has none but needs some.
fn enriched<'i>(
    labels: &Labels,
    infos: impl Iterator<Item = &'i InfoSeries<'i>>,
    data: &[Matcher],
) -> Result<Option<Labels>, EvalError> {
    let target = keep(labels, |name| IDENTIFYING.contains(&name));
    let mut added = Labels::empty().builder();
    let mut found = false;
    for info in infos.filter(|info| info.key.without(METRIC_NAME) == target) {
        found = true;
        for (name, value) in info.stored.labels.iter().filter(|(name, _)| *name != METRIC_NAME) {
            if !data.is_empty() && !data.iter().any(|matcher| &*matcher.name == name) {
                continue;
            }
            let known = added.get(name);
            if !known.is_empty() && known != value {
                return Err(EvalError::new(format!("conflicting label: {name}")));
            }
            if labels.get(name).is_none() {
                added.set(name, value);
            }
        }
    }
    if !found && data.iter().any(|matcher| !matcher.matches("")) {
        return Ok(None);
    }
    let mut enriched = labels.builder();
    for (name, value) in added.build().iter() {
        enriched.set(name, value);
    }
    Ok(Some(enriched.build()))
}
