//! Builds expressions from tokens: precedence climbing over the grammar of Prometheus 2 or 3.
//!
//! It stops at the first error, which is the one that Prometheus prints, and says it in Prometheus'
//! words. It never recurses deeper than [`MAX_NESTING`] and reads each token once.

mod call;
mod duration;
mod range;
mod selector;

#[cfg(test)]
mod tests;

use super::ast::*;
use super::lexer::{Lexer, unquote, unquote_bytes};
use super::number::parse_number;
use super::token::{Keyword, Token, TokenKind};
use super::{ParseError, ParseOptions, Semantics, WrittenLength};

pub(super) struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    options: ParseOptions,
    peeked: Option<Token>,
    /// Where the last token that was taken ends.
    end: u32,
    /// How many calls of [`Parser::expression`] are under way.
    depth: usize,
    /// How many aggregations are under way: Prometheus names the context of an unexpected token.
    aggregations: usize,
    /// How many operands the current range, step or offset has so far.
    duration_operands: usize,
    /// Every range, step and offset so far, with its place.
    lengths: Vec<WrittenLength>,
}

/// How deep expressions may stand in one another; chains of operators grow the tree beyond it.
const MAX_NESTING: usize = 120;
/// How many operands a computed range, step or offset may have.
const MAX_DURATION_OPERANDS: usize = 30;

/// An expression and its height, which is capped.
struct Tree {
    expr: Expr,
    height: usize,
}

type Parsed<T> = Result<T, ParseError>;

/// How tightly the operators bind.
mod precedence {
    use super::BinaryOp;

    pub const LOWEST: u8 = 1;
    /// Of a sign; only `^` binds tighter.
    pub const UNARY: u8 = 5;
    pub const POW: u8 = 6;

    pub fn of(op: BinaryOp) -> u8 {
        use BinaryOp::*;
        match op {
            Or => LOWEST,
            And | Unless => 2,
            Equal | NotEqual | Less | LessOrEqual | Greater | GreaterOrEqual | TrimUpper | TrimLower => 3,
            Add | Sub => 4,
            Mul | Div | Mod | Atan2 => UNARY,
            Pow => POW,
        }
    }
}

impl<'a> Parser<'a> {
    pub fn new(text: &'a str, options: ParseOptions) -> Self {
        let lexer = Lexer::new(text, options.semantics);
        Parser {
            text,
            lexer,
            options,
            peeked: None,
            end: 0,
            depth: 0,
            aggregations: 0,
            duration_operands: 0,
            lengths: Vec::new(),
        }
    }

    /// A whole expression, up to the end of the text.
    pub fn whole_expression(mut self) -> Parsed<Expr> {
        self.everything()
    }

    /// The ranges, steps and offsets of a whole expression.
    pub fn written_lengths(mut self) -> Parsed<Vec<WrittenLength>> {
        self.everything()?;
        Ok(self.lengths)
    }

    fn everything(&mut self) -> Parsed<Expr> {
        if self.peek()?.kind == TokenKind::EndOfInput {
            return Err(ParseError {
                message: "no expression found in input".to_owned(),
                range: 0..self.text.len(),
            });
        }
        let tree = self.expression(precedence::LOWEST)?;
        self.expect_end()?;
        Ok(tree.expr)
    }

    fn expect_end(&mut self) -> Parsed<()> {
        match self.peek()?.kind {
            TokenKind::EndOfInput => Ok(()),
            _ => self.unexpected("", ""),
        }
    }

    /// An expression whose operators all bind at least as tightly as `lowest`.
    fn expression(&mut self, lowest: u8) -> Parsed<Tree> {
        if self.depth >= MAX_NESTING {
            return Err(self.too_deep(MAX_NESTING));
        }
        self.depth += 1;
        let mut left = self.prefix()?;
        loop {
            left = match self.peek()?.kind {
                TokenKind::LeftBracket => self.range_or_subquery(left)?,
                TokenKind::At => self.at_modifier(left)?,
                TokenKind::Keyword(Keyword::Offset) => self.offset_modifier(left)?,
                TokenKind::Keyword(Keyword::Anchored) => self.extension(left, RangeExtension::Anchored)?,
                TokenKind::Keyword(Keyword::Smoothed) => self.extension(left, RangeExtension::Smoothed)?,
                TokenKind::Operator(op) if precedence::of(op) >= lowest => self.binary(left, op)?,
                _ => break,
            };
        }
        self.depth -= 1;
        Ok(left)
    }

