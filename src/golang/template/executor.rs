//! Executes templates. Where Go says which node failed, the same node is named here.

use super::html::Escaper;
use super::node::{Branch, Command, Kind, Node, Number, Pipe, Tree};
use super::value::{IntKind, Parameter, Signature, StrKind, Value};
use super::{Library, Mode, Templates, builtin, format};
use crate::golang::quote;

/// How deep templates, lists and pipelines may nest while they are executed.
const MAX_DEPTH: usize = 400;
/// How many nodes one execution may visit.
const MAX_STEPS: usize = 5_000_000;
/// How long the output may become.
const MAX_OUTPUT: usize = 32 << 20;

pub(super) fn execute(
    templates: &Templates,
    tree: &Tree,
    data: &Value,
    library: &dyn Library,
    mode: Mode,
) -> Result<String, String> {
    let mut executor = Executor {
        templates,
        library,
        tree,
        place: Place::Nowhere,
        variables: vec![("$", data.clone())],
        depth: 0,
        steps: 0,
        out: String::new(),
        escaper: (mode == Mode::Html).then(Escaper::default),
    };
    executor.list(data, &tree.root)?;
    if let Some(escaper) = &executor.escaper {
        escaper.finish(&tree.name)?;
    }
    Ok(executor.out)
}

/// What is being evaluated, for errors.
#[derive(Clone, Copy)]
enum Place<'t> {
    Nowhere,
    Node(&'t Node),
    Pipe(&'t Pipe),
    Command(&'t Command),
}

/// How a list ended.
#[derive(PartialEq)]
enum Flow {
    Done,
    Break,
    Continue,
}

struct Executor<'t> {
    templates: &'t Templates,
    library: &'t dyn Library,
    tree: &'t Tree,
    place: Place<'t>,
    variables: Vec<(&'t str, Value)>,
    depth: usize,
    steps: usize,
    out: String,
    escaper: Option<Escaper>,
}

type Evaluated<T> = Result<T, String>;

impl<'t> Executor<'t> {
    fn error<T>(&self, message: impl std::fmt::Display) -> Evaluated<T> {
        let (at, context) = match self.place {
            Place::Nowhere => return Err(format!("template: {}: {message}", self.tree.name)),
            Place::Node(node) => (node.at, node.to_string()),
            Place::Pipe(pipe) => (pipe.at, pipe.to_string()),
            Place::Command(command) => (command.at, command.to_string()),
        };
        let (location, name) = (self.tree.location(at), quote(&self.tree.name));
        Err(format!("template: {location}: executing {name} at <{context}>: {message}"))
    }

    fn enter(&mut self) -> Evaluated<()> {
        self.depth += 1;
        self.steps += 1;
        match () {
            () if self.depth > MAX_DEPTH => self.error("exceeded maximum template depth (100000)"),
            () if self.steps > MAX_STEPS => self.error("the template runs for too long"),
            () if self.out.len() > MAX_OUTPUT => self.error("the template's output is too long"),
            () => Ok(()),
        }
    }

    fn list(&mut self, dot: &Value, nodes: &'t [Node]) -> Evaluated<Flow> {
        self.enter()?;
        for node in nodes {
            let flow = self.walk(dot, node)?;
            if flow != Flow::Done {
                self.depth -= 1;
                return Ok(flow);
            }
        }
        self.depth -= 1;
        Ok(Flow::Done)
    }

    fn walk(&mut self, dot: &Value, node: &'t Node) -> Evaluated<Flow> {
        self.place = Place::Node(node);
        match &node.kind {
            Kind::Text(text) => match &mut self.escaper {
                Some(escaper) => escaper.text(text, &mut self.out),
                None => self.out.push_str(text),
            },
            Kind::Action(pipe) => {
                let value = self.pipeline(dot, pipe)?;
                if pipe.declared.is_empty() {
                    self.place = Place::Node(node);
                    self.print(&value)?;
                }
            }
            Kind::If(branch) | Kind::With(branch) => {
                let mark = self.variables.len();
                let value = self.pipeline(dot, &branch.pipe)?;
                let is_with = matches!(node.kind, Kind::With(_));
                let flow = match (value.is_true(), &branch.else_list) {
                    (true, _) => self.list(if is_with { &value } else { dot }, &branch.list)?,
                    (false, Some(list)) => self.list(dot, list)?,
                    (false, None) => Flow::Done,
                };
                self.variables.truncate(mark);
                return Ok(flow);
            }
            Kind::Range(branch) => return self.range(dot, branch),
            Kind::Template { name, pipe } => self.template(dot, node, name, pipe.as_ref())?,
            Kind::Break => return Ok(Flow::Break),
            Kind::Continue => return Ok(Flow::Continue),
            _ => return self.error(format_args!("unknown node: {node}")),
        }
        Ok(Flow::Done)
    }

    fn print(&mut self, value: &Value) -> Evaluated<()> {
        if let Some(escaper) = &mut self.escaper {
            return match escaper.value(value, &mut self.out) {
                Ok(()) => Ok(()),
                Err(message) => self.error(message),
            };
        }
        match value {
            Value::Nil | Value::NilInterface => self.out.push_str("<no value>"),
            Value::Str(text, _) => self.out.push_str(text),
            value => self.out.push_str(&printed(value)),
        }
        Ok(())
    }

    fn range(&mut self, dot: &Value, branch: &'t Branch) -> Evaluated<Flow> {
        let outer_mark = self.variables.len();
        let value = self.pipeline(dot, &branch.pipe)?;
        let mark = self.variables.len();
        let mut is_empty = true;
        match &value {
            Value::List(list) => {
                for (at, item) in list.items.iter().enumerate() {
                    is_empty = false;
                    if self.iteration(branch, mark, Value::int(at as i64), item.clone())? == Flow::Break {
                        break;
                    }
                }
            }
            Value::Map(map) => {
                for (key, item) in map.entries.iter() {
                    is_empty = false;
                    let key = Value::Str(key.clone(), StrKind::Plain);
                    if self.iteration(branch, mark, key, item.clone())? == Flow::Break {
                        break;
                    }
                }
            }
            Value::Int(count, kind) => {
                for at in 0..*count {
                    is_empty = false;
                    let at = Value::Int(at, *kind);
                    if self.iteration(branch, mark, at.clone(), at)? == Flow::Break {
                        break;
                    }
                }
            }
            Value::Nil | Value::NilInterface => {}
            value => return self.error(format_args!("range can't iterate over {}", printed(value))),
        }
        self.variables.truncate(outer_mark);
        match &branch.else_list {
            Some(list) if is_empty => self.list(dot, list),
            _ => Ok(Flow::Done),
        }
    }

    fn iteration(&mut self, branch: &'t Branch, mark: usize, index: Value, item: Value) -> Evaluated<Flow> {
        let declared = &branch.pipe.declared;
        let values = match declared.len() {
            0 => vec![],
            1 => vec![item.clone()],
            _ => vec![index, item.clone()],
        };
        for (at, (name, value)) in declared.iter().zip(values).enumerate() {
            match branch.pipe.is_assignment {
                true => self.assign(name, value)?,
                false => self.variables[mark - declared.len() + at].1 = value,
            }
        }
        let flow = self.list(&item, &branch.list)?;
        self.variables.truncate(mark);
        Ok(flow)
    }

    fn template(&mut self, dot: &Value, node: &'t Node, name: &str, pipe: Option<&'t Pipe>) -> Evaluated<()> {
        let Some(tree) = self.templates.get(name) else {
            if self.escaper.is_some() {
                let line = self.tree.location(node.at);
                let line = line.rsplit_once(':').map_or(line.as_str(), |(line, _)| line);
                let column = self.tree.location(node.at).rsplit(':').next().unwrap_or("0").to_owned();
                return Err(format!("html/template:{line}:{column}: no such template {}", quote(name)));
            }
            return self.error(format_args!("template {} not defined", quote(name)));
        };
        let data = match pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Value::Nil,
        };
        self.place = Place::Node(node);
        self.enter()?;
        let variables = std::mem::replace(&mut self.variables, vec![("$", data.clone())]);
        let caller = std::mem::replace(&mut self.tree, tree);
        self.list(&data, &tree.root)?;
        (self.tree, self.variables) = (caller, variables);
        self.depth -= 1;
        Ok(())
    }

    fn assign(&mut self, name: &str, value: Value) -> Evaluated<()> {
        match self.variables.iter_mut().rev().find(|(known, _)| *known == name) {
            Some((_, place)) => {
                *place = value;
                Ok(())
            }
            None => self.error(format_args!("undefined variable: {name}")),
        }
    }

    fn pipeline(&mut self, dot: &Value, pipe: &'t Pipe) -> Evaluated<Value> {
        self.enter()?;
        self.place = Place::Pipe(pipe);
        let mut value = None;
        for command in &pipe.commands {
            let result = self.command(dot, command, value)?;
            value = Some(if result.is_nil() { Value::Nil } else { result });
        }
        let value = value.unwrap_or(Value::Nil);
        for name in &pipe.declared {
            match pipe.is_assignment {
                true => self.assign(name, value.clone())?,
                false => self.variables.push((name, value.clone())),
            }
        }
        self.depth -= 1;
        Ok(value)
    }

    fn command(&mut self, dot: &Value, command: &'t Command, last: Option<Value>) -> Evaluated<Value> {
        let arguments = &command.arguments;
        let Some(first) = arguments.first() else { return self.error("empty command") };
        match &first.kind {
            Kind::Field(names) => {
                self.place = Place::Node(first);
                return self.fields(dot, dot.clone(), first, names, arguments, last);
            }
            Kind::Chain(inner, names) => return self.chain(dot, first, inner, names, arguments, last),
            Kind::Identifier(name) => {
                self.place = Place::Node(first);
                return self.function(dot, name, Place::Command(command), arguments, last);
            }
            Kind::Pipe(pipe) => {
                self.refuse_arguments(arguments, &last)?;
                return self.pipeline(dot, pipe);
            }
            Kind::Variable(names) => return self.variable(dot, first, names, arguments, last),
            _ => {}
        }
        self.place = Place::Node(first);
        self.refuse_arguments(arguments, &last)?;
        match &first.kind {
            Kind::Bool(value) => Ok(Value::Bool(*value)),
            Kind::Dot => Ok(dot.clone()),
            Kind::Nil => self.error("nil is not a command"),
            Kind::Number(number) => self.number(number),
            Kind::Str { text, .. } => Ok(Value::from(text.as_str())),
            _ => self.error(format_args!("can't evaluate command {}", quote(&first.to_string()))),
        }
    }

    fn refuse_arguments(&self, arguments: &[Node], last: &Option<Value>) -> Evaluated<()> {
        match arguments.len() > 1 || last.is_some() {
            true => self.error(format_args!("can't give argument to non-function {}", arguments[0])),
            false => Ok(()),
        }
    }

    /// A number where no type is asked for.
    fn number(&self, number: &Number) -> Evaluated<Value> {
        match (number.float, number.int) {
            (Some(float), _) if number.is_float_syntax() => Ok(Value::Float(float)),
            (_, Some(int)) => Ok(Value::Int(int, IntKind::Int)),
            _ => self.error(format_args!("{} overflows int", number.source)),
        }
    }

    fn variable(
        &mut self,
        dot: &Value,
        node: &'t Node,
        names: &'t [String],
        arguments: &'t [Node],
        last: Option<Value>,
    ) -> Evaluated<Value> {
        self.place = Place::Node(node);
        let found = self.variables.iter().rev().find(|(known, _)| *known == names[0]);
        let Some((_, value)) = found else {
            return self.error(format_args!("undefined variable: {}", names[0]));
        };
        let value = value.clone();
        if names.len() == 1 {
            self.refuse_arguments_of(node, arguments, &last)?;
            return Ok(value);
        }
        self.fields(dot, value, node, &names[1..], arguments, last)
    }

    fn refuse_arguments_of(&self, node: &Node, arguments: &[Node], last: &Option<Value>) -> Evaluated<()> {
        match arguments.len() > 1 || last.is_some() {
            true => self.error(format_args!("can't give argument to non-function {node}")),
            false => Ok(()),
        }
    }

    fn chain(
        &mut self,
        dot: &Value,
        node: &'t Node,
        inner: &'t Node,
        names: &'t [String],
        arguments: &'t [Node],
        last: Option<Value>,
    ) -> Evaluated<Value> {
        self.place = Place::Node(node);
        if let Kind::Nil = inner.kind {
            return self.error(format_args!("indirection through explicit nil in {node}"));
        }
        let value = self.argument(dot, None, inner)?;
        self.fields(dot, value, node, names, arguments, last)
    }

    /// `.X.Y.Z`, the last of which may be a method with arguments.
    fn fields(
        &mut self,
        dot: &Value,
        receiver: Value,
        node: &'t Node,
        names: &'t [String],
        arguments: &'t [Node],
        last: Option<Value>,
    ) -> Evaluated<Value> {
        let Some((name, before)) = names.split_last() else { return Ok(receiver) };
        let mut receiver = receiver;
        for name in before {
            receiver = self.field(dot, name, node, &[], None, receiver)?;
        }
        self.field(dot, name, node, arguments, last, receiver)
    }

    fn field(
        &mut self,
        dot: &Value,
        name: &'t str,
        node: &'t Node,
        arguments: &'t [Node],
        last: Option<Value>,
        receiver: Value,
    ) -> Evaluated<Value> {
        match receiver {
            Value::Nil => return Ok(Value::Nil),
            Value::NilInterface => {
                return self.error(format_args!("nil pointer evaluating interface {{}}.{name}"));
            }
            _ => {}
        }
        if let Some(method) = receiver.method(name) {
            let values = self.call_arguments(dot, name, method.signature, arguments, last)?;
            return match (method.call)(&receiver, &values) {
                Ok(value) => Ok(value),
                Err(message) => self.call_error(Place::Node(node), name, &message),
            };
        }
        let has_arguments = arguments.len() > 1 || last.is_some();
        match &receiver {
            Value::Struct(object) => {
                if let Some(at) = object.of.fields.iter().position(|field| *field == name) {
                    if has_arguments {
                        return self
                            .error(format_args!("{name} has arguments but cannot be invoked as function"));
                    }
                    return Ok(object.fields.get(at).cloned().unwrap_or(Value::Nil));
                }
            }
            Value::Map(map) => {
                if has_arguments {
                    return self.error(format_args!("{name} is not a method but has arguments"));
                }
                return Ok(map.entries.get(name).cloned().unwrap_or_else(|| map.of.element.zero()));
            }
            _ => {}
        }
        self.error(format_args!("can't evaluate field {name} in type {}", receiver.type_name()))
    }

    fn function(
        &mut self,
        dot: &Value,
        name: &'t str,
        place: Place<'t>,
        arguments: &'t [Node],
        last: Option<Value>,
    ) -> Evaluated<Value> {
        let own = self.library.signature(name);
        let Some(signature) = own.or_else(|| builtin::signature(name)) else {
            return self.error(format_args!("{} is not a defined function", quote(name)));
        };
        if own.is_none() && matches!(name, "and" | "or") {
            self.check_count(name, signature, arguments.len().saturating_sub(1), last.is_some())?;
            return self.lazy(dot, name == "or", arguments, last);
        }
        let values = self.call_arguments(dot, name, signature, arguments, last)?;
        let result = match own {
            Some(_) => self.library.call(name, &values),
            // The escaper around the action must not do again what these did.
            None if self.escaper.is_some() && matches!(name, "html" | "urlquery") => {
                let kind = if name == "html" { StrKind::Html } else { StrKind::Url };
                builtin::call(name, &values)
                    .map(|value| Value::Str(value.as_str().unwrap_or("").into(), kind))
            }
            None => builtin::call(name, &values),
        };
        match result {
            Ok(value) => Ok(value),
            Err(message) => self.call_error(place, name, &message),
        }
    }

    /// `and` and `or` stop at the first argument that decides.
    fn lazy(
        &mut self,
        dot: &Value,
        wanted: bool,
        arguments: &'t [Node],
        last: Option<Value>,
    ) -> Evaluated<Value> {
        let mut value = Value::Nil;
        for argument in arguments.iter().skip(1) {
            value = self.argument(dot, Some(Parameter::Reflect), argument)?;
            if value.is_true() == wanted {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }

    fn call_error<T>(&mut self, place: Place<'t>, name: &str, message: &str) -> Evaluated<T> {
        self.place = place;
        self.error(format_args!("error calling {name}: {message}"))
    }

    fn check_count(&self, name: &str, signature: Signature, given: usize, has_last: bool) -> Evaluated<()> {
        let total = given + usize::from(has_last);
        let parameters = signature.parameters.len();
        if signature.is_variadic {
            if total < parameters - 1 {
                let wanted = parameters - 1;
                return self.error(format_args!(
                    "wrong number of args for {name}: want at least {wanted} got {given}"
                ));
            }
        } else if total != parameters {
            return self
                .error(format_args!("wrong number of args for {name}: want {parameters} got {total}"));
        }
        Ok(())
    }

    /// The values for a call; `arguments` begins with the function itself.
    fn call_arguments(
        &mut self,
        dot: &Value,
        name: &str,
        signature: Signature,
        arguments: &'t [Node],
        last: Option<Value>,
    ) -> Evaluated<Vec<Value>> {
        let arguments = arguments.get(1..).unwrap_or(&[]);
        self.check_count(name, signature, arguments.len(), last.is_some())?;
        let parameter = |at: usize| signature.parameters[at.min(signature.parameters.len() - 1)];
        let mut values = Vec::with_capacity(arguments.len() + 1);
        for (at, argument) in arguments.iter().enumerate() {
            values.push(self.argument(dot, Some(parameter(at)), argument)?);
        }
        if let Some(last) = last {
            values.push(self.validate(last, Some(parameter(arguments.len())))?);
        }
        Ok(values)
    }

    fn argument(&mut self, dot: &Value, wanted: Option<Parameter>, node: &'t Node) -> Evaluated<Value> {
        self.place = Place::Node(node);
        let alone = std::slice::from_ref(node);
        let value = match &node.kind {
            Kind::Dot => dot.clone(),
            Kind::Nil => {
                let wanted = wanted.unwrap_or(Parameter::Any);
                return match wanted.can_be_nil() {
                    true => Ok(Value::Nil),
                    false => self.error(format_args!("cannot assign nil to {}", wanted.type_name())),
                };
            }
            Kind::Field(names) => self.fields(dot, dot.clone(), node, names, alone, None)?,
            Kind::Variable(names) => self.variable(dot, node, names, &[], None)?,
            Kind::Pipe(pipe) => self.pipeline(dot, pipe)?,
            Kind::Identifier(name) => self.function(dot, name, Place::Node(node), &[], None)?,
            Kind::Chain(inner, names) => self.chain(dot, node, inner, names, &[], None)?,
            _ => return self.constant(wanted.unwrap_or(Parameter::Any), node),
        };
        self.validate(value, wanted)
    }

    fn constant(&mut self, wanted: Parameter, node: &'t Node) -> Evaluated<Value> {
        self.place = Place::Node(node);
        match (wanted, &node.kind) {
            (Parameter::Any | Parameter::Reflect, Kind::Bool(value)) => Ok(Value::Bool(*value)),
            (Parameter::Any | Parameter::Reflect, Kind::Number(number)) => self.number(number),
            (Parameter::Any | Parameter::Reflect | Parameter::Str, Kind::Str { text, .. }) => {
                Ok(Value::from(text.as_str()))
            }
            (Parameter::Str, _) => self.error(format_args!("expected string; found {node}")),
            (Parameter::Int | Parameter::Duration, Kind::Number(Number { int: Some(value), .. })) => {
                let is_duration = wanted == Parameter::Duration;
                Ok(Value::Int(*value, if is_duration { IntKind::Duration } else { IntKind::Int }))
            }
            (Parameter::Int | Parameter::Duration, _) => {
                self.error(format_args!("expected integer; found {node}"))
            }
            (Parameter::Float, Kind::Number(Number { float: Some(value), .. })) => Ok(Value::Float(*value)),
            (Parameter::Float, _) => self.error(format_args!("expected float; found {node}")),
            (wanted, _) => {
                self.error(format_args!("can't handle {node} for arg of type {}", wanted.type_name()))
            }
        }
    }

    /// The value, if the parameter can take it.
    fn validate(&self, value: Value, wanted: Option<Parameter>) -> Evaluated<Value> {
        let Some(wanted) = wanted else { return Ok(value) };
        if let Value::Nil = value {
            return match wanted.can_be_nil() {
                true => Ok(value),
                false => self.error(format_args!("invalid value; expected {}", wanted.type_name())),
            };
        }
        match wanted.takes(&value) {
            true => Ok(value),
            false => self.error(format_args!(
                "wrong type for value; expected {}; got {}",
                wanted.type_name(),
                value.type_name()
            )),
        }
    }
}

/// As `fmt.Fprint` prints it; what a pointer points to.
pub(super) fn printed(value: &Value) -> String {
    let text = format::sprint(std::slice::from_ref(value));
    match value {
        Value::Struct(object) if object.of.name.starts_with('*') && object.of.text.is_none() => {
            text.trim_start_matches('&').to_owned()
        }
        _ => text,
    }
}
