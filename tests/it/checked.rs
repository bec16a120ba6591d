//! Configs as `firedrill check` judges them: classified by their content, wherever they stand.

use firedrill::checks::{self, Selection};
use firedrill::diagnostic::SourceFile;
use firedrill::documents::wiring;
use firedrill::stack::Version;
use firedrill::stack::alertmanager::Version as Alertmanager;

/// The checks that say what the real program would not load.
const REFUSED: [&str; 4] =
    ["yaml-refused", "prometheus-config-refused", "rules-refused", "alertmanager-config-refused"];

/// What is refused of a file.
pub fn refusals(path: &str, text: &str, versions: (Option<Version>, Option<Alertmanager>)) -> Vec<String> {
    let file = SourceFile::new(path, text);
    let wiring = wiring::of_files([&file], versions.0, versions.1);
    let only = REFUSED.map(str::to_owned).to_vec();
    let findings = checks::run_selected(&wiring, &Selection { only, ..Selection::default() });
    findings.iter().map(|finding| finding.diagnostic.to_string()).collect()
}

/// A guide with a ConfigMap that holds the file.
pub fn guide(name: &str, text: &str) -> String {
    let inside: String = text.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "# A guide\n\n```yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: config}}\ndata:\n  {name}: |2\n{inside}```\n"
    )
}
