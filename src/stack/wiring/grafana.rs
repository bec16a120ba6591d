//! What Grafana shows and where it takes it from: dashboards, their panels and queries, datasources, providers.

use super::Home;
use crate::diagnostic::{Span, Spanned};

/// Everything that the documents say about Grafana.
#[derive(Clone, Debug, Default)]
pub struct Grafana {
    pub dashboards: Vec<Dashboard>,
    pub datasources: Vec<Datasource>,
    pub providers: Vec<Provider>,
    /// Notification channels of the alerting that Grafana had before version 9.
    pub notifiers: Vec<Spanned<String>>,
}

impl Grafana {
    /// Every query with the type of the datasource that it asks, where the documents tell.
    pub fn queries(&self) -> impl Iterator<Item = (&Target, Option<&str>)> {
        let panels = self.dashboards.iter().flat_map(|dashboard| &dashboard.panels);
        panels.flat_map(|panel| panel.targets.iter().map(|target| (target, self.asked(panel, target))))
    }

    fn asked<'g>(&'g self, panel: &'g Panel, target: &'g Target) -> Option<&'g str> {
        if let Some(stated) = target.asks.as_ref().or(panel.asks.as_ref()) {
            return Some(stated);
        }
        let asked = match target.datasource.as_ref().or(panel.datasource.as_ref()).map(|it| it.value.as_str())
        {
            Some(named) => {
                self.datasources.iter().find(|it| it.name.value == named || it.uid.as_deref() == Some(named))
            }
            None => match self.datasources.as_slice() {
                [only] => Some(only),
                several => several.iter().find(|datasource| datasource.default.is_some()),
            },
        };
        asked.map(|datasource| datasource.kind.as_str())
    }
}

#[derive(Clone, Debug)]
pub struct Dashboard {
    pub home: Home,
    pub title: Spanned<String>,
    /// The key `dashboard` around it, as Grafana's HTTP API wants it and its provisioning does not.
    pub wrapped: Option<Span>,
    pub panels: Vec<Panel>,
    /// What `templating` defines.
    pub variables: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Panel {
    pub title: Spanned<String>,
    /// `timeseries`, `graph`, `stat` …
    pub kind: Option<Spanned<String>>,
    pub datasource: Option<Spanned<String>>,
    /// Its datasource's type, where the panel states it.
    pub asks: Option<String>,
    pub unit: Option<Spanned<String>>,
    pub targets: Vec<Target>,
}

/// One query of a panel.
#[derive(Clone, Debug)]
pub struct Target {
    pub datasource: Option<Spanned<String>>,
    /// Its datasource's type, where the query states it.
    pub asks: Option<String>,
    pub text: Spanned<String>,
    pub legend: Option<Spanned<String>>,
}

/// A provisioned datasource.
#[derive(Clone, Debug)]
pub struct Datasource {
    pub name: Spanned<String>,
    pub uid: Option<String>,
    pub kind: String,
    pub url: Option<Spanned<String>>,
    /// `isDefault: true`
    pub default: Option<Span>,
    /// The organisation; 1 where none is named.
    pub organisation: String,
    pub home: Home,
    /// The namespace of the Grafana that it is for, where it is known.
    pub namespace: Option<String>,
}

/// A folder from which dashboards are read.
#[derive(Clone, Debug)]
pub struct Provider {
    pub name: Spanned<String>,
    pub path: Option<Spanned<String>>,
    pub home: Home,
}
