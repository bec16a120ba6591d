//! Expressions in Prometheus' canonical form: what its `/api/v1/rules` and `promtool promql format` show.

use std::fmt::{self, Display, Formatter, Write};

use super::ast::*;
use crate::golang::{FloatFormat, format_float, quote};
use crate::labels::METRIC_NAME;
use crate::time::Duration;

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Number(number) => number.fmt(f),
            ExprKind::String(literal) => f.write_str(&literal.quoted()),
            ExprKind::Vector(vector) => vector.fmt(f),
            ExprKind::Matrix(matrix) => matrix.fmt(f),
            ExprKind::Subquery(subquery) => subquery.fmt(f),
            ExprKind::Unary(unary) => write!(f, "{}{}", if unary.negative { "-" } else { "+" }, unary.expr),
            ExprKind::Binary(binary) => binary.fmt(f),
            ExprKind::Aggregate(aggregate) => aggregate.fmt(f),
            ExprKind::Call(call) => {
                write!(f, "{}(", call.function.name)?;
                separated(f, ", ", &call.args)?;
                f.write_char(')')
            }
            ExprKind::Paren(inner) => write!(f, "({inner})"),
        }
    }
}

impl Display for NumberLiteral {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.is_duration {
            true => Duration((self.value * 1000.0).round() as i64).fmt(f),
            false => f.write_str(&format_float(self.value, FloatFormat::Fixed, None)),
        }
    }
}

impl Display for VectorSelector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.fmt_matchers(f)?;
        fmt_at(f, self.at)?;
        fmt_extension(f, self.extension)?;
        fmt_offset(f, &self.offset)
    }
}

impl VectorSelector {
    fn fmt_matchers(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = self.name.as_ref().map_or("", |name| &*name.name);
        f.write_str(name)?;
        let is_the_name = |matcher: &Matcher| {
            &*matcher.name == METRIC_NAME
                && matcher.op == MatchOp::Equal
                && *matcher.value == *name
                && !name.is_empty()
        };
        let mut others: Vec<String> =
            self.matchers.iter().filter(|matcher| !is_the_name(matcher)).map(Matcher::to_string).collect();
        if others.is_empty() {
            return Ok(());
        }
        others.sort();
        write!(f, "{{{}}}", others.join(","))
    }
}

impl Display for Matcher {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        fmt_label(f, &self.name)?;
        write!(f, "{}{}", self.op.as_str(), quote(&self.value))
    }
}

impl Display for MatrixSelector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.vector.fmt_matchers(f)?;
        write!(f, "[{}]", self.range)?;
        fmt_extension(f, self.vector.extension)?;
        fmt_at(f, self.vector.at)?;
        fmt_offset(f, &self.vector.offset)
    }
}

impl Display for Subquery {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}:", self.expr, self.range)?;
        if let Some(step) = &self.step {
            step.fmt(f)?;
        }
        f.write_char(']')?;
        fmt_at(f, self.at)?;
        fmt_offset(f, &self.offset)
    }
}

impl Display for Binary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.lhs, self.op.as_str())?;
        if self.returns_bool {
            f.write_str(" bool")?;
        }
        write!(f, "{} {}", self.matching, self.rhs)
    }
}

/// With a space in front, or nothing where there is nothing to say.
impl Display for VectorMatching {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let group = match self.cardinality {
            Cardinality::ManyToOne => Some("left"),
            Cardinality::OneToMany => Some("right"),
            _ => None,
        };
        if self.on || !self.labels.is_empty() || group.is_some() {
            f.write_str(if self.on { " on (" } else { " ignoring (" })?;
            separated(f, ", ", &self.labels)?;
            f.write_char(')')?;
        }
        if let Some(side) = group {
            write!(f, " group_{side} (")?;
            separated(f, ", ", &self.include)?;
            f.write_char(')')?;
        }
        let value = |value| format_float(value, FloatFormat::General, None);
        if let (Some(left), Some(right)) = (self.fill_left, self.fill_right)
            && left == right
        {
            return write!(f, " fill ({})", value(left));
        }
        for (side, fill) in [("left", self.fill_left), ("right", self.fill_right)] {
            if let Some(fill) = fill {
                write!(f, " fill_{side} ({})", value(fill))?;
            }
        }
        Ok(())
    }
}

impl Display for Aggregate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.op.as_str())?;
        if self.without || !self.grouping.is_empty() {
            f.write_str(if self.without { " without (" } else { " by (" })?;
            separated(f, ", ", &self.grouping)?;
            f.write_str(") ")?;
        }
        f.write_char('(')?;
        if let Some(param) = &self.param {
            write!(f, "{param}, ")?;
        }
        write!(f, "{})", self.expr)
    }
}

impl Display for LabelName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        fmt_label(f, &self.name)
    }
}

impl Display for Length {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Length::Fixed(duration) => duration.fmt(f),
            Length::Computed(expr) => expr.fmt(f),
        }
    }
}

