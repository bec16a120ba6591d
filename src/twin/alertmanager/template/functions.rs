//! The functions that Alertmanager adds to Go's, each with the version it came with.

use jiff::tz::TimeZone;

use super::data::{Data, texts};
use crate::golang::regex;
use crate::golang::template::json::to_json;
use crate::golang::template::value::{ANY_MAP, ANYS, Parameter, Signature, StrKind};
use crate::golang::template::{Library, Value};
use crate::golang::time::{GoTime, Zone};
use crate::stack::alertmanager::Version;
use crate::twin::humanize;
use crate::twin::prometheus_template::replace_all;

/// Gives a text by its name.
type Expand<'d> = dyn Fn(&str) -> Result<String, String> + 'd;

pub(super) struct Functions<'d> {
    pub version: Version,
    /// Absent while templates are only parsed.
    pub data: Option<&'d Data>,
    /// Gives a label of the route by its name, while these are expanded; elsewhere they are in the data.
    pub route_label: Option<&'d Expand<'d>>,
}

const ANY: Signature = Signature::fixed(&[Parameter::Any]);
const TEXT: Signature = Signature::fixed(&[Parameter::Str]);
const TWO_TEXTS: Signature = Signature::fixed(&[Parameter::Str, Parameter::Str]);
const TEXT_AND_TIME: Signature = Signature::fixed(&[Parameter::Str, Parameter::Time]);
const SOME: Signature = Signature::variadic(&[Parameter::Any]);

const FUNCTIONS: &[(&str, Version, Signature)] = &[
    ("append", Version(32), Signature::variadic(&[Parameter::Exactly("[]interface {}"), Parameter::Any])),
    ("base64decode", Version(34), TEXT),
    ("base64encode", Version(34), TEXT),
    ("date", Version(28), TEXT_AND_TIME),
    ("dict", Version(32), SOME),
    ("humanizeDuration", Version(28), ANY),
    ("join", Version(0), Signature::fixed(&[Parameter::Str, Parameter::Strings])),
    ("list", Version(32), SOME),
    ("match", Version(0), TWO_TEXTS),
    ("mustToDate", Version(34), TWO_TEXTS),
    ("now", Version(33), Signature::fixed(&[])),
    ("reReplaceAll", Version(0), Signature::fixed(&[Parameter::Str, Parameter::Str, Parameter::Str])),
    ("routeLabels", Version(34), TEXT),
    ("safeHtml", Version(0), TEXT),
    ("safeUrl", Version(30), TEXT),
    ("since", Version(28), Signature::fixed(&[Parameter::Time])),
    ("stringSlice", Version(0), Signature::variadic(&[Parameter::Str])),
    ("title", Version(0), TEXT),
    ("toDate", Version(34), TWO_TEXTS),
    ("toJson", Version(30), ANY),
    ("toLower", Version(0), TEXT),
    ("toUpper", Version(0), TEXT),
    ("trimSpace", Version(26), TEXT),
    ("tz", Version(28), TEXT_AND_TIME),
    ("urlUnescape", Version(30), TEXT),
];

impl Library for Functions<'_> {
    fn signature(&self, name: &str) -> Option<Signature> {
        let (_, since, signature) = FUNCTIONS.iter().find(|(known, ..)| *known == name)?;
        (self.version >= *since).then_some(*signature)
    }

    fn call(&self, name: &str, arguments: &[Value]) -> Result<Value, String> {
        let text = |at: usize| arguments.get(at).and_then(Value::as_str).unwrap_or("");
        let time = |at: usize| match arguments.get(at) {
            Some(Value::Time(time)) => time.clone(),
            _ => GoTime::ZERO,
        };
        let now = || self.data.map_or(GoTime::ZERO, Data::now);
        let first = arguments.first().unwrap_or(&Value::Nil);
        Ok(match name {
            "toUpper" => text(0).to_uppercase().into(),
            "toLower" => text(0).to_lowercase().into(),
            "title" => humanize::title_by_word(text(0), false).into(),
            "trimSpace" => text(0).trim().into(),
            "join" => arguments.get(1).map(texts).unwrap_or_default().join(text(0)).into(),
            "match" => {
                Value::Bool(regex::compile(text(0)).map_err(|error| error.to_string())?.is_match(text(1)))
            }
            "safeHtml" => Value::Str(text(0).into(), StrKind::Html),
            "safeUrl" => Value::Str(text(0).into(), StrKind::Url),
            "urlUnescape" => query_unescape(text(0))?.into(),
            "reReplaceAll" => replace_all(text(0), text(1), text(2))?.into(),
            "stringSlice" => Value::strings(arguments.iter().filter_map(Value::as_str)),
            "routeLabels" => match self.route_label {
                Some(expand) => expand(text(0))?.into(),
                None => self.data.map_or("", |data| data.route_labels().value(text(0))).into(),
            },
            "date" => time(1).format(text(0)).into(),
            "tz" => Value::Time(time(1).in_zone(zone(text(0))?)),
            "now" => Value::Time(now()),
            "since" => Value::duration(now().since(&time(0))),
            "humanizeDuration" => humanize::humanize_duration(first)?.into(),
            "toDate" => Value::Time(GoTime::parse(text(0), text(1)).unwrap_or(GoTime::ZERO)),
            "mustToDate" => Value::Time(GoTime::parse(text(0), text(1))?),
            "toJson" => to_json(first)?.into(),
            "base64encode" => base64_encode(text(0).as_bytes()).into(),
            "base64decode" => String::from_utf8_lossy(&base64_decode(text(0))?).into_owned().into(),
            "list" => Value::list(&ANYS, arguments.to_vec()),
            "append" => {
                let mut items = match first {
                    Value::List(list) => list.items.to_vec(),
                    _ => Vec::new(),
                };
                items.extend(arguments.iter().skip(1).cloned());
                Value::list(&ANYS, items)
            }
            "dict" => dict(arguments)?,
            _ => return Err(format!("{name} is not a function of Alertmanager")),
        })
    }
}

