//! PromQL's functions: their names, what they take and what they give.
//!
//! The parser refuses a call that does not fit; what a function does is the engine's business.

use super::Semantics;
use super::ast::ValueType::{self, Matrix, Scalar, Vector};

/// A function's signature, in Prometheus' terms.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    pub name: &'static str,
    pub args: &'static [ValueType],
    /// How many of the last argument may be written beyond the rest; then the last one may be left out too.
    pub variadic: Variadic,
    pub returns: ValueType,
    /// Prometheus 3 refuses it unless its experimental functions are enabled.
    pub experimental: bool,
    /// The only major version that has it; `None`: both.
    only_in: Option<Semantics>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variadic {
    No,
    UpTo(usize),
    AnyNumber,
}

impl Function {
    /// The function of that name, where this version has it.
    pub fn find(name: &str, semantics: Semantics) -> Option<&'static Function> {
        let at = FUNCTIONS.binary_search_by(|function| function.name.cmp(name)).ok()?;
        let function = &FUNCTIONS[at];
        function.only_in.is_none_or(|only| only == semantics).then_some(function)
    }

    const fn optional(mut self, count: usize) -> Self {
        self.variadic = Variadic::UpTo(count);
        self
    }

    const fn any_more(mut self) -> Self {
        self.variadic = Variadic::AnyNumber;
        self
    }

    const fn only_in(mut self, semantics: Semantics) -> Self {
        self.only_in = Some(semantics);
        self
    }

    const fn experimental(mut self) -> Self {
        self.experimental = true;
        self.only_in(Semantics::V3)
    }
}

/// Functions are told apart by their names.
impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

const fn function(name: &'static str, args: &'static [ValueType], returns: ValueType) -> Function {
    Function { name, args, variadic: Variadic::No, returns, experimental: false, only_in: None }
}

