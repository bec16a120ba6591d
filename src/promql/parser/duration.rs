//! Ranges, steps and offsets: a duration in Prometheus 2, numbers and arithmetic as well in Prometheus 3.

use super::{MAX_DURATION_OPERANDS, Parsed, Parser, error, precedence};
use crate::golang::quote;
use crate::promql::ast::*;
use crate::promql::token::{Preprocessor, Token, TokenKind};
use crate::promql::{MAX_DURATION_SECONDS, WrittenLength};
use crate::time::{Duration, DurationError};

/// What a range selector's brackets may hold, in Prometheus 3's words.
const LENGTHS: &str = "number, duration, step(), or range()";

/// Says where a token is unexpected, and what is expected there.
type Context = (&'static str, &'static str);

impl Parser<'_> {
    /// The range in `[range]`.
    pub(super) fn range_length(&mut self) -> Parsed<Length> {
        self.noting_place(|parser| match parser.is_v2() {
            true => parser.only_duration(("subquery selector", "duration")),
            false => parser.positive_length(("subquery or range selector", LENGTHS)),
        })
    }

    /// The step in `[range:step]`.
    pub(super) fn step_length(&mut self) -> Parsed<Length> {
        self.noting_place(|parser| match parser.is_v2() {
            true => parser.only_duration(("subquery selector", "duration or \"]\"")),
            false => {
                parser.positive_length(("subquery selector", "number, duration, step(), range(), or \"]\""))
            }
        })
    }

    pub(super) fn offset_length(&mut self) -> Parsed<Length> {
        self.noting_place(Self::offset)
    }

    fn noting_place(&mut self, read: impl FnOnce(&mut Self) -> Parsed<Length>) -> Parsed<Length> {
        let start = self.peek()?.span.start;
        let length = read(self)?;
        let span = TextRange { start, end: self.end };
        self.lengths.push(WrittenLength { span, duration: length.fixed() });
        Ok(length)
    }

    fn offset(&mut self) -> Parsed<Length> {
        if self.is_v2() {
            let negative = self.peek()?.kind == TokenKind::Operator(BinaryOp::Sub);
            if negative {
                self.take()?;
            }
            return match self.only_duration(("offset", "duration"))? {
                Length::Fixed(duration) if negative => Ok(Length::Fixed(Duration(-duration.0))),
                length => Ok(length),
            };
        }
        // Without parentheses an offset is one operand: `foo offset -2 ^ 2` is `(foo offset -2) ^ 2`.
        self.duration_operands = 0;
        let expr = self.duration_operand(("offset", LENGTHS))?;
        Ok(self.length(expr))
    }

    fn only_duration(&mut self, (context, expected): Context) -> Parsed<Length> {
        match self.peek()?.kind {
            TokenKind::Duration => {
                let token = self.take()?;
                self.duration_literal(token).map(Length::Fixed)
            }
            _ => self.unexpected(context, expected),
        }
    }

    pub(super) fn duration_literal(&self, token: Token) -> Parsed<Duration> {
        let text = &self.text[token.span.range()];
        match Duration::parse(text) {
            Ok(Duration::ZERO) if self.is_v2() => Err(error(token.span, "duration must be greater than 0")),
            Ok(duration) => Ok(duration),
            Err(DurationError::TooLong(_)) => Err(error(token.span, "duration out of range")),
            Err(_) => Err(error(token.span, format!("not a valid duration string: {}", quote(text)))),
        }
    }

    fn positive_length(&mut self, context: Context) -> Parsed<Length> {
        self.duration_operands = 0;
        let expr = self.duration_expr(precedence::LOWEST, context)?;
        // What follows is looked at first, so that its error goes before.
        self.peek()?;
        match expr.kind {
            DurationExprKind::Number(number) if number.value <= 0.0 => {
                Err(error(expr.span, "duration must be greater than 0"))
            }
            _ => Ok(self.length(expr)),
        }
    }

    fn length(&self, expr: DurationExpr) -> Length {
        match expr.kind {
            DurationExprKind::Number(number) => {
                // Prometheus rounds to nanoseconds, and then cuts to milliseconds.
                Length::Fixed(Duration((number.value * 1e9).round() as i64 / 1_000_000))
            }
            _ => Length::Computed(Box::new(expr)),
        }
    }

    fn duration_expr(&mut self, lowest: u8, context: Context) -> Parsed<DurationExpr> {
        let token = self.peek()?;
        let mut left = match token.kind {
            // A sign reaches as far as a power does: `-2 ^ 2` is -4.
            TokenKind::Operator(op @ (BinaryOp::Add | BinaryOp::Sub)) => {
                self.count_duration_operand()?;
                self.take()?;
                let operand = self.duration_expr(precedence::POW, context)?;
                signed(token.span, op == BinaryOp::Sub, operand)?
            }
            _ => self.duration_operand(context)?,
        };
        while let TokenKind::Operator(op) = self.peek()?.kind {
            let Some(duration_op) = duration_op(op).filter(|_| precedence::of(op) >= lowest) else { break };
            let op_token = self.take()?;
            let right_lowest = if op == BinaryOp::Pow { precedence::POW } else { precedence::of(op) + 1 };
            let right = self.duration_expr(right_lowest, context)?;
            self.needs_experimental(left.span)?;
            if let (DurationOp::Div | DurationOp::Mod, DurationExprKind::Number(number)) =
                (duration_op, &right.kind)
                && number.value == 0.0
            {
                let word = if duration_op == DurationOp::Div { "division" } else { "modulo" };
                return Err(error(op_token.span, format!("{word} by zero")));
            }
            let span = left.span.to(right.span);
            let (lhs, rhs) = (Box::new(left), Box::new(right));
            left = DurationExpr { kind: DurationExprKind::Binary { op: duration_op, lhs, rhs }, span };
        }
        Ok(left)
    }

    fn duration_operand(&mut self, context: Context) -> Parsed<DurationExpr> {
        self.count_duration_operand()?;
        let token = self.peek()?;
        match token.kind {
            TokenKind::Number | TokenKind::Duration => {
                let (number, span) = self.number_literal()?;
                in_range(DurationExpr { kind: DurationExprKind::Number(number), span }, span)
            }
            TokenKind::Operator(op @ (BinaryOp::Add | BinaryOp::Sub)) => {
                self.take()?;
                let operand = self.duration_operand(context)?;
                signed(token.span, op == BinaryOp::Sub, operand)
            }
            TokenKind::LeftParen => self.duration_in_parens(context),
            TokenKind::Preprocessor(Preprocessor::Step) => self.query_length(DurationExprKind::Step, context),
            TokenKind::Preprocessor(Preprocessor::Range) => {
                self.query_length(DurationExprKind::Range, context)
            }
            TokenKind::Preprocessor(Preprocessor::MinOf) => self.one_of_two(DurationOp::Min, context),
            TokenKind::Preprocessor(Preprocessor::MaxOf) => self.one_of_two(DurationOp::Max, context),
            _ => self.unexpected(context.0, context.1),
        }
    }

    fn duration_in_parens(&mut self, context: Context) -> Parsed<DurationExpr> {
        let open = self.take()?;
        let inner = self.duration_expr(precedence::LOWEST, context)?;
        let close = self.expect_in(TokenKind::RightParen, context)?;
        self.needs_experimental(inner.span)?;
        Ok(DurationExpr { kind: DurationExprKind::Paren(Box::new(inner)), span: open.span.to(close.span) })
    }

    /// `step()`, `range()`
    fn query_length(&mut self, kind: DurationExprKind, context: Context) -> Parsed<DurationExpr> {
        let word = self.take()?;
        self.expect_in(TokenKind::LeftParen, context)?;
        let close = self.expect_in(TokenKind::RightParen, context)?;
        let span = word.span.to(close.span);
        self.needs_experimental(span)?;
        Ok(DurationExpr { kind, span })
    }

    /// `min_of(a, b)`, `max_of(a, b)`
    fn one_of_two(&mut self, op: DurationOp, context: Context) -> Parsed<DurationExpr> {
        let word = self.take()?;
        self.expect_in(TokenKind::LeftParen, context)?;
        let lhs = Box::new(self.duration_expr(precedence::LOWEST, context)?);
        self.expect_in(TokenKind::Comma, context)?;
        let rhs = Box::new(self.duration_expr(precedence::LOWEST, context)?);
        let close = self.expect_in(TokenKind::RightParen, context)?;
        let span = word.span.to(close.span);
        self.needs_experimental(span)?;
        Ok(DurationExpr { kind: DurationExprKind::Binary { op, lhs, rhs }, span })
    }

    /// Few operands make a shallow tree, whatever its shape.
    fn count_duration_operand(&mut self) -> Parsed<()> {
        if self.duration_operands >= MAX_DURATION_OPERANDS {
            return Err(self.too_deep(MAX_DURATION_OPERANDS));
        }
        self.duration_operands += 1;
        Ok(())
    }

    fn expect_in(&mut self, kind: TokenKind, (context, expected): Context) -> Parsed<Token> {
        match self.peek()?.kind == kind {
            true => self.take(),
            false => self.unexpected(context, expected),
        }
    }

    fn needs_experimental(&self, span: TextRange) -> Parsed<()> {
        match self.options.experimental {
            true => Ok(()),
            false => Err(error(span, "experimental duration expression is not enabled")),
        }
    }
}

