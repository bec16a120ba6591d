//! A file that starts OpenTelemetry's SDK, and that nothing loads.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{DocumentPart, Wiring};

pub const CHECK: Check = Check {
    id: "tracing-not-loaded",
    harm: Harm::Risk,
    title: "nothing loads the file that starts tracing",
    explanation: "OpenTelemetry's automatic instrumentation changes modules when they are loaded. The file that starts it must come before everything else: \
                  `node --require ./tracing.js server.js`, the same in `NODE_OPTIONS`, or the first line of the entry point. Loaded later, express and the \
                  database's client are there already and make no spans; not loaded at all, there are none. Told where no document names the file.",
    example: "services: {api: {image: 'node:20.1', command: [node, server.js]}}\n```\n```js\n// tracing.js\nconst { NodeSDK } = require('@opentelemetry/sdk-node');\nnew NodeSDK({ instrumentations: [getNodeAutoInstrumentations()] }).start();\n",
    mended: "services: {api: {image: 'node:20.1', command: [node, --require, ./tracing.js, server.js]}}\n```\n```js\n// tracing.js\nconst { NodeSDK } = require('@opentelemetry/sdk-node');\nnew NodeSDK({ instrumentations: [getNodeAutoInstrumentations()] }).start();\n",
    find,
};

const SDK: &str = "new NodeSDK(";

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let code = wiring.code();
    code.filter_map(|part| judge(part, wiring)).collect()
}

fn judge(part: &DocumentPart, wiring: &Wiring) -> Option<Diagnostic> {
    let text = part.source.text();
    let at = text.find(SDK).filter(|_| text.contains("nstrumentations"))?;
    let file = part.name.as_deref()?.rsplit('/').next()?;
    let stem = file.split('.').next()?;
    let ways = [format!("/{stem}'"), format!("/{stem}\""), format!("/{file}"), format!(" {file}")];
    let loads = |text: &str| text == file || ways.iter().any(|way| text.contains(way.as_str()));
    let others = wiring.parts.iter().filter(|other| !std::ptr::eq(*other, part));
    let loaded = others.map(|other| other.source.text()).any(loads)
        || wiring.settings.iter().any(|setting| loads(&setting.value.value))
        || wiring.commands.iter().flatten().any(|word| loads(&word.value))
        || wiring.workloads.iter().flat_map(|workload| &workload.containers).any(|container| {
            container.args.iter().any(|arg| loads(&arg.value))
                || container.env.iter().any(|(_, value)| loads(&value.value))
        });
    (!loaded).then(|| {
        Diagnostic::warning("", format!("nothing loads `{file}`"))
            .at(&part.source.span(at..at + SDK.len() - 1))
            .label("starts tracing, once it is loaded")
            .because("assuming that the documents show how the program is started")
            .help(format!(
                "start it with `node --require ./{file} …`, or set `NODE_OPTIONS=--require ./{file}`"
            ))
    })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn every_way_to_load_it_counts() {
        let code = "```js\n// src/tracing.js\nconst sdk = new NodeSDK({ instrumentations: [] });\n```\n";
        let id = "tracing-not-loaded";
        check(id, code, &["3:13 nothing loads `tracing.js`"]);
        for way in [
            "```js\nrequire('./tracing');\n```\n",
            "```ts\nimport './tracing.js';\n```\n",
            "```bash\nnode -r ./tracing.js app.js\n```\n",
            "```yaml\nservices: {a: {image: b, environment: {NODE_OPTIONS: '--import ./tracing.js'}}}\n```\n",
            "```dockerfile\nCMD [\"node\", \"--require\", \"./tracing.js\", \"app.js\"]\n```\n",
        ] {
            check(id, &format!("{code}{way}"), &[]);
        }
    }
}
