//! What a notification's templates see as `.`.

use std::sync::{Arc, OnceLock};

use crate::golang::regex::quote_meta;
use crate::golang::template::Value;
use crate::golang::template::value::{Element, Method, Parameter, STRINGS, Signature, Type};
use crate::golang::time::GoTime;
use crate::labels::Labels;
use crate::stack::alertmanager::Version;
use crate::time::Timestamp;

/// The alerts of a notification and what they have in common.
#[derive(Clone, Debug)]
pub struct Data {
    pub receiver: String,
    pub group_labels: Labels,
    pub external_url: String,
    pub alerts: Vec<TemplateAlert>,
    common_labels: Labels,
    common_annotations: Labels,
    /// Those of the route, as their templates gave them; while these are expanded, as they are written.
    route_labels: Labels,
    /// Why the notification is sent, in Alertmanager's words; templates see it from 0.32 on.
    reason: String,
    now: Timestamp,
    value: OnceLock<(Version, Value)>,
    built: OnceLock<Value>,
}

#[derive(Clone, Debug)]
pub struct TemplateAlert {
    /// `firing` or `resolved`.
    pub status: String,
    pub labels: Labels,
    pub annotations: Labels,
    pub starts_at: Timestamp,
    /// Without one, templates see year 1.
    pub ends_at: Option<Timestamp>,
    pub generator_url: Arc<str>,
    pub fingerprint: String,
}

impl Data {
    pub fn new(
        receiver: &str,
        group_labels: &Labels,
        external_url: &str,
        alerts: Vec<TemplateAlert>,
    ) -> Data {
        let common = |of: fn(&TemplateAlert) -> &Labels| {
            let Some(first) = alerts.first() else { return Labels::empty() };
            let mut common = of(first).builder();
            common.retain(|name, value| alerts.iter().all(|alert| of(alert).value(name) == value));
            common.build()
        };
        let (common_labels, common_annotations) =
            (common(|alert| &alert.labels), common(|alert| &alert.annotations));
        Data {
            receiver: receiver.to_owned(),
            group_labels: group_labels.clone(),
            external_url: external_url.to_owned(),
            alerts,
            common_labels,
            common_annotations,
            route_labels: Labels::empty(),
            reason: String::new(),
            now: Timestamp::default(),
            value: OnceLock::new(),
            built: OnceLock::new(),
        }
    }

    /// With the instant at which it is rendered, for `now` and `since`.
    pub fn at(mut self, now: Timestamp) -> Data {
        self.now = now;
        self
    }

    /// With the reason for sending.
    pub fn because(mut self, reason: &str) -> Data {
        self.reason = reason.to_owned();
        self
    }

    /// With the labels of the route.
    pub fn with_route_labels(mut self, labels: Labels) -> Data {
        self.route_labels = labels;
        (self.value, self.built) = Default::default();
        self
    }

    /// With common labels and annotations that were worked out elsewhere.
    pub fn with_common(mut self, labels: Labels, annotations: Labels) -> Data {
        (self.common_labels, self.common_annotations) = (labels, annotations);
        self
    }

    pub fn common_labels(&self) -> &Labels {
        &self.common_labels
    }

    pub fn common_annotations(&self) -> &Labels {
        &self.common_annotations
    }

    pub(super) fn route_labels(&self) -> &Labels {
        &self.route_labels
    }

    /// `firing` while any alert is.
    pub fn status(&self) -> &str {
        match self.alerts.iter().find(|alert| alert.status != "resolved") {
            Some(alert) => &alert.status,
            None => "resolved",
        }
    }

    pub(super) fn now(&self) -> GoTime {
        GoTime::from_milliseconds(self.now.0)
    }

    /// As templates see it; worked out once.
    pub(super) fn value(&self, version: Version) -> &Value {
        let (known, value) = self.value.get_or_init(|| (version, self.build(version)));
        match *known == version {
            true => value,
            false => self.built.get_or_init(|| self.build(version)),
        }
    }

