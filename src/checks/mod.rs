//! What can't work, said before anything is run. One file a check, named like its id.
//!
//! Promises: a finding is provable from the documents; what rests on something that they leave out says so
//! (`assuming …`). Findings stand in the order of the files.

mod admin_api;
mod alertmanager_config_refused;
mod alerts_sent_to_nobody;
mod baseline;
mod chart_value_ignored;
mod cluster;
mod config_not_loaded;
mod console_files_missing;
mod counting;
mod credentials_in_clear;
mod dashboards;
mod default_receiver_lost;
mod division_by_itself;
mod expressions;
mod families;
mod flag_refused;
mod folding;
mod global_setting_unused;
mod group_interval_short;
mod guides;
mod ignores_nothing;
mod job_not_scraped;
mod latest_tag;
mod logs;
mod manual;
mod mend;
mod no_watchdog;
mod not_an_http_target;
mod operator_skips;
mod placeholder_receiver;
mod port_not_served;
mod prometheus_config_refused;
mod promises;
pub mod prove;
pub mod routing;
mod rules_not_loaded;
mod rules_refused;
mod safety;
mod scraping;
mod series;
mod series_not_documented;
mod sides_never_match;
mod sources;
mod template_label_missing;
mod templates;
#[cfg(test)]
mod tests;
mod traces;
mod unknown_label;
mod unknown_label_value;
mod unknown_metric;
mod unknown_service;
mod values;
mod words;
mod yaml_refused;

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, Severity, Span, Spanned};
use crate::documents::find::glob;
use crate::promql::Expr;
use crate::promql::ast::TextRange;
use crate::stack::wiring::{Address, Home, Wiring};
use crate::stack::{Discovery, Rule, RuleKind};

pub use baseline::{Baseline, Entry, fingerprint};
pub use families::{FAMILIES, Family, all, named};
pub use manual::{explain, list, page, section, unknown};
pub use mend::{Mended, mend};

/// How bad it is, from bad to worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Harm {
    /// It works, and could be clearer.
    Style,
    /// It works, until something that is likely happens.
    Risk,
    /// Nothing complains, and it does not do what it is there for.
    Silent,
    /// A program refuses it or can't work with it.
    Breaks,
}

impl Harm {
    pub const ALL: [Harm; 4] = [Harm::Breaks, Harm::Silent, Harm::Risk, Harm::Style];

    pub fn as_str(self) -> &'static str {
        match self {
            Harm::Style => "style",
            Harm::Risk => "risk",
            Harm::Silent => "silent",
            Harm::Breaks => "breaks",
        }
    }

    pub fn meaning(self) -> &'static str {
        match self {
            Harm::Style => "it works, and could be clearer",
            Harm::Risk => "it works, until something that is likely happens",
            Harm::Silent => "nothing complains, and it does not do what it is there for",
            Harm::Breaks => "a program refuses it or can't work with it",
        }
    }

    pub fn parse(text: &str) -> Option<Harm> {
        Harm::ALL.into_iter().find(|harm| harm.as_str() == text)
    }

    fn severity(self) -> Severity {
        match self {
            Harm::Breaks | Harm::Silent => Severity::Error,
            Harm::Risk | Harm::Style => Severity::Warning,
        }
    }
}

/// One kind of defect.
#[derive(Debug)]
pub struct Check {
    /// Stable, kebab-case; its file has the same name.
    pub id: &'static str,
    pub harm: Harm,
    /// One sentence: what is wrong.
    pub title: &'static str,
    /// Why it matters and what to do, in Markdown.
    pub explanation: &'static str,
    /// What is found, and what is written instead: YAML.
    pub example: &'static str,
    pub mended: &'static str,
    pub find: fn(&Wiring) -> Vec<Diagnostic>,
}

/// What a check found.
#[derive(Clone, Debug)]
pub struct Finding {
    pub harm: Harm,
    pub diagnostic: Diagnostic,
    /// Those that have the same cause, or follow from this one.
    pub folded: Vec<Finding>,
}

impl Finding {
    pub fn new(harm: Harm, diagnostic: Diagnostic) -> Self {
        Finding { harm, diagnostic, folded: Vec::new() }
    }

