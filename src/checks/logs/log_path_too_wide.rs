//! Globs for the logs of a namespace that take those of other namespaces, too.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span, Spanned};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "log-path-too-wide",
    harm: Harm::Style,
    title: "this path takes the logs of other namespaces, too",
    explanation: "The files in `/var/log/containers` are called `POD_NAMESPACE_CONTAINER-ID.log`. A glob such as `*shop*.log` is for whatever \
                  has these letters anywhere: pods of other namespaces that are called alike. `*_shop_*.log` is the namespace.",
    example: "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop-traces, namespace: monitoring}\nspec: {template: {spec: {containers: [{image: 'a:1'}]}}}\n```\n```conf\n[INPUT]\n    Name tail\n    Path /var/log/containers/*shop*.log\n",
    mended: "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop-traces, namespace: monitoring}\nspec: {template: {spec: {containers: [{image: 'a:1'}]}}}\n```\n```conf\n[INPUT]\n    Name tail\n    Path /var/log/containers/*_shop_*.log\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let inputs = wiring.logs.fluent_bit.iter().flat_map(|config| config.of("INPUT"));
    let paths = inputs.filter_map(|input| input.get("path"));
    paths.filter_map(|path| judge(wiring, path)).collect()
}

fn judge(wiring: &Wiring, path: &Spanned<String>) -> Option<Diagnostic> {
    let namespace = path.value.strip_prefix("/var/log/containers/*")?.strip_suffix("*.log")?;
    let named = |object: &crate::stack::wiring::Object| object.namespace() == namespace;
    let is_namespace = wiring.objects_of("Namespace").any(|object| object.name.value == namespace)
        || wiring.objects.iter().any(named);
    let (name, other, place) = stranger(wiring, namespace).filter(|_| is_namespace)?;
    Some(
        Diagnostic::warning("", format!("this takes the logs of `{name}` in `{other}`, too"))
            .at(&path.span)
            .label(format!("whatever has `{namespace}` in its name"))
            .related(&place, format!("its pods are called so, and are not in `{namespace}`"))
            .help(format!("write `/var/log/containers/*_{namespace}_*.log`")),
    )
}

/// Something of another namespace that runs pods whose names have these letters.
fn stranger(wiring: &Wiring, namespace: &str) -> Option<(String, String, Span)> {
    let workloads =
        wiring.workloads.iter().filter_map(|workload| Some((&workload.name, workload.namespace.as_deref()?)));
    let operated = wiring.objects.iter().filter(|object| {
        matches!(
            object.kind.value.as_str(),
            "Jaeger" | "Elasticsearch" | "Kibana" | "Prometheus" | "Alertmanager"
        )
    });
    let operated = operated.map(|object| (&object.name, object.namespace()));
    let mut strangers =
        workloads.chain(operated).filter(|(name, of)| name.value.contains(namespace) && *of != namespace);
    strangers.next().map(|(name, of)| (name.value.clone(), of.to_owned(), name.span.clone()))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_glob_that_takes_only_its_namespace_is_right() {
        let guide = |namespace: &str, path: &str| {
            format!(
                "```yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: api, namespace: shop}}\nspec: {{template: {{spec: {{containers: [{{image: 'a:1'}}]}}}}}}\n---\napiVersion: jaegertracing.io/v1\nkind: Jaeger\nmetadata: {{name: shop-jaeger, namespace: {namespace}}}\n```\n```conf\n[INPUT]\n  Name tail\n  Path {path}\n```\n"
            )
        };
        let id = "log-path-too-wide";
        let wide = "/var/log/containers/*shop*.log";
        check(
            id,
            &guide("monitoring", wide),
            &["14:8 this takes the logs of `shop-jaeger` in `monitoring`, too"],
        );
        check(id, &guide("shop", wide), &[]);
        check(id, &guide("monitoring", "/var/log/containers/*_shop_*.log"), &[]);
        check(id, &guide("monitoring", "/var/log/containers/*.log"), &[]);
    }
}
