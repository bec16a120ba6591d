//! Metrics that application code makes, as found in a guide's code: prom-client for Node, prometheus_client for
//! Python.
//!
//! Promises: a metric is found where its constructor has its name as a literal; labels that are not literal are
//! said to be open. Code is not run, so names put together are not found.

pub mod text;
mod uses;

use std::collections::BTreeMap;

use crate::diagnostic::{SourceFile, Spanned};
use crate::stack::wiring::{Change, InstrumentedMetric, MetricKind, MetricUse};
use text::{closing, split, word_at};

const KINDS: [(&str, MetricKind); 4] = [
    ("Counter", MetricKind::Counter),
    ("Gauge", MetricKind::Gauge),
    ("Histogram", MetricKind::Histogram),
    ("Summary", MetricKind::Summary),
];

pub fn read(file: &SourceFile) -> Vec<InstrumentedMetric> {
    let text = file.text();
    if !["prom-client", "prometheus_client", "promClient", "prometheus"]
        .iter()
        .any(|name| text.contains(name))
    {
        return Vec::new();
    }
    let always = default_labels(text);
    let mut metrics: Vec<(usize, InstrumentedMetric)> = Vec::new();
    for (word, kind) in KINDS {
        for (at, _) in text.match_indices(&format!("{word}(")) {
            let part_of_word = text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            let start = at + word.len() + 1;
            if let Some(mut metric) = (!part_of_word).then(|| metric(file, start, kind)).flatten() {
                let own = metric.labels.clone();
                if let Some(variable) = variable(&text[..at]) {
                    uses::find(file, variable, &mut metric);
                }
                metric.labels.extend(always.iter().filter(|label| !own.contains(label)).cloned());
                metrics.push((at, metric));
            }
        }
    }
    metrics.sort_by_key(|(at, _)| *at);
    metrics.into_iter().map(|(_, metric)| metric).collect()
}

/// Labels that prom-client's registry gives to all metrics.
fn default_labels(text: &str) -> Vec<String> {
    let Some(at) = text.find("setDefaultLabels(") else { return Vec::new() };
    let start = at + "setDefaultLabels(".len();
    let arguments = closing(text, start).map_or("", |end| &text[start..end]);
    let inside = arguments.trim().trim_start_matches('{').trim_end_matches('}');
    let keys = split(inside).into_iter().filter_map(|(_, entry)| Some(entry.split_once(':')?.0));
    keys.map(|key| key.trim().trim_matches(['"', '\'']).to_owned()).collect()
}

/// The variable that a constructor's result is assigned to.
fn variable(before: &str) -> Option<&str> {
    let name = |c: char| c.is_alphanumeric() || c == '_';
    let before = before.trim_end_matches(|c: char| name(c) || c == '.').trim_end();
    let before = before.strip_suffix("new").unwrap_or(before).trim_end();
    let before = before.strip_suffix('=')?.trim_end();
    let start = before
        .rfind(|c: char| !name(c))
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let last = &before[start..];
    // `name: Type =`
    let lead = before[..start].trim_end();
    let variable = match lead.strip_suffix(':') {
        Some(lead) => {
            let lead = lead.trim_end();
            &lead[lead
                .rfind(|c: char| !name(c))
                .map_or(0, |at| at + lead[at..].chars().next().map_or(1, char::len_utf8))..]
        }
        None => last,
    };
    (!variable.is_empty() && word_at(before, before.rfind(variable)?, variable.len())).then_some(variable)
}

