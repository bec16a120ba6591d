//! Heaps of a JVM that take all the memory that their container asks for, or may have.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::{Memory, Object, Release, Wiring};

pub const CHECK: Check = Check {
    id: "heap-beyond-memory",
    harm: Harm::Risk,
    title: "the heap alone takes the memory that the container asks for",
    explanation: "Beside its heap (`-Xmx`) a JVM needs memory for threads, code, buffers and, in Elasticsearch, Lucene's files: about as much \
                  again. A container whose limit is no more than the heap is killed when it is full; one that asks for no more than \
                  the heap takes more than the scheduler counts on, and its pod is among the first to go when the node runs short. \
                  Elastic advises a heap of at most half of the container's memory.",
    example: "apiVersion: elasticsearch.k8s.elastic.co/v1\nkind: Elasticsearch\nmetadata: {name: logs}\nspec:\n  version: 8.8.0\n  nodeSets:\n  - name: default\n    count: 3\n    podTemplate:\n      spec:\n        containers:\n        - name: elasticsearch\n          env: [{name: ES_JAVA_OPTS, value: -Xms2g -Xmx2g}]\n          resources: {requests: {memory: 2Gi}, limits: {memory: 4Gi}}\n",
    mended: "apiVersion: elasticsearch.k8s.elastic.co/v1\nkind: Elasticsearch\nmetadata: {name: logs}\nspec:\n  version: 8.8.0\n  nodeSets:\n  - name: default\n    count: 3\n    podTemplate:\n      spec:\n        containers:\n        - name: elasticsearch\n          env: [{name: ES_JAVA_OPTS, value: -Xms2g -Xmx2g}]\n          resources: {requests: {memory: 4Gi}, limits: {memory: 4Gi}}\n",
    find,
};

/// Variables that JVMs take options from.
const VARIABLES: [&str; 6] = [
    "ES_JAVA_OPTS",
    "OPENSEARCH_JAVA_OPTS",
    "LS_JAVA_OPTS",
    "KAFKA_HEAP_OPTS",
    "JAVA_OPTS",
    "JAVA_TOOL_OPTIONS",
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let containers = wiring.workloads.iter().flat_map(|workload| &workload.containers);
    let containers = containers.filter_map(|container| {
        let options = VARIABLES.iter().find_map(|name| container.variable(name))?;
        judge(options, &container.memory)
    });
    let objects = wiring.objects_of("Elasticsearch").filter_map(of_object);
    let charts = wiring.releases.iter().filter_map(of_chart);
    containers.chain(objects).chain(charts).collect()
}

/// The container of Elastic's operator, where its template has no other.
fn of_object(object: &Object) -> Option<Diagnostic> {
    let above = "spec.nodeSets[].podTemplate.spec.containers[]";
    let all = |key: &str| {
        let path = format!("{above}.{key}");
        object.settings.iter().filter(move |setting| setting.path == path)
    };
    if all("name").count() != 1 {
        return None;
    }
    let at = object.settings.iter().position(|setting| {
        setting.path == format!("{above}.env[].name") && VARIABLES.contains(&setting.value.value.as_str())
    })?;
    let options = object.settings.get(at + 1).filter(|next| next.path == format!("{above}.env[].value"))?;
    let amount = |key: &str| all(key).next().map(|setting| setting.value.clone());
    let memory =
        Memory { request: amount("resources.requests.memory"), limit: amount("resources.limits.memory") };
    judge(&options.value, &memory)
}

fn of_chart(release: &Release) -> Option<Diagnostic> {
    if release.chart.value != "elasticsearch" {
        return None;
    }
    let get = |path: &str| release.values.get(path).cloned();
    let memory = Memory { request: get("resources.requests.memory"), limit: get("resources.limits.memory") };
    judge(release.values.get("esJavaOpts")?, &memory)
}