fn dict(arguments: &[Value]) -> Result<Value, String> {
    if !arguments.len().is_multiple_of(2) {
        return Err("dict requires an even number of arguments".into());
    }
    let pairs = arguments.chunks(2).map(|pair| match &pair[0] {
        Value::Str(key, StrKind::Plain) => Ok((key.clone(), pair[1].clone())),
        _ => Err("dict keys must be strings".to_owned()),
    });
    Ok(Value::map(&ANY_MAP, pairs.collect::<Result<Vec<_>, _>>()?))
}

/// Go's `time.LoadLocation`. The twin's local zone is UTC.
fn zone(name: &str) -> Result<Zone, String> {
    match name {
        "" | "UTC" | "Local" => Ok(Zone::Utc),
        _ => TimeZone::get(name).map(Zone::Named).map_err(|_| format!("unknown time zone {name}")),
    }
}

/// Go's `url.QueryUnescape`.
fn query_unescape(text: &str) -> Result<String, String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'%' => {
                let digits =
                    bytes.get(at + 1..at + 3).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
                let byte = digits
                    .and_then(|digits| std::str::from_utf8(digits).ok())
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok());
                let Some(byte) = byte else {
                    let wrong = String::from_utf8_lossy(&bytes[at..bytes.len().min(at + 3)]).into_owned();
                    return Err(format!("invalid URL escape {}", crate::golang::quote(&wrong)));
                };
                out.push(byte);
                at += 3;
            }
            byte => {
                out.push(if byte == b'+' { b' ' } else { byte });
                at += 1;
            }
        }
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// The alphabet that can stand in URLs.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn base64_encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits =
            chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            match at <= chunk.len() {
                true => out.push(char::from(ALPHABET[(bits >> (18 - 6 * at) & 63) as usize])),
                false => out.push('='),
            }
        }
    }
    out
}

fn base64_decode(text: &str) -> Result<Vec<u8>, String> {
    let corrupt = |at: usize| format!("illegal base64 data at input byte {at}");
    // Line breaks may stand anywhere.
    let digits: Vec<(usize, u8)> =
        text.bytes().enumerate().filter(|(_, b)| !matches!(b, b'\r' | b'\n')).collect();
    let padding = digits.iter().rev().take_while(|(_, b)| *b == b'=').count();
    let data = &digits[..digits.len() - padding];
    let mut out = Vec::with_capacity(data.len() / 4 * 3);
    for chunk in data.chunks(4) {
        let mut bits = 0u32;
        for (at, byte) in chunk {
            let digit = ALPHABET.iter().position(|known| known == byte).ok_or_else(|| corrupt(*at))?;
            bits = bits << 6 | digit as u32;
        }
        bits <<= 6 * (4 - chunk.len());
        match chunk.len() {
            1 => return Err(corrupt(chunk[0].0)),
            length => out.extend_from_slice(&bits.to_be_bytes()[1..length]),
        }
    }
    let wanted = (4 - data.len() % 4) % 4;
    match padding == wanted {
        true => Ok(out),
        false if padding < wanted => Err(corrupt(text.len())),
        false => Err(corrupt(digits[data.len() + wanted].0)),
    }
}
