//! Objects that are annotated to be scraped, and that no job finds by it.

use super::{all_jobs_known, jobs};
use crate::checks::{Check, Harm, chart_value_ignored};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::stack::wiring::{Object, Wiring};

pub const CHECK: Check = Check {
    id: "annotation-unread",
    harm: Harm::Silent,
    title: "no job finds what this annotation says is to be scraped",
    explanation: "`prometheus.io/scrape` is a convention between a job's relabelling and the objects that it discovers: a \
                  job of the role `pod` reads the annotations of pods, one of the role `service` or `endpoints` those of \
                  Services, each in its namespaces. An annotation of another object is read by nobody.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: pods\n  kubernetes_sd_configs: [{role: pod}]\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape]\n    action: keep\n    regex: true\n---8<---\napiVersion: v1\nkind: Service\nmetadata:\n  name: grafana\n  annotations: {prometheus.io/scrape: 'true'}\nspec: {ports: [{port: 3000}]}\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: services\n  kubernetes_sd_configs: [{role: service}]\n  relabel_configs:\n  - source_labels: [__meta_kubernetes_service_annotation_prometheus_io_scrape]\n    action: keep\n    regex: true\n---8<---\napiVersion: v1\nkind: Service\nmetadata:\n  name: grafana\n  annotations: {prometheus.io/scrape: 'true'}\nspec: {ports: [{port: 3000}]}\n",
    find,
};

const SCRAPE: &str = "prometheus.io/scrape";

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found = charts(wiring);
    if !all_jobs_known(wiring) {
        return found;
    }
    let targets: Vec<_> = jobs(wiring).flat_map(|job| wiring.targets(job)).collect();
    for object in &wiring.objects {
        let Some(value) = wanted(object) else { continue };
        let kept = match object.kind.value.as_str() {
            // One whose pods are not documented may be found all the same.
            "Service" => targets.iter().any(|target| {
                target.service.is_some_and(|service| {
                    service.name.value == object.name.value
                        && service.namespace.as_deref() == Some(object.namespace())
                })
            }),
            "Deployment" | "DaemonSet" | "StatefulSet" => false,
            _ => continue,
        };
        if kept || in_open_endpoints(wiring, object) {
            continue;
        }
        found.push(unread(value, &object.kind.value));
    }
    for workload in &wiring.workloads {
        let Some(value) = workload.annotations.get(SCRAPE).filter(|value| value.value == "true") else {
            continue;
        };
        let kept =
            targets.iter().any(|target| target.workload.is_some_and(|found| std::ptr::eq(found, workload)));
        if !kept {
            found.push(unread(value, "pod"));
        }
    }
    found
}

fn wanted(object: &Object) -> Option<&Spanned<String>> {
    object.annotations.get(SCRAPE).filter(|value| value.value == "true")
}

fn unread(value: &Spanned<String>, kind: &str) -> Diagnostic {
    let diagnostic = Diagnostic::error("", format!("no job scrapes this {kind} for its annotation"))
        .at(&value.span)
        .label("nobody reads this");
    match kind {
        "Deployment" | "DaemonSet" | "StatefulSet" => diagnostic
            .help("discovery sees only the annotations of pods: put it into `spec.template.metadata`"),
        _ => diagnostic
            .help(format!("add a job that discovers {kind}s in this namespace and keeps the annotated ones")),
    }
}

/// A Service whose pods are not documented: whether a job would find its endpoints can't be told.
fn in_open_endpoints(wiring: &Wiring, object: &Object) -> bool {
    use crate::stack::KubernetesRole::{EndpointSlice, Endpoints};
    let of = |service: &&crate::stack::wiring::Service| {
        service.name.value == object.name.value && service.namespace.as_deref() == Some(object.namespace())
    };
    let service = wiring.services.iter().find(of);
    service.is_some_and(|service| wiring.selected(service).is_none())
        && jobs(wiring).any(|job| super::has_role(job, &[Endpoints, EndpointSlice]))
}

/// In the Jaeger chart's values, `annotations` of a component are the Deployment's, `podAnnotations` the pods'.
fn charts(wiring: &Wiring) -> Vec<Diagnostic> {
    let releases = wiring.releases.iter().filter(|release| release.is_jaegers());
    let found = releases.filter_map(|release| {
        let mut scraped = release.values.iter().filter(|(path, value)| {
            let component = path.strip_suffix(&format!(".annotations.{SCRAPE}"));
            let component =
                component.filter(|name| matches!(*name, "agent" | "collector" | "query" | "ingester"));
            let runs = component.is_some_and(|name| !release.sets(&format!("{name}.enabled"), "false"));
            runs && value.value == "true"
        });
        let (_, first) = scraped.next()?;
        let found = Diagnostic::error("", "these annotations are not on the pods, where Prometheus looks")
            .at(&first.span)
            .label("annotates the Deployment or DaemonSet")
            .related(&release.chart.span, "this chart, up to version 3")
            .help("write `podAnnotations`");
        let found = scraped.fold(found, |found, (_, other)| found.related(&other.span, "these too"));
        Some(chart_value_ignored::of_old_chart(found))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn annotations_of_the_chart_are_on_pods_only_as_pod_annotations() {
        let guide = |key: &str| {
            format!(
                "```sh\nhelm install j jaegertracing/jaeger -f v.yaml\n```\nv.yaml\n```yaml\nprovisionDataStore: {{}}\nagent:\n  \
                 {key}:\n    prometheus.io/scrape: 'true'\n    prometheus.io/port: '14271'\n```\n"
            )
        };
        check("annotation-unread", &guide("podAnnotations"), &[]);
        check(
            "annotation-unread",
            &guide("annotations"),
            &["9:27 these annotations are not on the pods, where Prometheus looks"],
        );
        check("annotation-unread", &guide("enabled: false\n  annotations"), &[]);
    }
}
