//! Rules that no documented Prometheus reads from where they are.

use super::{Check, Harm};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::documents::find::glob;
use crate::stack::Rule;
use crate::stack::wiring::{Home, PrometheusConfig, RuleFile, Wiring};

pub const CHECK: Check = Check {
    id: "rules-not-loaded",
    harm: Harm::Silent,
    title: "no Prometheus reads these rules",
    explanation: "Prometheus reads the files that match `rule_files`, in its own container. A pattern that matches \
                  nothing is no error to it: it starts without the rules, and none of their alerts ever fires.",
    example: "# prometheus.yml\nglobal: {}\n---8<---\n# rules/api.yml\ngroups:\n- name: api\n  rules:\n  - alert: Down\n    expr: up == 0\n",
    mended: "# prometheus.yml\nglobal: {}\nrule_files: [rules/*.yml]\n---8<---\n# rules/api.yml\ngroups:\n- name: api\n  rules:\n  - alert: Down\n    expr: up == 0\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    lost(wiring).into_iter().map(|(_, diagnostic)| diagnostic).collect()
}

/// The files that are read by no Prometheus.
fn lost(wiring: &Wiring) -> Vec<(&RuleFile, Diagnostic)> {
    let configs: Vec<&PrometheusConfig> =
        wiring.prometheus.iter().filter(|config| config.home != Home::Values).collect();
    let patterns: Vec<&Spanned<String>> = configs
        .iter()
        .filter_map(|config| config.config.as_ref())
        .flat_map(|config| &config.rule_files)
        .collect();
    // A config that can't be read says nothing about its patterns.
    if configs.iter().any(|config| config.config.is_none()) {
        return Vec::new();
    }
    let files = wiring.rule_files.iter().filter(|file| !file.groups.is_empty());
    files.filter_map(|file| Some((file, judge(wiring, file, &configs, &patterns)?))).collect()
}

/// Whether a rule stands in a file that no Prometheus reads.
pub fn is_lost(wiring: &Wiring, rule: &Rule) -> bool {
    let rules = |file: &RuleFile| {
        file.groups.iter().any(|group| group.rules.iter().any(|own| std::ptr::eq(own, rule)))
    };
    lost(wiring).into_iter().any(|(file, _)| rules(file))
}

fn judge(
    wiring: &Wiring,
    file: &RuleFile,
    configs: &[&PrometheusConfig],
    patterns: &[&Spanned<String>],
) -> Option<Diagnostic> {
    let place = &file.groups.first()?.name.span;
    let rules: usize = file.groups.iter().map(|group| group.rules.len()).sum();
    let found = Diagnostic::error("", format!("no Prometheus reads these {rules} rules")).at(place);
    let operator = wiring.releases.iter().find(|release| release.chart.value == "kube-prometheus-stack");
    if let Home::PrometheusRule { .. } = file.home {
        let alone = operator.is_none() && wiring.running("prom/prometheus").next().is_some();
        return alone.then(|| {
            found
                .label("a PrometheusRule")
                .because("only the Prometheus operator reads PrometheusRule objects, and none is documented")
                .help("put the groups into a file that `rule_files` matches")
        });
    }
    if configs.is_empty() {
        let release = operator?;
        return Some(
            found
                .label("a plain rule file")
                .related(&release.chart.span, "its Prometheus reads PrometheusRule objects alone")
                .help(
                    "write them as a PrometheusRule, or under `additionalPrometheusRulesMap` in the values",
                ),
        );
    }
    if patterns.is_empty() {
        let config = configs.first()?;
        return Some(
            found
                .label("no `rule_files` names them")
                .related(&config.source.span(0..0), "this config has no `rule_files`")
                .because("Prometheus starts without these rules and says nothing"),
        );
    }
    let paths: Vec<String> = wiring.mounted(&file.home).into_iter().map(|mounted| mounted.path).collect();
    let mounts_known = wiring.running("prom/prometheus").next().is_some();
    let paths = match (&file.home, paths.is_empty()) {
        (_, false) => paths,
        (Home::ConfigMap { .. }, true) if mounts_known => {
            return Some(
                found
                    .label("no Prometheus mounts this ConfigMap")
                    .because("Prometheus starts without these rules and says nothing"),
            );
        }
        // Relative to the config's folder, which nobody states: the last parts decide.
        (Home::File(Some(name)), true) => {
            return (!patterns.iter().any(|pattern| glob::fits_end(&pattern.value, name))).then(|| {
                let pattern = patterns[0];
                found.label(format!("this is {name}")).related(&pattern.span, "does not match it").because(
                    "assuming that the file keeps its name; Prometheus starts without these rules and says nothing",
                )
            });
        }
        _ => return None,
    };
    let matched = paths.iter().any(|path| {
        patterns.iter().any(|pattern| match pattern.value.starts_with('/') {
            true => glob::fits_path(&pattern.value, path),
            false => glob::fits_end(&pattern.value, path),
        })
    });
    (!matched).then(|| {
        found
            .label(format!("in Prometheus' container this is {}", paths[0]))
            .related(&patterns[0].span, "does not match it")
            .because("Prometheus starts without these rules and says nothing")
    })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    fn guide(mount: &str, pattern: &str) -> String {
        format!(
            "```yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: p}}\ndata:\n  prometheus.yml: |\n    \
             rule_files: ['{pattern}']\n  alerts.yml: |\n    groups:\n    - name: a\n      rules:\n      - alert: A\n        \
             expr: up == 0\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: p}}\nspec:\n  template:\n    \
             spec:\n      containers:\n      - image: prom/prometheus:v2.45.0\n        volumeMounts:\n        - {{name: \
             c, mountPath: {mount}}}\n      volumes:\n      - {{name: c, configMap: {{name: p}}}}\n```\n"
        )
    }

    #[test]
    fn a_key_is_the_file_that_its_mount_makes_of_it() {
        let found = ["10:13 no Prometheus reads these 1 rules"];
        check("rules-not-loaded", &guide("/etc/prometheus", "/etc/prometheus/*.yml"), &[]);
        check("rules-not-loaded", &guide("/etc/prometheus/", "alerts.yml"), &[]);
        check("rules-not-loaded", &guide("/etc/prometheus", "/etc/prometheus/rules/*.yml"), &found);
        check("rules-not-loaded", &guide("/etc/prometheus", "alerts.yaml"), &found);
    }

    #[test]
    fn rules_alone_are_for_whoever_reads_them() {
        let rules = "```yaml\ngroups:\n- name: a\n  rules:\n  - alert: A\n    expr: up == 0\n```\n";
        check("rules-not-loaded", rules, &[]);
        let helm = "```sh\nhelm install p prometheus-community/kube-prometheus-stack\n```\n";
        check("rules-not-loaded", &format!("{helm}{rules}"), &["6:9 no Prometheus reads these 1 rules"]);
    }
}
