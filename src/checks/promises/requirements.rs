//! The requirements that are known, and how the documents show that they are not met.

mod alerts;
mod replicas;
mod traces;

use super::subject;
use crate::checks::routing::resolution_untold;
use crate::checks::{Check, admin_api, chart_value_ignored, dashboards, logs, rules, safety};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{Listed, PartKind, Wiring};

/// What a requirement is known by, and what the documents lack for it.
struct Requirement {
    /// Of each group the item has one word.
    words: &'static [&'static [&'static str]],
    /// Headings under which it is about something else.
    except: &'static [&'static str],
    /// It may be met by what other documents have.
    elsewhere: bool,
    lacks: fn(&Wiring, &[&Listed]) -> Option<Lack>,
    /// What it has in common with findings of another check.
    shares: Option<&'static str>,
}

/// What was looked for, and places that show the contrary.
struct Lack {
    because: String,
    shown: Vec<(Span, String)>,
}

const SHOWN_HERE: Requirement =
    Requirement { words: &[], except: &[], elsewhere: false, lacks: |_, _| None, shares: None };
const SHOWN_ELSEWHERE: Requirement = Requirement { elsewhere: true, ..SHOWN_HERE };

const REQUIREMENTS: [Requirement; 17] = [
    Requirement {
        words: &[&["highly available", "high availability", "high-availability"]],
        lacks: |wiring, _| replicas::single(wiring),
        ..SHOWN_HERE
    },
    Requirement {
        words: &[&["backup", "disaster recovery"]],
        lacks: |wiring, _| backups(wiring),
        ..SHOWN_ELSEWHERE
    },
    Requirement {
        words: &[&["sla", "slo", "slis", "service level"]],
        lacks: |wiring, _| objectives(wiring),
        ..SHOWN_ELSEWHERE
    },
    Requirement {
        words: &[&["runbook", "runbooks"]],
        lacks: |wiring, _| runbooks(wiring),
        ..SHOWN_ELSEWHERE
    },
    Requirement {
        words: &[&["cloud provider"], &["monitor"]],
        lacks: |wiring, _| cloud(wiring),
        ..SHOWN_ELSEWHERE
    },
    Requirement {
        words: &[&["network policies", "networkpolicies", "network policy"]],
        lacks: |wiring, _| network_policies(wiring),
        ..SHOWN_ELSEWHERE
    },
    Requirement {
        words: &[&["log-based", "log based"], &["alert"]],
        lacks: |wiring, _| log_alerts(wiring),
        ..SHOWN_HERE
    },
    Requirement {
        words: &[&["alerting rules", "alerts"], &["all critical", "all system"]],
        lacks: |wiring, _| system_alerts(wiring),
        ..SHOWN_HERE
    },
    Requirement {
        words: &[&["escalation", "acknowledg"]],
        lacks: |wiring, _| alerts::escalation(wiring),
        ..SHOWN_HERE
    },
    Requirement {
        words: &[&["resolution", "resolved", "recover"], &["alert", "notification"]],
        lacks: |wiring, _| alerts::resolution(wiring),
        shares: Some(resolution_untold::CAUSE),
        ..SHOWN_HERE
    },
    Requirement {
        words: &[&["suppress", "inhibit", "silenc"], &["alert", "notification"]],
        lacks: |wiring, _| alerts::suppression(wiring),
        ..SHOWN_HERE
    },
    Requirement {
        words: &[&["correlat"], &["trace", "tracing"]],
        lacks: |wiring, _| traces::beside_metrics(wiring),
        ..SHOWN_HERE
    },
    Requirement {
        words: &[&["distributed tracing", "verify traces"]],
        lacks: |wiring, _| traces::sent_by_nobody(wiring),
        ..SHOWN_HERE
    },
    Requirement {
        words: &[&["trace", "tracing"], &["sampling", "retention", "retained"]],
        lacks: traces::kept_without_measure,
        ..SHOWN_HERE
    },
    Requirement {
        words: &[&["security"], &["implemented", "applied", "configured", "secured"]],
        lacks: |wiring, _| security(wiring),
        ..SHOWN_HERE
    },
    Requirement {
        words: &[&["retention", "retained"], &["polic", "configured", "implemented"]],
        // That of metrics is a flag of Prometheus.
        except: &["metric"],
        lacks: |wiring, _| retention(wiring),
        ..SHOWN_HERE
    },
    Requirement { words: &[&["custom dashboard"]], lacks: |wiring, _| own_dashboards(wiring), ..SHOWN_HERE },
];

