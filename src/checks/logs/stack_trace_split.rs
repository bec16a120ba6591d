//! Stack traces that arrive line by line.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{FilebeatConfig, FluentBitConfig, PromtailConfig, Wiring};

pub const CHECK: Check = Check {
    id: "stack-trace-split",
    harm: Harm::Risk,
    title: "each line of a stack trace becomes a log entry of its own",
    explanation: "An exception is printed over many lines, and an agent that reads a file takes each line for an entry: the message is in \
                  one, where it happened in another, and other programs' lines stand between. Fluent Bit joins them by the filter \
                  `multiline` (`docker` and `cri` only join what the runtime has split), Promtail by the stage `multiline`, Filebeat by \
                  `multiline` or a parser of this kind. A program that logs JSON needs none of it.",
    example: "services: {api: {build: .}}\n```\n```py\nimport logging\n```\n```conf\n[INPUT]\n    Name tail\n    Path /var/log/containers/*.log\n    multiline.parser docker, cri\n    Tag  kube.*\n",
    mended: "services: {api: {build: .}}\n```\n```py\nimport logging\n```\n```conf\n[INPUT]\n    Name tail\n    Path /var/log/containers/*.log\n    multiline.parser docker, cri\n    Tag  kube.*\n[FILTER]\n    Name multiline\n    Match kube.*\n    multiline.key_content log\n    multiline.parser python\n",
    find,
};

/// Languages whose programs print an exception over many lines, by what fences call them.
const LANGUAGES: [(&str, &str); 9] = [
    ("py", "Python"),
    ("python", "Python"),
    ("java", "Java"),
    ("kotlin", "Kotlin"),
    ("go", "Go"),
    ("golang", "Go"),
    ("ruby", "Ruby"),
    ("cs", "C#"),
    ("csharp", "C#"),
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let Some((language, code)) = printing(wiring) else { return Vec::new() };
    let fluent_bit = wiring.logs.fluent_bit.iter().filter_map(of_fluent_bit);
    let fluent_bit = fluent_bit
        .map(|place| (place, "add a filter `multiline` with the parser of the language, before all others"));
    let promtail = wiring.logs.promtail.iter().filter_map(of_promtail);
    let promtail =
        promtail.map(|place| (place, "add a stage `multiline` with a `firstline` to the pipeline"));
    let filebeat = wiring.logs.filebeat.iter().filter_map(of_filebeat);
    let filebeat = filebeat.map(|place| (place, "add `parsers: [{multiline: …}]` to the input"));
    let found = fluent_bit.chain(promtail).chain(filebeat).map(|(place, help)| {
        Diagnostic::warning("", "each line of a stack trace becomes a log entry of its own")
            .at(&place)
            .label("reads line by line")
            .related(&code, format!("{language} prints an exception over many lines"))
            .because("assuming that no undocumented code logs JSON")
            .help(help)
            .shared("logs that are read line by line")
    });
    found.collect()
}

/// Documented code of such a language, where nothing says that it logs JSON.
fn printing(wiring: &Wiring) -> Option<(&'static str, Span)> {
    const JSON: [&str; 12] = [
        "jsonformatter",
        "json_formatter",
        "jsonlogger",
        "json_log",
        "structlog",
        "jsonrenderer",
        "jsonlayout",
        "logstashencoder",
        "logstash-logback",
        "newjsonhandler",
        "zerolog",
        "zap.new",
    ];
    let mut code = wiring.code();
    let json = |text: &str| JSON.iter().any(|word| text.to_lowercase().contains(word));
    if code.clone().any(|part| json(part.source.text()))
        || wiring.settings.iter().any(|setting| json(&setting.value.value))
    {
        return None;
    }
    code.find_map(|part| {
        let (_, name) = LANGUAGES.iter().find(|(word, _)| *word == part.language)?;
        Some((*name, part.place.clone()))
    })
}

fn of_fluent_bit(config: &FluentBitConfig) -> Option<Span> {
    // Parsers that only join what the runtime has split.
    let joins = |parsers: &str| parsers.split(',').any(|name| !matches!(name.trim(), "" | "docker" | "cri"));
    let input = config.of("INPUT").find(|input| {
        let path = input.get("path").map_or("", |path| path.value.as_str());
        input.name().eq_ignore_ascii_case("tail")
            && (path.starts_with("/var/log/containers") || path.starts_with("/var/log/pods"))
    })?;
    let joined = input.get("multiline.parser").is_some_and(|parsers| joins(&parsers.value))
        || input.get("parser_firstline").is_some()
        || config.of("FILTER").any(|filter| filter.name().eq_ignore_ascii_case("multiline"));
    (!joined).then(|| input.entry("path").map(|(_, path)| path.span.clone()))?
}

fn of_promtail(config: &PromtailConfig) -> Option<Span> {
    let of_pods = config.jobs.iter().filter_map(|job| job.discovers.as_ref());
    let discovers = of_pods.into_iter().find(|discovers| discovers.value == "kubernetes_sd_configs")?;
    (!config.place.file.text().contains("multiline")).then(|| discovers.span.clone())
}

fn of_filebeat(config: &FilebeatConfig) -> Option<Span> {
    let input = config.settings.iter().find(|setting| {
        setting.path == "filebeat.inputs[].type"
            && matches!(setting.value.value.as_str(), "container" | "filestream")
    })?;
    // Of other files nobody knows what writes them.
    let of_containers = input.value.value == "container"
        || config.settings.iter().any(|setting| {
            setting.path == "filebeat.inputs[].paths[]"
                && setting.value.value.starts_with("/var/log/containers")
        });
    if !of_containers {
        return None;
    }
    let joined = config.settings.iter().any(|setting| setting.path.contains("multiline"));
    (!joined).then(|| input.value.span.clone())
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_program_that_logs_json_or_an_agent_that_joins_lines_is_right() {
        let guide = |code: &str, filter: &str| {
            format!(
                "```{code}\n```\n```conf\n[INPUT]\n  Name tail\n  Path /var/log/containers/*.log\n  multiline.parser cri\n{filter}```\n"
            )
        };
        let id = "stack-trace-split";
        let split = ["7:8 each line of a stack trace becomes a log entry of its own"];
        check(id, &guide("py\nimport logging", ""), &split);
        check(id, &guide("java\nclass A {}", ""), &split);
        check(id, &guide("js\nlet a;", ""), &[]);
        check(id, &guide("py\nfrom pythonjsonlogger import jsonlogger", ""), &[]);
        check(id, &guide("java\nclass A {}", "[FILTER]\n  Name multiline\n  multiline.parser java\n"), &[]);
    }
}
