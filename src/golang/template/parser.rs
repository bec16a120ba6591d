//! Builds the nodes of a template from its tokens. Errors in the words of Go's `text/template/parse`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ParseError;
use super::lexer::{Lexer, Token, TokenKind};
use super::node::{Branch, Command, Kind, Node, Number, Pipe, Tree};
use crate::golang::{parse_float, quote, unquote};

/// How deep actions and parentheses may nest.
const MAX_NESTING: usize = 100;

/// Parses `text` under `name`: the template itself and every `define` and `block` in it.
pub(super) fn parse(
    name: &str,
    text: &str,
    is_function: &dyn Fn(&str) -> bool,
) -> Result<BTreeMap<String, Tree>, ParseError> {
    let mut parser = Parser {
        name,
        text: text.into(),
        lexer: Lexer::new(text),
        tokens: std::array::from_fn(|_| Token { kind: TokenKind::End, at: 0, value: String::new() }),
        peeked: 0,
        variables: vec!["$".to_owned()],
        action_line: None,
        range_depth: 0,
        nesting: 0,
        trees: BTreeMap::new(),
        is_function,
    };
    let root = parser.top()?;
    parser.add(name.to_owned(), root)?;
    Ok(parser.trees)
}

struct Parser<'p> {
    name: &'p str,
    text: Arc<str>,
    lexer: Lexer<'p>,
    /// Three tokens of look-ahead, as Go keeps them: the first is the last one read, whose line errors name.
    tokens: [Token; 3],
    peeked: usize,
    variables: Vec<String>,
    action_line: Option<usize>,
    range_depth: usize,
    nesting: usize,
    trees: BTreeMap<String, Tree>,
    is_function: &'p dyn Fn(&str) -> bool,
}

/// What ended a list.
enum Ending {
    End,
    Else,
}

impl Ending {
    fn describe(&self) -> &'static str {
        match self {
            Ending::End => "{{end}}",
            Ending::Else => "{{else}}",
        }
    }
}

enum Item {
    Node(Node),
    Ending(Ending),
}

type Parsed<T> = Result<T, ParseError>;

