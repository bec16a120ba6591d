//! Programs that say nothing of themselves.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "default-metrics-missing",
    harm: Harm::Style,
    title: "the code never collects prom-client's default metrics",
    explanation: "prom-client counts memory, CPU, open files, the event loop's lag and garbage collection only after a call of \
                  `collectDefaultMetrics()`; with a registry of one's own, `collectDefaultMetrics({ register })`. Without them nothing \
                  shows a process that leaks or hangs. (The Python client has its process metrics without being asked.)",
    example: "# values.yaml\na: 1\n```\n```js\nconst client = require('prom-client');\nconst register = new client.Registry();\napp.get('/metrics', async (req, res) => res.end(await register.metrics()));\n",
    mended: "# values.yaml\na: 1\n```\n```js\nconst client = require('prom-client');\nconst register = new client.Registry();\nclient.collectDefaultMetrics({ register });\napp.get('/metrics', async (req, res) => res.end(await register.metrics()));\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let code = || wiring.code();
    if code().any(|part| part.source.text().contains("collectDefaultMetrics")) {
        return Vec::new();
    }
    let found = code().filter_map(|part| {
        let text = part.source.text();
        if !text.contains("prom-client") || !text.contains(".metrics()") {
            return None;
        }
        let (at, word, label) = match text.find("Registry(") {
            Some(at) => (at, "Registry", "a registry that has only what the code puts there"),
            None => (text.find("prom-client")?, "prom-client", "only what the code itself counts"),
        };
        Some(
            Diagnostic::warning("", "this program's memory, CPU and event loop are not measured")
                .at(&part.source.span(at..at + word.len()))
                .label(label)
                .because("assuming that no undocumented code calls `collectDefaultMetrics`")
                .help(match word {
                    "Registry" => "call `collectDefaultMetrics({ register })`",
                    _ => "call `collectDefaultMetrics()`",
                }),
        )
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn any_code_may_collect_them() {
        let served = "```js\nimport p from 'prom-client';\nres.end(await p.register.metrics());\n```\n";
        check(
            "default-metrics-missing",
            served,
            &["2:16 this program's memory, CPU and event loop are not measured"],
        );
        let elsewhere = format!("{served}```js\np.collectDefaultMetrics();\n```\n");
        check("default-metrics-missing", &elsewhere, &[]);
        check("default-metrics-missing", "```js\nimport p from 'prom-client';\n```\n", &[]);
    }
}
