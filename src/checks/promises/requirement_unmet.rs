//! Requirements that a guide ticks off or sets, of which its documents show the contrary.

use super::requirements;
use crate::checks::{Check, Harm};

pub const CHECK: Check = Check {
    id: "requirement-unmet",
    harm: Harm::Silent,
    title: "the guide sets a requirement that its own documents don't meet",
    explanation: "Acceptance criteria are believed once somebody has ticked them. Only those are judged of which the \
                  documents show that they are not met: replicas, rules, routes, retention, traces.",
    example: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: prometheus}\nspec:\n  replicas: 1\n  template: {spec: {containers: [{image: 'prom/prometheus:v2.45.0'}]}}\n```\n\n## Acceptance Criteria\n- [ ] Monitoring stack is highly available\n\n```sh\necho\n",
    mended: "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: prometheus}\nspec:\n  replicas: 2\n  template: {spec: {containers: [{image: 'prom/prometheus:v2.45.0'}]}}\n```\n\n## Acceptance Criteria\n- [ ] Monitoring stack is highly available\n\n```sh\necho\n",
    find: |wiring| requirements::found(wiring, false),
};

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    fn guide(item: &str, documents: &str) -> String {
        format!("## Acceptance Criteria\n- [ ] {item}\n\n{documents}")
    }

    #[test]
    fn what_other_checks_find_is_the_contrary_of_a_requirement() {
        let kibana = |kind: &str| {
            format!(
                "```yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: prometheus}}\nspec: {{replicas: 2, template: {{metadata: {{labels: {{a: b}}}}, spec: {{containers: [{{image: 'prom/prometheus:v2.45.0'}}]}}}}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: p}}\nspec: {{type: {kind}, selector: {{a: b}}, ports: [{{port: 9090}}]}}\n```\n"
            )
        };
        let security = "Security is implemented for all monitoring components";
        check(
            "requirement-unmet",
            &guide(security, &kibana("LoadBalancer")),
            &[&format!("2:7 nothing shows that this is met: {security}")],
        );
        check("requirement-unmet", &guide(security, &kibana("ClusterIP")), &[]);
    }

    #[test]
    fn traces_join_metrics_in_a_grafana_that_has_both() {
        let documents = |kind: &str| {
            format!(
                "```yaml\nservices: {{grafana: {{image: 'grafana/grafana:10.0.0'}}}}\n```\n```yaml\ndatasources:\n- {{name: P, type: prometheus, url: 'http://p:9090'}}\n- {{name: T, type: {kind}, url: 'http://t:80'}}\n```\n"
            )
        };
        let item = "Verify trace correlation with logs";
        check("requirement-unmet", &guide(item, &documents("tempo")), &[]);
        check(
            "requirement-unmet",
            &guide(item, &documents("loki")),
            &[&format!("2:7 nothing shows that this is met: {item}")],
        );
    }
}
