//! What is read from within other documents, by the receivers that the routes name.

use crate::documents;

/// Loads a file and tells alerts, receivers in the order of the tree, and messages.
#[track_caller]
fn check(name: &str, text: &str, expected: &[&str]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join(name);
    std::fs::write(&path, text).expect("a file to write");
    let mut got = Vec::new();
    let problems = match documents::load(&[&path], None) {
        Ok((stack, problems)) => {
            let rules = stack.rule_groups.iter().flat_map(|group| &group.rules);
            got.push(format!(
                "alerts {}",
                rules.map(|rule| rule.name().value.as_str()).collect::<Vec<_>>().join(" ")
            ));
            let mut receivers = Vec::new();
            if let Some(config) = &stack.alertmanager {
                config.route.walk(&mut |route| receivers.push(route.receiver.value.clone()));
                got.push(format!("{} {}", config.version, receivers.join(" ")));
                got.extend(
                    config.template_files.iter().map(|file| format!("template {:?}", file.text().trim())),
                );
                got.extend(Some(config.external_url.clone()).filter(|url| !url.is_empty()));
            }
            problems
        }
        Err(problems) => problems,
    };
    got.extend(problems.iter().map(|problem| {
        let place = problem.place.as_ref().map(|place| format!("{}: ", place.line())).unwrap_or_default();
        format!("{place}{}", problem.message)
    }));
    assert_eq!(got, expected);
}

const RULES: &str = "groups:\n- name: a\n  rules:\n  - alert: Down\n    expr: up == 0\n";

fn fenced(blocks: &[&str]) -> String {
    blocks.iter().map(|block| format!("Words.\n\n```yaml\n{block}```\n\n")).collect()
}

#[test]
fn a_guide_holds_a_whole_stack() {
    let alertmanager = "route: {receiver: a}\nreceivers: [{name: a}]\n";
    let compose = "services:\n  alertmanager:\n    image: prom/alertmanager:v0.27.0\n    command: \
                   ['--web.external-url=https://alerts.shop.dev']\n";
    let guide = fenced(&[compose, alertmanager, RULES]);
    check("guide.md", &guide, &["alerts Down", "0.27 a", "https://alerts.shop.dev"]);
}

#[test]
fn the_rules_of_a_guide_are_those_that_its_prometheus_loads() {
    let config = |pattern: &str| format!("# prometheus.yml\nrule_files: [{pattern}]\n");
    let rules = format!("# rules/a.yml\n{RULES}");
    check("guide.md", &fenced(&[&config("/etc/prometheus/rules/*.yml"), &rules]), &["alerts Down"]);
    check(
        "guide.md",
        &fenced(&[&config("other/*.yml"), &rules]),
        &[
            "5: no documented file matches this entry of `rule_files`",
            "13: Prometheus does not load these rules",
        ],
    );
}

#[test]
fn a_config_map_holds_configs_and_their_templates() {
    let manifest = "apiVersion: v1
kind: ConfigMap
metadata: {name: monitoring}
data:
  prometheus.yml: |
    rule_files: [/etc/prometheus/*.rules.yml]
    alerting: {alertmanagers: [{static_configs: [{targets: ['alertmanager:9093']}]}]}
  api.rules.yml: |
    groups:
    - name: a
      rules:
      - alert: Down
        expr: up == 0
  alertmanager.yml: |
    route: {receiver: a}
    receivers: [{name: a}]
    templates: [/etc/alertmanager/*.tmpl]
  team.tmpl: |
    {{ define \"x\" }}x{{ end }}
";
    check(
        "monitoring.yaml",
        manifest,
        &["alerts Down", "0.34 a", r#"template "{{ define \"x\" }}x{{ end }}""#],
    );
}

#[test]
fn values_are_what_their_chart_makes_of_them() {
    let values = |receivers: &str| {
        format!(
            "alertmanager:\n  config:\n    route: {{receiver: team}}\n    receivers: [{receivers}]\n  templateFiles:\n    \
             x.tmpl: 'hello'\n"
        )
    };
    let team = values("{name: team}, {name: 'null'}");
    check("values.yaml", &team, &["alerts ", "0.34 team null", r#"template "hello""#]);
    check("values.yaml", &values("{name: team}"), &["33: undefined receiver \"null\" used in route"]);
}

#[test]
fn alertmanager_config_objects_come_before_the_routes_of_the_values() {
    let object = |name: &str| {
        format!(
            "apiVersion: monitoring.coreos.com/v1alpha1\nkind: AlertmanagerConfig\nmetadata: {{name: {name}, namespace: \
             shop}}\nspec:\n  route: {{receiver: chat}}\n  receivers: [{{name: chat}}]\n"
        )
    };
    let objects = format!("{}---\n{}", object("b"), object("a"));
    check("objects.yaml", &objects, &["alerts ", "0.34 null shop/a/chat shop/b/chat"]);
    let values = "alertmanager:\n  config:\n    route: {receiver: team, routes: [{receiver: 'null'}]}\n    receivers: \
                  [{name: team}, {name: 'null'}]\n";
    check("guide.md", &fenced(&[values, &object("a")]), &["alerts ", "0.34 team shop/a/chat null"]);
}

#[test]
fn more_than_one_config_of_a_kind_is_too_many() {
    let config = "route: {receiver: a}\nreceivers: [{name: a}]\n";
    check("guide.md", &fenced(&[config, config]), &["11: here is more than one Alertmanager config"]);
}
