//! Functions that count or trace, and that nothing calls.

use std::sync::LazyLock;

use regex::Regex;

use crate::checks::{Check, Harm, queries};
use crate::diagnostic::{Diagnostic, SourceFile, Span};
use crate::documents::instrumentation::text::words;
use crate::stack::wiring::{InstrumentedMetric, PartKind, Wiring};

pub const CHECK: Check = Check {
    id: "instrumentation-uncalled",
    harm: Harm::Risk,
    title: "nothing calls the function that counts or traces this",
    explanation: "A decorator that decorates nothing, a middleware that no application uses, a helper that nobody calls: the metric that it \
                  changes stays at its start, and rules and panels about it are empty. Only metrics that some rule or panel asks for \
                  are told, and functions whose name stands nowhere else in the documents, their sentences included.",
    example: "groups:\n- name: shop\n  rules:\n  - alert: A\n    expr: rate(orders_total[5m]) < 1\n```\n```python\nfrom prometheus_client import Counter\nORDERS = Counter('orders_total', 'Orders')\ndef count_order():\n    ORDERS.inc()\n",
    mended: "groups:\n- name: shop\n  rules:\n  - alert: A\n    expr: rate(orders_total[5m]) < 1\n```\n```python\nfrom prometheus_client import Counter\nORDERS = Counter('orders_total', 'Orders')\ndef count_order():\n    ORDERS.inc()\ndef checkout(cart):\n    count_order()\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let names = Names::of(wiring);
    let mut found: Vec<(Span, Diagnostic)> = Vec::new();
    for metric in asked(wiring) {
        let functions = metric.uses.iter().map(|it| outermost(&it.place.file, it.place.start));
        let Some(functions) = uncalled(functions, &names) else { continue };
        let Some(function) = functions.first() else { continue };
        let name = function.text();
        match found.iter_mut().find(|(place, _)| place.same_as(function)) {
            Some((_, known)) => {
                known.related.push((
                    metric.name.span.clone(),
                    format!("nor does anything else change `{}`", metric.name.value),
                ));
            }
            None => found.push((
                function.clone(),
                told(
                    function,
                    &format!("nothing calls `{name}`, which alone changes `{}`", metric.name.value),
                )
                .related(&metric.name.span, "a rule or a panel asks for it"),
            )),
        }
    }
    found.extend(tracing(wiring, &names));
    found.into_iter().map(|(_, diagnostic)| diagnostic).collect()
}

fn told(function: &Span, message: &str) -> Diagnostic {
    Diagnostic::warning("", message)
        .at(function)
        .label("its name stands nowhere else")
        .because("assuming that the code that uses it is documented")
        .help("apply it where requests are handled, and show that in the documents")
        .shared("functions that count or trace, and that nothing calls")
}

/// The metrics that some rule or panel asks for.
fn asked(wiring: &Wiring) -> impl Iterator<Item = &InstrumentedMetric> {
    let names: Vec<&str> = queries(wiring)
        .flat_map(|query| query.expr.selectors())
        .filter_map(|(selector, _)| selector.metric_name())
        .collect();
    wiring
        .metrics
        .iter()
        .filter(move |metric| names.iter().any(|name| metric.kind.series(&metric.name.value, name)))
}

/// Spans that are started by functions alone that nothing calls.
fn tracing(wiring: &Wiring, names: &Names) -> Vec<(Span, Diagnostic)> {
    const STARTS: [&str; 5] =
        ["start_as_current_span(", "start_span(", "startSpan(", "startActiveSpan(", "start_active_span("];
    let clients = wiring.traces.clients.iter();
    let found = clients.filter_map(|client| {
        let file = &client.place.file;
        let starts = STARTS.iter().flat_map(|start| file.text().match_indices(start).map(|(at, _)| at));
        let functions = uncalled(starts.map(|at| outermost(file, at)), names)?;
        let function = functions.first()?.clone();
        let message = format!("nothing calls `{}`, which alone starts spans", function.text());
        Some((function.clone(), told(&function, &message)))
    });
    found.collect()
}

/// The functions, where there are some, each use lies in one, and nothing calls any of them.
fn uncalled(functions: impl Iterator<Item = Option<Span>>, names: &Names) -> Option<Vec<Span>> {
    let functions: Vec<Span> = functions.collect::<Option<_>>()?;
    let idle = functions.iter().all(|function| !names.stands_elsewhere(function));
    (!functions.is_empty() && idle).then_some(functions)
}

static DECLARED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(?:export\s+)?(?:async\s+)?function\s*\*?\s*(\w+)",
        r"|^(?:export\s+)?(?:const|let|var)\s+(\w+)\s*(?::[^=]+)?=\s*(?:async\s*)?(?:function\b|\([^)]*\)\s*(?::[^=]+)?=>|\w+\s*=>)",
        r"|^(?:async\s+)?def\s+(\w+)",
        r"|^(?:module\.)?exports\.(\w+)\s*=\s*(?:async\s*)?(?:function\b|\()",
    ))
    .ok()
});

