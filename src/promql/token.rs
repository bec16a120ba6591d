//! PromQL's tokens, described as Prometheus' messages describe them.

use super::ast::{AggregateOp, BinaryOp, TextRange};
use crate::golang::quote;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub kind: TokenKind,
    pub span: TextRange,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    EndOfInput,
    Identifier,
    /// A name with a colon in it: a metric's, never a function's or a label's.
    MetricIdentifier,
    String,
    Number,
    Duration,
    Comma,
    /// A single `=`.
    Assign,
    EqualRegex,
    NotRegex,
    Colon,
    LeftParen,
    RightParen,
    LeftBrace,
    RightBrace,
    LeftBracket,
    RightBracket,
    At,
    Operator(BinaryOp),
    Aggregate(AggregateOp),
    Keyword(Keyword),
    Preprocessor(Preprocessor),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keyword {
    Offset,
    Smoothed,
    Anchored,
    By,
    Without,
    On,
    Ignoring,
    GroupLeft,
    GroupRight,
    Fill,
    FillLeft,
    FillRight,
    Bool,
}

/// Words that stand for a property of the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Preprocessor {
    Start,
    End,
    Step,
    Range,
    MaxOf,
    MinOf,
}

impl TokenKind {
    /// What a bare word means; `None` for an ordinary name. Prometheus 2 lacks some of the words.
    pub fn of_word(word: &str, is_v2: bool) -> Option<TokenKind> {
        use TokenKind::*;
        let longest = "count_values".len();
        if word.len() > longest {
            return None;
        }
        let kind = match &*word.to_ascii_lowercase() {
            "inf" | "nan" => Number,
            "and" => Operator(BinaryOp::And),
            "or" => Operator(BinaryOp::Or),
            "unless" => Operator(BinaryOp::Unless),
            "atan2" => Operator(BinaryOp::Atan2),
            "sum" => Aggregate(AggregateOp::Sum),
            "avg" => Aggregate(AggregateOp::Avg),
            "count" => Aggregate(AggregateOp::Count),
            "min" => Aggregate(AggregateOp::Min),
            "max" => Aggregate(AggregateOp::Max),
            "group" => Aggregate(AggregateOp::Group),
            "stddev" => Aggregate(AggregateOp::Stddev),
            "stdvar" => Aggregate(AggregateOp::Stdvar),
            "topk" => Aggregate(AggregateOp::TopK),
            "bottomk" => Aggregate(AggregateOp::BottomK),
            "count_values" => Aggregate(AggregateOp::CountValues),
            "quantile" => Aggregate(AggregateOp::Quantile),
            "offset" => Keyword(self::Keyword::Offset),
            "by" => Keyword(self::Keyword::By),
            "without" => Keyword(self::Keyword::Without),
            "on" => Keyword(self::Keyword::On),
            "ignoring" => Keyword(self::Keyword::Ignoring),
            "group_left" => Keyword(self::Keyword::GroupLeft),
            "group_right" => Keyword(self::Keyword::GroupRight),
            "bool" => Keyword(self::Keyword::Bool),
            "start" => Preprocessor(self::Preprocessor::Start),
            "end" => Preprocessor(self::Preprocessor::End),
            _ if is_v2 => return None,
            "limitk" => Aggregate(AggregateOp::LimitK),
            "limit_ratio" => Aggregate(AggregateOp::LimitRatio),
            "smoothed" => Keyword(self::Keyword::Smoothed),
            "anchored" => Keyword(self::Keyword::Anchored),
            "fill" => Keyword(self::Keyword::Fill),
            "fill_left" => Keyword(self::Keyword::FillLeft),
            "fill_right" => Keyword(self::Keyword::FillRight),
            "step" => Preprocessor(self::Preprocessor::Step),
            "range" => Preprocessor(self::Preprocessor::Range),
            "max_of" => Preprocessor(self::Preprocessor::MaxOf),
            "min_of" => Preprocessor(self::Preprocessor::MinOf),
            _ => return None,
        };
        Some(kind)
    }

    /// Whether a metric may be called that: most keywords are names too where nothing else can stand.
    pub fn names_a_metric(self) -> bool {
        use BinaryOp::{And, Or, Unless};
        use Keyword::{Anchored, By, Fill, FillLeft, FillRight, Offset, Smoothed, Without};
        match self {
            TokenKind::Identifier | TokenKind::MetricIdentifier => true,
            TokenKind::Aggregate(_) | TokenKind::Preprocessor(_) => true,
            TokenKind::Operator(op) => matches!(op, And | Or | Unless),
            TokenKind::Keyword(word) => {
                matches!(word, Anchored | By | Fill | FillLeft | FillRight | Offset | Smoothed | Without)
            }
            _ => false,
        }
    }

    /// Whether a label may be called that in `by (...)`.
    pub fn names_a_label(self) -> bool {
        match self {
            TokenKind::Keyword(word) => word != Keyword::Without,
            TokenKind::Operator(BinaryOp::Atan2) => true,
            _ => self.names_a_metric(),
        }
    }

    /// Whether an expression may begin with it.
    pub fn starts_expression(self, is_v2: bool) -> bool {
        use BinaryOp::{Add, Sub};
        match self {
            TokenKind::Number | TokenKind::String | TokenKind::LeftParen | TokenKind::LeftBrace => true,
            TokenKind::Duration => !is_v2,
            TokenKind::Operator(Add | Sub) => true,
            _ => self.names_a_metric(),
        }
    }
}

impl Token {
    /// The token as it stands in "unexpected ...".
    pub fn describe(&self, text: &str) -> String {
        let word = &text[self.span.range()];
        match self.kind {
            TokenKind::EndOfInput => "end of input".to_owned(),
            TokenKind::Identifier => format!("identifier {}", quote(word)),
            TokenKind::MetricIdentifier => format!("metric identifier {}", quote(word)),
            TokenKind::String => format!("string {}", quote_start(word)),
            TokenKind::Number => format!("number {}", quote_start(word)),
            TokenKind::Duration => format!("duration {}", quote_start(word)),
            TokenKind::Keyword(_) => format!("<{word}>"),
            TokenKind::Operator(_) | TokenKind::EqualRegex | TokenKind::NotRegex | TokenKind::At => {
                format!("<op:{word}>")
            }
            TokenKind::Aggregate(_) => format!("<aggr:{word}>"),
            _ => quote_start(word),
        }
    }
}

/// At most ten characters of it, quoted.
fn quote_start(word: &str) -> String {
    if word.len() <= 10 {
        return quote(word);
    }
    format!("{}...", quote(&word.chars().take(10).collect::<String>()))
}
