//! Jobs whose targets all have the same `instance`.

use super::jobs;
use crate::checks::expressions::instance_of_a_proxy;
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;
use crate::stack::{Discovery, ScrapeConfig};

pub const CHECK: Check = Check {
    id: "instance-shared",
    harm: Harm::Style,
    title: "all targets of this job have the same `instance`",
    explanation: "`instance` is the address that is scraped. Where a job leads all its targets through one address, as nodes through \
                  the API server, it says nothing: queries by `instance` count one node, and panels show all of them under one name. \
                  Set `instance` from what tells the targets apart.",
    example: "# prometheus.yml\nscrape_configs:\n- job_name: nodes\n  kubernetes_sd_configs: [{role: node}]\n  relabel_configs:\n  - {target_label: __address__, replacement: 'kubernetes.default.svc:443'}\n",
    mended: "# prometheus.yml\nscrape_configs:\n- job_name: nodes\n  kubernetes_sd_configs: [{role: node}]\n  relabel_configs:\n  - {target_label: __address__, replacement: 'kubernetes.default.svc:443'}\n  - {source_labels: [__meta_kubernetes_node_name], target_label: instance}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let many = jobs(wiring).filter(|job| finds_many(job));
    let found = many.filter_map(|job| {
        let (address, place) = instance_of_a_proxy::one_address(job)?;
        Some(
            Diagnostic::warning(
                "",
                format!("`instance` is `{address}` for every target of `{}`", job.job_name.value),
            )
            .at(place)
            .label("all targets get this address")
            .because("`instance` is the address that is scraped, unless relabelling sets another")
            .help(instance_of_a_proxy::MEND)
            .shared(instance_of_a_proxy::cause(job)),
        )
    });
    found.collect()
}

fn finds_many(job: &ScrapeConfig) -> bool {
    job.discovery.iter().any(|discovery| match discovery {
        Discovery::Static { targets, .. } => targets.len() > 1,
        Discovery::Kubernetes { .. } | Discovery::Other { .. } => true,
    })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_single_target_has_an_instance_of_its_own() {
        let guide = |targets: &str, relabel: &str| {
            format!(
                "```yaml\n# prometheus.yml\nscrape_configs:\n- job_name: a\n  static_configs: [{{targets: [{targets}]}}]\n  relabel_configs:\n  - {{target_label: __address__, replacement: {relabel}}}\n```\n"
            )
        };
        let found = ["7:5 `instance` is `proxy:80` for every target of `a`"];
        check("instance-shared", &guide("'a:80', 'b:80'", "'proxy:80'"), &found);
        check("instance-shared", &guide("'a:80'", "'proxy:80'"), &[]);
        check("instance-shared", &guide("'a:80', 'b:80'", "'$1'"), &[]);
    }
}