    fn prefix(&mut self) -> Parsed<Tree> {
        let token = self.peek()?;
        match token.kind {
            TokenKind::Number => self.number(),
            TokenKind::Duration if !self.is_v2() => self.number(),
            TokenKind::String => {
                self.take()?;
                let literal = StringLiteral::from(unquote_bytes(&self.text[token.span.range()]));
                Ok(Tree::leaf(ExprKind::String(literal), token.span))
            }
            TokenKind::LeftParen => self.paren(),
            TokenKind::LeftBrace => self.selector(None),
            TokenKind::Operator(BinaryOp::Add) => self.unary(false),
            TokenKind::Operator(BinaryOp::Sub) => self.unary(true),
            TokenKind::Aggregate(op) => self.aggregate_or_selector(op),
            TokenKind::Identifier => self.call_or_selector(),
            TokenKind::Preprocessor(_) if !self.is_v2() => self.call_or_selector(),
            kind if kind.names_a_metric() => {
                self.take()?;
                self.selector(Some(token.span))
            }
            _ => self.unexpected("", ""),
        }
    }

    fn number(&mut self) -> Parsed<Tree> {
        let (number, span) = self.number_literal()?;
        Ok(Tree::leaf(ExprKind::Number(number), span))
    }

    /// The next token must be a number or a duration.
    fn number_literal(&mut self) -> Parsed<(NumberLiteral, TextRange)> {
        let token = self.take()?;
        let text = &self.text[token.span.range()];
        let number = match token.kind {
            TokenKind::Duration => {
                NumberLiteral { value: self.duration_literal(token)?.seconds(), is_duration: true }
            }
            _ => {
                let value = parse_number(text).map_err(|message| error(token.span, message))?;
                NumberLiteral { value, is_duration: false }
            }
        };
        Ok((number, token.span))
    }

    fn paren(&mut self) -> Parsed<Tree> {
        let open = self.take()?;
        let inner = self.expression(precedence::LOWEST)?;
        let close = self.expect(TokenKind::RightParen)?;
        let height = inner.height;
        self.node(ExprKind::Paren(Box::new(inner.expr)), open.span.to(close.span), height)
    }

    fn unary(&mut self, negative: bool) -> Parsed<Tree> {
        let sign = self.take()?;
        let mut operand = self.expression(precedence::POW)?;
        let span = sign.span.to(operand.expr.span);
        // A sign in front of a number belongs to the number.
        if let ExprKind::Number(number) = &mut operand.expr.kind {
            number.value = if negative { -number.value } else { number.value };
            operand.expr.span = span;
            return Ok(operand);
        }
        let unary = Unary { negative, expr: Box::new(operand.expr) };
        self.node(ExprKind::Unary(unary), span, operand.height)
    }

    fn binary(&mut self, left: Tree, op: BinaryOp) -> Parsed<Tree> {
        let op_token = self.take()?;
        let (returns_bool, matching) = self.matching()?;
        let lowest = match op {
            // The only operator that groups to the right.
            BinaryOp::Pow => precedence::POW,
            _ => precedence::of(op) + 1,
        };
        let right = self.expression(lowest)?;
        let span = left.expr.span.to(right.expr.span);
        if !self.options.experimental && (matching.fill_left.is_some() || matching.fill_right.is_some()) {
            return Err(error(span, "binop fill modifiers are experimental and not enabled"));
        }
        let height = left.height.max(right.height);
        let (lhs, rhs) = (left.expr, right.expr);
        let binary = Binary { op, op_span: op_token.span, lhs, rhs, returns_bool, matching };
        self.node(ExprKind::Binary(Box::new(binary)), span, height)
    }

    /// `bool on (a) group_left (b) fill (0)`
    fn matching(&mut self) -> Parsed<(bool, VectorMatching)> {
        let mut matching = VectorMatching::default();
        let returns_bool = self.take_keyword(Keyword::Bool)?;
        matching.on = self.take_keyword(Keyword::On)?;
        if matching.on || self.take_keyword(Keyword::Ignoring)? {
            matching.labels = self.grouping_labels()?;
            matching.cardinality = match self.peek()?.kind {
                TokenKind::Keyword(Keyword::GroupLeft) => Cardinality::ManyToOne,
                TokenKind::Keyword(Keyword::GroupRight) => Cardinality::OneToMany,
                _ => Cardinality::OneToOne,
            };
            if matching.cardinality != Cardinality::OneToOne {
                self.take()?;
                if !self.is_behind_group_modifier()? {
                    matching.include = self.grouping_labels()?;
                }
            }
        }
        self.fill(&mut matching)?;
        Ok((returns_bool, matching))
    }

    /// Whether what comes next follows a `group_left` without labels.
    fn is_behind_group_modifier(&mut self) -> Parsed<bool> {
        Ok(match self.peek()?.kind {
            TokenKind::LeftParen => false,
            TokenKind::Keyword(Keyword::Fill | Keyword::FillLeft | Keyword::FillRight) => true,
            kind => kind.starts_expression(self.is_v2()),
        })
    }

    fn fill(&mut self, matching: &mut VectorMatching) -> Parsed<()> {
        if self.take_keyword(Keyword::Fill)? {
            let value = Some(self.fill_value()?);
            (matching.fill_left, matching.fill_right) = (value, value);
        } else if self.take_keyword(Keyword::FillLeft)? {
            matching.fill_left = Some(self.fill_value()?);
            if self.take_keyword(Keyword::FillRight)? {
                matching.fill_right = Some(self.fill_value()?);
            }
        } else if self.take_keyword(Keyword::FillRight)? {
            matching.fill_right = Some(self.fill_value()?);
            if self.take_keyword(Keyword::FillLeft)? {
                matching.fill_left = Some(self.fill_value()?);
            }
        }
        Ok(())
    }