fn in_range(expr: DurationExpr, place: TextRange) -> Parsed<DurationExpr> {
    match expr.kind {
        DurationExprKind::Number(number) if number.value.abs() > MAX_DURATION_SECONDS => {
            Err(error(place, "duration out of range"))
        }
        _ => Ok(expr),
    }
}

fn signed(sign: TextRange, negative: bool, mut operand: DurationExpr) -> Parsed<DurationExpr> {
    let span = sign.to(operand.span);
    match &mut operand.kind {
        DurationExprKind::Number(number) => {
            number.value = if negative { -number.value } else { number.value };
            in_range(DurationExpr { span, ..operand }, sign)
        }
        _ => Ok(DurationExpr { kind: DurationExprKind::Unary { negative, expr: Box::new(operand) }, span }),
    }
}

fn duration_op(op: BinaryOp) -> Option<DurationOp> {
    match op {
        BinaryOp::Add => Some(DurationOp::Add),
        BinaryOp::Sub => Some(DurationOp::Sub),
        BinaryOp::Mul => Some(DurationOp::Mul),
        BinaryOp::Div => Some(DurationOp::Div),
        BinaryOp::Mod => Some(DurationOp::Mod),
        BinaryOp::Pow => Some(DurationOp::Pow),
        _ => None,
    }
}
