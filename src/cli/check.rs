//! `firedrill check`: documents in, defects out; nothing is run.

use std::fs;
use std::io;
use std::path::Path;

use super::color::When;
use super::{Exit, output, prove};
use crate::checks::{self, Baseline, Finding, Harm, IgnoredFile, Selection};
use crate::diagnostic::{Diagnostic, Spanned};
use crate::documents::{self, check_settings, check_settings::CheckSettings};
use crate::report::check::{self as told, CheckLook, Checked, Format};
use crate::report::write_text;
use crate::stack::wiring::Wiring;

const EXAMPLES: &str = "\
Examples:
  firedrill check monitoring.md k8s/                     what can't work, with the place in your file
  firedrill check . --fail-on silent                     let risks and style pass
  firedrill check . --format github --report sarif=firedrill.sarif
  firedrill check . --skip latest-tag,credentials-in-clear
  firedrill check . --metrics api-metrics.txt            rules against what the application really exports
  firedrill check . --write-baseline firedrill-baseline.json
  firedrill check . --fix --dry-run                      the mends that are safe, as a diff";

/// Find what can't work, from the documents alone
///
/// Takes Kubernetes manifests, Compose files, Helm values, configs and rules, in files, folders, and in the
/// fenced blocks of Markdown guides.
#[derive(clap::Args)]
#[command(after_help = format!("{}\n\n{EXAMPLES}", Exit::help()))]
pub struct CheckArguments {
    /// Files or folders, read together as one stack
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,

    /// How findings are told
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,

    /// Also write a report: FORMAT=FILE, as in sarif=firedrill.sarif; may be given several times
    #[arg(long = "report", value_name = "FORMAT=FILE", value_parser = Report::parse)]
    reports: Vec<Report>,

    /// End with exit code 1 only if something is at least as bad: breaks, silent, risk or style [default: risk]
    #[arg(long, value_name = "SEVERITY", value_parser = harm)]
    fail_on: Option<Harm>,

    /// A captured `/metrics` page: what the application exports; may be given several times
    #[arg(long = "metrics", value_name = "FILE")]
    metrics: Vec<String>,

    /// Only these checks, by their ids
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    only: Vec<String>,

    /// All checks but these, by their ids
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    skip: Vec<String>,

    /// Tell only what this file does not know yet
    #[arg(long, value_name = "FILE", conflicts_with = "write_baseline")]
    baseline: Option<String>,

    /// Write down everything that is found now, for --baseline, and end with exit code 0
    #[arg(long, value_name = "FILE", conflicts_with_all = ["fix", "reports"])]
    write_baseline: Option<String>,

    /// Make the mends that are safe, in the files themselves; what is left is told
    #[arg(long)]
    fix: bool,

    /// With --fix: show what would be changed, and change nothing
    #[arg(long, requires = "fix", conflicts_with = "reports")]
    dry_run: bool,

    /// Also show in the twin, by a unit test for each, what never fires and what fires at nothing
    #[arg(long)]
    prove: bool,

    /// Also list what each part of the documents is taken for, and why a part is not read
    #[arg(long, short)]
    verbose: bool,
}

/// A report that is also written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Report {
    format: Format,
    path: String,
}

impl Report {
    fn parse(text: &str) -> Result<Report, String> {
        let (format, path) =
            text.split_once('=').ok_or("expected FORMAT=FILE, as in sarif=firedrill.sarif")?;
        let format = <Format as clap::ValueEnum>::from_str(format, false).map_err(|_| {
            format!("there is no report of kind {format:?}; there are text, json, sarif, github, markdown and junit")
        })?;
        match path {
            "" => Err(format!("no file is named after {format}=")),
            "-" => Err(format!("--format {format} writes to standard output")),
            _ => Ok(Report { format, path: path.to_owned() }),
        }
    }
}

fn harm(text: &str) -> Result<Harm, String> {
    Harm::parse(text).ok_or_else(|| "wanted breaks, silent, risk or style".to_owned())
}

/// What the arguments and firedrill.yaml ask for together.
struct Asked {
    selection: Selection,
    fail_on: Harm,
    baseline: Option<Baseline>,
}