    fn fill_value(&mut self) -> Parsed<f64> {
        self.expect(TokenKind::LeftParen)?;
        let negative = self.take_sign()?;
        let (TokenKind::Number | TokenKind::Duration) = self.peek()?.kind else {
            return self.unexpected("", "");
        };
        let (number, _) = self.number_literal()?;
        self.expect(TokenKind::RightParen)?;
        Ok(if negative { -number.value } else { number.value })
    }

    /// Whether a minus stood there; a plus is taken too.
    fn take_sign(&mut self) -> Parsed<bool> {
        let sign = self.peek()?.kind;
        if let TokenKind::Operator(BinaryOp::Add | BinaryOp::Sub) = sign {
            self.take()?;
        }
        Ok(sign == TokenKind::Operator(BinaryOp::Sub))
    }

    /// `(a, b)` behind `by`, `on` and the like.
    fn grouping_labels(&mut self) -> Parsed<Vec<LabelName>> {
        const CONTEXT: &str = "grouping opts";
        if self.peek()?.kind != TokenKind::LeftParen {
            return self.unexpected(CONTEXT, "\"(\"");
        }
        self.take()?;
        let mut labels = Vec::new();
        while self.peek()?.kind != TokenKind::RightParen {
            labels.push(self.grouping_label(CONTEXT)?);
            match self.peek()?.kind {
                TokenKind::Comma => drop(self.take()?),
                TokenKind::RightParen => {}
                _ => return self.unexpected(CONTEXT, "\",\" or \")\""),
            }
        }
        self.take()?;
        Ok(labels)
    }

    fn grouping_label(&mut self, context: &str) -> Parsed<LabelName> {
        let token = self.peek()?;
        let text = &self.text[token.span.range()];
        let name = match token.kind {
            TokenKind::MetricIdentifier if self.is_v2() => return self.unexpected(context, "label"),
            TokenKind::String if !self.is_v2() => unquote(text),
            kind if kind.names_a_label() => text.to_owned(),
            _ => return self.unexpected(context, "label"),
        };
        self.take()?;
        if name.is_empty() {
            return Err(error(token.span, "invalid label name for grouping: \"\""));
        }
        Ok(LabelName { name: name.into(), span: token.span })
    }

    fn node(&self, kind: ExprKind, span: TextRange, height_below: usize) -> Parsed<Tree> {
        match height_below < MAX_DEPTH {
            true => Ok(Tree { expr: Expr { kind, span }, height: height_below + 1 }),
            false => Err(self.too_deep(MAX_DEPTH)),
        }
    }

    fn too_deep(&self, limit: usize) -> ParseError {
        let end = self.end as usize;
        let message = format!("expression is nested too deeply, at most {limit} levels are allowed");
        ParseError { message, range: end.saturating_sub(1)..end }
    }

    fn is_v2(&self) -> bool {
        self.options.semantics == Semantics::V2
    }

    fn peek(&mut self) -> Parsed<Token> {
        match self.peeked {
            Some(token) => Ok(token),
            None => {
                let token = self.lexer.next()?;
                self.peeked = Some(token);
                Ok(token)
            }
        }
    }

    fn take(&mut self) -> Parsed<Token> {
        let token = self.peek()?;
        self.peeked = None;
        self.end = token.span.end;
        Ok(token)
    }

    fn expect(&mut self, kind: TokenKind) -> Parsed<Token> {
        match self.peek()?.kind == kind {
            true => self.take(),
            false => self.unexpected("", ""),
        }
    }

    fn take_keyword(&mut self, keyword: Keyword) -> Parsed<bool> {
        let found = self.peek()?.kind == TokenKind::Keyword(keyword);
        if found {
            self.take()?;
        }
        Ok(found)
    }

    /// The error that the next token makes; without a context of its own, an aggregation around it is one.
    fn unexpected<T>(&mut self, context: &str, expected: &str) -> Parsed<T> {
        let token = self.peek()?;
        let mut message = format!("unexpected {}", token.describe(self.text));
        match context {
            "" if self.aggregations > 0 => message.push_str(" in aggregation"),
            "" => {}
            context => message.push_str(&format!(" in {context}")),
        }
        if !expected.is_empty() {
            message.push_str(&format!(", expected {expected}"));
        }
        Err(error(token.span, message))
    }
}

impl Tree {
    fn leaf(kind: ExprKind, span: TextRange) -> Self {
        Tree { expr: Expr { kind, span }, height: 1 }
    }
}

pub(super) fn error(span: TextRange, message: impl Into<String>) -> ParseError {
    ParseError { message: message.into(), range: span.range() }
}
