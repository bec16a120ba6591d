//! The values that templates work with, and what Go calls their types.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::golang::time::GoTime;

/// A value, cheap to clone.
#[derive(Clone, Debug)]
pub enum Value {
    /// No value at all: what an untyped nil is, and what a missing key gives.
    Nil,
    /// A nil that is still held by an `interface {}`: the zero value of a map's element.
    NilInterface,
    Bool(bool),
    Int(i64, IntKind),
    Float(f64),
    Str(Arc<str>, StrKind),
    Time(GoTime),
    List(List),
    Map(Map),
    Struct(Struct),
}

/// The integer types that templates meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntKind {
    Int,
    Int64,
    Int32,
    Uint8,
    /// In nanoseconds.
    Duration,
    Month,
    Weekday,
}

/// The string types: a plain one, and those that `html/template` takes as safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrKind {
    Plain,
    Html,
    Url,
}

#[derive(Clone, Debug)]
pub struct List {
    pub of: &'static Type,
    pub items: Arc<Vec<Value>>,
}

#[derive(Clone, Debug)]
pub struct Map {
    pub of: &'static Type,
    pub entries: Arc<BTreeMap<Arc<str>, Value>>,
}

/// A struct, or a pointer to one: fields in the order of its type.
#[derive(Clone, Debug)]
pub struct Struct {
    pub of: &'static Type,
    pub fields: Arc<Vec<Value>>,
}

/// A Go type of lists, maps or structs.
#[derive(Debug)]
pub struct Type {
    /// As Go prints it: `template.KV`, `[]string`, `*template.sample`.
    pub name: &'static str,
    /// The names of a struct's fields.
    pub fields: &'static [&'static str],
    /// Their names in JSON, where these differ.
    pub json_fields: &'static [&'static str],
    /// What a list or map of this type holds.
    pub element: Element,
    pub methods: &'static [Method],
    /// The type's `String()`, which printing uses.
    pub text: Option<fn(&Value) -> String>,
}

impl Type {
    pub(super) fn json_name(&self, field: &'static str) -> &'static str {
        let at = self.fields.iter().position(|name| *name == field);
        at.and_then(|at| self.json_fields.get(at)).copied().unwrap_or(field)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    Str,
    Int,
    Any,
    Typed(&'static str),
}

impl Element {
    /// What a missing key of a map gives.
    pub fn zero(self) -> Value {
        match self {
            Element::Str => Value::from(""),
            Element::Int => Value::Int(0, IntKind::Int),
            Element::Any | Element::Typed(_) => Value::NilInterface,
        }
    }

    pub fn type_name(self) -> &'static str {
        match self {
            Element::Str => "string",
            Element::Int => "int",
            Element::Any => "interface {}",
            Element::Typed(name) => name,
        }
    }
}

/// A method of a value: `.Labels.SortedPairs`, `.StartsAt.Format "15:04"`.
#[derive(Debug)]
pub struct Method {
    pub name: &'static str,
    pub signature: Signature,
    pub call: fn(&Value, &[Value]) -> Result<Value, String>,
}

/// What a function or method takes.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    pub parameters: &'static [Parameter],
    /// The last parameter may come any number of times.
    pub is_variadic: bool,
}

impl Signature {
    pub const fn fixed(parameters: &'static [Parameter]) -> Self {
        Signature { parameters, is_variadic: false }
    }

    pub const fn variadic(parameters: &'static [Parameter]) -> Self {
        Signature { parameters, is_variadic: true }
    }
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// `interface {}`
    Any,
    /// A `reflect.Value`, as the builtin functions take: anything, nil too.
    Reflect,
    Str,
    Int,
    Float,
    Time,
    Duration,
    /// `[]string`, or a named type of it.
    Strings,
    /// A list, map or struct of exactly this type.
    Exactly(&'static str),
}

impl Parameter {
    pub fn type_name(self) -> &'static str {
        match self {
            Parameter::Any => "interface {}",
            Parameter::Reflect => "reflect.Value",
            Parameter::Str => "string",
            Parameter::Int => "int",
            Parameter::Float => "float64",
            Parameter::Time => "time.Time",
            Parameter::Duration => "time.Duration",
            Parameter::Strings => "[]string",
            Parameter::Exactly(name) => name,
        }
    }

    pub fn can_be_nil(self) -> bool {
        match self {
            Parameter::Any | Parameter::Reflect | Parameter::Strings => true,
            Parameter::Exactly(name) => {
                !name.starts_with(|c: char| c.is_ascii_alphabetic()) || name == QUERY_RESULT
            }
            _ => false,
        }
    }

