//! An option of prom-client that is gone.

use std::sync::LazyLock;

use regex::Regex;

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "default-metrics-timeout",
    harm: Harm::Style,
    title: "prom-client no longer has this option",
    explanation: "Since version 12 prom-client collects its default metrics at each scrape, and no longer at an interval: `timeout` of \
                  `collectDefaultMetrics` is passed over. Whoever reads it believes that the values are some seconds old.",
    example: "services: {api: {build: .}}\n```\n```js\nconst client = require('prom-client');\nclient.collectDefaultMetrics({ timeout: 5000 });\n",
    mended: "services: {api: {build: .}}\n```\n```js\nconst client = require('prom-client');\nclient.collectDefaultMetrics();\n",
    find,
};

static OPTION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"collectDefaultMetrics\(\s*\{[^}]*?\b(timeout)\s*:").ok());
/// `"prom-client": "^11.5.3"`
static PINNED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#""prom-client"\s*:\s*"[\^~]?(?:[0-9]|1[01])\."#).ok());

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let Some((option, pinned)) = OPTION.as_ref().zip(PINNED.as_ref()) else { return Vec::new() };
    if wiring.parts.iter().any(|part| pinned.is_match(part.source.text())) {
        return Vec::new();
    }
    let code = wiring.code();
    let found = code.filter_map(|part| {
        let name = option.captures(part.source.text())?.get(1)?;
        Some(
            Diagnostic::warning("", "`collectDefaultMetrics` has no `timeout` any more")
                .at(&part.source.span(name.start()..name.end()))
                .label("passed over")
                .because("assuming prom-client 12 or later, which collects at each scrape")
                .help("leave it out"),
        )
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn an_old_version_still_has_it() {
        let code =
            "```js\nconst c = require('prom-client');\nc.collectDefaultMetrics({\n  timeout: 1\n});\n```\n";
        check("default-metrics-timeout", code, &["4:3 `collectDefaultMetrics` has no `timeout` any more"]);
        let pinned = |version: &str| {
            format!("```json\n{{\"dependencies\": {{\"prom-client\": \"^{version}\"}}}}\n```\n{code}")
        };
        check("default-metrics-timeout", &pinned("11.5.3"), &[]);
        check(
            "default-metrics-timeout",
            &pinned("15.1.0"),
            &["7:3 `collectDefaultMetrics` has no `timeout` any more"],
        );
    }
}
