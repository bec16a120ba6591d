//! Calls of functions over vectors.

use std::sync::Arc;

use super::evaluator::{Evaluator, is_scalar, own};
use super::grid::{Grid, Row, Scalars, Steps};
use super::{EvalError, text_of};
use crate::labels::{Labels, METRIC_NAME};
use crate::promql::annotations::AnnotationKind;
use crate::promql::ast::{Call, Expr, ExprKind, MatchOp, ValueType};
use crate::promql::functions::calendar::Moment;
use crate::promql::functions::{go_int64, go_max, go_min, nan_first, natural_order};
use crate::promql::value::{ABSENT, is_absent};

impl Evaluator<'_> {
    pub fn call(&mut self, call: &Call, expr: &Expr, steps: Steps) -> Result<Arc<Grid>, EvalError> {
        if let Some(at) = call.args.iter().position(|arg| arg.value_type() == ValueType::Matrix) {
            return self.range_call(call, at, steps).map(Arc::new);
        }
        let name = call.function.name;
        let grid = match (name, &call.args[..]) {
            ("timestamp" | "start_timestamp", [arg]) => self.timestamps(arg, steps, name != "timestamp")?,
            ("label_replace", [vector, dst, replacement, src, regex]) => {
                let grid = self.vector(vector, steps)?;
                self.label_replace(own(grid), [dst, replacement, src, regex].map(text_of))?
            }
            ("label_join", [vector, dst, separator, sources @ ..]) => {
                let grid = self.vector(vector, steps)?;
                let sources: Vec<Arc<str>> = sources.iter().map(text_of).collect();
                self.label_join(own(grid), &text_of(dst), &text_of(separator), &sources)?
            }
            ("info", [vector, rest @ ..]) => self.info(vector, rest.first(), steps)?,
            ("vector", [scalar]) => {
                let scalars = self.scalars(scalar, steps)?;
                one_row(steps, |step| scalars.at(step))
            }
            ("absent", [arg]) => {
                let found = self.vector(arg, steps)?;
                let mut absent = one_row(steps, |step| {
                    let present = (0..found.rows.len()).any(|row| found.is_present(row, step));
                    if present { ABSENT } else { 1.0 }
                });
                absent.rows[0].labels = labels_of_absence(arg);
                absent.without_empty_rows()
            }
            ("sort" | "sort_desc" | "sort_by_label" | "sort_by_label_desc", [arg, labels @ ..]) => {
                if !steps.is_instant() {
                    self.note(AnnotationKind::SortInRangeQuery, expr.span);
                }
                let grid = self.vector(arg, steps)?;
                let labels: Vec<Arc<str>> = labels.iter().map(text_of).collect();
                self.sort(name, &grid, &labels, steps)
            }
            ("histogram_quantile" | "histogram_quantiles" | "histogram_fraction", args) => {
                self.histogram_call(name, args, steps)?
            }
            (
                "histogram_count" | "histogram_sum" | "histogram_avg" | "histogram_stddev"
                | "histogram_stdvar",
                [arg],
            ) => {
                let grid = self.vector(arg, steps)?;
                let mut numbers = Grid::with_capacity(grid.steps, grid.rows.len());
                for (at, row) in grid.rows.iter().enumerate() {
                    let cells = numbers.push(Row { labels: row.labels.clone(), drop_name: true });
                    for (step, cell) in cells.iter_mut().enumerate() {
                        if let Some(histogram) = grid.histogram(at, step) {
                            *cell = match name {
                                "histogram_count" => histogram.count,
                                "histogram_sum" => histogram.sum,
                                "histogram_avg" => histogram.sum / histogram.count,
                                "histogram_stdvar" => histogram.variance(),
                                _ => histogram.variance().sqrt(),
                            };
                        }
                    }
                    numbers.pop_if_empty();
                }
                self.merge_same_labels(numbers)?
            }
            (_, []) => one_row(steps, |step| {
                let seconds = steps.time(step) / 1000;
                date_part(name).map_or(ABSENT, |part| part(&Moment::of_unix_seconds(seconds)))
            }),
            (_, [vector, scalars @ ..]) => {
                let grid = self.vector(vector, steps)?;
                let mut numbers = Vec::with_capacity(scalars.len());
                for scalar in scalars.iter().filter(|arg| is_scalar(arg)) {
                    numbers.push(self.scalars(scalar, steps)?);
                }
                self.map_floats(name, own(grid), &numbers)?
            }
        };
        Ok(Arc::new(grid))
    }

    /// A function of each float alone; histograms drop out.
    fn map_floats(&mut self, name: &str, mut grid: Grid, scalars: &[Scalars]) -> Result<Grid, EvalError> {
        grid.histograms = Vec::new();
        let scalar = |at: usize, step: usize, default: f64| {
            scalars.get(at).map_or(default, |scalars| scalars.at(step))
        };
        if let Some(part) = date_part(name) {
            map(&mut grid, |value, _| part(&Moment::of_unix_seconds(go_int64(value))));
        } else if let Some(function) = float_function(name) {
            map(&mut grid, |value, _| function(value));
        } else {
            match name {
                "round" => map(&mut grid, |value, step| {
                    let inverse = 1.0 / scalar(0, step, 1.0);
                    (value * inverse + 0.5).floor() / inverse
                }),
                "clamp" => map(&mut grid, |value, step| {
                    let (low, high) = (scalar(0, step, f64::NAN), scalar(1, step, f64::NAN));
                    if high < low { ABSENT } else { go_max(low, go_min(high, value)) }
                }),
                "clamp_min" => map(&mut grid, |value, step| {
                    go_max(scalar(0, step, f64::NAN), go_min(f64::INFINITY, value))
                }),
                "clamp_max" => map(&mut grid, |value, step| {
                    go_max(f64::NEG_INFINITY, go_min(scalar(0, step, f64::NAN), value))
                }),
                _ => return Err(EvalError::new(format!("unknown function {name}"))),
            }
        }
        self.drop_names(&mut grid);
        self.merge_same_labels(grid.without_empty_rows())
    }

    /// `timestamp` and `start_timestamp`: of a selector, when the samples were taken; of anything else, now.
    fn timestamps(&mut self, arg: &Expr, steps: Steps, of_start: bool) -> Result<Grid, EvalError> {
        if let ExprKind::Vector(selector) = &arg.unwrap_parens().kind {
            return match of_start && !self.engine.start_timestamps {
                true => Ok(Grid::new(steps.count)),
                false => {
                    let grid = self.newest_times(selector, steps, of_start)?;
                    self.merge_same_labels(grid)
                }
            };
        }
        let grid = self.vector(arg, steps)?;
        let mut times = Grid::with_capacity(steps.count, grid.rows.len());
        for (at, row) in grid.rows.iter().enumerate().filter(|_| !of_start) {
            let cells = times.push(Row { labels: row.labels.clone(), drop_name: true });
            for (step, cell) in cells.iter_mut().enumerate() {
                if grid.is_present(at, step) {
                    *cell = steps.time(step) as f64 / 1000.0;
                }
            }
            times.pop_if_empty();
        }
        self.merge_same_labels(times)
    }

    fn label_replace(
        &mut self,
        mut grid: Grid,
        [dst, replacement, src, pattern]: [Arc<str>; 4],
    ) -> Result<Grid, EvalError> {
        let regex = crate::golang::regex::compile_anchored(&pattern).map_err(|_| {
            EvalError::new(format!("invalid regular expression in label_replace(): {pattern}"))
        })?;
        self.check_label(&dst, "destination", "label_replace")?;
        for row in &mut grid.rows {
            let labels = self.visible(row);
            let Some(found) = regex.captures(labels.value(&src)) else { continue };
            let mut value = String::new();
            found.expand(&replacement, &mut value);
            let drop_name = row.drop_name && self.engine.delayed_name_removal && &*dst != METRIC_NAME;
            *row = Row { labels: labels.with(dst.clone(), value), drop_name };
        }
        self.merge_same_labels(grid)
    }

    fn label_join(
        &mut self,
        mut grid: Grid,
        dst: &Arc<str>,
        separator: &str,
        sources: &[Arc<str>],
    ) -> Result<Grid, EvalError> {
        for source in sources {
            self.check_label(source, "source", "label_join")?;
        }
        self.check_label(dst, "destination", "label_join")?;
        for row in &mut grid.rows {
            let labels = self.visible(row);
            let values: Vec<&str> = sources.iter().map(|source| labels.value(source)).collect();
            let value = values.join(separator);
            let drop_name = row.drop_name && self.engine.delayed_name_removal && &**dst != METRIC_NAME;
            *row = Row { labels: labels.with(dst.clone(), value), drop_name };
        }
        self.merge_same_labels(grid)
    }

    fn check_label(&self, name: &str, role: &str, function: &str) -> Result<(), EvalError> {
        let classic = name.bytes().next().is_some_and(|first| first == b'_' || first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric());
        // What was no UTF-8 in the expression has become the replacement character.
        let utf8 = !name.is_empty() && !name.contains(char::REPLACEMENT_CHARACTER);
        match classic || (!self.is_v2() && utf8) {
            true => Ok(()),
            false => Err(EvalError::new(format!("invalid {role} label name in {function}(): {name}"))),
        }
    }

    fn sort(&self, name: &str, grid: &Grid, labels: &[Arc<str>], steps: Steps) -> Grid {
        let by_label = !labels.is_empty() || name.starts_with("sort_by_label");
        let descending = name.ends_with("_desc");
        let mut order: Vec<usize> = (0..grid.rows.len()).collect();
        if !by_label {
            order.retain(|row| grid.floats(*row).iter().any(|value| !is_absent(*value)));
        }
        if steps.is_instant() && by_label {
            let compare = |a: &usize, b: &usize| {
                let (a, b) = (&grid.rows[*a].labels, &grid.rows[*b].labels);
                let by_labels =
                    labels.iter().map(|label| natural_order::compare(a.value(label), b.value(label)));
                by_labels.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then).then_with(|| a.cmp(b))
            };
            order.sort_by(|a, b| if descending { compare(b, a) } else { compare(a, b) });
        } else if steps.is_instant() {
            // NaN stands last either way.
            order.sort_by(|a, b| {
                let (a, b) = (grid.floats(*a)[0], grid.floats(*b)[0]);
                match (a.is_nan() || b.is_nan(), descending) {
                    (true, _) => nan_first(&b, &a),
                    (false, true) => nan_first(&b, &a),
                    (false, false) => nan_first(&a, &b),
                }
            });
        }
        let mut sorted = Grid::with_capacity(grid.steps, order.len());
        for row in order {
            match by_label {
                true => grid.copy_row(row, &mut sorted),
                false => sorted.push_filled(grid.rows[row].clone(), grid.floats(row)),
            }
        }
        sorted
    }
}

