//! Vector selectors: a metric's name and its matchers.

use super::{Parsed, Parser, Tree, error};
use crate::labels::METRIC_NAME;
use crate::promql::ParseError;
use crate::promql::ast::*;
use crate::promql::lexer::unquote;
use crate::promql::token::{Token, TokenKind};

const CONTEXT: &str = "label matching";

impl Parser<'_> {
    /// A selector alone, up to the end of the text.
    pub fn whole_selector(mut self) -> Parsed<VectorSelector> {
        let token = self.peek()?;
        let name = match token.kind {
            TokenKind::LeftBrace => None,
            kind if kind.names_a_metric() => Some(self.take()?.span),
            _ => return self.unexpected("", ""),
        };
        let (vector, _) = self.vector_selector(name)?;
        self.expect_end()?;
        Ok(vector)
    }

    /// What follows the name, if there was one.
    pub(super) fn selector(&mut self, name: Option<TextRange>) -> Parsed<Tree> {
        let (vector, span) = self.vector_selector(name)?;
        Ok(Tree::leaf(ExprKind::Vector(Box::new(vector)), span))
    }

    fn vector_selector(&mut self, name: Option<TextRange>) -> Parsed<(VectorSelector, TextRange)> {
        let mut matchers = Vec::new();
        let mut span = name.unwrap_or(self.peek()?.span);
        if self.peek()?.kind == TokenKind::LeftBrace {
            matchers = self.matchers()?;
            span.end = self.end;
        }
        let name = name.map(|span| LabelName { name: self.text[span.range()].into(), span });
        if let Some(name) = &name {
            matchers.push(metric_name_matcher(&name.name, name.span)?);
        }
        let vector = VectorSelector { name, matchers, offset: Length::ZERO, at: None, extension: None };
        Ok((vector, span))
    }

    fn matchers(&mut self) -> Parsed<Vec<Matcher>> {
        self.take()?;
        let mut matchers = Vec::new();
        while self.peek()?.kind != TokenKind::RightBrace {
            matchers.push(self.matcher()?);
            match self.peek()?.kind {
                TokenKind::Comma => drop(self.take()?),
                TokenKind::RightBrace => {}
                _ => return self.unexpected(CONTEXT, "\",\" or \"}\""),
            }
        }
        self.take()?;
        Ok(matchers)
    }

    fn matcher(&mut self) -> Parsed<Matcher> {
        let name = self.peek()?;
        let name_text = match name.kind {
            TokenKind::Identifier => self.text[name.span.range()].to_owned(),
            // Prometheus 3: any UTF-8 can be a name, in quotes.
            TokenKind::String if !self.is_v2() => unquote(&self.text[name.span.range()]),
            _ => return self.unexpected(CONTEXT, "identifier or \"}\""),
        };
        self.take()?;
        let op = match self.peek()?.kind {
            TokenKind::Assign => MatchOp::Equal,
            TokenKind::Operator(BinaryOp::NotEqual) => MatchOp::NotEqual,
            TokenKind::EqualRegex => MatchOp::Regex,
            TokenKind::NotRegex => MatchOp::NotRegex,
            // A string alone is the metric's name.
            _ if name.kind == TokenKind::String => return metric_name_matcher(&name_text, name.span),
            _ => return self.unexpected(CONTEXT, "label matching operator"),
        };
        self.take()?;
        if self.peek()?.kind != TokenKind::String {
            return self.unexpected(CONTEXT, "string");
        }
        let value = self.take()?;
        self.new_matcher(name, &name_text, op, value)
    }

    fn new_matcher(&self, name: Token, name_text: &str, op: MatchOp, value: Token) -> Parsed<Matcher> {
        let text = unquote(&self.text[value.span.range()]);
        let matcher = Matcher::new(name_text, op, text)
            .map_err(|wrong| error(name.span.to(value.span), wrong.to_string()))?;
        Ok(matcher.at(name.span, value.span))
    }
}

fn metric_name_matcher(name: &str, span: TextRange) -> Result<Matcher, ParseError> {
    let matcher =
        Matcher::new(METRIC_NAME, MatchOp::Equal, name).map_err(|wrong| error(span, wrong.to_string()))?;
    Ok(matcher.at(span, span))
}