/// The name of the outermost function that a place lies in, told by how its lines are indented. None where that is a class,
/// something that is registered by a decorator, or no function at all.
fn outermost(file: &SourceFile, at: usize) -> Option<Span> {
    let text = file.text();
    let mut lines: Vec<(usize, &str)> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if start > at {
            break;
        }
        lines.push((start, line));
        start += line.len();
    }
    let indent = |line: &str| line.len() - line.trim_start().len();
    let (_, own) = *lines.last()?;
    let mut depth = indent(own) + 1;
    let mut outer = None;
    for (number, (start, line)) in lines.iter().enumerate().rev() {
        let plain = line.trim();
        let closes = plain.starts_with(['}', ')', ']']);
        if plain.is_empty() || closes || indent(line) >= depth {
            continue;
        }
        depth = indent(line);
        outer = Some((number, *start, *line));
        if depth == 0 {
            break;
        }
    }
    let (number, start, line) = outer?;
    let lead = indent(line);
    let declared = DECLARED.as_ref()?.captures(line.trim())?;
    let name = (1..=4).find_map(|group| declared.get(group))?;
    let decorated = number > 0 && lines[number - 1].1.trim_start().starts_with('@');
    let place = file.span(start + lead + name.start()..start + lead + name.end());
    (!decorated && place.start < at).then_some(place)
}

/// Where names may stand: the code, and the sentences of guides.
struct Names {
    code: Vec<SourceFile>,
    prose: Vec<String>,
}

impl Names {
    fn of(wiring: &Wiring) -> Names {
        let code = wiring.parts.iter().filter(|part| part.kind != PartKind::Unread);
        Names { code: code.map(|part| part.source.clone()).collect(), prose: wiring.sentences().collect() }
    }

    /// Whether a function's name stands somewhere else than where it is defined, and exported.
    fn stands_elsewhere(&self, function: &Span) -> bool {
        let name = function.text();
        let in_code = self.code.iter().any(|file| {
            let text = file.text();
            words(text, name).any(|at| {
                let place = file.span(at..at + name.len());
                !place.same_as(function) && !is_exported(text, at)
            })
        });
        in_code || self.prose.iter().any(|line| words(line, name).next().is_some())
    }
}

/// Whether a place lies in a list of what the file exports.
fn is_exported(text: &str, at: usize) -> bool {
    const LISTS: [&str; 4] = ["module.exports = {", "export {", "export default {", "__all__ = ["];
    LISTS.iter().any(|list| {
        let Some(start) = text[..at].rfind(list) else { return false };
        let mut depth = 0_i32;
        let inside = &text[start..at];
        for c in inside.chars() {
            match c {
                '{' | '[' => depth += 1,
                '}' | ']' => depth -= 1,
                _ => {}
            }
        }
        depth > 0
    })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    fn guide(language: &str, code: &str, more: &str) -> String {
        let import = match language {
            "python" => "from prometheus_client import Counter\nC = Counter('c_total', 'h')",
            _ => "const p = require('prom-client');\nconst C = new p.Counter({name: 'c_total'});",
        };
        format!(
            "```yaml\ngroups:\n- name: g\n  rules:\n  - {{alert: A, expr: c_total > 1}}\n```\n```{language}\n{import}\n{code}\n```\n{more}"
        )
    }

    #[test]
    fn a_function_that_only_its_file_exports_is_not_called() {
        let python = "def track(f):\n    def wrapper(r):\n        try:\n            return f(r)\n        finally:\n            C.inc()\n    return wrapper";
        let found = ["10:5 nothing calls `track`, which alone changes `c_total`"];
        check("instrumentation-uncalled", &guide("python", python, ""), &found);
        check(
            "instrumentation-uncalled",
            &guide("python", python, "Decorate your views with `track`.\n"),
            &[],
        );
        let used = format!("{python}\n@track\ndef view(r):\n    pass");
        check("instrumentation-uncalled", &guide("python", &used, ""), &[]);
        let js = "function count(req, res, next) {\n  res.on('finish', () => {\n    C\n      .inc();\n  });\n}\nmodule.exports = {\n  count,\n  all: { C }\n};";
        let found = ["10:10 nothing calls `count`, which alone changes `c_total`"];
        check("instrumentation-uncalled", &guide("js", js, ""), &found);
        check("instrumentation-uncalled", &guide("js", js, "```js\napp.use(count);\n```\n"), &[]);
    }

    #[test]
    fn what_a_framework_calls_is_called() {
        for fine in [
            "@app.route('/')\ndef index():\n    C.inc()",
            "class Middleware:\n    def __call__(self, r):\n        C.inc()",
            "C.inc()",
            "if True:\n    C.inc()",
        ] {
            check("instrumentation-uncalled", &guide("python", fine, ""), &[]);
        }
        for fine in [
            "app.use((req, res, next) => {\n  C.inc();\n});",
            "server.on('x', function () {\n  C.inc();\n});",
        ] {
            check("instrumentation-uncalled", &guide("js", fine, ""), &[]);
        }
    }

    #[test]
    fn a_metric_that_nobody_asks_for_is_not_told() {
        let guide = guide("python", "def track():\n    C.inc()", "").replace("expr: c_total", "expr: other");
        check("instrumentation-uncalled", &guide, &[]);
    }

    #[test]
    fn spans_of_functions_that_nothing_calls_are_none() {
        let code = "```python\nfrom opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter\ndef trace_request(f):\n    def wrapper(r):\n        with tracer.start_as_current_span('a'):\n            return f(r)\n    return wrapper\n";
        check(
            "instrumentation-uncalled",
            &format!("{code}```\n"),
            &["3:5 nothing calls `trace_request`, which alone starts spans"],
        );
        check("instrumentation-uncalled", &format!("{code}\nview = trace_request(view)\n```\n"), &[]);
    }
}