fn map(grid: &mut Grid, change: impl Fn(f64, usize) -> f64) {
    let steps = grid.steps.max(1);
    for (at, value) in grid.floats.iter_mut().enumerate().filter(|(_, value)| !is_absent(**value)) {
        *value = change(*value, at % steps);
    }
}

fn one_row(steps: Steps, value: impl Fn(usize) -> f64) -> Grid {
    let mut grid = Grid::with_capacity(steps.count, 1);
    let cells = grid.push(Row { labels: Labels::empty(), drop_name: false });
    cells.iter_mut().enumerate().for_each(|(step, cell)| *cell = value(step));
    grid
}

fn float_function(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "abs" => f64::abs,
        "ceil" => f64::ceil,
        "floor" => f64::floor,
        "exp" => f64::exp,
        "sqrt" => f64::sqrt,
        "ln" => f64::ln,
        "log2" => f64::log2,
        "log10" => f64::log10,
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "asin" => f64::asin,
        "acos" => f64::acos,
        "atan" => f64::atan,
        "sinh" => f64::sinh,
        "cosh" => f64::cosh,
        "tanh" => f64::tanh,
        "asinh" => f64::asinh,
        "acosh" => f64::acosh,
        "atanh" => f64::atanh,
        "rad" => |degrees| degrees * std::f64::consts::PI / 180.0,
        "deg" => |radians| radians * 180.0 / std::f64::consts::PI,
        "sgn" => |value| {
            if value < 0.0 {
                -1.0
            } else if value > 0.0 {
                1.0
            } else {
                value
            }
        },
        _ => return None,
    })
}

