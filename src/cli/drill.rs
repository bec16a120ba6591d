//! `firedrill drill`: who would get this alert, when, and what would it say?

use std::io;
use std::path::Path;

use super::color::{self, When};
use super::{Exit, output};
use crate::checks::routing::found_by_drills;
use crate::diagnostic::{Diagnostic, Severity};
use crate::documents::{self, expectations};
use crate::drill::{self, Ask, Table};
use crate::report::{Detail, Format as ReportFormat, Look, ReportFile, drill as told};
use crate::routing::Routing;
use crate::stack::Stack;
use crate::time::{Duration, Timestamp};
use crate::timeline::{Observed, Outcome};

/// When an alert fires that is told no other time: a Monday morning.
const DEFAULT_AT: Timestamp = Timestamp(1_767_603_600_000);
/// The longest that one alert fires.
const LONGEST: Duration = Duration::from_secs(31 * 86_400);

const EXAMPLES: &str = "\
Examples:
  firedrill drill monitoring/                            every alert, and who is told
  firedrill drill monitoring/ --strict                   fail on any finding, not only on errors
  firedrill drill monitoring/ --alert ServiceDown --label instance=api-1 --for 2h
  firedrill drill monitoring/ --expect routes.yaml --report junit=routes.xml";

/// Tell who gets which alert, when, and what it says
///
/// Without options: the table of all alerts, and what is wrong with where they go. With --alert: one alert's path,
/// timeline and messages. With --expect: a table of expectations, checked.
#[derive(clap::Args)]
#[command(after_help = format!("{}\n\n{EXAMPLES}", Exit::help()))]
pub struct DrillArguments {
    /// The stack: a folder, files, or a Markdown guide
    #[arg(required = true, value_name = "STACK")]
    pub stack: Vec<String>,

    /// Tell the story of this alert
    #[arg(long, value_name = "NAME", conflicts_with = "expect")]
    pub alert: Option<String>,

    /// A label of the alert that its series brings along; may be given several times
    #[arg(long = "label", value_name = "NAME=VALUE", requires = "alert", value_parser = label)]
    pub labels: Vec<(String, String)>,

    /// When the alert begins to fire, as in 2026-03-01T03:00Z [default: the stack's own start, or a Monday morning]
    #[arg(long, value_name = "TIME", requires = "alert", value_parser = instant)]
    pub at: Option<Timestamp>,

    /// How long the alert fires
    #[arg(long = "for", value_name = "DURATION", requires = "alert", default_value = "30m", value_parser = duration)]
    pub lasts: Duration,

    /// The value that the alert's texts show
    #[arg(
        long,
        value_name = "NUMBER",
        requires = "alert",
        default_value_t = 1.0,
        allow_negative_numbers = true
    )]
    pub value: f64,

    /// Check a YAML table of label sets and their receivers
    #[arg(long, value_name = "FILE")]
    pub expect: Option<String>,

    /// Let warnings fail too
    #[arg(long, conflicts_with_all = ["alert", "expect"])]
    pub strict: bool,

    /// How the answer is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,

    /// Also write a report: junit=FILE or json=FILE; may be given several times, - is standard output
    #[arg(long = "report", value_name = "KIND=FILE", value_parser = ReportFile::parse)]
    pub reports: Vec<ReportFile>,

    /// Draw with ASCII characters only
    #[arg(long)]
    pub ascii: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Text,
    Json,
    Markdown,
}

/// An answer in every form in which it may be asked for.
struct Answer {
    exit: Exit,
    shown: String,
    json: String,
    /// A story has none: nothing in it is a test.
    junit: Option<String>,
}