/// The metric whose constructor's arguments start at `start`.
fn metric(file: &SourceFile, start: usize, kind: MetricKind) -> Option<InstrumentedMetric> {
    let arguments = &file.text()[start..closing(file.text(), start)?];
    let (name_at, name, labels) = match arguments.trim_start().starts_with('{') {
        true => {
            let value = behind_key(arguments, "name")?;
            let (at, name) = literal(arguments, value)?;
            let labels = behind_key(arguments, "labelNames").map(|at| list(arguments, at));
            (at, name, labels)
        }
        false => {
            let (at, name) = literal(arguments, 0)?;
            let named = behind_key(arguments, "labelnames");
            let labels = named.or_else(|| third(arguments));
            (at, name, labels.map(|at| list(arguments, at)))
        }
    };
    let open_labels = labels.as_ref().is_some_and(Option::is_none);
    let buckets = behind_key(arguments, "buckets").and_then(|at| {
        let inside = bracketed(arguments, at)?;
        inside.split(',').map(str::trim).filter(|it| !it.is_empty()).map(|it| it.parse().ok()).collect()
    });
    let name_start = start + name_at;
    let span = file.span(name_start..name_start + name.len());
    // The Python client gives counters their suffix.
    let python = !arguments.trim_start().starts_with('{');
    let name = match kind {
        MetricKind::Counter if python && !name.ends_with("_total") => format!("{name}_total"),
        _ => name.to_owned(),
    };
    Some(InstrumentedMetric {
        name: Spanned::new(name, span),
        kind,
        labels: labels.flatten().unwrap_or_default(),
        open_labels,
        buckets,
        values: BTreeMap::new(),
        // A function of its own sets it at each scrape.
        uses: behind_word(arguments, "collect")
            .map(|at| MetricUse { change: Change::Set, place: file.span(start + at..start + at + 7) })
            .into_iter()
            .collect(),
        label_sources: Vec::new(),
    })
}

fn behind_word(text: &str, word: &str) -> Option<usize> {
    text.match_indices(word).map(|(at, _)| at).find(|at| word_at(text, *at, word.len()))
}

/// Where the list behind the name and the help starts.
fn third(arguments: &str) -> Option<usize> {
    let mut quote = None;
    let mut commas = 0;
    for (at, c) in arguments.char_indices() {
        match (quote, c) {
            (Some(mark), c) if c == mark => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, ',') => commas += 1,
            (None, '[' | '(') if commas == 2 => return Some(at),
            (None, '=') => return None,
            _ => {}
        }
    }
    None
}

/// Where the value of `key:` or `key=` starts.
fn behind_key(text: &str, key: &str) -> Option<usize> {
    text.match_indices(key).find_map(|(at, _)| {
        let before = text[..at].chars().next_back();
        let behind = text[at + key.len()..].trim_start_matches(['"', '\'']).trim_start();
        let whole = before.is_none_or(|c| !c.is_alphanumeric() && c != '_');
        let value = behind.strip_prefix([':', '='])?;
        whole.then(|| text.len() - value.len())
    })
}

/// The first text in quotes, if nothing but white space stands before it.
fn literal(text: &str, at: usize) -> Option<(usize, &str)> {
    let start = at + (text[at..].len() - text[at..].trim_start().len());
    let quote = text[start..].chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
    let inside = &text[start + 1..];
    let end = inside.find(quote)?;
    Some((start + 1, &inside[..end]))
}

fn bracketed(text: &str, at: usize) -> Option<&str> {
    let start = at + (text[at..].len() - text[at..].trim_start().len());
    let inside = text[start..].strip_prefix('[').or_else(|| text[start..].strip_prefix('('))?;
    inside.find([']', ')']).map(|end| &inside[..end])
}

