//! Random expressions of Prometheus 2's language, each of the type that was asked for, and random damage.

use proptest::prelude::*;
use proptest::sample::select;

/// The metrics that there are.
pub const METRICS: [&str; 4] = ["up", "requests_total", "queue", "latency_bucket"];
pub const LABELS: [&str; 3] = ["job", "instance", "le"];
pub const DURATIONS: [&str; 8] = ["30s", "1m", "90s", "2m", "5m", "7m30s", "10m", "1h"];

/// An instant vector.
pub fn vector() -> BoxedStrategy<String> {
    let leaf = prop_oneof![6 => selector(), 1 => Just("vector(1)".to_owned()), 2 => over_range(range())];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            3 => aggregation(inner.clone()),
            3 => vector_operators(inner.clone()),
            2 => with_scalar(inner.clone()),
            2 => function(inner.clone()),
            1 => over_range(subquery(inner.clone())),
            1 => inner.clone().prop_map(|vector| format!("-{vector}")),
            1 => inner.prop_map(|vector| format!("({vector})")),
        ]
    })
    .boxed()
}

/// A scalar.
pub fn scalar() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        number(),
        number(),
        Just("time()".to_owned()),
        Just("pi()".to_owned()),
        selector().prop_map(|vector| format!("scalar({vector})")),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        (inner.clone(), select(&["+", "-", "*", "/", "%", "^", "== bool", "< bool", ">= bool"][..]), inner)
            .prop_map(|(left, op, right)| format!("({left} {op} {right})"))
    })
    .boxed()
}

fn number() -> BoxedStrategy<String> {
    select(&["0", "1", "2", "0.5", "3", "-1", "10", "100", "1e3", "0x10", "Inf", "-Inf", "NaN"][..])
        .prop_map(str::to_owned)
        .boxed()
}

pub fn selector() -> BoxedStrategy<String> {
    (bare_selector(), modifiers()).prop_map(|(selector, modifiers)| selector + &modifiers).boxed()
}

