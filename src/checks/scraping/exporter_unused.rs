//! Exporters whose metrics no rule and no panel asks for.

use crate::catalogue;
use crate::checks::{Check, Harm, queries};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "exporter-unused",
    harm: Harm::Style,
    title: "no rule and no panel asks for anything that this exporter exports",
    explanation: "An exporter that is deployed is believed to be watched. Where rules and panels ask for other metrics and for none of its \
                  own, what it looks at can fill up or end without a word.",
    example: "services:\n  node-exporter: {image: 'prom/node-exporter:v1.6.0'}\n---8<---\ngroups:\n- name: shop\n  rules:\n  - alert: A\n    expr: rate(orders_total[5m]) < 1\n",
    mended: "services:\n  node-exporter: {image: 'prom/node-exporter:v1.6.0'}\n---8<---\ngroups:\n- name: shop\n  rules:\n  - alert: A\n    expr: rate(orders_total[5m]) < 1\n  - alert: B\n    expr: node_load1 > 8\n",
    find,
};

/// The images of exporters, and what the names of their metrics begin with. Of databases it is told that nobody would see
/// them end.
const EXPORTERS: [(&str, &str); 3] =
    [("node-exporter", "node_"), ("kafka-exporter", "kafka_"), ("elasticsearch-exporter", "elasticsearch_")];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut asked: Vec<&str> = Vec::new();
    for query in queries(wiring) {
        for (selector, _) in query.expr.selectors() {
            match selector.metric_name() {
                Some(name) => asked.push(name),
                // By a pattern of names, perhaps.
                None => return Vec::new(),
            }
        }
    }
    // Dashboards that others made ask for what nobody sees here.
    let borrowed = wiring
        .settings
        .iter()
        .any(|setting| matches!(setting.key(), "gnetId" | "url") && is_dashboard(&setting.path))
        || wiring
            .releases
            .iter()
            .flat_map(|release| release.values.keys())
            .any(|path| path.ends_with(".gnetId"));
    if borrowed || asked.is_empty() || wiring.chart_with_rules().is_some() {
        return Vec::new();
    }
    let mut unused =
        wiring.workloads.iter().flat_map(|workload| &workload.containers).filter_map(|container| {
            let name = container.image_name().to_lowercase().replace('_', "-");
            let (_, prefix) = EXPORTERS.iter().find(|(exporter, _)| name.ends_with(*exporter))?;
            let image = container.image.as_ref()?;
            (!asked.iter().any(|asked| asked.starts_with(prefix))).then_some((image, *prefix))
        });
    let Some((first, prefix)) = unused.next() else { return Vec::new() };
    let title = catalogue::of_name(&format!("{prefix}up")).map_or("this exporter", |exporter| exporter.title);
    let found = Diagnostic::warning("", format!("nothing asks for what {title} exports"))
        .at(&first.span)
        .label(format!("no rule and no panel has a metric `{prefix}…`"))
        .because("assuming that all rules and dashboards are documented")
        .help("alert on it, show it, or leave the exporter out");
    vec![unused.fold(found, |found, (image, prefix): (&Spanned<String>, &str)| {
        found.related(&image.span, format!("nor a metric `{prefix}…`"))
    })]
}

fn is_dashboard(path: &str) -> bool {
    path.contains("dashboards.")
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn one_query_is_enough_and_so_is_a_dashboard_of_others() {
        let guide = |expr: &str, more: &str| {
            format!(
                "```yaml\nservices: {{e: {{image: 'prom/node-exporter:v1.6.0'}}}}\n```\n```yaml\ngroups:\n- name: g\n  rules:\n  - alert: A\n    expr: {expr}\n```\n{more}"
            )
        };
        let found = ["2:23 nothing asks for what node_exporter exports"];
        check("exporter-unused", &guide("up == 0", ""), &found);
        check("exporter-unused", &guide("node_load1 > 8", ""), &[]);
        check("exporter-unused", &guide("'{__name__=~\"node.*\"} > 8'", ""), &[]);
        let board = "```yaml\n# values.yaml\ndashboardProviders: {}\ndashboards: {default: {n: {gnetId: 1860}}}\n```\n";
        check("exporter-unused", &guide("up == 0", board), &[]);
        // No rules, no claim.
        check("exporter-unused", "```yaml\nservices: {e: {image: 'prom/node-exporter:v1.6.0'}}\n```\n", &[]);
    }
}
