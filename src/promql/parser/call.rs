//! Function calls and aggregations.

use super::{Parsed, Parser, Tree, error, precedence};
use crate::golang::quote;
use crate::promql::ast::*;
use crate::promql::signatures::Function;
use crate::promql::token::{Keyword, Token, TokenKind};

/// The arguments in parentheses, and the height of the tallest.
struct Arguments {
    exprs: Vec<Expr>,
    height: usize,
}

impl Parser<'_> {
    pub(super) fn call_or_selector(&mut self) -> Parsed<Tree> {
        let name = self.take()?;
        if self.peek()?.kind != TokenKind::LeftParen {
            return self.selector(Some(name.span));
        }
        let Arguments { exprs: args, height } = self.arguments()?;
        let function = self.function(name)?;
        let span = TextRange { start: name.span.start, end: self.end };
        let call = Call { function, name_span: name.span, args };
        self.node(ExprKind::Call(call), span, height)
    }

    fn function(&self, name: Token) -> Parsed<&'static Function> {
        let text = &self.text[name.span.range()];
        let function = Function::find(text, self.options.semantics)
            .ok_or_else(|| error(name.span, format!("unknown function with name {}", quote(text))))?;
        if function.experimental && !self.options.experimental {
            return Err(error(name.span, format!("function {} is not enabled", quote(text))));
        }
        Ok(function)
    }

    pub(super) fn aggregate_or_selector(&mut self, op: AggregateOp) -> Parsed<Tree> {
        let token = self.take()?;
        match self.peek()?.kind {
            TokenKind::LeftParen | TokenKind::Keyword(Keyword::By | Keyword::Without) => {
                self.aggregations += 1;
                let aggregate = self.aggregate(token, op)?;
                self.aggregations -= 1;
                Ok(aggregate)
            }
            _ => self.selector(Some(token.span)),
        }
    }

    fn aggregate(&mut self, token: Token, op: AggregateOp) -> Parsed<Tree> {
        let (mut without, mut grouping) = (false, Vec::new());
        let modifier_first = self.peek()?.kind != TokenKind::LeftParen;
        if modifier_first {
            (without, grouping) = self.grouping()?;
        }
        let Arguments { mut exprs, height } = self.arguments()?;
        let mut span = TextRange { start: token.span.start, end: self.end };
        if !modifier_first && let TokenKind::Keyword(Keyword::By | Keyword::Without) = self.peek()?.kind {
            (without, grouping) = self.grouping()?;
            span.end = self.end;
        }

        let experimental = matches!(op, AggregateOp::LimitK | AggregateOp::LimitRatio);
        let expected = if op.takes_param() { 2 } else { 1 };
        let message = match exprs.len() {
            0 => "no arguments for aggregate expression provided".to_owned(),
            _ if experimental && !self.options.experimental => {
                let flag = "--enable-feature=promql-experimental-functions";
                format!("{}() is experimental and must be enabled with {flag}", op.as_str())
            }
            got if got != expected => {
                format!(
                    "wrong number of arguments for aggregate expression provided, expected {expected}, got {got}"
                )
            }
            _ => {
                let Some(expr) = exprs.pop() else { return self.unexpected("aggregation", "") };
                let param = exprs.pop();
                let aggregate = Aggregate { op, op_span: token.span, expr, param, without, grouping };
                return self.node(ExprKind::Aggregate(Box::new(aggregate)), span, height);
            }
        };
        Err(error(span, message))
    }

    /// `by (a, b)` or `without (a, b)`
    fn grouping(&mut self) -> Parsed<(bool, Vec<LabelName>)> {
        let without = self.take()?.kind == TokenKind::Keyword(Keyword::Without);
        Ok((without, self.grouping_labels()?))
    }

    fn arguments(&mut self) -> Parsed<Arguments> {
        self.expect(TokenKind::LeftParen)?;
        let mut arguments = Arguments { exprs: Vec::new(), height: 0 };
        if self.peek()?.kind == TokenKind::RightParen {
            self.take()?;
            return Ok(arguments);
        }
        loop {
            let tree = self.expression(precedence::LOWEST)?;
            arguments.height = arguments.height.max(tree.height);
            arguments.exprs.push(tree.expr);
            let token = self.peek()?;
            match token.kind {
                TokenKind::Comma => drop(self.take()?),
                TokenKind::RightParen => break,
                _ => return self.unexpected("", ""),
            }
            if !self.peek()?.kind.starts_expression(self.is_v2()) {
                return Err(error(token.span, "trailing commas not allowed in function call args"));
            }
        }
        self.take()?;
        Ok(arguments)
    }
}
