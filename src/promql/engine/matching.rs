//! Which series of one vector belong to which of another.

use std::collections::HashMap;

use super::EvalError;
use super::binary::{apply, changes_meaning};
use super::evaluator::Evaluator;
use super::grid::{Grid, Row};
use crate::labels::{Labels, METRIC_NAME};
use crate::promql::ast::{Binary, Cardinality, LabelName, TextRange, VectorMatching};
use crate::promql::value::SampleValue;

/// The rows of two grids by what they have to agree in.
struct Groups {
    count: usize,
    /// The group of each row.
    left: Vec<usize>,
    right: Vec<usize>,
}

impl Evaluator<'_> {
    fn groups(&self, matching: &VectorMatching, lhs: &Grid, rhs: &Grid) -> Groups {
        let mut known: HashMap<Labels, usize> = HashMap::with_capacity(lhs.rows.len());
        let mut group_of = |row: &Row| {
            let key = match matching.on {
                // Dropped names are not there to be matched on.
                true => keep(&self.visible(row), |name| is_among(name, &matching.labels)),
                false => keep(&row.labels, |name| {
                    name != METRIC_NAME
                        && !is_among(name, &matching.labels)
                        && (!row.drop_name || self.engine.delayed_name_removal || !self.is_reserved(name))
                }),
            };
            let next = known.len();
            *known.entry(key).or_insert(next)
        };
        let left = lhs.rows.iter().map(&mut group_of).collect();
        let right = rhs.rows.iter().map(&mut group_of).collect();
        Groups { count: known.len(), left, right }
    }

    /// `and`, `or` and `unless`.
    pub fn set_operation(&self, binary: &Binary, lhs: &Grid, rhs: &Grid) -> Result<Grid, EvalError> {
        use crate::promql::ast::BinaryOp::{And, Or};
        let groups = self.groups(&binary.matching, lhs, rhs);
        let mut result = Grid::with_capacity(lhs.steps, lhs.rows.len());
        if binary.op == Or {
            let present = presence(lhs, &groups.left, groups.count);
            (0..lhs.rows.len()).for_each(|row| lhs.copy_row(row, &mut result));
            copy_where(rhs, &groups.right, &present, false, &mut result);
            return self.merge_same_labels(result);
        }
        let present = presence(rhs, &groups.right, groups.count);
        copy_where(lhs, &groups.left, &present, binary.op == And, &mut result);
        Ok(result)
    }

    /// Arithmetic and comparisons between two vectors.
    pub fn match_vectors(
        &mut self,
        binary: &Binary,
        span: TextRange,
        lhs: &Grid,
        rhs: &Grid,
    ) -> Result<Grid, EvalError> {
        let matching = &binary.matching;
        let fills = matching.fill_left.is_some() || matching.fill_right.is_some();
        if (lhs.rows.is_empty() && rhs.rows.is_empty())
            || ((lhs.rows.is_empty() || rhs.rows.is_empty()) && !fills)
        {
            return Ok(Grid::new(lhs.steps));
        }
        let groups = self.groups(matching, lhs, rhs);
        if !fills
            && !lhs.has_histograms()
            && !rhs.has_histograms()
            && !matches!(binary.op.as_str(), "</" | ">/")
            && let Some(result) = self.match_columns(binary, lhs, rhs, &groups)
        {
            return Ok(result);
        }
        self.match_steps(binary, span, lhs, rhs, &groups)
    }

    /// Whole columns at once, where every pair is clear for all steps; else `None`.
    fn match_columns(&self, binary: &Binary, lhs: &Grid, rhs: &Grid, groups: &Groups) -> Option<Grid> {
        let matching = &binary.matching;
        let swapped = matching.cardinality == Cardinality::OneToMany;
        let (many, one) = if swapped { (rhs, lhs) } else { (lhs, rhs) };
        let (many_groups, one_groups) =
            if swapped { (&groups.right, &groups.left) } else { (&groups.left, &groups.right) };
        let mut partner: Vec<Option<usize>> = vec![None; groups.count];
        for (row, group) in one_groups.iter().enumerate() {
            if partner[*group].replace(row).is_some() {
                return None;
            }
        }
        if matching.cardinality == Cardinality::OneToOne {
            let mut seen = vec![false; groups.count];
            if many_groups.iter().any(|group| std::mem::replace(&mut seen[*group], true)) {
                return None;
            }
        }
        let mut result =
            Grid::with_capacity(lhs.steps, many.rows.len().min(groups.count.max(one.rows.len())));
        let mut labels_seen = std::collections::HashSet::new();
        for (row, group) in many_groups.iter().enumerate() {
            let Some(other) = partner[*group] else { continue };
            let new_row = self.result_row(binary, &many.rows[row], &one.rows[other]);
            if (many.rows.len() > 1) && !labels_seen.insert(new_row.labels.clone()) {
                return None;
            }
            let (left, right) = if swapped { (other, row) } else { (row, other) };
            let right = rhs.floats(right);
            result.push_filled(new_row, lhs.floats(left));
            let at = result.rows.len() - 1;
            apply(binary.op, binary.returns_bool, result.floats_mut(at), |step| right[step]);
            result.pop_if_empty();
        }
        Some(result)
    }

    /// Step by step, as Prometheus does it: for whatever is not clear from the labels alone.
    fn match_steps(
        &mut self,
        binary: &Binary,
        span: TextRange,
        lhs: &Grid,
        rhs: &Grid,
        groups: &Groups,
    ) -> Result<Grid, EvalError> {
        let matching = &binary.matching;
        let swapped = matching.cardinality == Cardinality::OneToMany;
        let (many, one) = if swapped { (rhs, lhs) } else { (lhs, rhs) };
        let (many_groups, one_groups) =
            if swapped { (&groups.right, &groups.left) } else { (&groups.left, &groups.right) };
        let mut sink = RowSink::new(lhs.steps);
        let mut rows_made: HashMap<(Option<usize>, Option<usize>), Row> = HashMap::new();
        for step in 0..lhs.steps {
            let present = |grid: &Grid| -> Vec<usize> {
                (0..grid.rows.len()).filter(|row| grid.is_present(*row, step)).collect()
            };
            let (many_rows, one_rows) = (present(many), present(one));
            let no_fill = matching.fill_left.is_none() && matching.fill_right.is_none();
            if (many_rows.is_empty() && one_rows.is_empty())
                || ((many_rows.is_empty() || one_rows.is_empty()) && no_fill)
            {
                continue;
            }
            let mut partner: Vec<Option<usize>> = vec![None; groups.count];
            for row in &one_rows {
                if let Some(other) = partner[one_groups[*row]].replace(*row) {
                    return Err(self.duplicate(matching, &one.rows[*row], &one.rows[other]));
                }
            }
            let mut matched: HashMap<usize, Vec<Labels>> = HashMap::new();
            let unmatched =
                many_rows.iter().map(|row| (many_groups[*row], Some(*row), partner[many_groups[*row]]));
            let mut pairs: Vec<(usize, Option<usize>, Option<usize>)> =
                unmatched.filter(|(_, _, other)| other.is_some() || matching.fill_right.is_some()).collect();
            let fixed = pairs.len();
            if matching.fill_left.is_some() {
                pairs.extend(one_rows.iter().map(|row| (one_groups[*row], None, Some(*row))));
            }
            for (at, (group, many_row, one_row)) in pairs.into_iter().enumerate() {
                if at >= fixed && matched.contains_key(&group) {
                    continue;
                }
                let value = |grid: &Grid, row: Option<usize>, fill: Option<f64>| match row {
                    Some(row) => grid.get(row, step),
                    None => fill.map(SampleValue::Float),
                };
                let many_value = value(many, many_row, matching.fill_left);
                let one_value = value(one, one_row, matching.fill_right);
                let (Some(many_value), Some(one_value)) = (many_value, one_value) else { continue };
                let outcome = match swapped {
                    false => self.samples(binary.op, &many_value, &one_value, span),
                    true => self.samples(binary.op, &one_value, &many_value, span),
                };
                let Some(outcome) = outcome else { continue };
                let value = outcome.result(binary.returns_bool);
                // Prometheus 2 counts only matches that a comparison keeps.
                if value.is_none() && self.is_v2() {
                    continue;
                }
                let row = rows_made.entry((many_row, one_row)).or_insert_with(|| {
                    let filled = |row: &Row| Row {
                        labels: self.match_labels(matching, &self.visible(row)),
                        drop_name: false,
                    };
                    let many_row = many_row.map(|row| many.rows[row].clone());
                    let one_row = one_row.map(|row| one.rows[row].clone());
                    match (&many_row, &one_row) {
                        (Some(many), Some(one)) => self.result_row(binary, many, one),
                        (Some(many), None) => self.result_row(binary, many, &filled(many)),
                        (None, Some(one)) => self.result_row(binary, &filled(one), one),
                        (None, None) => Row { labels: Labels::empty(), drop_name: false },
                    }
                });
                let known = matched.entry(group).or_default();
                if matching.cardinality == Cardinality::OneToOne {
                    if !known.is_empty() {
                        return Err(EvalError::new(
                            "multiple matches for labels: many-to-one matching must be explicit \
                             (group_left/group_right)",
                        ));
                    }
                } else if known.contains(&row.labels) {
                    return Err(EvalError::new(
                        "multiple matches for labels: grouping labels must ensure unique matches",
                    ));
                }
                known.push(row.labels.clone());
                if let Some(value) = value {
                    sink.add(step, row, value)?;
                }
            }
        }
        Ok(sink.grid)
    }

    fn duplicate(&self, matching: &VectorMatching, a: &Row, b: &Row) -> EvalError {
        let side = if matching.cardinality == Cardinality::OneToMany { "left" } else { "right" };
        let group = as_pairs(&self.match_labels(matching, &self.visible(a)));
        let mut both = [as_pairs(&self.visible(a)), as_pairs(&self.visible(b))];
        both.sort();
        let [first, second] = both;
        EvalError::new(format!(
            "found duplicate series for the match group {group} on the {side} hand-side of the operation: \
             [{first}, {second}];many-to-many matching not allowed: matching labels must be unique on one side"
        ))
    }

    /// The labels that both sides of a match have in common.
    fn match_labels(&self, matching: &VectorMatching, labels: &Labels) -> Labels {
        match matching.on {
            true => keep(labels, |name| is_among(name, &matching.labels)),
            false => keep(labels, |name| name != METRIC_NAME && !is_among(name, &matching.labels)),
        }
    }

    /// The row that a pair makes; the "many" side comes first.
    fn result_row(&self, binary: &Binary, many: &Row, one: &Row) -> Row {
        let matching = &binary.matching;
        let delayed = self.engine.delayed_name_removal;
        let drops_now = changes_meaning(binary.op, self.is_v2())
            || (binary.returns_bool && !delayed)
            || (many.drop_name && !delayed);
        let one_to_one = matching.cardinality == Cardinality::OneToOne;
        let mut labels = keep(&many.labels, |name| {
            !(drops_now && self.is_reserved(name))
                && (!one_to_one || matching.on == is_among(name, &matching.labels))
        });
        if !matching.include.is_empty() {
            let mut builder = labels.builder();
            for label in &matching.include {
                let dropped = one.drop_name && !delayed && self.is_reserved(&label.name);
                builder.set(label.name.clone(), if dropped { "" } else { one.labels.value(&label.name) });
            }
            labels = builder.build();
        }
        Row { labels, drop_name: binary.returns_bool }
    }
}

