//! What can stand behind an expression: ranges, subqueries, `offset`, `@`.

use super::{Parsed, Parser, Tree, error};
use crate::promql::ast::*;
use crate::promql::token::{Preprocessor, TokenKind};
use crate::time::Timestamp;

impl Parser<'_> {
    /// `[5m]` or `[1h:5m]`
    pub(super) fn range_or_subquery(&mut self, left: Tree) -> Parsed<Tree> {
        let open = self.take()?;
        let range = self.range_length()?;
        if self.peek()?.kind == TokenKind::Colon {
            self.take()?;
            return self.subquery(left, range);
        }
        if self.peek()?.kind != TokenKind::RightBracket {
            return self.unexpected("subquery or range", "\":\" or \"]\"");
        }
        let close = self.take()?;
        let brackets = open.span.to(close.span);
        let vector_span = left.expr.span;
        let ExprKind::Vector(vector) = left.expr.kind else {
            return Err(error(brackets, "ranges only allowed for vector selectors"));
        };
        if vector.offset != Length::ZERO {
            return Err(error(brackets, "no offset modifiers allowed before range"));
        }
        match vector.at {
            None => {}
            // Prometheus 2 overlooks `@ start()` and `@ end()` here.
            Some(At::Start | At::End) if self.is_v2() => {}
            Some(_) => return Err(error(brackets, "no @ modifiers allowed before range")),
        }
        let matrix = MatrixSelector { vector: *vector, vector_span, range };
        Ok(Tree::leaf(ExprKind::Matrix(Box::new(matrix)), vector_span.to(close.span)))
    }

    fn subquery(&mut self, left: Tree, range: Length) -> Parsed<Tree> {
        let step = match self.peek()?.kind {
            TokenKind::RightBracket => None,
            // What is shorter than a millisecond is none to Prometheus either.
            _ => Some(self.step_length()?).filter(|step| *step != Length::ZERO),
        };
        if self.peek()?.kind != TokenKind::RightBracket {
            return self.unexpected("subquery selector", "\"]\"");
        }
        let close = self.take()?;
        let span = left.expr.span.to(close.span);
        let subquery = Subquery { expr: left.expr, range, step, offset: Length::ZERO, at: None };
        self.node(ExprKind::Subquery(Box::new(subquery)), span, left.height)
    }

    pub(super) fn offset_modifier(&mut self, mut left: Tree) -> Parsed<Tree> {
        self.take()?;
        let offset = self.offset_length()?;
        let span = left.expr.span;
        let place = match &mut left.expr.kind {
            ExprKind::Vector(vector) => &mut vector.offset,
            ExprKind::Matrix(matrix) => &mut matrix.vector.offset,
            ExprKind::Subquery(subquery) => &mut subquery.offset,
            _ => return Err(error(span, format!("offset modifier {MUST_BE_PRECEDED}"))),
        };
        if *place != Length::ZERO {
            return Err(error(span, "offset may not be set multiple times"));
        }
        *place = offset;
        left.expr.span.end = self.end;
        Ok(left)
    }

    pub(super) fn at_modifier(&mut self, mut left: Tree) -> Parsed<Tree> {
        self.take()?;
        let span = left.expr.span;
        let at = match self.peek()?.kind {
            TokenKind::Preprocessor(word @ (Preprocessor::Start | Preprocessor::End)) => {
                self.take()?;
                for paren in [TokenKind::LeftParen, TokenKind::RightParen] {
                    if self.peek()?.kind != paren {
                        return self.unexpected("@", "timestamp");
                    }
                    self.take()?;
                }
                if word == Preprocessor::Start { At::Start } else { At::End }
            }
            _ => At::Time(self.timestamp(span)?),
        };
        let place = match &mut left.expr.kind {
            ExprKind::Vector(vector) => &mut vector.at,
            ExprKind::Matrix(matrix) => &mut matrix.vector.at,
            ExprKind::Subquery(subquery) => &mut subquery.at,
            _ => return Err(error(span, format!("@ modifier {MUST_BE_PRECEDED}"))),
        };
        if place.is_some() {
            return Err(error(span, "@ <timestamp> may not be set multiple times"));
        }
        *place = Some(at);
        left.expr.span.end = self.end;
        Ok(left)
    }

    fn timestamp(&mut self, before: TextRange) -> Parsed<Timestamp> {
        let negative = self.take_sign()?;
        match self.peek()?.kind {
            TokenKind::Number => {}
            TokenKind::Duration if !self.is_v2() => {}
            _ => return self.unexpected("@", "timestamp"),
        }
        let (number, _) = self.number_literal()?;
        let seconds = if negative { -number.value } else { number.value };
        if seconds.is_nan() || seconds.abs() >= i64::MAX as f64 {
            let shown = match seconds {
                seconds if seconds.is_nan() => "NaN".to_owned(),
                seconds if seconds.is_infinite() => if negative { "-Inf" } else { "+Inf" }.to_owned(),
                seconds => format!("{seconds:.6}"),
            };
            return Err(error(before, format!("timestamp out of bounds for @ modifier: {shown}")));
        }
        Ok(Timestamp((seconds * 1000.0).round() as i64))
    }

    pub(super) fn extension(&mut self, mut left: Tree, extension: RangeExtension) -> Parsed<Tree> {
        let word = match extension {
            RangeExtension::Anchored => "anchored",
            RangeExtension::Smoothed => "smoothed",
        };
        self.take()?;
        let span = left.expr.span;
        if !self.options.experimental {
            return Err(error(span, format!("{word} modifier is experimental and not enabled")));
        }
        let place = match &mut left.expr.kind {
            ExprKind::Vector(vector) => &mut vector.extension,
            ExprKind::Matrix(matrix) => &mut matrix.vector.extension,
            ExprKind::Subquery(_) => {
                return Err(error(span, format!("{word} modifier is not supported for subqueries")));
            }
            _ => return Err(error(span, format!("{word} modifier not implemented"))),
        };
        if place.is_some_and(|other| other != extension) {
            return Err(error(span, "anchored and smoothed modifiers cannot be used together"));
        }
        *place = Some(extension);
        left.expr.span.end = self.end;
        Ok(left)
    }
}

const MUST_BE_PRECEDED: &str =
    "must be preceded by an instant vector selector or range vector selector or a subquery";