/// All functions, sorted by name. `Semantics::V2` stands for the last of Prometheus 2.
pub static FUNCTIONS: &[Function] = &[
    function("abs", &[Vector], Vector),
    function("absent", &[Vector], Vector),
    function("absent_over_time", &[Matrix], Vector),
    function("acos", &[Vector], Vector),
    function("acosh", &[Vector], Vector),
    function("asin", &[Vector], Vector),
    function("asinh", &[Vector], Vector),
    function("atan", &[Vector], Vector),
    function("atanh", &[Vector], Vector),
    function("avg_over_time", &[Matrix], Vector),
    function("ceil", &[Vector], Vector),
    function("changes", &[Matrix], Vector),
    function("clamp", &[Vector, Scalar, Scalar], Vector),
    function("clamp_max", &[Vector, Scalar], Vector),
    function("clamp_min", &[Vector, Scalar], Vector),
    function("cos", &[Vector], Vector),
    function("cosh", &[Vector], Vector),
    function("count_over_time", &[Matrix], Vector),
    function("day_of_month", &[Vector], Vector).optional(1),
    function("day_of_week", &[Vector], Vector).optional(1),
    function("day_of_year", &[Vector], Vector).optional(1),
    function("days_in_month", &[Vector], Vector).optional(1),
    function("deg", &[Vector], Vector),
    function("delta", &[Matrix], Vector),
    function("deriv", &[Matrix], Vector),
    function("double_exponential_smoothing", &[Matrix, Scalar, Scalar], Vector).experimental(),
    function("end", &[], Scalar).experimental(),
    function("exp", &[Vector], Vector),
    function("first_over_time", &[Matrix], Vector).only_in(Semantics::V3),
    function("floor", &[Vector], Vector),
    function("histogram_avg", &[Vector], Vector),
    function("histogram_count", &[Vector], Vector),
    function("histogram_fraction", &[Scalar, Scalar, Vector], Vector),
    function("histogram_quantile", &[Scalar, Vector], Vector),
    function("histogram_quantiles", &[Vector, ValueType::String, Scalar, Scalar], Vector)
        .optional(9)
        .experimental(),
    function("histogram_stddev", &[Vector], Vector),
    function("histogram_stdvar", &[Vector], Vector),
    function("histogram_sum", &[Vector], Vector),
    function("holt_winters", &[Matrix, Scalar, Scalar], Vector).only_in(Semantics::V2),
    function("hour", &[Vector], Vector).optional(1),
    function("idelta", &[Matrix], Vector),
    function("increase", &[Matrix], Vector),
    function("info", &[Vector, Vector], Vector).optional(1).experimental(),
    function("irate", &[Matrix], Vector),
    function("label_join", &[Vector, ValueType::String, ValueType::String, ValueType::String], Vector)
        .any_more(),
    function(
        "label_replace",
        &[Vector, ValueType::String, ValueType::String, ValueType::String, ValueType::String],
        Vector,
    ),
    function("last_over_time", &[Matrix], Vector),
    function("ln", &[Vector], Vector),
    function("log10", &[Vector], Vector),
    function("log2", &[Vector], Vector),
    function("mad_over_time", &[Matrix], Vector).experimental(),
    function("max_of", &[Scalar, Scalar], Scalar).experimental(),
    function("max_over_time", &[Matrix], Vector),
    function("min_of", &[Scalar, Scalar], Scalar).experimental(),
    function("min_over_time", &[Matrix], Vector),
    function("minute", &[Vector], Vector).optional(1),
    function("month", &[Vector], Vector).optional(1),
    function("pi", &[], Scalar),
    function("predict_linear", &[Matrix, Scalar], Vector),
    function("present_over_time", &[Matrix], Vector),
    function("quantile_over_time", &[Scalar, Matrix], Vector),
    function("rad", &[Vector], Vector),
    function("range", &[], Scalar).experimental(),
    function("rate", &[Matrix], Vector),
    function("resets", &[Matrix], Vector),
    function("round", &[Vector, Scalar], Vector).optional(1),
    function("scalar", &[Vector], Scalar),
    function("sgn", &[Vector], Vector),
    function("sin", &[Vector], Vector),
    function("sinh", &[Vector], Vector),
    function("sort", &[Vector], Vector),
    function("sort_by_label", &[Vector, ValueType::String], Vector).any_more().experimental(),
    function("sort_by_label_desc", &[Vector, ValueType::String], Vector).any_more().experimental(),
    function("sort_desc", &[Vector], Vector),
    function("sqrt", &[Vector], Vector),
    function("start", &[], Scalar).experimental(),
    function("start_timestamp", &[Vector], Vector).experimental(),
    function("stddev_over_time", &[Matrix], Vector),
    function("stdvar_over_time", &[Matrix], Vector),
    function("step", &[], Scalar).experimental(),
    function("sum_over_time", &[Matrix], Vector),
    function("tan", &[Vector], Vector),
    function("tanh", &[Vector], Vector),
    function("time", &[], Scalar),
    function("timestamp", &[Vector], Vector),
    function("ts_of_first_over_time", &[Matrix], Vector).experimental(),
    function("ts_of_last_over_time", &[Matrix], Vector).experimental(),
    function("ts_of_max_over_time", &[Matrix], Vector).experimental(),
    function("ts_of_min_over_time", &[Matrix], Vector).experimental(),
    function("vector", &[Scalar], Vector),
    function("year", &[Vector], Vector).optional(1),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_sorted_so_that_they_can_be_found() {
        assert!(FUNCTIONS.is_sorted_by(|a, b| a.name < b.name));
        for function in FUNCTIONS {
            let found = [Semantics::V2, Semantics::V3].map(|version| Function::find(function.name, version));
            assert!(found.into_iter().flatten().any(|found| found == function), "{}", function.name);
        }
    }

    #[test]
    fn each_version_has_its_own_functions() {
        let known = |name, semantics| Function::find(name, semantics).is_some();
        assert!(known("rate", Semantics::V2) && known("rate", Semantics::V3));
        assert!(known("holt_winters", Semantics::V2) && !known("holt_winters", Semantics::V3));
        assert!(!known("first_over_time", Semantics::V2) && known("first_over_time", Semantics::V3));
        assert!(!known("Rate", Semantics::V3));
    }
}