/// Collects samples into rows by their labels.
pub(super) struct RowSink {
    pub grid: Grid,
    rows: HashMap<Labels, usize>,
}

impl RowSink {
    pub fn new(steps: usize) -> Self {
        RowSink { grid: Grid::new(steps), rows: HashMap::new() }
    }

    /// A second sample with the same labels at the same step is an error.
    pub fn add(&mut self, step: usize, row: &Row, value: SampleValue) -> Result<(), EvalError> {
        let at = match self.rows.get(&row.labels) {
            Some(at) => *at,
            None => {
                let at = self.grid.rows.len();
                self.rows.insert(row.labels.clone(), at);
                self.grid.push(row.clone());
                at
            }
        };
        if self.grid.is_present(at, step) {
            return Err(EvalError::same_labelset());
        }
        self.grid.set(at, step, value);
        Ok(())
    }
}

/// A label set with its name as a label like any other, as Prometheus' errors have it.
pub(super) fn as_pairs(labels: &Labels) -> String {
    let pairs: Vec<String> =
        labels.iter().map(|(name, value)| format!("{name}={}", crate::golang::quote(value))).collect();
    format!("{{{}}}", pairs.join(", "))
}

/// The labels whose names are wanted; the same set, not a copy, where all are.
pub(super) fn keep(labels: &Labels, wanted: impl Fn(&str) -> bool) -> Labels {
    if labels.iter().all(|(name, _)| wanted(name)) {
        return labels.clone();
    }
    let mut builder = labels.builder();
    builder.retain(|name, _| wanted(name));
    builder.build()
}