/// A list of literal texts.
fn list(text: &str, at: usize) -> Option<Vec<String>> {
    let items = bracketed(text, at)?.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(|item| literal(item, 0).map(|(_, text)| text.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each metric as `kind name [labels] place`.
    #[track_caller]
    fn check(code: &str, expected: &[&str]) {
        let got: Vec<String> = read(&SourceFile::new("app", code))
            .iter()
            .map(|metric| {
                let open = if metric.open_labels { ", …" } else { "" };
                let labels = metric.labels.join(" ");
                format!("{:?} {} [{labels}{open}] {}", metric.kind, metric.name.value, metric.name.span)
            })
            .collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn metrics_of_prom_client_are_found() {
        check(
            "import c from \"prom-client\";\nconst a = new c.Counter({\n  name: 'a_total',\n  help: \"A (b\",\n  \
             labelNames: [\"x\", 'y'] as const,\n});\n",
            &["Counter a_total [x y] app:3:10"],
        );
        check(
            "require('prom-client');\nnew Histogram({ name: 'h', buckets: [0.1, 1] }); new Gauge({name: n})",
            &["Histogram h [] app:2:24"],
        );
        check(
            "require('prom-client');\nnew Gauge({name: 'g', labelNames: labels})",
            &["Gauge g [, …] app:2:19"],
        );
    }

    #[test]
    fn metrics_of_prometheus_client_are_found() {
        check(
            "from prometheus_client import Counter\nC = Counter('requests', 'All [of] them', ['method', \"status\"])\n",
            &["Counter requests_total [method status] app:2:14"],
        );
        check(
            "from prometheus_client import *\nH = Histogram(\n  'h_seconds',\n  'Help', labelnames=('a',))\n",
            &["Histogram h_seconds [a] app:3:4"],
        );
    }

    #[test]
    fn code_without_a_client_and_cut_code_have_none() {
        check("new Counter({name: 'a'})", &[]);
        check("require('prom-client'); new Counter({name: 'a'", &[]);
    }

    /// Of each metric its labels' closed values, and how it changes.
    #[track_caller]
    fn uses(code: &str, expected: &[&str]) {
        let got: Vec<String> = read(&SourceFile::new("app", code))
            .iter()
            .map(|metric| {
                let changes: Vec<String> = metric.uses.iter().map(|it| format!("{:?}", it.change)).collect();
                let values =
                    metric.values.iter().map(|(label, values)| format!("{label}={}", values.join("|")));
                format!(
                    "{} [{}] {}",
                    metric.name.value,
                    values.collect::<Vec<_>>().join(" "),
                    changes.join(" ")
                )
            })
            .collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn the_values_that_the_code_gives_its_labels_are_known_where_they_are_literal() {
        let python = |use_of_it: &str| {
            format!(
                "from prometheus_client import Counter\nC = Counter('c', 'h', ['m', 's'])\ndef f(request):\n{use_of_it}\n"
            )
        };
        uses(&python("  C.labels(m=request.method, s=200).inc()"), &["c_total [s=200] Rises"]);
        uses(&python("  C.labels('GET', 'ok').inc()"), &["c_total [m=GET s=ok] Rises"]);
        uses(
            &python(
                "  try:\n    s = 'success'\n  except E:\n    s = 'error'\n  C.labels(m=request.method, s=s).inc()",
            ),
            &["c_total [s=success|error] Rises"],
        );
        uses(&python("  C.labels(m=request.method, s=request).inc()"), &["c_total [] Rises"]);
        uses(
            &python("  C.labels(m='a', s=x).inc()\n  C.labels(m='b', s=1).inc()"),
            &["c_total [m=a|b] Rises Rises"],
        );
        let node = |use_of_it: &str| {
            format!(
                "import p from 'prom-client';\nconst g = new p.Gauge({{name: 'g', labelNames: ['a']}});\n{use_of_it}\n"
            )
        };
        uses(&node("g.inc({ a: 'x' }); g.labels('y').dec();"), &["g [a=x|y] Rises Falls"]);
        uses(&node("const l = { a: req.path };\ng.set(l, 3);"), &["g [] Set"]);
        uses(&node("g.inc({ a: ok ? 'x' : 'y' });"), &["g [a=x|y] Rises"]);
        uses(&node("agg.inc({ a: 'x' });"), &["g [] "]);
    }

    #[test]
    fn default_labels_are_on_every_metric() {
        check(
            "const p = require('prom-client');\np.register.setDefaultLabels({ app: 'x', version: v });\nnew p.Counter({name: 'a', labelNames: ['b']});",
            &["Counter a [b app version] app:3:23"],
        );
    }
}