    fn build(&self, version: Version) -> Value {
        let types = Types::of(version);
        let labels = |labels: &Labels| Value::string_map(types.kv, labels.iter());
        let alerts = self.alerts.iter().map(|alert| {
            let ends_at = alert.ends_at.map_or(GoTime::ZERO, |at| GoTime::from_milliseconds(at.0));
            let fields = vec![
                alert.status.as_str().into(),
                labels(&alert.labels),
                labels(&alert.annotations),
                Value::Time(GoTime::from_milliseconds(alert.starts_at.0)),
                Value::Time(ends_at),
                (&*alert.generator_url).into(),
                alert.fingerprint.as_str().into(),
            ];
            Value::object(&ALERT, fields)
        });
        let mut fields = vec![
            quote_meta(&self.receiver).into(),
            self.status().into(),
            Value::list(&ALERTS, alerts.collect()),
            labels(&self.group_labels),
            labels(&self.common_labels),
            labels(&self.common_annotations),
            self.external_url.as_str().into(),
        ];
        if version >= HAS_REASON {
            fields.insert(3, self.reason.as_str().into());
        }
        if version >= HAS_ROUTE_LABELS {
            fields.insert(7, labels(&self.route_labels));
        }
        Value::object(types.data, fields)
    }
}

const HAS_TEXTS: Version = Version(26);
const HAS_REASON: Version = Version(32);
const HAS_ROUTE_LABELS: Version = Version(34);

/// The types whose methods or fields differ between versions.
struct Types {
    data: &'static Type,
    kv: &'static Type,
}

impl Types {
    fn of(version: Version) -> Types {
        let data = match () {
            () if version >= HAS_ROUTE_LABELS => &DATA_34,
            () if version >= HAS_REASON => &DATA_32,
            () => &DATA_25,
        };
        let kv = match () {
            () if version >= HAS_ROUTE_LABELS => &KV_34,
            () if version >= HAS_TEXTS => &KV_26,
            () => &KV_25,
        };
        Types { data, kv }
    }
}

const NONE: Signature = Signature::fixed(&[]);

const fn list(name: &'static str, element: Element, methods: &'static [Method]) -> Type {
    Type { name, fields: &[], json_fields: &[], element, methods, text: None }
}

const fn object(
    name: &'static str,
    fields: &'static [&'static str],
    json_fields: &'static [&'static str],
) -> Type {
    Type { name, fields, json_fields, element: Element::Any, methods: &[], text: None }
}

static DATA_25: Type = object(
    "*template.Data",
    &["Receiver", "Status", "Alerts", "GroupLabels", "CommonLabels", "CommonAnnotations", "ExternalURL"],
    &["receiver", "status", "alerts", "groupLabels", "commonLabels", "commonAnnotations", "externalURL"],
);

static DATA_32: Type = object(
    "*template.Data",
    &[
        "Receiver",
        "Status",
        "Alerts",
        "NotificationReason",
        "GroupLabels",
        "CommonLabels",
        "CommonAnnotations",
        "ExternalURL",
    ],
    &[
        "receiver",
        "status",
        "alerts",
        "notification_reason",
        "groupLabels",
        "commonLabels",
        "commonAnnotations",
        "externalURL",
    ],
);

static DATA_34: Type = object(
    "*template.Data",
    &[
        "Receiver",
        "Status",
        "Alerts",
        "NotificationReason",
        "GroupLabels",
        "CommonLabels",
        "CommonAnnotations",
        "RouteLabels",
        "ExternalURL",
    ],
    &[
        "receiver",
        "status",
        "alerts",
        "notification_reason",
        "groupLabels",
        "commonLabels",
        "commonAnnotations",
        "routeLabels",
        "externalURL",
    ],
);

static ALERT: Type = object(
    "template.Alert",
    &["Status", "Labels", "Annotations", "StartsAt", "EndsAt", "GeneratorURL", "Fingerprint"],
    &["status", "labels", "annotations", "startsAt", "endsAt", "generatorURL", "fingerprint"],
);

static PAIR: Type = object("template.Pair", &["Name", "Value"], &[]);

/// What `Firing` and `Resolved` give: a list without their methods.
static SOME_ALERTS: Type = list("[]template.Alert", Element::Typed("template.Alert"), &[]);

static ALERTS: Type = list(
    "template.Alerts",
    Element::Typed("template.Alert"),
    &[
        Method { name: "Firing", signature: NONE, call: |alerts, _| Ok(with_status(alerts, "firing")) },
        Method { name: "Resolved", signature: NONE, call: |alerts, _| Ok(with_status(alerts, "resolved")) },
    ],
);

fn with_status(alerts: &Value, status: &str) -> Value {
    let Value::List(alerts) = alerts else { return Value::Nil };
    let has_status = |alert: &&Value| match alert {
        Value::Struct(alert) => alert.fields.first().and_then(Value::as_str) == Some(status),
        _ => false,
    };
    Value::list(&SOME_ALERTS, alerts.items.iter().filter(has_status).cloned().collect())
}