fn date_part(name: &str) -> Option<fn(&Moment) -> f64> {
    Some(match name {
        "days_in_month" => |moment| moment.days_in_month() as f64,
        "day_of_month" => |moment| moment.day as f64,
        "day_of_week" => |moment| moment.weekday as f64,
        "day_of_year" => |moment| moment.day_of_year() as f64,
        "hour" => |moment| moment.hour as f64,
        "minute" => |moment| moment.minute as f64,
        "month" => |moment| moment.month as f64,
        "year" => |moment| moment.year as f64,
        _ => return None,
    })
}

/// The labels that a selector fixes: what an absent series would have had.
pub(super) fn labels_of_absence(expr: &Expr) -> Labels {
    let matchers = match &expr.unwrap_parens().kind {
        ExprKind::Vector(selector) => &selector.matchers,
        ExprKind::Matrix(selector) => &selector.vector.matchers,
        _ => return Labels::empty(),
    };
    let mut builder = Labels::empty().builder();
    let mut fixed: Vec<&str> = Vec::new();
    for matcher in matchers.iter().filter(|matcher| &*matcher.name != METRIC_NAME) {
        if matcher.op == MatchOp::Equal && !fixed.contains(&&*matcher.name) {
            builder.set(matcher.name.clone(), matcher.value.clone());
            fixed.push(&matcher.name);
        } else {
            builder.remove(&matcher.name);
        }
    }
    builder.build()
}