    /// Of this finding and of all that are folded under it.
    pub fn worst(&self) -> Harm {
        self.folded.iter().map(|folded| folded.harm).fold(self.harm, Harm::max)
    }

    /// As a person sees it, with what is folded under it.
    pub fn render(&self, colour: bool) -> String {
        self.diagnostic.render_with(colour, &self.notes())
    }

    /// What is folded under it, as names and texts.
    pub fn notes(&self) -> Vec<(String, String)> {
        folding::notes(self)
    }
}

/// Which checks run, and what is left out beside what comments ignore.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Ids; empty means all.
    pub only: Vec<String>,
    pub skip: Vec<String>,
    pub ignored: Vec<IgnoredFile>,
}

/// Findings of a check that are left out wherever a file's path fits.
#[derive(Clone, Debug)]
pub struct IgnoredFile {
    pub check: String,
    /// A path or glob, as paths are named for this run.
    pub file: String,
}

impl Selection {
    fn runs(&self, id: &str) -> bool {
        let named = |ids: &[String]| ids.iter().any(|named| named == id);
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
    }

    fn ignores(&self, finding: &Finding) -> bool {
        let Some(place) = &finding.diagnostic.place else { return false };
        let path = place.file.path();
        self.ignored
            .iter()
            .any(|ignored| ignored.check == finding.diagnostic.id && glob::fits_path(&ignored.file, path))
    }
}

/// Runs every check; what a comment ignores is left out. What has one cause is one finding.
pub fn run(wiring: &Wiring) -> Vec<Finding> {
    folded(run_selected(wiring, &Selection::default()))
}

/// The findings of the selected checks, those with a shared cause still apart.
pub fn run_selected(wiring: &Wiring, selection: &Selection) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut known = BTreeSet::new();
    let mut of_routing = routing::found(wiring, &|id| selection.runs(id));
    let ignored = chart_value_ignored::ignored(wiring);
    for check in all().filter(|check| selection.runs(check.id)) {
        for mut diagnostic in of_routing.remove(check.id).unwrap_or_else(|| (check.find)(wiring)) {
            // Nothing comes of what is wrong with values that change nothing; but a password is out all the same.
            let apart = [chart_value_ignored::CHECK.id, credentials_in_clear::CHECK.id].contains(&check.id);
            let place = diagnostic.place.as_ref().filter(|_| !apart);
            if place.is_some_and(|place| chart_value_ignored::is_among(&ignored, place)) {
                diagnostic = chart_value_ignored::of_old_chart(diagnostic);
            }
            diagnostic.id = check.id;
            let harm = if diagnostic.mild { check.harm.min(Harm::Risk) } else { check.harm };
            diagnostic.severity = harm.severity();
            if known.insert((check.id, place_of(&diagnostic), diagnostic.message.clone())) {
                findings.push(Finding::new(harm, diagnostic));
            }
        }
    }
    sort(&mut findings);
    let mut findings = folding::follow(findings);
    findings.retain_mut(|finding| {
        finding.folded.retain(|folded| !selection.ignores(folded));
        !selection.ignores(finding)
    });
    let mut findings = ignores_nothing::apply(findings, wiring, &|id| selection.runs(id));
    sort(&mut findings);
    findings
}

/// Findings with a shared cause as one.
pub fn folded(findings: Vec<Finding>) -> Vec<Finding> {
    folding::gather(findings)
}

/// In the order of the files.
fn sort(findings: &mut [Finding]) {
    findings.sort_by_cached_key(|finding| place_of(&finding.diagnostic));
}

fn place_of(diagnostic: &Diagnostic) -> Option<(String, usize, usize)> {
    let place = diagnostic.place.as_ref()?.in_own_file();
    Some((place.file.path().to_owned(), place.start, place.end))
}

/// A program's own complaint, with what follows from it where it does not say so itself. The same mistake over and
/// over in one file is one.
fn refused(problem: &Diagnostic, consequence: &str, path: &str) -> Diagnostic {
    let told = match problem.because {
        Some(_) => problem.clone(),
        None => problem.clone().because(consequence),
    };
    let cause = format!("{} in {path}", told.message);
    told.shared(cause)
}