/// The types of a label set, its pairs and their names in one version.
macro_rules! label_types {
    ($kv:ident, $pairs:ident, $strings:expr, $kv_text:expr, $pairs_text:expr) => {
        static $kv: Type = Type {
            name: "template.KV",
            fields: &[],
            json_fields: &[],
            element: Element::Str,
            methods: &[
                Method { name: "SortedPairs", signature: NONE, call: |kv, _| Ok(sorted_pairs(kv, &$pairs)) },
                Method {
                    name: "Remove",
                    signature: Signature::fixed(&[Parameter::Strings]),
                    call: |kv, arguments| Ok(without(kv, arguments.first(), &$kv)),
                },
                Method { name: "Names", signature: NONE, call: |kv, _| Ok(names(kv, 0, $strings)) },
                Method { name: "Values", signature: NONE, call: |kv, _| Ok(names(kv, 1, $strings)) },
            ],
            text: $kv_text,
        };
        static $pairs: Type = Type {
            name: "template.Pairs",
            fields: &[],
            json_fields: &[],
            element: Element::Typed("template.Pair"),
            methods: &[
                Method {
                    name: "Names",
                    signature: NONE,
                    call: |pairs, _| Ok(pair_parts(pairs, 0, $strings)),
                },
                Method {
                    name: "Values",
                    signature: NONE,
                    call: |pairs, _| Ok(pair_parts(pairs, 1, $strings)),
                },
            ],
            text: $pairs_text,
        };
    };
}

label_types!(KV_25, PAIRS_25, &STRINGS, None, None);
label_types!(KV_26, PAIRS_26, &STRINGS, Some(kv_text), Some(pairs_text));
label_types!(KV_34, PAIRS_34, &NAMED_STRINGS, Some(kv_text), Some(pairs_text));

/// A list of texts that can join itself.
static NAMED_STRINGS: Type = list(
    "template.Strings",
    Element::Str,
    &[Method {
        name: "Join",
        signature: Signature::fixed(&[Parameter::Str]),
        call: |strings, arguments| {
            Ok(texts(strings).join(arguments.first().and_then(Value::as_str).unwrap_or("")).into())
        },
    }],
);

/// The texts of a list of them.
pub(super) fn texts(list: &Value) -> Vec<&str> {
    match list {
        Value::List(list) => list.items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The alert's name first, the other labels by their names.
fn pairs(kv: &Value) -> Vec<(&str, &str)> {
    let Value::Map(map) = kv else { return Vec::new() };
    let mut pairs: Vec<(&str, &str)> =
        map.entries.iter().map(|(name, value)| (&**name, value.as_str().unwrap_or(""))).collect();
    pairs.sort_by_key(|(name, _)| *name != "alertname");
    pairs
}

fn sorted_pairs(kv: &Value, of: &'static Type) -> Value {
    let pair = |(name, value): (&str, &str)| Value::object(&PAIR, vec![name.into(), value.into()]);
    Value::list(of, pairs(kv).into_iter().map(pair).collect())
}

fn names(kv: &Value, part: usize, of: &'static Type) -> Value {
    let texts = pairs(kv).into_iter().map(|(name, value)| Value::from(if part == 0 { name } else { value }));
    Value::list(of, texts.collect())
}

fn pair_parts(pairs: &Value, part: usize, of: &'static Type) -> Value {
    let Value::List(list) = pairs else { return Value::Nil };
    let texts = list.items.iter().filter_map(|pair| match pair {
        Value::Struct(pair) => pair.fields.get(part).cloned(),
        _ => None,
    });
    Value::list(of, texts.collect())
}

fn without(kv: &Value, names: Option<&Value>, of: &'static Type) -> Value {
    let Value::Map(map) = kv else { return Value::Nil };
    let removed = names.map(texts).unwrap_or_default();
    let kept = map.entries.iter().filter(|(name, _)| !removed.contains(&&***name));
    Value::map(of, kept.map(|(name, value)| (name.clone(), value.clone())))
}

fn joined<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ")
}

fn kv_text(kv: &Value) -> String {
    joined(pairs(kv))
}

fn pairs_text(pairs: &Value) -> String {
    let (names, values) = (pair_parts(pairs, 0, &STRINGS), pair_parts(pairs, 1, &STRINGS));
    joined(texts(&names).into_iter().zip(texts(&values)))
}