pub fn run(arguments: &DrillArguments, color: When) -> Exit {
    let complaints = color.on(&io::stderr());
    let refuse = |problems: &[Diagnostic]| {
        output::problems(problems, complaints);
        Exit::Unusable
    };
    let stack = match documents::load(&arguments.stack, None) {
        Ok((stack, mut warnings)) => {
            // The table tells what is wrong with where alerts go.
            let in_table = |id: &str| found_by_drills().any(|check| check.id == id);
            let has_table = arguments.alert.is_none() && arguments.expect.is_none();
            warnings.retain(|warning| !(has_table && in_table(warning.id)));
            output::problems(&warnings, complaints);
            stack
        }
        Err(problems) => return refuse(&problems),
    };
    let Some(routing) = Routing::of(&stack) else { return refuse(&[no_alertmanager(&stack)]) };
    let look = Look {
        colour: color.on(&io::stdout()),
        width: color::width(&io::stdout()),
        ascii: arguments.ascii,
        detail: Detail::Normal,
    };
    let answer = match (&arguments.alert, &arguments.expect) {
        (Some(alert), _) => story(&routing, alert, arguments, &look),
        (None, Some(file)) => expectations(&routing, file, arguments.format, &look),
        (None, None) => Ok(table(&routing, arguments, &look)),
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(problems) => return refuse(&problems),
    };
    if arguments.reports.iter().any(ReportFile::is_stdout) {
        output::tell_aside(&answer.shown);
    } else {
        output::say(&answer.shown);
    }
    let mut exit = answer.exit;
    for report in &arguments.reports {
        let text = match (report.format, &answer.junit) {
            (ReportFormat::Json, _) => &answer.json,
            (ReportFormat::Junit, Some(junit)) => junit,
            (ReportFormat::Junit, None) => {
                output::complain(
                    "error: the story of one alert holds no tests; there is no junit report of it",
                );
                return Exit::Unusable;
            }
        };
        if let Err(error) = report.write_text(text) {
            output::complain(&format!("error: {error}"));
            exit = exit.max(Exit::WorldFailed);
        }
    }
    exit
}

fn table(routing: &Routing<'_>, arguments: &DrillArguments, look: &Look) -> Answer {
    let table = Table::of(routing);
    let fails = |finding: &Diagnostic| arguments.strict || finding.severity == Severity::Error;
    let json = told::table_json(&table);
    Answer {
        exit: if table.findings.iter().any(fails) { Exit::Broken } else { Exit::Held },
        shown: match arguments.format {
            Format::Text => told::table(&table, look),
            Format::Json => json.clone(),
            Format::Markdown => told::table_markdown(&table),
        },
        json,
        junit: Some(told::findings_junit(&table)),
    }
}

fn story(
    routing: &Routing<'_>,
    alert: &str,
    arguments: &DrillArguments,
    look: &Look,
) -> Result<Answer, Vec<Diagnostic>> {
    let ask = Ask {
        alert: alert.to_owned(),
        labels: arguments.labels.clone(),
        at: arguments.at.or(routing.stack.start).unwrap_or(DEFAULT_AT),
        lasts: arguments.lasts,
        value: arguments.value,
    };
    let story = drill::tell(routing, &ask).map_err(|problem| vec![problem])?;
    let failed = |what: &Observed| match what {
        Observed::Notification(sent) => sent.outcome != Outcome::Delivered,
        _ => false,
    };
    let json = told::story_json(&story);
    Ok(Answer {
        exit: if story.seen.iter().any(|seen| failed(&seen.what)) { Exit::Broken } else { Exit::Held },
        shown: match arguments.format {
            Format::Text => told::story(&story, look),
            Format::Json => json.clone(),
            Format::Markdown => told::story_markdown(&story),
        },
        json,
        junit: None,
    })
}

fn expectations(
    routing: &Routing<'_>,
    file: &str,
    format: Format,
    look: &Look,
) -> Result<Answer, Vec<Diagnostic>> {
    let file = documents::read_file(Path::new(file)).map_err(|problem| vec![problem])?;
    let expected = expectations::read(&file)?;
    let judged = drill::judge(routing, &expected)?;
    let json = told::expectations_json(&judged);
    Ok(Answer {
        exit: if judged.iter().all(|row| row.problems.is_empty()) { Exit::Held } else { Exit::Broken },
        shown: match format {
            Format::Text => told::expectations(&judged, look),
            Format::Json => json.clone(),
            Format::Markdown => told::expectations_markdown(&judged),
        },
        json,
        junit: Some(told::expectations_junit(&judged)),
    })
}

fn no_alertmanager(stack: &Stack) -> Diagnostic {
    Diagnostic::error("no-alertmanager", format!("there is no Alertmanager config in {}", stack.path))
        .help("put `alertmanager.yml` beside the Prometheus config, or name it in firedrill.yaml: `alertmanager: path`")
}

fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE, as in instance=api-1".to_owned()),
    }
}

fn instant(text: &str) -> Result<Timestamp, String> {
    match text.parse::<jiff::Timestamp>() {
        Ok(instant) => Ok(Timestamp(instant.as_millisecond())),
        Err(_) => Err("expected a time such as 2026-03-01T03:00Z".to_owned()),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    match Duration::parse(text) {
        Ok(duration) if duration > Duration::ZERO && duration <= LONGEST => Ok(duration),
        Ok(_) => Err("expected a duration up to 31d".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