impl Display for DurationExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            DurationExprKind::Number(number) => number.fmt(f),
            DurationExprKind::Step => f.write_str("step()"),
            DurationExprKind::Range => f.write_str("range()"),
            DurationExprKind::Unary { negative, expr } => {
                write!(f, "{}{expr}", if *negative { "-" } else { "" })
            }
            DurationExprKind::Paren(inner) => write!(f, "({inner})"),
            DurationExprKind::Binary { op: DurationOp::Min, lhs, rhs } => write!(f, "min_of({lhs}, {rhs})"),
            DurationExprKind::Binary { op: DurationOp::Max, lhs, rhs } => write!(f, "max_of({lhs}, {rhs})"),
            DurationExprKind::Binary { op, lhs, rhs } => write!(f, "{lhs} {} {rhs}", op.as_str()),
        }
    }
}

fn fmt_at(f: &mut Formatter<'_>, at: Option<At>) -> fmt::Result {
    match at {
        None => Ok(()),
        Some(At::Time(time)) => write!(f, " @ {:.3}", time.seconds()),
        Some(At::Start) => f.write_str(" @ start()"),
        Some(At::End) => f.write_str(" @ end()"),
    }
}

fn fmt_offset(f: &mut Formatter<'_>, offset: &Length) -> fmt::Result {
    match offset {
        Length::Fixed(Duration::ZERO) => Ok(()),
        offset => write!(f, " offset {offset}"),
    }
}

fn fmt_extension(f: &mut Formatter<'_>, extension: Option<RangeExtension>) -> fmt::Result {
    match extension {
        None => Ok(()),
        Some(RangeExtension::Anchored) => f.write_str(" anchored"),
        Some(RangeExtension::Smoothed) => f.write_str(" smoothed"),
    }
}

/// Names that are not plain stand in quotes, as Prometheus 3 reads them.
fn fmt_label(f: &mut Formatter<'_>, name: &str) -> fmt::Result {
    let plain = |c: char| c == '_' || c.is_ascii_alphanumeric();
    match name.chars().all(plain) && !name.starts_with(|c: char| c.is_ascii_digit()) && !name.is_empty() {
        true => f.write_str(name),
        false => f.write_str(&quote(name)),
    }
}

fn separated<T: Display>(f: &mut Formatter<'_>, separator: &str, items: &[T]) -> fmt::Result {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            f.write_str(separator)?;
        }
        item.fmt(f)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::promql::{ParseOptions, parse_with};

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let options = ParseOptions { experimental: true, ..ParseOptions::default() };
        let printed = parse_with(text, options).unwrap().to_string();
        assert_eq!(printed, expected);
        assert_eq!(parse_with(&printed, options).unwrap().to_string(), expected, "printed twice");
    }

    #[test]
    fn numbers_and_strings_print_in_full() {
        check("0x10", "16");
        check("1e3", "1000");
        check("-1e-3", "-0.001");
        check("+Inf", "+Inf");
        check("90s", "1m30s");
        check(r#"'it is "quoted"'"#, r#""it is \"quoted\"""#);
    }

    #[test]
    fn selectors_print_their_matchers_sorted() {
        check("foo", "foo");
        check("foo{}", "foo");
        check(r#"foo{b="1",a!="2"}"#, r#"foo{a!="2",b="1"}"#);
        check(r#"{__name__="foo",a=~"b.*"}"#, r#"{__name__="foo",a=~"b.*"}"#);
        check(r#"{"foo.bar", 'a.b'='c'}"#, r#"{"a.b"="c",__name__="foo.bar"}"#);
        check("foo offset 90s", "foo offset 1m30s");
        check("foo[5m] offset -1w @ 10", "foo[5m] @ 10.000 offset -1w");
        check("foo @ end()", "foo @ end()");
        check("rate(foo[300] smoothed)", "rate(foo[5m] smoothed)");
        check("foo[1h:]", "foo[1h:]");
        check("foo[1h:90s] @ start() offset 5m", "foo[1h:1m30s] @ start() offset 5m");
    }

    #[test]
    fn durations_print_as_they_are_computed() {
        check("foo[5m*2]", "foo[5m * 2]");
        check("foo[(1m + step()) : min_of(1m,range())]", "foo[(1m + step()):min_of(1m, range())]");
        check("foo offset -(1m+5s)", "foo offset -(1m + 5s)");
    }

    #[test]
    fn operators_print_their_matching() {
        check("a+b*c", "a + b * c");
        check("(a+b)*c", "(a + b) * c");
        check("-a^2", "-a ^ 2");
        check("1 <bool 2", "1 < bool 2");
        check("a and on() b", "a and on () b");
        check("a / on(x,y) group_left b", "a / on (x, y) group_left () b");
        check("a / ignoring(x) group_right(z) b", "a / ignoring (x) group_right (z) b");
        check("a + fill(0) b", "a + fill (0) b");
        check("a + fill_right(1) fill_left(-2) b", "a + fill_left (-2) fill_right (1) b");
    }

    #[test]
    fn calls_and_aggregations_print_their_modifiers_first() {
        check("sum(foo) by (a,b)", "sum by (a, b) (foo)");
        check("sum by () (foo)", "sum(foo)");
        check("topk without () (3,foo)", "topk without () (3, foo)");
        check(r#"sum by ("a.b") (foo)"#, r#"sum by ("a.b") (foo)"#);
        check("label_replace(foo,'a','$1','b','(.*)')", r#"label_replace(foo, "a", "$1", "b", "(.*)")"#);
        check("time()", "time()");
    }
}
