//! What Ingresses have meanwhile in another place.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "outdated-ingress",
    harm: Harm::Style,
    title: "Ingresses have this in another place by now",
    explanation: "The class of an Ingress stands in `spec.ingressClassName`; the annotation is deprecated since \
                  Kubernetes 1.18. Ingresses are of the API group `networking.k8s.io`: a role that allows those of \
                  `extensions` allows nothing since 1.22.",
    example: "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a, annotations: {kubernetes.io/ingress.class: nginx}}\nspec: {rules: []}\n",
    mended: "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\nspec: {ingressClassName: nginx, rules: []}\n",
    find,
};

const CLASS: &str = "kubernetes.io/ingress.class";

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let annotated = wiring.objects_of("Ingress").filter_map(|object| object.annotations.get(CLASS));
    let values = wiring.releases.iter().flat_map(|release| &release.values);
    let values = values.filter(|(path, _)| path.ends_with(&format!("annotations.{CLASS}")));
    let annotations = annotated.chain(values.map(|(_, value)| value)).map(|value| {
        Diagnostic::warning("", "the annotation for an Ingress' class is deprecated")
            .at(&value.span)
            .label("deprecated since Kubernetes 1.18")
            .help("write `ingressClassName` under `spec`")
            .shared("the annotation for an Ingress' class")
    });
    let rules = wiring.roles.iter().flat_map(|role| &role.rules);
    let rules = rules.filter(|rule| rule.resources.iter().any(|resource| resource.value == "ingresses"));
    let groups = rules.filter_map(|rule| {
        let old = rule.groups.iter().find(|group| group.value == "extensions")?;
        let new = rule.groups.iter().any(|group| group.value == "networking.k8s.io");
        (!new).then(|| {
            Diagnostic::warning("", "the API group `extensions` has no Ingresses")
                .at(&old.span)
                .label("allows nothing since Kubernetes 1.22")
                .help("write `networking.k8s.io`")
        })
    });
    annotations.chain(groups).collect()
}