pub(super) fn is_among(name: &str, labels: &[LabelName]) -> bool {
    labels.iter().any(|label| &*label.name == name)
}

/// For each group, at which steps any of its rows has a sample.
fn presence(grid: &Grid, groups: &[usize], count: usize) -> Vec<bool> {
    let mut present = vec![false; count * grid.steps];
    for (row, group) in groups.iter().enumerate() {
        for step in 0..grid.steps {
            present[group * grid.steps + step] |= grid.is_present(row, step);
        }
    }
    present
}

/// Copies the samples whose group is present (or is not) at their step.
fn copy_where(grid: &Grid, groups: &[usize], present: &[bool], wanted: bool, into: &mut Grid) {
    let steps = grid.steps;
    for (row, group) in groups.iter().enumerate() {
        let allowed = &present[group * steps..(group + 1) * steps];
        let cells = into.push(grid.rows[row].clone());
        for (step, cell) in cells.iter_mut().enumerate() {
            if allowed[step] == wanted {
                *cell = grid.floats(row)[step];
            }
        }
        let at = into.rows.len() - 1;
        for (step, histogram) in grid.histograms(row).into_iter().flatten().enumerate() {
            if let (Some(histogram), true) = (histogram, allowed[step] == wanted) {
                into.set_histogram(at, step, histogram.clone());
            }
        }
        into.pop_if_empty();
    }
}
