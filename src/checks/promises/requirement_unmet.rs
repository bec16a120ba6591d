//! Requirements that a guide ticks off or sets, of which the documents show the contrary or nothing.

use crate::checks::{Check, Harm, admin_api, logs, rules, safety};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::{Listed, PartKind, Wiring};

use super::subject;

pub const CHECK: Check = Check {
    id: "requirement-unmet",
    harm: Harm::Silent,
    title: "the guide sets a requirement that its own documents don't meet",
    explanation: "Acceptance criteria are believed once somebody has ticked them. Only those are judged of which the \
                  documents would show that they are met: replicas, rules, backups, runbooks, policies.",
    example: "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: prometheus}\nspec:\n  replicas: 1\n  template: {spec: {containers: [{image: 'prom/prometheus:v2.45.0'}]}}\n```\n\n## Acceptance Criteria\n- [ ] Monitoring stack is highly available\n\n```sh\necho\n",
    mended: "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: prometheus}\nspec:\n  replicas: 2\n  template: {spec: {containers: [{image: 'prom/prometheus:v2.45.0'}]}}\n```\n\n## Acceptance Criteria\n- [ ] Monitoring stack is highly available\n\n```sh\necho\n",
    find,
};

/// What a requirement is known by, and what the documents lack for it.
struct Requirement {
    /// Of each group the item has one word.
    words: &'static [&'static [&'static str]],
    lacks: fn(&Wiring) -> Option<Lack>,
}

/// What was looked for, and places that show the contrary.
struct Lack {
    because: String,
    shown: Vec<(crate::diagnostic::Span, String)>,
}

const REQUIREMENTS: [Requirement; 13] = [
    Requirement {
        words: &[&["highly available", "high availability", "high-availability"]],
        lacks: single_replicas,
    },
    Requirement { words: &[&["backup", "disaster recovery"]], lacks: backups },
    Requirement { words: &[&["sla", "slo", "slis", "service level"]], lacks: objectives },
    Requirement { words: &[&["runbook", "runbooks"]], lacks: runbooks },
    Requirement { words: &[&["cloud provider"], &["monitor"]], lacks: cloud },
    Requirement {
        words: &[&["network policies", "networkpolicies", "network policy"]],
        lacks: network_policies,
    },
    Requirement { words: &[&["log-based", "log based"], &["alert"]], lacks: log_alerts },
    Requirement {
        words: &[&["alerting rules", "alerts"], &["all critical", "all system"]],
        lacks: system_alerts,
    },
    Requirement { words: &[&["escalation"]], lacks: escalation },
    Requirement { words: &[&["correlat"], &["trace", "tracing"]], lacks: traces_beside_metrics },
    Requirement {
        words: &[&["security"], &["implemented", "applied", "configured", "secured"]],
        lacks: security,
    },
    Requirement {
        words: &[&["retention", "retained"], &["polic", "configured", "implemented"]],
        lacks: retention,
    },
    Requirement { words: &[&["custom dashboard"]], lacks: own_dashboards },
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    // Nothing is stood up here that could meet any.
    if wiring.workloads.is_empty() && wiring.releases.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<Diagnostic> = Vec::new();
    for requirement in &REQUIREMENTS {
        let of = |item: &&Listed| is_requirement(item) && speaks_of(&item.text.value, requirement.words);
        let items: Vec<&Listed> = wiring.prose.iter().filter(of).collect();
        let Some(first) = items.first() else { continue };
        let Some(lack) = (requirement.lacks)(wiring) else { continue };
        let mut diagnostic =
            Diagnostic::error("", format!("nothing shows that this is met: {}", first.text.value))
                .at(&first.text.span)
                .label("the documents show otherwise, or nothing")
                .because(lack.because);
        for item in items.iter().skip(1) {
            diagnostic = diagnostic.related(&item.text.span, "asked for here, too");
        }
        for (place, label) in &lack.shown {
            diagnostic = diagnostic.related(place, label.clone());
        }
        found.push(diagnostic);
    }
    found
}

fn is_requirement(item: &Listed) -> bool {
    item.is_under(&[
        "criteria",
        "requirement",
        "checklist",
        "test case",
        "testing",
        "goals",
        "objectives",
        "definition of done",
    ])
}

fn speaks_of(text: &str, words: &[&[&str]]) -> bool {
    let text = format!(" {} ", text.to_lowercase());
    let has = |word: &&str| {
        text.match_indices(*word).any(|(at, _)| !text[..at].ends_with(|c: char| c.is_alphanumeric()))
            && (word.len() > 4 || text.contains(&format!(" {word} ")) || text.contains(&format!(" {word}s ")))
    };
    words.iter().all(|group| group.iter().any(has))
}

fn lack(because: &str) -> Option<Lack> {
    Some(Lack { because: because.to_owned(), shown: Vec::new() })
}

/// Programs of the monitoring itself that run once.
fn single_replicas(wiring: &Wiring) -> Option<Lack> {
    let single = |replicas: Option<&Spanned<String>>| replicas.is_none_or(|replicas| replicas.value == "1");
    let workloads = wiring.workloads.iter().filter(|workload| {
        let monitoring =
            workload.containers.iter().any(|container| crate::checks::safety::program(container).is_some());
        monitoring && workload.kind != "DaemonSet" && single(workload.replicas.as_ref())
    });
    let shown: Vec<_> = workloads
        .map(|workload| {
            let place = workload.replicas.as_ref().map_or(&workload.place, |replicas| &replicas.span);
            (place.clone(), format!("`{}` runs once", workload.name.value))
        })
        .collect();
    let because = "these have a single replica: with its node or its pod, it is gone".to_owned();
    (!shown.is_empty()).then_some(Lack { because, shown })
}

fn mentions(wiring: &Wiring, words: &[&str]) -> bool {
    let has = |text: &str| words.iter().any(|word| text.to_lowercase().contains(word));
    let objects = wiring.objects.iter().any(|object| has(&object.kind.value) || has(&object.name.value));
    let commands = wiring.commands.iter().flatten().any(|word| has(&word.value));
    let settings = wiring.settings.iter().any(|setting| has(&setting.path) || has(&setting.value.value));
    objects || commands || settings
}

fn backups(wiring: &Wiring) -> Option<Lack> {
    let made =
        mentions(wiring, &["backup", "snapshot", "velero", "restic", "pg_dump", "thanos", "remote_write"]);
    if made { None } else { lack("looked for a backup or snapshot among the objects, values and commands") }
}

fn objectives(wiring: &Wiring) -> Option<Lack> {
    let named = |text: &str| {
        let text = text.to_lowercase();
        ["slo", "sla", "sli", "availability", "error_budget", "errorbudget", "burn"]
            .iter()
            .any(|word| text.contains(word))
    };
    let watched = rules(wiring).any(|rule| named(&rule.name().value))
        || wiring.grafana.dashboards.iter().any(|dashboard| named(&dashboard.title.value));
    if watched {
        None
    } else {
        lack("looked for a rule or dashboard about an SLA, an SLO or an availability")
    }
}

fn runbooks(wiring: &Wiring) -> Option<Lack> {
    use crate::stack::RuleKind;
    let mut alerts = rules(wiring).filter_map(|rule| match &rule.kind {
        RuleKind::Alerting { annotations, .. } => Some(annotations),
        RuleKind::Recording { .. } => None,
    });
    let linked = alerts.any(|annotations| annotations.iter().any(|(name, _)| name.value.contains("runbook")));
    let written = wiring.prose.iter().any(|item| item.heading().to_lowercase().contains("runbook"));
    match linked || written {
        true => None,
        false => lack("no alert has a `runbook_url`, and no section is a runbook"),
    }
}

fn cloud(wiring: &Wiring) -> Option<Lack> {
    let there = mentions(
        wiring,
        &["cloudwatch", "yace", "stackdriver", "azure-monitor", "azuremonitor", "googlemanaged"],
    );
    if there { None } else { lack("looked for an exporter or datasource of a cloud's own monitoring") }
}

fn network_policies(wiring: &Wiring) -> Option<Lack> {
    let there = mentions(wiring, &["networkpolicy", "ciliumnetworkpolicy"]);
    if there { None } else { lack("no NetworkPolicy is documented") }
}

fn log_alerts(wiring: &Wiring) -> Option<Lack> {
    let there = !wiring.logs.rules.is_empty()
        || mentions(wiring, &["elastalert", "watcher", "ruler", "kibana.alert"])
        || wiring
            .parts
            .iter()
            .any(|part| part.kind == PartKind::Loki && part.source.text().contains("ruler"));
    if there {
        None
    } else {
        lack("looked for rules over logs: Loki's ruler, ElastAlert, Watcher, Kibana's alerts")
    }
}

/// Rules about each of the resources that a system runs out of.
fn system_alerts(wiring: &Wiring) -> Option<Lack> {
    let texts: Vec<String> = rules(wiring).map(subject::of_rule).collect();
    if texts.is_empty()
        || wiring.releases.iter().any(|release| release.chart.value == "kube-prometheus-stack")
    {
        return None;
    }
    let resources: [(&str, &[&str]); 3] = [
        ("CPU", &["cpu", "load1", "load5"]),
        ("memory", &["memory", "mem_", "oom"]),
        ("disk space", &["disk", "filesystem", "volume", "inode"]),
    ];
    let missing = resources.iter().filter(|(_, words)| {
        !texts.iter().any(|text| words.iter().any(|word| text.to_lowercase().contains(word)))
    });
    let missing: Vec<&str> = missing.map(|(name, _)| *name).collect();
    (!missing.is_empty())
        .then(|| Lack { because: format!("no rule is about {}", missing.join(", ")), shown: Vec::new() })
}

fn escalation(wiring: &Wiring) -> Option<Lack> {
    const PAGERS: [&str; 4] =
        ["pagerduty_configs", "opsgenie_configs", "victorops_configs", "pushover_configs"];
    let configs = &wiring.alertmanagers;
    let pages = configs
        .iter()
        .flat_map(|config| &config.settings)
        .any(|setting| PAGERS.iter().any(|pager| setting.path.contains(pager)));
    match configs.is_empty() || pages {
        true => None,
        false => lack("no receiver hands over to something that escalates, such as PagerDuty or Opsgenie"),
    }
}

/// Logs, metrics and traces meet in Grafana.
fn traces_beside_metrics(wiring: &Wiring) -> Option<Lack> {
    const TRACES: [&str; 5] = ["jaeger", "tempo", "zipkin", "elasticsearch", "opensearch"];
    let sources = &wiring.grafana.datasources;
    let shown: Vec<_> = sources
        .iter()
        .map(|source| (source.name.span.clone(), format!("a datasource of the kind `{}`", source.kind)))
        .collect();
    match shown.is_empty() || sources.iter().any(|source| TRACES.contains(&source.kind.as_str())) {
        true => None,
        false => Some(Lack {
            because:
                "Grafana has no datasource of traces: nothing leads from a panel or a log line to its trace"
                    .to_owned(),
            shown,
        }),
    }
}

/// What other checks find is the contrary of what is required.
fn contrary(wiring: &Wiring, checks: &[&Check], because: &str) -> Option<Lack> {
    let found = checks.iter().flat_map(|check| (check.find)(wiring));
    let shown: Vec<_> = found.filter_map(|found| Some((found.place?, found.message))).collect();
    (!shown.is_empty()).then(|| Lack { because: because.to_owned(), shown })
}

fn security(wiring: &Wiring) -> Option<Lack> {
    let checks = [&safety::open_to_all::CHECK, &safety::tls_not_verified::CHECK, &admin_api::CHECK];
    contrary(wiring, &checks, "these are open, or take whoever answers for the right one")
}

fn retention(wiring: &Wiring) -> Option<Lack> {
    let checks = [
        &logs::ilm_policy_keeps::CHECK,
        &logs::logs_never_deleted::CHECK,
        &logs::log_retention_not_enforced::CHECK,
    ];
    contrary(wiring, &checks, "nothing is ever deleted here")
}

fn own_dashboards(wiring: &Wiring) -> Option<Lack> {
    let grafana = wiring.running("grafana/grafana").next().is_some()
        || wiring.releases.iter().any(|release| release.chart.value == "grafana");
    match grafana && wiring.grafana.dashboards.is_empty() {
        true => lack("no dashboard of the team's own is documented"),
        false => None,
    }
}

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
