//! Configs that stand inside other documents: in a guide's fenced blocks, in ConfigMaps, in a chart's values, as the
//! operator's objects. A config that is a file of its own comes before them.

#[cfg(test)]
mod tests;

use super::folder::{Content, Found};
use super::{Loader, glob};
use crate::diagnostic::{Diagnostic, Severity, SourceFile, Spanned};
use crate::documents::{chart_defaults, wiring};
use crate::stack::Version;
use crate::stack::alertmanager::{self, Alertmanager};
use crate::stack::wiring::{AlertmanagerConfig, Home, PrometheusConfig, RuleFile, Wiring};

/// The wiring of everything that is no config itself.
pub(super) fn within(
    found: &[Found],
    prometheus: Version,
    alertmanager: Option<alertmanager::Version>,
) -> Wiring {
    let holds_more = |file: &&Found| match file.content {
        Content::Guide | Content::Other => true,
        Content::RuleObjects => {
            ["ConfigMap", "AlertmanagerConfig"].iter().any(|kind| file.source.text().contains(kind))
        }
        _ => false,
    };
    let files = found.iter().filter(holds_more).map(|file| &file.source);
    wiring::of_files(files, Some(prometheus), alertmanager)
}

impl Loader {
    pub(super) fn prometheus_within<'w>(&mut self, within: &'w Wiring) -> Option<&'w PrometheusConfig> {
        let mut plain = within.prometheus.iter().filter(|config| config.home != Home::Values);
        let values = || within.prometheus.iter().find(|config| config.home == Home::Values);
        let first = plain.next().or_else(values)?;
        if let Some(second) = plain.next() {
            self.problems.push(
                Diagnostic::error("two-prometheus-configs", "here is more than one Prometheus config")
                    .at(&second.source.span(0..0))
                    .label("another one")
                    .related(&first.source.span(0..0), "the first"),
            );
        }
        self.problems.extend(first.problems.iter().cloned());
        Some(first)
    }

    /// The rule files that Prometheus loads; `config` is where it is within other documents, `has_config` whether there is
    /// one at all.
    pub(super) fn rules_within(
        &mut self,
        within: &Wiring,
        config: Option<&PrometheusConfig>,
        has_config: bool,
        found: &[Found],
    ) -> Vec<SourceFile> {
        let objects = |file: &&RuleFile| {
            let known = found.iter().filter(|known| known.content == Content::RuleObjects);
            !known.into_iter().any(|known| known.source.path() == file.source.path())
        };
        let files: Vec<&RuleFile> = within.rule_files.iter().filter(objects).collect();
        let patterns = config.and_then(|config| config.config.as_ref()).map(|config| &config.rule_files);
        let patterns = patterns.map(Vec::as_slice).unwrap_or_default();
        for pattern in patterns {
            if !files.iter().any(|file| loads(within, &file.home, pattern)) {
                let problem = nothing_loaded(within, pattern, &files);
                // Objects come to Prometheus by another way.
                let objects = files.iter().any(|file| matches!(file.home, Home::PrometheusRule { .. }));
                let severity = if objects { Severity::Warning } else { Severity::Error };
                self.problems.push(Diagnostic { severity, ..problem });
            }
        }
        let mut taken = Vec::new();
        for file in files {
            let is_taken = match &file.home {
                Home::PrometheusRule { .. } => true,
                home if config.is_some() => patterns.iter().any(|pattern| loads(within, home, pattern)),
                _ => !has_config,
            };
            if is_taken {
                taken.push(file.source.clone());
            } else if has_config && !file.groups.is_empty() {
                self.problems.push(
                    Diagnostic::warning("unused-rule-file", "Prometheus does not load these rules")
                        .at(&file.groups[0].name.span)
                        .label("no entry of `rule_files` matches where they are")
                        .help("name them under `rule_files`, or write them as a PrometheusRule where an operator runs"),
                );
            }
        }
        taken
    }

    pub(super) fn alertmanager_within(&mut self, within: &Wiring) -> Option<Alertmanager> {
        let made =
            |config: &&AlertmanagerConfig| matches!(config.home, Home::Values | Home::AlertmanagerConfigs);
        let mut plain = within.alertmanagers.iter().filter(|config| !made(config));
        let first = plain.next().or_else(|| within.alertmanagers.iter().find(made))?;
        if let Some(second) = plain.next() {
            self.problems.push(
                Diagnostic::error("two-alertmanager-configs", "here is more than one Alertmanager config")
                    .at(&second.place)
                    .label("another one")
                    .related(&first.place, "the first"),
            );
        }
        for problem in &first.problems {
            let of_chart = problem.place.as_ref().is_some_and(chart_defaults::is_default);
            self.problems.push(match of_chart && problem.help.is_none() {
                true => problem.clone().help(
                    "these are the chart's defaults: lists in values replace them, so add `- name: 'null'` to the \
                     receivers, or set `route.routes`",
                ),
                false => problem.clone(),
            });
        }
        let config = first.meant.clone().filter(|_| first.problems.is_empty())?;
        for pattern in &config.templates {
            if config.template_files.is_empty() && !chart_defaults::is_default(&pattern.span) {
                self.problems.push(super::alertmanager::templates_match_nothing(pattern));
            }
        }
        Some(config)
    }
}

/// `--web.external-url`, as a documented container is given it.
pub(super) fn external_url(within: &Wiring, programs: &[&str]) -> Option<String> {
    let containers = programs.iter().flat_map(|program| within.running(program));
    let mut urls = containers.flat_map(|(_, container)| &container.args).filter_map(|argument| {
        let argument = argument.value.trim_start_matches('-');
        argument.strip_prefix("web.external-url=").map(|url| url.trim_matches(['"', '\'']).to_owned())
    });
    urls.next()
}

/// Whether Prometheus finds a file by this entry of `rule_files`: where it is mounted, or, where nothing says that, by the
/// end of its name.
fn loads(within: &Wiring, home: &Home, pattern: &Spanned<String>) -> bool {
    let pattern = pattern.value.as_str();
    let paths: Vec<String> = within.mounted(home).into_iter().map(|mounted| mounted.path).collect();
    if !paths.is_empty() {
        return paths.iter().any(|path| match pattern.starts_with('/') {
            true => glob::fits_path(pattern, path),
            false => glob::fits_end(pattern, path),
        });
    }
    let mounts_known = within.running("prom/prometheus").next().is_some();
    match home {
        Home::ConfigMap { .. } if mounts_known => false,
        Home::ConfigMap { key, .. } => glob::fits_end(pattern, key),
        Home::File(Some(name)) => glob::fits_end(pattern, name),
        Home::File(None) => true,
        _ => false,
    }
}

fn nothing_loaded(within: &Wiring, pattern: &Spanned<String>, files: &[&RuleFile]) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        "rule-files-match-nothing",
        "no documented file matches this entry of `rule_files`",
    )
    .at(&pattern.span)
    .label("nothing is there")
    .because("Prometheus starts without these rules and says nothing");
    let mounted = files.iter().flat_map(|file| within.mounted(&file.home)).map(|mounted| mounted.path);
    let mounted: Vec<String> = mounted.take(5).collect();
    match mounted.as_slice() {
        [] => diagnostic,
        paths => diagnostic.help(format!("rule files in its container: {}", paths.join(", "))),
    }
}