/// Those that the documents don't show to be met; `elsewhere`: which other documents may show.
pub fn found(wiring: &Wiring, elsewhere: bool) -> Vec<Diagnostic> {
    // Nothing is stood up here that could meet any.
    if wiring.workloads.is_empty() && wiring.releases.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<Diagnostic> = Vec::new();
    for requirement in REQUIREMENTS.iter().filter(|requirement| requirement.elsewhere == elsewhere) {
        let of = |item: &&Listed| {
            is_requirement(item)
                && speaks_of(&item.text.value, requirement.words)
                && !item.headings.last().is_some_and(|heading| {
                    let heading = heading.value.to_lowercase();
                    requirement.except.iter().any(|word| heading.contains(word))
                })
        };
        let items: Vec<&Listed> = wiring.prose.iter().filter(of).collect();
        let Some(first) = items.first() else { continue };
        let Some(lack) = (requirement.lacks)(wiring, &items) else { continue };
        let (label, because) = match elsewhere {
            true => (
                "the documents show nothing of it",
                format!("{}; assuming that no other document shows it", lack.because),
            ),
            false => ("the documents show otherwise, or nothing", lack.because),
        };
        let mut diagnostic =
            Diagnostic::error("", format!("nothing shows that this is met: {}", first.text.value))
                .at(&first.text.span)
                .label(label)
                .because(because);
        for item in items.iter().skip(1) {
            diagnostic = diagnostic.related(&item.text.span, "asked for here, too");
        }
        for (place, label) in &lack.shown {
            diagnostic = diagnostic.related(place, label.clone());
        }
        if let Some(cause) = requirement.shares {
            diagnostic = diagnostic.shared(cause);
        }
        // An item may ask for two things.
        match found.iter_mut().find(|known| known.same_as(&diagnostic)) {
            Some(known) => {
                known.related.extend(diagnostic.related);
                let both = known.because.take().zip(diagnostic.because);
                known.because = both.map(|(one, other)| format!("{one}; {other}"));
            }
            None => found.push(diagnostic),
        }
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

/// What other checks find is the contrary of what is required.
fn contrary(wiring: &Wiring, checks: &[&Check], because: &str) -> Option<Lack> {
    let ignored = chart_value_ignored::ignored(wiring);
    let found = checks.iter().flat_map(|check| (check.find)(wiring));
    let shown = found.filter_map(|found| Some((found.place?, found.message)));
    let shown: Vec<_> = shown.filter(|(place, _)| !chart_value_ignored::is_among(&ignored, place)).collect();
    (!shown.is_empty()).then(|| Lack { because: because.to_owned(), shown })
}

fn security(wiring: &Wiring) -> Option<Lack> {
    let checks = [&safety::open_to_all::CHECK, &safety::tls_not_verified::CHECK, &admin_api::CHECK];
    contrary(wiring, &checks, "these are open, or take whoever answers for the right one")
}

fn retention(wiring: &Wiring) -> Option<Lack> {
    // A policy that Filebeat passes over is not the one that is refused.
    let passed_over = (logs::filebeat_setting_unknown::CHECK.find)(wiring).into_iter();
    let mut passed_over = passed_over.filter(|found| found.subject.as_deref() == Some("setup.ilm.policy"));
    let because = "nothing ever deletes logs here";
    if let Some(found) = passed_over.next() {
        let shown = vec![(found.place?, found.message)];
        return Some(Lack { because: because.to_owned(), shown });
    }
    let checks = [
        &logs::ilm_policy_keeps::CHECK,
        &logs::logs_never_deleted::CHECK,
        &logs::log_retention_not_enforced::CHECK,
    ];
    contrary(wiring, &checks, because)
}

fn own_dashboards(wiring: &Wiring) -> Option<Lack> {
    let grafana = wiring.running("grafana/grafana").next().is_some()
        || wiring.releases.iter().any(|release| release.chart.value == "grafana");
    if !grafana || !wiring.grafana.dashboards.is_empty() {
        return None;
    }
    match contrary(wiring, &[&dashboards::chart_dashboard_file::CHECK], "the one that is named is not there")
    {
        Some(lack) => Some(lack),
        None => lack("no dashboard of the team's own is documented"),
    }
}
