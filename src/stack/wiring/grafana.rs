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
    pub unit: Option<Spanned<String>>,
    pub targets: Vec<Target>,
}

/// One query of a panel.
#[derive(Clone, Debug)]
pub struct Target {
    pub datasource: Option<Spanned<String>>,
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
