//! Whether Prometheus' alerts get to the stack's Alertmanager, and as what.

use super::relabel;
use super::{Alertmanagers, Discovery, KubernetesRole, Prometheus, RelabelConfig};
use crate::diagnostic::{Diagnostic, Span};
use crate::labels::Labels;
use crate::time::Duration;

/// Why no alert gets to Alertmanager.
#[derive(Clone, Debug)]
pub struct Unsent {
    pub place: Span,
    /// About the place: `has no alerting.alertmanagers`.
    pub why: String,
}

impl Unsent {
    pub const MESSAGE: &str = "this Prometheus sends its alerts to no Alertmanager";

    pub fn warning(&self) -> Diagnostic {
        Diagnostic::warning("alerts-sent-to-nobody", Unsent::MESSAGE).at(&self.place).label(self.why.as_str())
    }
}

impl Alertmanagers {
    /// What an operator writes into the config that it makes.
    pub fn of_operator(place: Span) -> Self {
        let role = KubernetesRole::Endpoints;
        let discovery = vec![Discovery::Kubernetes { role, namespaces: Vec::new(), place: place.clone() }];
        Alertmanagers {
            place,
            scheme: "http".to_owned(),
            path_prefix: String::new(),
            timeout: Duration::from_secs(10),
            api_version: None,
            discovery,
            relabel_configs: Vec::new(),
            alert_relabel_configs: Vec::new(),
            astray: None,
        }
    }
}

impl Prometheus {
    /// None where alerts are sent, and where no config says anything: rules alone can be tried.
    pub fn unsent(&self) -> Option<Unsent> {
        let file = self.file.as_ref()?;
        if self.leads().next().is_some() {
            return None;
        }
        match self.alertmanagers.iter().find_map(|one| one.astray.as_ref()) {
            Some(astray) => Some(astray.clone()),
            None => {
                Some(Unsent { place: file.span(0..0), why: "has no `alerting.alertmanagers`".to_owned() })
            }
        }
    }

    /// The alert as Alertmanager gets it, once for each way of relabelling it; empty where all drop it.
    pub fn sent_as(&self, labels: &Labels) -> Vec<Labels> {
        let mut sent: Vec<Labels> = Vec::new();
        for way in self.relabelling() {
            let relabelled =
                way.iter().try_fold(labels.clone(), |labels, step| relabel::apply(step, &labels));
            sent.extend(relabelled.filter(|labels| !sent.contains(labels)));
        }
        sent
    }

    /// The relabelling of each way to Alertmanager: first of all alerts, then of those that take the way. Without a
    /// config, there is one way.
    pub fn relabelling(&self) -> Vec<[&[RelabelConfig]; 2]> {
        let ways = self.leads().map(|one| [&*self.alert_relabel_configs, &*one.alert_relabel_configs]);
        let ways: Vec<_> = ways.collect();
        if ways.is_empty() { vec![[&*self.alert_relabel_configs, &[]]] } else { ways }
    }

    /// The items of `alerting.alertmanagers` that lead to the stack's Alertmanager, or may.
    fn leads(&self) -> impl Iterator<Item = &Alertmanagers> {
        self.alertmanagers.iter().filter(|one| one.astray.is_none())
    }
}