    pub fn takes(self, value: &Value) -> bool {
        match (self, value) {
            (Parameter::Any | Parameter::Reflect, _) => true,
            (Parameter::Str, Value::Str(_, StrKind::Plain)) => true,
            (Parameter::Int, Value::Int(_, IntKind::Int)) => true,
            (Parameter::Float, Value::Float(_)) => true,
            (Parameter::Time, Value::Time(_)) => true,
            (Parameter::Duration, Value::Int(_, IntKind::Duration)) => true,
            (Parameter::Strings, Value::List(list)) => list.of.element == Element::Str,
            (Parameter::Exactly(name), value) => value.type_name() == name,
            _ => false,
        }
    }
}

/// The one named slice type that functions take.
const QUERY_RESULT: &str = "template.queryResult";

pub static STRINGS: Type =
    Type { name: "[]string", fields: &[], json_fields: &[], element: Element::Str, methods: &[], text: None };
pub static ANYS: Type = Type {
    name: "[]interface {}",
    fields: &[],
    json_fields: &[],
    element: Element::Any,
    methods: &[],
    text: None,
};
pub static STRING_MAP: Type = Type {
    name: "map[string]string",
    fields: &[],
    json_fields: &[],
    element: Element::Str,
    methods: &[],
    text: None,
};
pub static ANY_MAP: Type = Type {
    name: "map[string]interface {}",
    fields: &[],
    json_fields: &[],
    element: Element::Any,
    methods: &[],
    text: None,
};

impl Value {
    pub fn int(value: impl TryInto<i64>) -> Self {
        Value::Int(value.try_into().unwrap_or(i64::MAX), IntKind::Int)
    }

    pub fn duration(nanoseconds: i64) -> Self {
        Value::Int(nanoseconds, IntKind::Duration)
    }

    pub fn list(of: &'static Type, items: Vec<Value>) -> Self {
        Value::List(List { of, items: Arc::new(items) })
    }

    pub fn map(of: &'static Type, entries: impl IntoIterator<Item = (Arc<str>, Value)>) -> Self {
        Value::Map(Map { of, entries: Arc::new(entries.into_iter().collect()) })
    }

    /// A `map[string]string` or a named type of it.
    pub fn string_map<'a>(of: &'static Type, entries: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Value::map(of, entries.into_iter().map(|(name, value)| (Arc::from(name), Value::from(value))))
    }

    pub fn object(of: &'static Type, fields: Vec<Value>) -> Self {
        Value::Struct(Struct { of, fields: Arc::new(fields) })
    }

    pub fn strings<S: Into<Arc<str>>>(items: impl IntoIterator<Item = S>) -> Self {
        Value::list(&STRINGS, items.into_iter().map(|item| Value::Str(item.into(), StrKind::Plain)).collect())
    }

    pub fn is_nil(&self) -> bool {
        matches!(self, Value::Nil | Value::NilInterface)
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text, _) => Some(text),
            _ => None,
        }
    }

    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Nil => "<nil>",
            Value::NilInterface => "interface {}",
            Value::Bool(_) => "bool",
            Value::Int(_, kind) => match kind {
                IntKind::Int => "int",
                IntKind::Int64 => "int64",
                IntKind::Int32 => "int32",
                IntKind::Uint8 => "uint8",
                IntKind::Duration => "time.Duration",
                IntKind::Month => "time.Month",
                IntKind::Weekday => "time.Weekday",
            },
            Value::Float(_) => "float64",
            Value::Str(_, kind) => match kind {
                StrKind::Plain => "string",
                StrKind::Html => "template.HTML",
                StrKind::Url => "template.URL",
            },
            Value::Time(_) => "time.Time",
            Value::List(list) => list.of.name,
            Value::Map(map) => map.of.name,
            Value::Struct(object) => object.of.name,
        }
    }

    /// The type of what a pointer points to; any other value's own type.
    pub fn pointed_type_name(&self) -> &'static str {
        let name = self.type_name();
        name.strip_prefix('*').unwrap_or(name)
    }

    /// Go's truth: whether the value is not the zero of its type. Structs are always true.
    pub fn is_true(&self) -> bool {
        match self {
            Value::Nil | Value::NilInterface => false,
            Value::Bool(value) => *value,
            Value::Int(value, _) => *value != 0,
            Value::Float(value) => *value != 0.0,
            Value::Str(text, _) => !text.is_empty(),
            Value::List(list) => !list.items.is_empty(),
            Value::Map(map) => !map.entries.is_empty(),
            Value::Time(_) | Value::Struct(_) => true,
        }
    }

    pub(super) fn method(&self, name: &str) -> Option<&'static Method> {
        let methods: &'static [Method] = match self {
            Value::List(list) => list.of.methods,
            Value::Map(map) => map.of.methods,
            Value::Struct(object) => object.of.methods,
            Value::Time(_) => super::time_methods::TIME,
            Value::Int(_, IntKind::Duration) => super::time_methods::DURATION,
            Value::Int(_, IntKind::Month | IntKind::Weekday) => super::time_methods::NAMED_INT,
            _ => &[],
        };
        methods.iter().find(|method| method.name == name)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Str(text.into(), StrKind::Plain)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Str(text.into(), StrKind::Plain)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Float(value)
    }
}