fn judge(options: &Spanned<String>, memory: &Memory) -> Option<Diagnostic> {
    let written = options.value.split_whitespace().rev().find(|option| option.starts_with("-Xmx"))?;
    let heap = bytes(written.strip_prefix("-Xmx")?)?;
    let reached = |amount: &Option<Spanned<String>>| {
        amount.clone().filter(|amount| bytes(&amount.value).is_some_and(|bytes| bytes <= heap))
    };
    let place = match options.span.text().rfind(written) {
        Some(at) => {
            let start = options.span.start + at;
            options.span.file.span(start..start + written.len())
        }
        None => options.span.clone(),
    };
    if let Some(limit) = reached(&memory.limit) {
        return Some(
            Diagnostic::warning("", "the heap alone is as large as the container may become")
                .at(&place)
                .label("and a JVM needs more than its heap")
                .related(&limit.span, "killed beyond this")
                .help("allow about twice the heap, or make the heap half of this"),
        );
    }
    let request = reached(&memory.request)?;
    let found = Diagnostic::warning("", "the heap alone takes all the memory that the container asks for")
        .at(&place)
        .label("and a JVM needs more than its heap")
        .related(&request.span, "the scheduler counts on this")
        .because("where the node runs short, pods that take more than they ask for go first")
        .help("ask for about twice the heap");
    Some(match &memory.limit {
        Some(limit) => found.related(&limit.span, "and it takes up to this"),
        None => found,
    })
}

/// `2g` of a JVM, `2Gi`, `512M` and `1e9` of Kubernetes. A JVM's and Docker's units are powers of 1024 by one letter.
fn bytes(amount: &str) -> Option<u64> {
    let digits = amount.find(|c: char| !c.is_ascii_digit()).unwrap_or(amount.len());
    let number: u64 = amount[..digits].parse().ok()?;
    let unit = match amount[digits..].to_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "ki" | "kb" => 1 << 10,
        "m" | "mi" | "mb" => 1 << 20,
        "g" | "gi" | "gb" => 1 << 30,
        "t" | "ti" | "tb" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_heap_of_less_than_what_is_asked_for_is_right() {
        let guide = |heap: &str, resources: &str| {
            format!(
                "```yaml\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: a}}\nspec:\n  template:\n    spec:\n      containers:\n      - image: elasticsearch:8.8.0\n        env: [{{name: ES_JAVA_OPTS, value: '{heap}'}}]\n        resources: {{{resources}}}\n```\n"
            )
        };
        let id = "heap-beyond-memory";
        let asked = ["10:51 the heap alone takes all the memory that the container asks for"];
        let resources = "requests: {memory: 2Gi}, limits: {memory: 4Gi}";
        check(id, &guide("-Xms2g -Xmx2g", resources), &asked);
        check(id, &guide("-Xms1g -Xmx1g", resources), &[]);
        let killed = ["10:44 the heap alone is as large as the container may become"];
        check(id, &guide("-Xmx512m", "limits: {memory: 512Mi}"), &killed);
        check(id, &guide("-Xmx512m", "limits: {cpu: 1}"), &[]);
        check(id, &guide("-XX:MaxRAMPercentage=50", "limits: {memory: 1Gi}"), &[]);
    }

    #[test]
    fn compose_and_the_chart_have_limits_too() {
        let compose = "```yaml\nservices:\n  es:\n    image: elasticsearch:8.8.0\n    environment: ['ES_JAVA_OPTS=-Xms1g -Xmx1g']\n    mem_limit: 1g\n```\n";
        let found = ["5:40 the heap alone is as large as the container may become"];
        check("heap-beyond-memory", compose, &found);
        let chart = "```sh\nhelm install e elastic/elasticsearch --set esJavaOpts=-Xmx1g,resources.limits.memory=1Gi\n```\n";
        let found = ["2:55 the heap alone is as large as the container may become"];
        check("heap-beyond-memory", chart, &found);
    }
}