pub fn run(arguments: &CheckArguments, color: When) -> Exit {
    match answered(arguments, color) {
        Ok(exit) => exit,
        Err(problems) => {
            output::problems(&problems, color.on(&io::stderr()));
            Exit::Unusable
        }
    }
}

fn answered(arguments: &CheckArguments, color: When) -> Result<Exit, Vec<Diagnostic>> {
    let asked = asked(arguments)?;
    let mut wiring = read(arguments)?;
    let mut findings = checks::run_selected(&wiring, &asked.selection);
    if let Some(file) = &arguments.write_baseline {
        return Ok(write_baseline(file, &findings));
    }
    if arguments.fix {
        let mended = checks::mend(&findings);
        if arguments.dry_run {
            mended.iter().for_each(|mended| output::say(&mended.diff()));
            output::complain(&format!("{}; nothing was changed", in_files(&mended, "can be mended")));
            return Ok(if mended.is_empty() { Exit::Held } else { Exit::Broken });
        }
        for mended in &mended {
            if let Err(error) = fs::write(mended.file.path(), &mended.text) {
                output::complain(&format!("error: can't write {}: {error}", mended.file.path()));
                return Ok(Exit::WorldFailed);
            }
        }
        output::complain(&in_files(&mended, "mended"));
        wiring = read(arguments)?;
        findings = checks::run_selected(&wiring, &asked.selection);
    }
    let mut known = 0;
    if let Some(baseline) = &asked.baseline {
        let (new, count, stale) = baseline.apply(findings);
        (findings, known) = (new, count);
        tell_stale(&stale, &wiring);
    }
    let proofs = arguments.prove.then(|| prove::text(&findings, &wiring));
    let findings = checks::folded(findings);
    let exit = tell(arguments, &asked, &Checked { findings: &findings, parts: &wiring.parts, known }, color);
    if let Some(proofs) = proofs {
        output::complain(proofs.trim_end());
    }
    Ok(exit)
}

