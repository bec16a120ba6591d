//! The expression that the parser builds and the engine walks; every node knows its place in the text.
//!
//! A tree is never deeper than [`MAX_DEPTH`], so walking it recursively is safe.

use std::fmt;
use std::sync::Arc;

use super::signatures::Function;
use crate::golang::{quote_bytes, regex};
use crate::time::{Duration, Timestamp};

/// The deepest tree that the parser hands out, counted in nodes from the root to a leaf: as many as a
/// thread's usual stack of 2 MiB carries, with room to spare, in a build without optimizations.
pub const MAX_DEPTH: usize = 250;

/// Bytes of the expression's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct TextRange {
    pub start: u32,
    pub end: u32,
}

/// A parsed expression, each node with its place in the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: TextRange,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    Number(NumberLiteral),
    String(StringLiteral),
    Vector(Box<VectorSelector>),
    Matrix(Box<MatrixSelector>),
    Subquery(Box<Subquery>),
    Unary(Unary),
    Binary(Box<Binary>),
    Aggregate(Box<Aggregate>),
    Call(Call),
    Paren(Box<Expr>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NumberLiteral {
    pub value: f64,
    /// Written as a duration (`5m`), which Prometheus 3 takes for its seconds.
    pub is_duration: bool,
}

/// A string of Go, which need not be UTF-8.
#[derive(Clone, Debug, PartialEq)]
pub struct StringLiteral {
    /// With U+FFFD in the place of what is no UTF-8.
    pub text: Arc<str>,
    /// All bytes, where they are no UTF-8.
    pub bytes: Option<Arc<[u8]>>,
}

/// `name{label="value"} offset 5m @ 0`
#[derive(Clone, Debug, PartialEq)]
pub struct VectorSelector {
    /// The name in front of the braces.
    pub name: Option<LabelName>,
    /// Everything that a series must match, the name in front of the braces included (as the last one).
    pub matchers: Vec<Matcher>,
    pub offset: Length,
    pub at: Option<At>,
    pub extension: Option<RangeExtension>,
}

/// `name{label="value"}[5m]`
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixSelector {
    /// Carries offset, `@` and extension, although they are written behind the range.
    pub vector: VectorSelector,
    pub vector_span: TextRange,
    pub range: Length,
}

/// `expr[1h:5m]`
#[derive(Clone, Debug, PartialEq)]
pub struct Subquery {
    pub expr: Expr,
    pub range: Length,
    /// `None`: the default evaluation interval.
    pub step: Option<Length>,
    pub offset: Length,
    pub at: Option<At>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Unary {
    pub negative: bool,
    pub expr: Box<Expr>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Binary {
    pub op: BinaryOp,
    pub op_span: TextRange,
    pub lhs: Expr,
    pub rhs: Expr,
    /// `bool`: a comparison answers 0 or 1 instead of filtering.
    pub returns_bool: bool,
    /// What pairs the sides; without meaning unless both are vectors.
    pub matching: VectorMatching,
}

#[derive(Clone, Debug, PartialEq, Default)]
pub struct VectorMatching {
    pub cardinality: Cardinality,
    /// `true`: `on(labels)`; `false`: `ignoring(labels)`, also when nothing is written.
    pub on: bool,
    pub labels: Vec<LabelName>,
    /// The labels in `group_left(...)` or `group_right(...)`.
    pub include: Vec<LabelName>,
    pub fill_left: Option<f64>,
    pub fill_right: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Cardinality {
    #[default]
    OneToOne,
    /// `group_left`
    ManyToOne,
    /// `group_right`
    OneToMany,
    /// `and`, `or`, `unless`
    ManyToMany,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    pub op: AggregateOp,
    pub op_span: TextRange,
    pub expr: Expr,
    /// The `k` of `topk`, the φ of `quantile`, the label of `count_values`.
    pub param: Option<Expr>,
    /// `true`: `without(grouping)`; `false`: `by(grouping)`, also when nothing is written.
    pub without: bool,
    pub grouping: Vec<LabelName>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub function: &'static Function,
    pub name_span: TextRange,
    pub args: Vec<Expr>,
}

/// A label's name where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelName {
    pub name: Arc<str>,
    pub span: TextRange,
}

/// `name="value"` in a selector.
#[derive(Clone, Debug)]
pub struct Matcher {
    pub name: Arc<str>,
    pub value: Arc<str>,
    pub op: MatchOp,
    /// `None` where comparing strings is enough.
    regex: Option<::regex::Regex>,
    pub name_span: TextRange,
    pub value_span: TextRange,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchOp {
    Equal,
    NotEqual,
    Regex,
    NotRegex,
}

/// A range, step or offset: known when it is read, or computed from the query's step and range.
#[derive(Clone, Debug, PartialEq)]
pub enum Length {
    Fixed(Duration),
    /// Prometheus 3, experimental.
    Computed(Box<DurationExpr>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct DurationExpr {
    pub kind: DurationExprKind,
    pub span: TextRange,
}

#[derive(Clone, Debug, PartialEq)]
pub enum DurationExprKind {
    Number(NumberLiteral),
    /// `step()`: the query's step.
    Step,
    /// `range()`: the query's end minus its start.
    Range,
    Unary {
        negative: bool,
        expr: Box<DurationExpr>,
    },
    Binary {
        op: DurationOp,
        lhs: Box<DurationExpr>,
        rhs: Box<DurationExpr>,
    },
    Paren(Box<DurationExpr>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DurationOp {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    /// `min_of(a, b)`
    Min,
    /// `max_of(a, b)`
    Max,
}

/// What `@` fixes the evaluation to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Time(Timestamp),
    Start,
    End,
}

/// How a range selector looks beyond its range (Prometheus 3, experimental).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeExtension {
    Anchored,
    Smoothed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Atan2,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
    Unless,
    /// `</`: native histograms, experimental.
    TrimUpper,
    /// `>/`: native histograms, experimental.
    TrimLower,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregateOp {
    Sum,
    Avg,
    Min,
    Max,
    Count,
    Group,
    Stddev,
    Stdvar,
    TopK,
    BottomK,
    Quantile,
    CountValues,
    LimitK,
    LimitRatio,
}

/// What an expression evaluates to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    Scalar,
    String,
    Vector,
    Matrix,
}

impl Expr {
    pub fn value_type(&self) -> ValueType {
        match &self.kind {
            ExprKind::Number(_) => ValueType::Scalar,
            ExprKind::String(_) => ValueType::String,
            ExprKind::Vector(_) | ExprKind::Aggregate(_) => ValueType::Vector,
            ExprKind::Matrix(_) | ExprKind::Subquery(_) => ValueType::Matrix,
            ExprKind::Call(call) => call.function.returns,
            ExprKind::Unary(unary) => unary.expr.value_type(),
            ExprKind::Paren(inner) => inner.value_type(),
            ExprKind::Binary(binary) => match (binary.lhs.value_type(), binary.rhs.value_type()) {
                (ValueType::Scalar, ValueType::Scalar) => ValueType::Scalar,
                _ => ValueType::Vector,
            },
        }
    }

    /// The expressions directly below this one, in the order in which they are written.
    pub fn children(&self) -> Vec<&Expr> {
        match &self.kind {
            ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Vector(_) | ExprKind::Matrix(_) => {
                Vec::new()
            }
            ExprKind::Subquery(subquery) => vec![&subquery.expr],
            ExprKind::Unary(unary) => vec![&*unary.expr],
            ExprKind::Paren(inner) => vec![inner],
            ExprKind::Binary(binary) => vec![&binary.lhs, &binary.rhs],
            ExprKind::Aggregate(aggregate) => aggregate.param.iter().chain([&aggregate.expr]).collect(),
            ExprKind::Call(call) => call.args.iter().collect(),
        }
    }

    /// Calls `visit` for this node and every one below, parents first.
    pub fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Expr)) {
        visit(self);
        for child in self.children() {
            child.walk(visit);
        }
    }

    /// Every selector in the expression, those with a range included, with its place.
    pub fn selectors(&self) -> Vec<(&VectorSelector, TextRange)> {
        let mut found = Vec::new();
        self.walk(&mut |expr| match &expr.kind {
            ExprKind::Vector(vector) => found.push((&**vector, expr.span)),
            ExprKind::Matrix(matrix) => found.push((&matrix.vector, matrix.vector_span)),
            _ => {}
        });
        found
    }

    /// Puts all matchers in the order in which the expression prints them.
    pub fn sort_matchers(&mut self) {
        let sort = |vector: &mut VectorSelector| vector.matchers.sort_by_cached_key(Matcher::to_string);
        match &mut self.kind {
            ExprKind::Number(_) | ExprKind::String(_) => {}
            ExprKind::Vector(vector) => sort(vector),
            ExprKind::Matrix(matrix) => sort(&mut matrix.vector),
            ExprKind::Subquery(subquery) => subquery.expr.sort_matchers(),
            ExprKind::Unary(unary) => unary.expr.sort_matchers(),
            ExprKind::Paren(inner) => inner.sort_matchers(),
            ExprKind::Binary(binary) => {
                binary.lhs.sort_matchers();
                binary.rhs.sort_matchers();
            }
            ExprKind::Aggregate(aggregate) => {
                aggregate.param.iter_mut().for_each(Expr::sort_matchers);
                aggregate.expr.sort_matchers();
            }
            ExprKind::Call(call) => call.args.iter_mut().for_each(Expr::sort_matchers),
        }
    }

    /// The expression inside any parentheses around it.
    pub fn unwrap_parens(&self) -> &Expr {
        match &self.kind {
            ExprKind::Paren(inner) => inner.unwrap_parens(),
            _ => self,
        }
    }
}

impl From<Vec<u8>> for StringLiteral {
    fn from(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => StringLiteral { text: text.into(), bytes: None },
            Err(error) => StringLiteral {
                text: String::from_utf8_lossy(error.as_bytes()).into(),
                bytes: Some(error.into_bytes().into()),
            },
        }
    }
}

impl StringLiteral {
    /// As Go quotes it.
    pub fn quoted(&self) -> String {
        quote_bytes(self.bytes.as_deref().unwrap_or(self.text.as_bytes()))
    }
}

impl VectorSelector {
    /// The metric's name where the matchers fix it: in front of the braces or as `__name__="..."`.
    pub fn metric_name(&self) -> Option<&str> {
        self.matchers
            .iter()
            .find(|matcher| matcher.op == MatchOp::Equal && &*matcher.name == crate::labels::METRIC_NAME)
            .map(|matcher| &*matcher.value)
    }
}

impl Matcher {
    /// A matcher that no text belongs to.
    pub fn new(
        name: impl Into<Arc<str>>,
        op: MatchOp,
        value: impl Into<Arc<str>>,
    ) -> Result<Self, regex::RegexError> {
        let (name, value) = (name.into(), value.into());
        let regex = match op {
            MatchOp::Equal | MatchOp::NotEqual => None,
            // Nothing in it that a regular expression could mean: comparing is the same, and faster.
            MatchOp::Regex | MatchOp::NotRegex if is_literal(&value) => None,
            MatchOp::Regex | MatchOp::NotRegex => {
                // `a)(b` is only an expression with the anchors around it, and Prometheus refuses that.
                if value.contains(')') {
                    regex::compile(&value)?;
                }
                Some(regex::compile_anchored(&value)?)
            }
        };
        let nowhere = TextRange::default();
        Ok(Matcher { name, value, op, regex, name_span: nowhere, value_span: nowhere })
    }

    pub(super) fn at(self, name_span: TextRange, value_span: TextRange) -> Self {
        Matcher { name_span, value_span, ..self }
    }

    /// Whether a label with this value matches; a missing label has the empty value.
    pub fn matches(&self, value: &str) -> bool {
        let same = match &self.regex {
            None => &*self.value == value,
            Some(regex) => regex.is_match(value),
        };
        match self.op {
            MatchOp::Equal | MatchOp::Regex => same,
            MatchOp::NotEqual | MatchOp::NotRegex => !same,
        }
    }

    /// The only value that matches, where there is one: worth an index look-up.
    pub fn only_value(&self) -> Option<&str> {
        match self.op {
            MatchOp::Equal | MatchOp::Regex if self.regex.is_none() => Some(&self.value),
            _ => None,
        }
    }
}

fn is_literal(pattern: &str) -> bool {
    !pattern.contains(|c| r"\.+*?()|[]{}^$".contains(c))
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.op == other.op
            && self.value == other.value
            && self.name_span == other.name_span
            && self.value_span == other.value_span
    }
}

impl Length {
    pub const ZERO: Length = Length::Fixed(Duration::ZERO);

    /// The length where it needs no computing.
    pub fn fixed(&self) -> Option<Duration> {
        match self {
            Length::Fixed(duration) => Some(*duration),
            Length::Computed(_) => None,
        }
    }
}

impl BinaryOp {
    pub fn is_comparison(self) -> bool {
        use BinaryOp::*;
        matches!(self, Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual)
    }

    pub fn is_set_operator(self) -> bool {
        matches!(self, BinaryOp::And | BinaryOp::Or | BinaryOp::Unless)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Mod => "%",
            BinaryOp::Pow => "^",
            BinaryOp::Atan2 => "atan2",
            BinaryOp::Equal => "==",
            BinaryOp::NotEqual => "!=",
            BinaryOp::Less => "<",
            BinaryOp::LessOrEqual => "<=",
            BinaryOp::Greater => ">",
            BinaryOp::GreaterOrEqual => ">=",
            BinaryOp::And => "and",
            BinaryOp::Or => "or",
            BinaryOp::Unless => "unless",
            BinaryOp::TrimUpper => "</",
            BinaryOp::TrimLower => ">/",
        }
    }
}

impl DurationOp {
    pub fn as_str(self) -> &'static str {
        match self {
            DurationOp::Add => "+",
            DurationOp::Sub => "-",
            DurationOp::Mul => "*",
            DurationOp::Div => "/",
            DurationOp::Mod => "%",
            DurationOp::Pow => "^",
            DurationOp::Min => "min_of",
            DurationOp::Max => "max_of",
        }
    }
}

