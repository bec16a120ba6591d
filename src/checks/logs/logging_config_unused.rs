//! A logging config in Python that no program reads.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{DocumentPart, Wiring};

pub const CHECK: Check = Check {
    id: "logging-config-unused",
    harm: Harm::Risk,
    title: "nothing reads this logging config",
    explanation: "Django takes `LOGGING` from its settings, and other programs what is given to `logging.config.dictConfig`. The same name in a module \
                  of its own configures nothing until the settings import it: handlers, levels and formats stay those of the framework, and no log file is written.",
    example: "# values.yaml\na: 1\n```\n```python\n# backend/monitoring/logs.py\nLOGGING = {'version': 1, 'handlers': {'file': {'class': 'logging.FileHandler', 'filename': '/var/log/app.log'}}}\n",
    mended: "# values.yaml\na: 1\n```\n```python\n# backend/settings.py\nLOGGING = {'version': 1, 'handlers': {'file': {'class': 'logging.FileHandler', 'filename': '/var/log/app.log'}}}\n",
    find,
};

const NAME: &str = "LOGGING";

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let code = wiring.code();
    code.filter_map(|part| judge(part, wiring)).collect()
}

fn judge(part: &DocumentPart, wiring: &Wiring) -> Option<Diagnostic> {
    let file = part.name.as_deref().filter(|file| file.ends_with(".py") && !file.contains("settings"))?;
    let text = part.source.text();
    let mut lines = text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    });
    let (at, _) = lines.find(|(_, line)| line.starts_with("LOGGING =") || line.starts_with("LOGGING="))?;
    let module = file.trim_end_matches(".py").rsplit('/').next()?;
    let read = wiring.code().any(|other| {
        let text = other.source.text();
        let imports = [format!("{module} import"), format!("import {module}"), format!(".{module} ")];
        text.contains("dictConfig(")
            || !std::ptr::eq(other, part) && imports.iter().any(|way| text.contains(way.as_str()))
    });
    (!read).then(|| {
        Diagnostic::warning("", format!("nothing reads `{NAME}` of {file}"))
            .at(&part.source.span(at..at + NAME.len()))
            .label("Django looks for it in its settings")
            .because("assuming that no undocumented settings import it")
            .help(format!(
                "import it in the settings: `from {} import {NAME}`",
                file.trim_end_matches(".py").replace('/', ".")
            ))
    })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn an_import_or_a_call_reads_it() {
        let code = "```python\n# app/logs.py\nimport logging\nLOGGING = {}\n```\n";
        let id = "logging-config-unused";
        check(id, code, &["4:1 nothing reads `LOGGING` of app/logs.py"]);
        check(id, &format!("{code}```python\n# app/settings.py\nfrom app.logs import LOGGING\n```\n"), &[]);
        check(id, &code.replace("LOGGING = {}", "LOGGING = {}\nlogging.config.dictConfig(LOGGING)"), &[]);
        check(id, &code.replace("logs.py", "settings/base.py"), &[]);
        check(id, "```python\nLOGGING = {}\n```\n", &[]);
    }
}
