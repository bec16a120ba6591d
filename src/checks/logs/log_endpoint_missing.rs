//! Logs that a page posts to a path which nothing serves.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{SinkKind, Wiring};

pub const CHECK: Check = Check {
    id: "log-endpoint-missing",
    harm: Harm::Silent,
    title: "nothing serves the path that logs are posted to",
    explanation: "Logs of a browser have to be taken by a server, which writes them where an agent reads. Where the documents \
                  have code of the server and none of it serves the path, each post ends in 404, and the page only says so in \
                  its own console.",
    example: "services: {api: {build: .}}\n```\n```ts\nfetch('/api/logs', { method: 'POST', body });\n",
    mended: "services: {api: {build: .}}\n```\n```ts\nfetch('/api/logs', { method: 'POST', body });\n```\n```js\nrouter.post('/api/logs', (req, res) => { console.log(JSON.stringify(req.body)); res.end(); });\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let code: Vec<&str> = wiring.code().map(|part| part.place.file.text()).collect();
    let found = wiring.logs.sinks.iter().filter_map(|sink| {
        let SinkKind::Endpoint(path) = &sink.kind else { return None };
        let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let routes = [
            format!("post('{path}"), format!("post(\"{path}"), format!("route('{path}"), format!("route(\"{path}"),
            format!("path('{}", path.trim_start_matches('/')), format!("path(\"{}", path.trim_start_matches('/')),
            format!("post('/{last}'"), format!("post(\"/{last}\""), format!("Mapping(\"{path}"), format!("HandleFunc(\"{path}"),
        ];
        let served = code.iter().any(|text| routes.iter().any(|route| text.contains(route.as_str())))
            || wiring.settings.iter().any(|setting| setting.value.value.contains(path.as_str()));
        (!served).then(|| {
            Diagnostic::error("", format!("nothing serves `{path}`"))
                .at(&sink.place)
                .label("logs are posted here")
                .because("assuming that the documents have all of the server's routes, each post ends in 404")
                .help("serve the path and write what comes to standard output, or send logs by an agent for browsers")
        })
    });
    found.collect()
}