/// The documents, with the metrics of captured pages.
fn read(arguments: &CheckArguments) -> Result<Wiring, Vec<Diagnostic>> {
    let mut wiring = documents::wiring::load(&arguments.paths)?;
    let mut problems = Vec::new();
    for path in &arguments.metrics {
        let page = documents::read_file(Path::new(path));
        match page.and_then(|file| documents::metrics_page::read(&file)) {
            // What the documents' own code says of a metric is more.
            Ok(metrics) => {
                for metric in metrics {
                    if !wiring.metrics.iter().any(|known| known.name.value == metric.name.value) {
                        wiring.metrics.push(metric);
                    }
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(wiring) } else { Err(problems) }
}

fn tell(arguments: &CheckArguments, asked: &Asked, checked: &Checked<'_>, color: When) -> Exit {
    let look = CheckLook { colour: color.on(&io::stdout()), parts: arguments.verbose };
    output::say(&told::render(checked, arguments.format, look));
    let mut exit = match checked.findings.iter().any(|finding| finding.worst() >= asked.fail_on) {
        true => Exit::Broken,
        false => Exit::Held,
    };
    for report in &arguments.reports {
        let look = CheckLook { parts: arguments.verbose, ..CheckLook::default() };
        if let Err(error) = write_text(&report.path, &told::render(checked, report.format, look)) {
            output::complain(&format!(
                "error: can't write the {} report to {}: {error}",
                report.format, report.path
            ));
            exit = exit.max(Exit::WorldFailed);
        }
    }
    exit
}

/// What is asked for, or what in it can't be used.
fn asked(arguments: &CheckArguments) -> Result<Asked, Vec<Diagnostic>> {
    let settings = settings(&arguments.paths)?;
    let mut problems = Vec::new();
    for id in arguments.only.iter().chain(&arguments.skip) {
        if checks::named(id).is_none() {
            problems.push(checks::unknown(id));
        }
    }
    let ignored = settings.ignored.iter().map(|ignored| &ignored.check);
    for id in settings.only.iter().chain(&settings.skip).chain(ignored) {
        if checks::named(&id.value).is_none() {
            problems.push(checks::unknown(&id.value).at(&id.span).label("named here"));
        }
    }
    let texts = |ids: &[Spanned<String>]| ids.iter().map(|id| id.value.clone()).collect::<Vec<_>>();
    let only = match arguments.only.is_empty() {
        true => texts(&settings.only),
        false => arguments.only.clone(),
    };
    let skip = texts(&settings.skip).into_iter().chain(arguments.skip.iter().cloned()).collect();
    let baseline = match (&arguments.write_baseline, &arguments.baseline, &settings.baseline) {
        (Some(_), _, _) => None,
        (None, Some(path), _) => read_baseline(path).map_err(|problem| problems.push(problem)).ok(),
        (None, None, Some(path)) => read_baseline(&path.value)
            .map_err(|problem| {
                problems.push(match problem.place {
                    None => problem.at(&path.span).label("named here"),
                    Some(_) => problem,
                })
            })
            .ok(),
        (None, None, None) => None,
    };
    match problems.is_empty() {
        true => Ok(Asked {
            selection: Selection {
                only,
                skip,
                ignored: settings
                    .ignored
                    .into_iter()
                    .map(|ignored| IgnoredFile { check: ignored.check.value, file: ignored.file })
                    .collect(),
            },
            fail_on: arguments
                .fail_on
                .or_else(|| Harm::parse(&settings.fail_on?.value))
                .unwrap_or(Harm::Risk),
            baseline,
        }),
        false => Err(problems),
    }
}

/// The `checks` of the firedrill.yaml that counts: in or beside what is checked, or in this folder.
fn settings(paths: &[String]) -> Result<CheckSettings, Vec<Diagnostic>> {
    let folders = paths.iter().map(|path| match Path::new(path) {
        path if path.is_dir() => path.to_path_buf(),
        path => path.parent().map(Path::to_path_buf).unwrap_or_default(),
    });
    let mut files = folders.chain([Path::new("").to_path_buf()]).map(|folder| folder.join("firedrill.yaml"));
    match files.find(|file| file.is_file()) {
        Some(file) => check_settings::load(&file),
        None => Ok(CheckSettings::default()),
    }
}

fn read_baseline(path: &str) -> Result<Baseline, Diagnostic> {
    Baseline::read(&documents::read_file(Path::new(path))?)
}

fn write_baseline(file: &str, findings: &[Finding]) -> Exit {
    let baseline = Baseline::of(findings);
    match write_text(file, &baseline.print()) {
        Ok(()) => {
            output::say(&format!("{} written to {file}\n", counted(baseline.count(), "finding")));
            Exit::Held
        }
        Err(error) => {
            output::complain(&format!("error: can't write the baseline to {file}: {error}"));
            Exit::WorldFailed
        }
    }
}

/// Entries of files that were read and that found nothing: the baseline promises more than is left to mend.
fn tell_stale(stale: &[&checks::Entry], wiring: &Wiring) {
    const SHOWN: usize = 10;
    let read = |entry: &&&checks::Entry| {
        wiring.parts.iter().any(|part| part.place.file.path().trim_start_matches("./") == entry.file)
    };
    let stale: Vec<&&checks::Entry> = stale.iter().filter(read).collect();
    if stale.is_empty() {
        return;
    }
    output::complain(&format!(
        "note: {} of the baseline found nothing any more; --write-baseline writes it anew",
        if stale.len() == 1 { "1 entry".to_owned() } else { format!("{} entries", stale.len()) }
    ));
    for entry in stale.iter().take(SHOWN) {
        output::complain(&format!("      {}: {} [{}]", entry.file, entry.message, entry.id));
    }
    if stale.len() > SHOWN {
        output::complain(&format!("      and {} more", stale.len() - SHOWN));
    }
}

fn in_files(mended: &[checks::Mended], what: &str) -> String {
    let count: usize = mended.iter().map(|mended| mended.count).sum();
    match mended.len() {
        0 => "there is nothing that can be mended safely".to_owned(),
        files => format!("{} {what} in {}", counted(count, "finding"), counted(files, "file")),
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