impl Parser<'_> {
    fn next(&mut self) -> Token {
        match self.peeked {
            0 => self.tokens[0] = self.lexer.next(),
            _ => self.peeked -= 1,
        }
        self.tokens[self.peeked].clone()
    }

    fn backup(&mut self) {
        self.peeked += 1;
    }

    /// Puts two tokens back: `first`, and the one that is still in the zeroth place.
    fn backup2(&mut self, first: Token) {
        self.tokens[1] = first;
        self.peeked = 2;
    }

    fn backup3(&mut self, first: Token, second: Token) {
        self.tokens[1] = second;
        self.tokens[2] = first;
        self.peeked = 3;
    }

    fn peek(&mut self) -> Token {
        if self.peeked == 0 {
            self.peeked = 1;
            self.tokens[0] = self.lexer.next();
        }
        self.tokens[self.peeked - 1].clone()
    }

    fn next_non_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != TokenKind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Token {
        let token = self.next_non_space();
        self.backup();
        token
    }

    fn line(&self, at: usize) -> usize {
        1 + self.text.as_bytes()[..at.min(self.text.len())].iter().filter(|b| **b == b'\n').count()
    }

    fn error<T>(&self, message: impl std::fmt::Display) -> Parsed<T> {
        let at = self.tokens[0].at;
        let message = format!("template: {}:{}: {message}", self.name, self.line(at));
        Err(ParseError { message, at })
    }

    fn unexpected<T>(&self, token: &Token, context: &str) -> Parsed<T> {
        if token.kind == TokenKind::Error {
            let extra = match self.action_line {
                Some(line) if line != self.line(token.at) => {
                    let place = format!(" started at {}:{line}", self.name);
                    if token.value.ends_with(" action") { place } else { format!(" in action{place}") }
                }
                _ => String::new(),
            };
            return self.error(format_args!("{}{extra}", token.value));
        }
        self.error(format_args!("unexpected {} in {context}", token.describe()))
    }

    fn expect(&mut self, kinds: &[TokenKind], context: &str) -> Parsed<Token> {
        let token = self.next_non_space();
        match kinds.contains(&token.kind) {
            true => Ok(token),
            false => self.unexpected(&token, context),
        }
    }

    fn add(&mut self, name: String, root: Vec<Node>) -> Parsed<()> {
        let tree =
            Tree { name: name.clone(), parse_name: self.name.to_owned(), text: self.text.clone(), root };
        match self.trees.get(&name) {
            Some(old) if !old.is_empty() => match tree.is_empty() {
                true => Ok(()),
                false => {
                    self.error(format_args!("template: multiple definition of template {}", quote(&name)))
                }
            },
            _ => {
                self.trees.insert(name, tree);
                Ok(())
            }
        }
    }

    fn top(&mut self) -> Parsed<Vec<Node>> {
        let mut list = Vec::new();
        while self.peek().kind != TokenKind::End {
            if self.peek().kind == TokenKind::LeftDelimiter {
                let delimiter = self.next();
                if self.next_non_space().kind == TokenKind::Define {
                    self.definition()?;
                    continue;
                }
                self.backup2(delimiter);
            }
            match self.text_or_action()? {
                Item::Node(node) => list.push(node),
                Item::Ending(ending) => return self.error(format_args!("unexpected {}", ending.describe())),
            }
        }
        Ok(list)
    }

    fn definition(&mut self) -> Parsed<()> {
        const CONTEXT: &str = "define clause";
        let name = self.expect(&[TokenKind::Str, TokenKind::RawString], CONTEXT)?;
        let name = self.unquoted(&name)?;
        self.expect(&[TokenKind::RightDelimiter], CONTEXT)?;
        let root = self.own_list(CONTEXT)?;
        self.add(name, root)
    }

    /// The list of a template inside this text, which sees no variables but `$`.
    fn own_list(&mut self, context: &str) -> Parsed<Vec<Node>> {
        let variables = std::mem::replace(&mut self.variables, vec!["$".to_owned()]);
        let (range_depth, action_line) =
            (std::mem::take(&mut self.range_depth), std::mem::take(&mut self.action_line));
        let (list, ending) = self.list()?;
        if let Ending::Else = ending {
            return self.error(format_args!("unexpected {} in {context}", ending.describe()));
        }
        (self.variables, self.range_depth, self.action_line) = (variables, range_depth, action_line);
        Ok(list)
    }

    fn list(&mut self) -> Parsed<(Vec<Node>, Ending)> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return self.error("actions nest too deeply");
        }
        let mut list = Vec::new();
        while self.peek_non_space().kind != TokenKind::End {
            match self.text_or_action()? {
                Item::Node(node) => list.push(node),
                Item::Ending(ending) => {
                    self.nesting -= 1;
                    return Ok((list, ending));
                }
            }
        }
        self.error("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Parsed<Item> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Text => Ok(Item::Node(Node { at: token.at, kind: Kind::Text(token.value) })),
            TokenKind::LeftDelimiter => {
                self.action_line = Some(self.line(token.at));
                let item = self.action();
                if item.is_ok() {
                    self.action_line = None;
                }
                item
            }
            _ => self.unexpected(&token, "input"),
        }
    }

    fn action(&mut self) -> Parsed<Item> {
        let token = self.next_non_space();
        let at = token.at;
        let kind = match token.kind {
            TokenKind::Block => self.block()?,
            TokenKind::Else => return self.else_control(),
            TokenKind::EndKeyword => {
                self.expect(&[TokenKind::RightDelimiter], "end")?;
                return Ok(Item::Ending(Ending::End));
            }
            TokenKind::If => {
                let branch = self.control("if")?;
                return Ok(Item::Node(Node { at: branch.pipe.at, kind: Kind::If(branch) }));
            }
            TokenKind::Range => {
                let branch = self.control("range")?;
                return Ok(Item::Node(Node { at: branch.pipe.at, kind: Kind::Range(branch) }));
            }
            TokenKind::With => {
                let branch = self.control("with")?;
                return Ok(Item::Node(Node { at: branch.pipe.at, kind: Kind::With(branch) }));
            }
            TokenKind::Template => self.template()?,
            TokenKind::Break => self.jump("{{break}}", Kind::Break)?,
            TokenKind::Continue => self.jump("{{continue}}", Kind::Continue)?,
            _ => {
                self.backup();
                let at = self.peek().at;
                let pipe = self.pipeline("command", TokenKind::RightDelimiter)?;
                return Ok(Item::Node(Node { at, kind: Kind::Action(pipe) }));
            }
        };
        let at = match kind {
            // Go places these at the name that follows the keyword.
            Kind::Template { .. } => self.template_name_at(at),
            _ => at,
        };
        Ok(Item::Node(Node { at, kind }))
    }

    fn template_name_at(&self, keyword_at: usize) -> usize {
        let after = &self.text[keyword_at..];
        keyword_at + after.find(['"', '`']).unwrap_or(0)
    }

    fn jump(&mut self, context: &str, kind: Kind) -> Parsed<Kind> {
        self.expect(&[TokenKind::RightDelimiter], context)?;
        if self.range_depth == 0 {
            return self.error(format_args!("{context} outside {{{{range}}}}"));
        }
        Ok(kind)
    }

    fn else_control(&mut self) -> Parsed<Item> {
        let next = self.peek_non_space();
        if !matches!(next.kind, TokenKind::If | TokenKind::With) {
            self.expect(&[TokenKind::RightDelimiter], "else")?;
        }
        Ok(Item::Ending(Ending::Else))
    }

    fn control(&mut self, context: &'static str) -> Parsed<Branch> {
        let known_variables = self.variables.len();
        let pipe = self.pipeline(context, TokenKind::RightDelimiter)?;
        let is_range = usize::from(context == "range");
        self.range_depth += is_range;
        let (list, ending) = self.list()?;
        self.range_depth -= is_range;
        let mut else_list = None;
        if let Ending::Else = ending {
            let next = self.peek().kind;
            let chained = match (context, next) {
                ("if", TokenKind::If) => Some("if"),
                ("with", TokenKind::With) => Some("with"),
                _ => None,
            };
            else_list = Some(match chained {
                Some(context) => {
                    self.next();
                    self.nesting += 1;
                    if self.nesting > MAX_NESTING {
                        return self.error("actions nest too deeply");
                    }
                    let branch = self.control(context)?;
                    self.nesting -= 1;
                    let at = branch.pipe.at;
                    let kind = if context == "if" { Kind::If(branch) } else { Kind::With(branch) };
                    vec![Node { at, kind }]
                }
                None => {
                    let (list, ending) = self.list()?;
                    if let Ending::Else = ending {
                        return self.error(format_args!("expected end; found {}", ending.describe()));
                    }
                    list
                }
            });
        }
        self.variables.truncate(known_variables);
        Ok(Branch { pipe, list, else_list })
    }

    fn block(&mut self) -> Parsed<Kind> {
        const CONTEXT: &str = "block clause";
        let name = self.template_name(CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, TokenKind::RightDelimiter)?;
        let root = self.own_list(CONTEXT)?;
        self.add(name.clone(), root)?;
        Ok(Kind::Template { name, pipe: Some(pipe) })
    }

    fn template(&mut self) -> Parsed<Kind> {
        const CONTEXT: &str = "template clause";
        let name = self.template_name(CONTEXT)?;
        if self.next_non_space().kind == TokenKind::RightDelimiter {
            return Ok(Kind::Template { name, pipe: None });
        }
        self.backup();
        let pipe = self.pipeline(CONTEXT, TokenKind::RightDelimiter)?;
        Ok(Kind::Template { name, pipe: Some(pipe) })
    }

    fn template_name(&mut self, context: &str) -> Parsed<String> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Str | TokenKind::RawString => self.unquoted(&token),
            _ => self.unexpected(&token, context),
        }
    }

    fn unquoted(&self, token: &Token) -> Parsed<String> {
        match unquote(&token.value) {
            Some(text) => Ok(text),
            None => self.error("invalid syntax"),
        }
    }

    fn pipeline(&mut self, context: &str, end: TokenKind) -> Parsed<Pipe> {
        let at = self.peek_non_space().at;
        let mut pipe = Pipe { at, is_assignment: false, declared: Vec::new(), commands: Vec::new() };
        while self.peek_non_space().kind == TokenKind::Variable {
            let variable = self.next_non_space();
            let after = self.peek();
            let next = self.peek_non_space();
            match next.kind {
                TokenKind::Assign | TokenKind::Declare => {
                    pipe.is_assignment = next.kind == TokenKind::Assign;
                    self.next_non_space();
                    pipe.declared.push(variable.value.clone());
                    self.variables.push(variable.value);
                }
                TokenKind::Char if next.value == "," => {
                    self.next_non_space();
                    pipe.declared.push(variable.value.clone());
                    self.variables.push(variable.value);
                    if context != "range" || pipe.declared.len() > 1 {
                        return self.error(format_args!("too many declarations in {context}"));
                    }
                    match self.peek_non_space().kind {
                        TokenKind::Variable | TokenKind::RightDelimiter | TokenKind::RightParen => continue,
                        _ => return self.error("range can only initialize variables"),
                    }
                }
                _ if after.kind == TokenKind::Space => self.backup3(variable, after),
                _ => self.backup2(variable),
            }
            break;
        }
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => {
                    self.check_pipeline(&pipe, context)?;
                    return Ok(pipe);
                }
                TokenKind::Bool
                | TokenKind::CharConstant
                | TokenKind::Dot
                | TokenKind::Field
                | TokenKind::Identifier
                | TokenKind::Number
                | TokenKind::Nil
                | TokenKind::RawString
                | TokenKind::Str
                | TokenKind::Variable
                | TokenKind::LeftParen => {
                    self.backup();
                    let command = self.command()?;
                    pipe.commands.push(command);
                }
                _ => return self.unexpected(&token, context),
            }
        }
    }

    fn check_pipeline(&self, pipe: &Pipe, context: &str) -> Parsed<()> {
        if pipe.commands.is_empty() {
            return self.error(format_args!("missing value for {context}"));
        }
        for (at, command) in pipe.commands.iter().enumerate().skip(1) {
            let first = command.arguments.first().map(|node| &node.kind);
            if let Some(Kind::Bool(_) | Kind::Dot | Kind::Nil | Kind::Number(_) | Kind::Str { .. }) = first {
                return self.error(format_args!("non executable command in pipeline stage {}", at + 1));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Parsed<Command> {
        let mut command = Command { at: self.peek_non_space().at, arguments: Vec::new() };
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                command.arguments.push(operand);
            }
            let token = self.next();
            match token.kind {
                TokenKind::Space => continue,
                TokenKind::RightDelimiter | TokenKind::RightParen => self.backup(),
                TokenKind::Pipe => {}
                _ => return self.unexpected(&token, "operand"),
            }
            break;
        }
        match command.arguments.is_empty() {
            true => self.error("empty command"),
            false => Ok(command),
        }
    }

    fn operand(&mut self) -> Parsed<Option<Node>> {
        let Some(node) = self.term()? else { return Ok(None) };
        if self.peek().kind != TokenKind::Field {
            return Ok(Some(node));
        }
        let at = self.peek().at;
        let mut fields = Vec::new();
        while self.peek().kind == TokenKind::Field {
            fields.push(self.next().value[1..].to_owned());
        }
        let kind = match node.kind {
            Kind::Field(mut names) => {
                names.append(&mut fields);
                Kind::Field(names)
            }
            Kind::Variable(mut names) => {
                names.append(&mut fields);
                Kind::Variable(names)
            }
            Kind::Bool(_) | Kind::Str { .. } | Kind::Number(_) | Kind::Nil | Kind::Dot => {
                return self.error(format_args!("unexpected . after term {}", quote(&node.to_string())));
            }
            _ => Kind::Chain(Box::new(node), fields),
        };
        Ok(Some(Node { at, kind }))
    }

    fn term(&mut self) -> Parsed<Option<Node>> {
        let token = self.next_non_space();
        let kind = match token.kind {
            TokenKind::Identifier => {
                if !(self.is_function)(&token.value) {
                    return self.error(format_args!("function {} not defined", quote(&token.value)));
                }
                Kind::Identifier(token.value)
            }
            TokenKind::Dot => Kind::Dot,
            TokenKind::Nil => Kind::Nil,
            TokenKind::Variable => {
                if !self.variables.contains(&token.value) {
                    return self.error(format_args!("undefined variable {}", quote(&token.value)));
                }
                Kind::Variable(vec![token.value])
            }
            TokenKind::Field => Kind::Field(vec![token.value[1..].to_owned()]),
            TokenKind::Bool => Kind::Bool(token.value == "true"),
            TokenKind::CharConstant | TokenKind::Number => match number(&token) {
                Ok(number) => Kind::Number(number),
                Err(message) => return self.error(message),
            },
            TokenKind::LeftParen => {
                self.nesting += 1;
                if self.nesting > MAX_NESTING {
                    return self.error("parentheses nest too deeply");
                }
                let pipe = self.pipeline("parenthesized pipeline", TokenKind::RightParen)?;
                self.nesting -= 1;
                return Ok(Some(Node { at: pipe.at, kind: Kind::Pipe(pipe) }));
            }
            TokenKind::Str | TokenKind::RawString => {
                let text = self.unquoted(&token)?;
                Kind::Str { source: token.value, text }
            }
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        Ok(Some(Node { at: token.at, kind }))
    }
}

fn number(token: &Token) -> Result<Number, String> {
    let source = token.value.clone();
    if token.kind == TokenKind::CharConstant {
        let text = unquote(&source).ok_or_else(|| format!("malformed character constant: {source}"))?;
        let code = text.chars().next().map_or(0, |c| c as i64);
        return Ok(Number { source, int: Some(code), float: Some(code as f64) });
    }
    if let Some(int) = parse_int(&source) {
        return Ok(Number { source, int: Some(int), float: Some(int as f64) });
    }
    match parse_float(&source) {
        Ok(_) if !source.contains(['.', 'e', 'E', 'p', 'P']) => {
            Err(format!("integer overflow: {}", quote(&source)))
        }
        Ok(float) => {
            let int = (float.fract() == 0.0 && float.abs() < 9.2e18).then_some(float as i64);
            Ok(Number { source, int, float: Some(float) })
        }
        Err(_) => Err(format!("illegal number syntax: {}", quote(&source))),
    }
}

/// Go's `ParseInt(text, 0, 64)`: with base prefixes and underscores between digits.
fn parse_int(text: &str) -> Option<i64> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => ("", &text[1..]),
        b'-' => ("-", &text[1..]),
        _ => ("", text),
    };
    if digits.contains("__") || digits.ends_with('_') || digits.starts_with('_') {
        return None;
    }
    let prefix = digits.get(..2).map(str::to_ascii_lowercase);
    let (base, digits) = match prefix.as_deref() {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        Some(_) if digits.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    i64::from_str_radix(&format!("{sign}{}", digits.replace('_', "")), base).ok()
}
