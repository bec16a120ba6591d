//! The application's metrics, where no document says what exports them.

use std::collections::BTreeMap;

use super::sources::{Known, Sources};
use super::{Check, Harm};
use crate::catalogue;
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{Home, Wiring};

pub const CHECK: Check = Check {
    id: "series-not-documented",
    harm: Harm::Style,
    title: "no document says what exports the metrics of these rules",
    explanation: "Rules of a guide that shows no instrumentation rest on metrics that nobody can look up: whether they are called so, and \
                  which labels they have, is not known before the first scrape. Show the code, or a captured page with `--metrics FILE`, and the \
                  rules are held against it. Metrics of the known exporters are judged by themselves.",
    example: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: p}\nspec: {template: {spec: {containers: [{image: 'prom/prometheus:v2.45.0'}]}}}\n---8<---\n# prometheus.yml\nscrape_configs:\n- job_name: api\n  static_configs: [{targets: ['api:80']}]\nrule_files: [rules.yml]\n---8<---\n# rules.yml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: shop_orders_total > 1\n",
    mended: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: p}\nspec: {template: {spec: {containers: [{image: 'prom/prometheus:v2.45.0'}]}}}\n---8<---\n# prometheus.yml\nscrape_configs:\n- job_name: api\n  static_configs: [{targets: ['api:80']}]\nrule_files: [rules.yml]\n---8<---\n# rules.yml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: shop_orders_total > 1\n```\n```python\nfrom prometheus_client import Counter\nORDERS = Counter('shop_orders_total', 'Orders')\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    // What the stack scrapes is documented, and what it scrapes there is not.
    let deployed = !wiring.workloads.is_empty() || !wiring.releases.is_empty();
    let scraped = wiring.prometheus.iter().any(|config| config.home != Home::Values);
    if !wiring.metrics.is_empty() || !deployed || !scraped {
        return Vec::new();
    }
    let sources = Sources::new(wiring);
    let mut open: BTreeMap<&str, Span> = BTreeMap::new();
    for query in super::queries(wiring).filter(|query| query.rule.is_some()) {
        for (selector, range) in query.expr.selectors() {
            let Some(name) = selector.metric_name().filter(|name| !name.contains(':')) else { continue };
            if catalogue::of_name(name).is_none() && matches!(sources.known(name), Known::Nothing) {
                let place = query.place(selector.name.as_ref().map_or(range, |name| name.span));
                open.entry(name).or_insert(place);
            }
        }
    }
    let mut places: Vec<(&str, Span)> = open.into_iter().collect();
    places.sort_by_key(|(_, place)| place.in_own_file().start);
    let Some((first, place)) = places.first() else { return Vec::new() };
    let found = Diagnostic::warning("", format!("no document says what exports `{first}`"))
        .at(place)
        .label("known from this rule alone")
        .because("no instrumentation is documented")
        .help("show the code that makes it, or a captured page with `--metrics FILE`");
    let others = places.iter().skip(1);
    vec![others.fold(found, |found, (name, place)| found.related(place, format!("nor `{name}`")))]
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    fn guide(expr: &str, more: &str) -> String {
        format!(
            "```yaml\nservices: {{p: {{image: 'prom/prometheus:v2.45.0'}}}}\n```\n```yaml\n# prometheus.yml\nscrape_configs:\n- job_name: a\n  static_configs: [{{targets: ['a:80']}}]\nrule_files: [rules.yml]\n```\n```yaml\n# rules.yml\ngroups:\n- name: a\n  rules: [{{alert: A, expr: '{expr}'}}]\n```\n{more}"
        )
    }

    #[test]
    fn what_exporters_and_rules_make_is_known() {
        let id = "series-not-documented";
        check(
            id,
            &guide("shop_orders_total > 1", ""),
            &["15:29 no document says what exports `shop_orders_total`"],
        );
        check(id, &guide("node_load1 > 1", ""), &[]);
        check(id, &guide("up == 0", ""), &[]);
        check(id, &guide("job:shop_orders:rate5m > 1", ""), &[]);
    }

    #[test]
    fn any_documented_instrumentation_says_what_is_exported() {
        let code =
            "```python\nfrom prometheus_client import Counter\nC = Counter('other_total', 'Others')\n```\n";
        check("series-not-documented", &guide("shop_orders_total > 1", code), &[]);
        let rules = "```yaml\n# rules.yml\ngroups:\n- name: a\n  rules: [{alert: A, expr: shop_orders_total > 1}]\n```\n";
        check("series-not-documented", rules, &[]);
    }
}
