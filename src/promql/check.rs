//! Prometheus' checks of a parsed expression: types, arities, selectors, matching. The first thing wrong is
//! the error, in Prometheus' words.

use super::ParseError;
use super::ast::*;
use super::parser::error;
use super::signatures::{Function, Variadic};
use crate::golang::quote;
use crate::labels::METRIC_NAME;

type Checked = Result<ValueType, ParseError>;

/// Checks the expression and settles what its types decide: set operators match many to many, and operators
/// with a scalar match nothing.
pub(super) fn check(expr: &mut Expr) -> Checked {
    let span = expr.span;
    match &mut expr.kind {
        ExprKind::Number(_) => Ok(ValueType::Scalar),
        ExprKind::String(_) => Ok(ValueType::String),
        ExprKind::Vector(vector) => {
            check_selector(vector, span)?;
            Ok(ValueType::Vector)
        }
        ExprKind::Matrix(matrix) => {
            check_selector(&matrix.vector, span)?;
            Ok(ValueType::Matrix)
        }
        ExprKind::Paren(inner) => check(inner),
        ExprKind::Subquery(subquery) => match check(&mut subquery.expr)? {
            ValueType::Vector => Ok(ValueType::Matrix),
            other => {
                let got = match other {
                    ValueType::Scalar => "scalar",
                    ValueType::String => "string",
                    _ => "matrix",
                };
                Err(error(span, format!("subquery is only allowed on instant vector, got {got} instead")))
            }
        },
        ExprKind::Unary(unary) => match check(&mut unary.expr)? {
            allowed @ (ValueType::Scalar | ValueType::Vector) => Ok(allowed),
            other => {
                let allowed = "unary expression only allowed on expressions of type scalar or instant vector";
                Err(error(span, format!("{allowed}, got \"{other}\"")))
            }
        },
        ExprKind::Aggregate(aggregate) => check_aggregate(aggregate),
        ExprKind::Binary(binary) => check_binary(binary, span),
        ExprKind::Call(call) => check_call(call, span),
    }
}

fn check_selector(vector: &VectorSelector, span: TextRange) -> Result<(), ParseError> {
    if let Some(name) = &vector.name {
        let others = &vector.matchers[..vector.matchers.len().saturating_sub(1)];
        return match others.iter().find(|matcher| &*matcher.name == METRIC_NAME) {
            None => Ok(()),
            Some(second) => {
                let (first, second) = (quote(&name.name), quote(&second.value));
                Err(error(span, format!("metric name must not be set twice: {first} or {second}")))
            }
        };
    }
    match vector.matchers.iter().any(|matcher| !matcher.matches("")) {
        true => Ok(()),
        false => Err(error(span, "vector selector must contain at least one non-empty matcher")),
    }
}

fn check_aggregate(aggregate: &mut Aggregate) -> Checked {
    expect(&mut aggregate.expr, ValueType::Vector, "aggregation expression")?;
    if let Some(param) = &mut aggregate.param {
        let wanted = match aggregate.op {
            AggregateOp::CountValues => ValueType::String,
            _ => ValueType::Scalar,
        };
        expect(param, wanted, "aggregation parameter")?;
    }
    Ok(ValueType::Vector)
}

fn check_binary(binary: &mut Binary, span: TextRange) -> Checked {
    use ValueType::{Scalar, Vector};
    let left = check(&mut binary.lhs)?;
    let right = check(&mut binary.rhs)?;
    let (op, matching) = (binary.op, &mut binary.matching);

    if binary.returns_bool && !op.is_comparison() {
        return Err(error(binary.op_span, "bool modifier can only be used on comparison operators"));
    }
    if op.is_comparison() && !binary.returns_bool && (left, right) == (Scalar, Scalar) {
        return Err(error(binary.op_span, "comparisons between scalars must use BOOL modifier"));
    }
    if op.is_set_operator() && matching.cardinality == Cardinality::OneToOne {
        matching.cardinality = Cardinality::ManyToMany;
    }
    let included = |label: &&LabelName| matching.include.iter().any(|other| other.name == label.name);
    if matching.on
        && let Some(label) = matching.labels.iter().find(included)
    {
        let label = quote(&label.name);
        return Err(error(
            binary.op_span,
            format!("label {label} must not occur in ON and GROUP clause at once"),
        ));
    }
    for (side, value_type) in [(&binary.lhs, left), (&binary.rhs, right)] {
        if !matches!(value_type, Scalar | Vector) {
            return Err(error(
                side.span,
                "binary expression must contain only scalar and instant vector types",
            ));
        }
    }

    let fills = matching.fill_left.is_some() || matching.fill_right.is_some();
    if (left, right) != (Vector, Vector) {
        if !matching.labels.is_empty() {
            return Err(error(span, "vector matching only allowed between instant vectors"));
        }
        if fills {
            return Err(error(span, "filling in missing series only allowed between instant vectors"));
        }
        if op.is_set_operator() {
            let op = op.as_str();
            return Err(error(
                span,
                format!("set operator \"{op}\" not allowed in binary scalar expression"),
            ));
        }
        *matching = VectorMatching::default();
    } else if op.is_set_operator() {
        if matching.cardinality != Cardinality::ManyToMany {
            return Err(error(span, format!("no grouping allowed for \"{}\" operation", op.as_str())));
        }
        if fills {
            return Err(error(span, "filling in missing series not allowed for set operators"));
        }
    }
    Ok(if (left, right) == (Scalar, Scalar) { Scalar } else { Vector })
}

fn check_call(call: &mut Call, span: TextRange) -> Checked {
    let Function { name, args: wanted, variadic, returns, .. } = *call.function;
    let given = call.args.len();
    let wrong_number =
        |expected: String| error(span, format!("{expected} in call to \"{name}\", got {given}"));
    let least = wanted.len().saturating_sub(1);
    match variadic {
        Variadic::No if given != wanted.len() => {
            return Err(wrong_number(format!("expected {} argument(s)", wanted.len())));
        }
        Variadic::UpTo(_) | Variadic::AnyNumber if given < least => {
            return Err(wrong_number(format!("expected at least {least} argument(s)")));
        }
        Variadic::UpTo(more) if given > least + more => {
            return Err(wrong_number(format!("expected at most {} argument(s)", least + more)));
        }
        _ => {}
    }
    let is_info = name == "info";
    for (at, arg) in call.args.iter_mut().enumerate() {
        let Some(wanted) = wanted.get(at).or(wanted.last()) else { break };
        if is_info && at == 1 && check_info_selector(arg)? {
            continue;
        }
        expect(arg, *wanted, &format!("call to function \"{name}\""))?;
    }
    Ok(returns)
}

/// The second argument of `info()` is matchers in braces, and those may be empty. `false`: its type is wrong.
fn check_info_selector(arg: &Expr) -> Result<bool, ParseError> {
    match &arg.kind {
        ExprKind::Vector(vector) if vector.name.is_some() => {
            Err(error(arg.span, "expected label selectors only, got vector selector instead"))
        }
        ExprKind::Vector(_) => Ok(true),
        _ if arg.value_type() != ValueType::Vector => Ok(false),
        _ => Err(error(arg.span, "expected label selectors only")),
    }
}

fn expect(expr: &mut Expr, wanted: ValueType, context: &str) -> Result<(), ParseError> {
    let got = check(expr)?;
    match got == wanted {
        true => Ok(()),
        false => Err(error(expr.span, format!("expected type {wanted} in {context}, got {got}"))),
    }
}
