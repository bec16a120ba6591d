//! Kubernetes objects beside workloads, Services and ConfigMaps: what there is, who may what, what is open to whom.

use std::collections::BTreeMap;

use super::{Setting, Wiring};
use crate::diagnostic::{Span, Spanned};

/// Any object.
#[derive(Clone, Debug)]
pub struct Object {
    pub kind: Spanned<String>,
    pub api_version: Spanned<String>,
    pub name: Spanned<String>,
    /// As it is written.
    pub namespace: Option<Spanned<String>>,
    pub labels: BTreeMap<String, Spanned<String>>,
    pub annotations: BTreeMap<String, Spanned<String>>,
    /// Every single value in it.
    pub settings: Vec<Setting>,
}

impl Object {
    pub fn namespace(&self) -> &str {
        self.namespace.as_ref().map_or("default", |namespace| &namespace.value)
    }

    /// The first value at a path.
    pub fn get(&self, path: &str) -> Option<&Spanned<String>> {
        self.settings.iter().find(|setting| setting.path == path).map(|setting| &setting.value)
    }
}

/// A Role or a ClusterRole.
#[derive(Clone, Debug)]
pub struct Role {
    pub name: Spanned<String>,
    /// `None`: of the whole cluster.
    pub namespace: Option<String>,
    pub rules: Vec<RoleRule>,
}

#[derive(Clone, Debug)]
pub struct RoleRule {
    pub groups: Vec<Spanned<String>>,
    pub resources: Vec<Spanned<String>>,
    pub verbs: Vec<String>,
}

/// A RoleBinding or a ClusterRoleBinding.
#[derive(Clone, Debug)]
pub struct Binding {
    pub name: Spanned<String>,
    /// `None`: in the whole cluster.
    pub namespace: Option<String>,
    /// `Role` or `ClusterRole`
    pub role_kind: String,
    pub role: Spanned<String>,
    /// The service accounts: namespace and name.
    pub accounts: Vec<(String, Spanned<String>)>,
}

#[derive(Clone, Debug)]
pub struct Ingress {
    pub name: Spanned<String>,
    pub namespace: String,
    pub hosts: Vec<Spanned<String>>,
    pub backends: Vec<Backend>,
    /// Something in its annotations asks who comes.
    pub guarded: bool,
    /// `spec.ingressClassName`, or the annotation that it was before.
    pub class: Option<String>,
    /// It is one of several for a host and path, and says so: a canary, or one that is merged with others.
    pub shares: bool,
}

/// Where an Ingress leads.
#[derive(Clone, Debug)]
pub struct Backend {
    pub host: Option<Spanned<String>>,
    /// `/` where none is stated.
    pub path: String,
    pub service: Spanned<String>,
    /// A number or a port's name.
    pub port: Option<Spanned<String>>,
}

/// A ServiceMonitor or PodMonitor.
#[derive(Clone, Debug)]
pub struct Monitor {
    pub kind: String,
    pub name: Spanned<String>,
    pub namespace: String,
    pub selector: Vec<(String, Spanned<String>)>,
    /// It selects by expressions too, which nobody here reads.
    pub expressions: bool,
    /// Where it looks; `None`: everywhere.
    pub namespaces: Option<Vec<String>>,
    pub endpoints: Vec<Endpoint>,
    pub place: Span,
}

#[derive(Clone, Debug)]
pub struct Endpoint {
    /// A port's name.
    pub port: Option<Spanned<String>>,
}

impl Wiring {
    pub fn objects_of(&self, kind: &'static str) -> impl Iterator<Item = &Object> {
        self.objects.iter().filter(move |object| object.kind.value == kind)
    }

    pub fn object(&self, kind: &'static str, namespace: &str, name: &str) -> Option<&Object> {
        self.objects_of(kind).find(|object| object.name.value == name && object.namespace() == namespace)
    }
}