impl AggregateOp {
    pub fn takes_param(self) -> bool {
        use AggregateOp::*;
        matches!(self, TopK | BottomK | Quantile | CountValues | LimitK | LimitRatio)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            AggregateOp::Sum => "sum",
            AggregateOp::Avg => "avg",
            AggregateOp::Min => "min",
            AggregateOp::Max => "max",
            AggregateOp::Count => "count",
            AggregateOp::Group => "group",
            AggregateOp::Stddev => "stddev",
            AggregateOp::Stdvar => "stdvar",
            AggregateOp::TopK => "topk",
            AggregateOp::BottomK => "bottomk",
            AggregateOp::Quantile => "quantile",
            AggregateOp::CountValues => "count_values",
            AggregateOp::LimitK => "limitk",
            AggregateOp::LimitRatio => "limit_ratio",
        }
    }
}

impl MatchOp {
    pub fn as_str(self) -> &'static str {
        match self {
            MatchOp::Equal => "=",
            MatchOp::NotEqual => "!=",
            MatchOp::Regex => "=~",
            MatchOp::NotRegex => "!~",
        }
    }
}

/// As Prometheus' messages call the types.
impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ValueType::Scalar => "scalar",
            ValueType::String => "string",
            ValueType::Vector => "instant vector",
            ValueType::Matrix => "range vector",
        })
    }
}

impl TextRange {
    pub fn new(start: usize, end: usize) -> Self {
        TextRange { start: start as u32, end: end as u32 }
    }

    /// From the start of this one to the end of the other.
    pub fn to(self, end: TextRange) -> Self {
        TextRange { start: self.start, end: end.end }
    }

    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}