/// All of the config, fenced block or file that a place stands in.
fn whole(place: &Span) -> Span {
    place.file.span(0..place.file.text().len())
}

/// Whether a reader's problem is an error that is not told already, as YAML that nothing can parse.
fn is_new_error(wiring: &Wiring, problem: &Diagnostic) -> bool {
    problem.severity == Severity::Error && !wiring.broken.iter().any(|known| known.same_as(problem))
}

/// Every address that something talks to: those in the documents' values, and Prometheus' targets.
fn addresses(wiring: &Wiring) -> Vec<Address> {
    let mut addresses = wiring.addresses.clone();
    for config in &wiring.prometheus {
        let from = match &config.home {
            Home::ConfigMap { namespace, .. } => Some(namespace.clone()),
            _ => None,
        };
        let Some(read) = &config.config else { continue };
        let jobs = read.scrape_configs.iter().filter(|job| job.relabel_configs.is_empty());
        let discovery = jobs.flat_map(|job| &job.discovery);
        let discovery = discovery.chain(read.alertmanagers.iter().flat_map(|to| &to.discovery));
        addresses.extend(discovery.flat_map(Discovery::listed).map(|target| {
            let (host, port) = target.value.rsplit_once(':').unwrap_or((&target.value, ""));
            Address {
                host: host.to_owned(),
                port: port.parse().ok(),
                from: from.clone(),
                what: "this target",
                place: target.span.clone(),
            }
        }));
    }
    addresses
}

/// Every rule, wherever it stands.
fn rules(wiring: &Wiring) -> impl Iterator<Item = &Rule> {
    wiring.rule_files.iter().flat_map(|file| &file.groups).flat_map(|group| &group.rules)
}

/// PromQL and where it stands: a rule's, a panel's, a guide's.
#[derive(Clone, Copy, Debug)]
struct Query<'w> {
    expr: &'w Expr,
    text: &'w Spanned<String>,
    /// The rule that it is of.
    rule: Option<&'w Rule>,
}

impl Query<'_> {
    /// Where a part of it stands.
    fn place(&self, range: TextRange) -> Span {
        place_in(self.text, range)
    }

    /// What is wrong with an expression besides: nothing comes of it where nothing exports its metrics.
    fn besides(&self, diagnostic: Diagnostic) -> Diagnostic {
        diagnostic.follows_from(unknown_metric::CHECK.id, &self.text.span)
    }
}

/// Every expression, wherever it stands.
fn queries(wiring: &Wiring) -> impl Iterator<Item = Query<'_>> {
    let of_rules = rules(wiring).map(|rule| Query { expr: &rule.expr, text: &rule.text, rule: Some(rule) });
    let others = wiring.queries.iter();
    of_rules.chain(others.map(|query| Query { expr: &query.expr, text: &query.text, rule: None }))
}

/// The expressions of alerting rules.
fn alert_queries(wiring: &Wiring) -> impl Iterator<Item = Query<'_>> {
    queries(wiring).filter(|query| query.rule.is_some_and(alerts))
}

/// Whether a rule alerts.
fn alerts(rule: &Rule) -> bool {
    matches!(rule.kind, RuleKind::Alerting { .. })
}

/// Where a part of an expression stands: itself where its text is written as it is, or the whole expression.
fn place_in(text: &Spanned<String>, range: TextRange) -> Span {
    part_of(text, range.range())
}

/// Where a part of a text stands: itself where it is written as it is, or the whole text.
fn part_of(text: &Spanned<String>, range: std::ops::Range<usize>) -> Span {
    let Spanned { value, span } = text;
    let part = value.get(range.clone()).unwrap_or_default();
    let at = match span.text() == value {
        true => Some(range.start),
        // In a block, a part that stands only once is found as it is written.
        false => {
            let mut found = span.text().match_indices(part).map(|(at, _)| at);
            found.next().filter(|_| found.next().is_none())
        }
    };
    match at {
        Some(at) if !part.is_empty() => span.file.span(span.start + at..span.start + at + part.len()),
        _ => span.clone(),
    }
}
