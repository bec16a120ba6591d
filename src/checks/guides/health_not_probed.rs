//! Health endpoints in an application's code that nothing asks.

use regex::Regex;

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "health-not-probed",
    harm: Harm::Risk,
    title: "nothing asks the application's health endpoint",
    explanation: "A route such as `/health` or `/ready` does nothing by itself: Kubernetes starts a container anew, or takes it out of its \
                  Service, where a `livenessProbe` or `readinessProbe` asks the route. Without one a hung process keeps its traffic. Told where \
                  the documents have Kubernetes objects, and none of them, no check of a load balancer and no monitor names the route.",
    example: "apiVersion: v1\nkind: Service\nmetadata: {name: api, namespace: shop}\nspec: {ports: [{port: 80}]}\n```\n```python\n@app.route('/health')\ndef health():\n    return 'ok'\n",
    mended: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api, namespace: shop}\nspec:\n  template:\n    spec:\n      containers:\n      - name: api\n        image: api:1.0\n        livenessProbe: {httpGet: {path: /health, port: 8000}}\n```\n```python\n@app.route('/health')\ndef health():\n    return 'ok'\n",
    find,
};

/// Flask and FastAPI, Express, Django, Go, Spring.
const ROUTE: &str = r#"(?:route|get|path|HandleFunc|Mapping)\(\s*["'`]/?((?:[\w-]+/)*(?:health|healthz|healthcheck|live|livez|liveness|ready|readyz|readiness))/?["'`]"#;

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    if wiring.objects.is_empty() {
        return Vec::new();
    }
    let unasked = routes(wiring).into_iter().filter(|(path, _)| !is_asked(path, wiring));
    let mut found: Option<Diagnostic> = None;
    for (path, place) in unasked {
        found = Some(match found {
            Some(first) => first.related(&place, format!("nor `{path}`")),
            None => Diagnostic::warning("", format!("nothing asks `{path}`"))
                .at(&place)
                .label("no probe is for this route")
                .because("assuming that the application's own manifests are among the documents")
                .help(format!("give the application's container a probe: `livenessProbe: {{httpGet: {{path: {path}, port: …}}}}`")),
        });
    }
    found.into_iter().collect()
}

fn routes(wiring: &Wiring) -> Vec<(String, Span)> {
    let Ok(route) = Regex::new(ROUTE) else { return Vec::new() };
    let code = wiring.code();
    let routes = code.flat_map(|part| {
        route.captures_iter(part.source.text()).filter_map(|found| {
            let path = found.get(1)?;
            Some((format!("/{}", path.as_str()), part.source.span(path.range())))
        })
    });
    routes.collect()
}

/// Whether a probe, an annotation, a monitor, or any other setting names the path.
fn is_asked(path: &str, wiring: &Wiring) -> bool {
    let named = |text: &str| text.trim_end_matches('/').ends_with(path);
    let containers = wiring.workloads.iter().flat_map(|workload| &workload.containers);
    let mut probes = containers.flat_map(|container| &container.probes);
    probes.any(|probe| named(&probe.path.value))
        || wiring.settings.iter().any(|setting| setting.value.value.contains(path))
        || wiring.commands.iter().flatten().any(|word| word.value.contains(path))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    const ID: &str = "health-not-probed";

    fn guide(objects: &str, code: &str) -> String {
        format!("```yaml\n{objects}\n```\n```js\n{code}\n```\n")
    }

    #[test]
    fn routes_of_every_framework_are_told_as_one() {
        let objects = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}";
        let code = "app.get('/healthz', ok);\napp.get('/api/ready', ok);\napp.get('/users', list);";
        check(ID, &guide(objects, code), &["8:11 nothing asks `/healthz`"]);
        check(ID, &guide("services: {a: {image: b}}", code), &[]);
    }

    #[test]
    fn whatever_names_the_path_may_ask_it() {
        let code = "app.get('/healthz', ok);";
        let annotated = "apiVersion: v1\nkind: Service\nmetadata: {name: a, annotations: {alb.ingress.kubernetes.io/healthcheck-path: /healthz}}\nspec: {ports: [{port: 80}]}";
        check(ID, &guide(annotated, code), &[]);
    }
}
