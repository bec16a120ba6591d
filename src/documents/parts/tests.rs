use super::*;

/// Each part as `kind name place`, or why it is not read.
#[track_caller]
fn check(path: &str, text: &str, expected: &[&str]) {
    let mut parts = Parts::default();
    parts.file(&SourceFile::new(path, text));
    let got: Vec<String> = parts
        .parts
        .iter()
        .map(|part| {
            let name = part.name.as_deref().unwrap_or("-");
            let kind = part.unread.clone().unwrap_or_else(|| part.kind.as_str().to_owned());
            format!("{kind} {name} {}", part.source.span(0..1))
        })
        .collect();
    assert_eq!(got, expected);
}

#[test]
fn parts_are_told_by_their_content() {
    for (text, kind) in [
        ("scrape_configs: []\n", "Prometheus config"),
        ("groups:\n- name: a\n", "rules"),
        ("route: {receiver: a}\nreceivers: []\n", "Alertmanager config"),
        ("services:\n  a: {image: b}\n", "Compose file"),
        ("apiVersion: v1\nkind: Service\n", "Kubernetes objects"),
        ("scrape_configs: []\nclients: []\n", "Promtail config"),
        ("auth_enabled: false\n", "Loki config"),
        ("dashboard: {panels: []}\n", "Grafana dashboard"),
        ("apiVersion: 1\ndatasources: []\n", "Grafana provisioning"),
        ("prometheus: {prometheusSpec: {}}\n", "Helm values"),
        ("a: {query: x, metrics: []}\n", "postgres_exporter queries"),
        ("rule_files: [a]\ntests: []\n", "promtool unit test"),
        ("apiVersion: 1\ngroups:\n- orgId: 1\n  rules: []\n", "Grafana provisioning"),
        ("apiVersion: 1\ncontactPoints: []\n", "Grafana provisioning"),
        ("title: A\nrows:\n- panels: []\n", "Grafana dashboard"),
        ("receivers: {}\nservice: {pipelines: {}}\n", "OpenTelemetry config"),
    ] {
        check("a.yaml", text, &[&format!("{kind} a.yaml a.yaml:1:1")]);
    }
}

#[test]
fn a_config_in_a_config_map_is_a_part_of_its_own() {
    check(
        "guide.md",
        "```yaml\n# map.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  p.yml: |\n    groups: []\n```\n",
        &["Kubernetes objects map.yaml guide.md:2:1", "rules p.yml guide.md:8:5"],
    );
}

#[test]
fn here_documents_in_a_guide_s_shell_are_parts() {
    check(
        "guide.md",
        "```bash\nkubectl apply -f - <<EOF\napiVersion: v1\nkind: Service\nEOF\n```\n",
        &["shell commands - guide.md:2:1", "Kubernetes objects - guide.md:3:1"],
    );
}

#[test]
fn a_part_of_a_file_is_no_broken_one() {
    let guide = "In `d.json`:\n\n```yaml\n\"expr\": \"up{a=\\\"b\\\"}\",\n```\n```json\n$ curl localhost\n{\"a\": 1}\n```\n```yaml\ngroups:\n  - a: {\n```\n";
    let mut parts = Parts::default();
    parts.file(&SourceFile::new("guide.md", guide));
    let mut lines = parts.broken.iter().filter_map(|problem| Some(problem.place.as_ref()?.line()));
    assert!(!parts.broken.is_empty() && lines.all(|line| line > 10), "{:?}", parts.broken);
}

#[test]
fn what_is_not_read_has_a_reason() {
    check("guide.md", "```\n┌──┐\n```\n", &["it is text without a language - guide.md:2:1"]);
    check("guide.md", "```mermaid\ngraph\n```\n", &["`mermaid` is no language that is read - guide.md:2:1"]);
    check("guide.md", "```yaml\na: 1\n```\n", &["it is no config of a kind that is known - guide.md:2:1"]);
    check("guide.md", "```yaml\na: [\n```\n", &["it can't be parsed - guide.md:2:1"]);
    check("guide.md", "```yaml\n```\n", &["it is empty - guide.md:1:1"]);
}