fn bare_selector() -> BoxedStrategy<String> {
    let matcher = prop_oneof![
        Just(r#"job="api""#),
        Just(r#"job!="api""#),
        Just(r#"job=~"a.*|db""#),
        Just(r#"instance!~"1|3""#),
        Just(r#"instance=~".+""#),
        Just(r#"instance="""#),
        Just(r#"le!="+Inf""#),
    ];
    let name = prop_oneof![20 => select(&METRICS[..]), 1 => Just("missing")];
    let matchers = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(matcher, 1..3)];
    (name, matchers)
        .prop_map(|(name, matchers)| match matchers.is_empty() {
            true => name.to_owned(),
            false => format!("{name}{{{}}}", matchers.join(",")),
        })
        .boxed()
}

fn modifiers() -> BoxedStrategy<String> {
    prop_oneof![
        8 => Just(String::new()),
        1 => select(&DURATIONS[..]).prop_map(|offset| format!(" offset {offset}")),
        1 => select(&DURATIONS[..]).prop_map(|offset| format!(" offset -{offset}")),
        1 => (0_u32..1200).prop_map(|time| format!(" @ {time}")),
        1 => Just(" @ start()".to_owned()),
        1 => (0_u32..600).prop_map(|time| format!(" @ {time} offset 1m")),
    ]
    .boxed()
}

fn range() -> BoxedStrategy<String> {
    (bare_selector(), select(&DURATIONS[..]), modifiers())
        .prop_map(|(selector, range, modifiers)| format!("{selector}[{range}]{modifiers}"))
        .boxed()
}

fn subquery(inner: BoxedStrategy<String>) -> BoxedStrategy<String> {
    (inner, select(&DURATIONS[..]), select(&["", "15s", "1m", "2m30s"][..]), modifiers())
        .prop_map(|(inner, range, step, modifiers)| format!("({inner})[{range}:{step}]{modifiers}"))
        .boxed()
}

fn over_range(range: BoxedStrategy<String>) -> BoxedStrategy<String> {
    const FUNCTIONS: &[&str] = &[
        "rate",
        "irate",
        "increase",
        "delta",
        "idelta",
        "deriv",
        "changes",
        "resets",
        "avg_over_time",
        "min_over_time",
        "max_over_time",
        "sum_over_time",
        "count_over_time",
        "stddev_over_time",
        "stdvar_over_time",
        "last_over_time",
        "present_over_time",
        "absent_over_time",
    ];
    prop_oneof![
        6 => (select(FUNCTIONS), range.clone()).prop_map(|(function, range)| format!("{function}({range})")),
        1 => (select(&["0", "0.5", "0.9", "1", "2", "-1"][..]), range.clone())
            .prop_map(|(quantile, range)| format!("quantile_over_time({quantile}, {range})")),
        1 => (range.clone(), select(&["0", "60", "-30"][..]))
            .prop_map(|(range, ahead)| format!("predict_linear({range}, {ahead})")),
        1 => range.prop_map(|range| format!("holt_winters({range}, 0.5, 0.25)")),
    ]
    .boxed()
}

fn labels() -> BoxedStrategy<String> {
    prop::sample::subsequence(&LABELS[..], 0..=2).prop_map(|labels| labels.join(", ")).boxed()
}

fn aggregation(inner: BoxedStrategy<String>) -> BoxedStrategy<String> {
    const PLAIN: &[&str] = &["sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"];
    let grouping = prop_oneof![
        Just(String::new()),
        labels().prop_map(|labels| format!(" by ({labels}) ")),
        labels().prop_map(|labels| format!(" without ({labels}) ")),
    ];
    prop_oneof![
        6 => (select(PLAIN), grouping.clone(), inner.clone())
            .prop_map(|(op, grouping, inner)| format!("{op}{grouping}({inner})")),
        1 => (select(&["0.5", "0", "1", "0.9", "-1", "NaN"][..]), grouping.clone(), inner.clone())
            .prop_map(|(quantile, grouping, inner)| format!("quantile{grouping}({quantile}, {inner})")),
        // Rounded: promtool adds series up in an order of chance, and the last digit would make another label.
        1 => (grouping.clone(), inner).prop_map(|(by, inner)| format!("count_values{by}(\"value\", round({inner}))")),
        // Of a selector only: which of two equal values stays is left to chance.
        1 => (select(&["topk", "bottomk"][..]), select(&["0", "1", "2", "5"][..]), grouping, selector())
            .prop_map(|(op, k, grouping, selector)| format!("{op}{grouping}({k}, {selector})")),
    ]
    .boxed()
}

fn vector_operators(inner: BoxedStrategy<String>) -> BoxedStrategy<String> {
    const ARITHMETIC: &[&str] =
        &["+", "-", "*", "/", "%", "^", "atan2", "==", "!=", "<", "<=", ">", ">=", "== bool", "> bool"];
    let matching = prop_oneof![
        Just(String::new()),
        labels().prop_map(|labels| format!(" on ({labels})")),
        labels().prop_map(|labels| format!(" ignoring ({labels})")),
    ];
    let group = prop_oneof![
        3 => Just(String::new()),
        1 => Just(" group_left ()".to_owned()),
        1 => Just(" group_right ()".to_owned()),
        1 => Just(" group_left (instance)".to_owned()),
        1 => Just(" group_right (job)".to_owned()),
    ];
    prop_oneof![
        2 => (inner.clone(), select(ARITHMETIC), matching.clone(), group, inner.clone()).prop_map(
            |(left, op, matching, group, right)| {
                // Grouping needs `on` or `ignoring` in front of it.
                let group = if matching.is_empty() { "" } else { &group };
                format!("{left} {op}{matching}{group} {right}")
            }
        ),
        1 => (inner.clone(), select(&["and", "or", "unless"][..]), matching, inner)
            .prop_map(|(left, op, matching, right)| format!("{left} {op}{matching} {right}")),
    ]
    .boxed()
}

fn with_scalar(inner: BoxedStrategy<String>) -> BoxedStrategy<String> {
    const OPERATORS: &[&str] =
        &["+", "-", "*", "/", "%", "^", "==", "!=", "<", "<=", ">", ">=", "== bool", "< bool", "atan2"];
    (inner, select(OPERATORS), scalar(), any::<bool>())
        .prop_map(|(vector, op, scalar, vector_first)| match vector_first {
            true => format!("{vector} {op} {scalar}"),
            false => format!("{scalar} {op} {vector}"),
        })
        .boxed()
}

fn function(inner: BoxedStrategy<String>) -> BoxedStrategy<String> {
    const PLAIN: &[&str] = &[
        "abs",
        "ceil",
        "floor",
        "exp",
        "ln",
        "log2",
        "log10",
        "sqrt",
        "sgn",
        "round",
        "sort",
        "sort_desc",
        "absent",
        "timestamp",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "tanh",
        "asinh",
        "acosh",
        "atanh",
        "deg",
        "rad",
        "day_of_month",
        "day_of_week",
        "day_of_year",
        "days_in_month",
        "hour",
        "minute",
        "month",
        "year",
    ];
    prop_oneof![
        6 => (select(PLAIN), inner.clone()).prop_map(|(function, inner)| format!("{function}({inner})")),
        1 => (inner.clone(), select(&["0.5", "10", "0", "-3"][..]))
            .prop_map(|(inner, to)| format!("round({inner}, {to})")),
        1 => (select(&["clamp_min", "clamp_max"][..]), inner.clone(), scalar())
            .prop_map(|(function, inner, limit)| format!("{function}({inner}, {limit})")),
        1 => (inner.clone(), scalar(), scalar())
            .prop_map(|(inner, low, high)| format!("clamp({inner}, {low}, {high})")),
        1 => inner.clone().prop_map(|inner| format!("vector(scalar({inner}))")),
        1 => (select(&["0.5", "0.9", "0", "1", "-1", "2"][..]), inner.clone())
            .prop_map(|(quantile, inner)| format!("histogram_quantile({quantile}, {inner})")),
        1 => (select(&["$1", "x$1y", "", "$0"][..]), select(&["(.*)", "(a).*", "x", ""][..]), inner.clone())
            .prop_map(|(to, from, inner)| format!("label_replace({inner}, \"to\", \"{to}\", \"job\", \"{from}\")")),
        1 => inner.prop_map(|inner| format!("label_join({inner}, \"to\", \"-\", \"job\", \"instance\")")),
    ]
    .boxed()
}

/// A text with pieces taken out, put in and repeated; most of them nobody would accept.
pub fn damaged() -> BoxedStrategy<String> {
    const PIECES: &[&str] = &[
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        ",",
        "=",
        "==",
        "!=",
        "=~",
        "!~",
        "!",
        "<",
        ">",
        "+",
        "-",
        "*",
        "/",
        "%",
        "^",
        ":",
        "#",
        "\n",
        " ",
        "\"",
        "'",
        "`",
        "\\",
        "\"a\"",
        "'\\x41'",
        "\"\\q\"",
        "é",
        "\u{7f}",
        "5m",
        "0",
        "1e",
        "0x",
        "0x1.8",
        ".5",
        "1.2.3",
        "08",
        "017",
        "5mm",
        "1h5",
        "2h1d",
        "1y",
        "0s",
        "inf",
        "NaN",
        "a",
        "a:b",
        "sum",
        "by",
        "without",
        "(a,b)",
        "()",
        "on",
        "ignoring",
        "group_left",
        "group_right",
        "bool",
        "offset",
        "start",
        "end",
        "start()",
        "and",
        "or",
        "unless",
        "atan2",
        "topk",
        "quantile",
        "count_values",
        "rate",
        "time()",
        "up",
        "[5m]",
        "[5m:]",
        "[5m:1m]",
        "offset 5m",
        "offset -5m",
        "{a=\"b\"}",
        "{a=~\"(\"}",
        "{__name__=\"x\"}",
        ";",
        "$",
        "@",
    ];
    let damage = (any::<prop::sample::Index>(), select(PIECES), 0_u8..4);
    (prop_oneof![vector(), scalar(), range()], prop::collection::vec(damage, 1..3))
        .prop_map(|(text, damages)| {
            damages.into_iter().fold(text, |text, (at, piece, kind)| break_at(&text, at, piece, kind))
        })
        .boxed()
}

fn break_at(text: &str, at: prop::sample::Index, piece: &str, kind: u8) -> String {
    let mut words: Vec<&str> = text.split_inclusive(|c: char| !c.is_alphanumeric()).collect();
    let at = at.index(words.len() + 1);
    match kind {
        0 if at < words.len() => drop(words.remove(at)),
        1 if at < words.len() => words[at] = piece,
        2 if at < words.len() => words.insert(at, words[at]),
        _ => words.insert(at, piece),
    }
    words.concat()
}
