//! `firedrill check` as programs meet it: reports in files, fingerprints, mends.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use firedrill::checks;
use serde_json::Value;

const GUIDE: &str = "\
```yaml
apiVersion: v1
kind: Service
metadata: {name: loki, namespace: logging}
spec: {ports: [{port: 3100}]}
```

```yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: grafana, namespace: monitoring}
data:
  datasources.yml: |
    apiVersion: 1
    datasources: [{name: Loki, type: loki, url: 'http://loki:3100'}]
```
";

fn firedrill(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_firedrill"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .expect("firedrill starts")
}

fn json(text: &[u8]) -> Value {
    serde_json::from_slice(text).expect("JSON")
}

#[test]
fn sarif_has_every_rule_and_each_result_its_own() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("a guide.md"), GUIDE).expect("the guide");
    let output = firedrill(
        folder.path(),
        &["check", "a guide.md", "--only", "unknown-service", "--report", "sarif=out.sarif"],
    );
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let sarif = json(&fs::read(folder.path().join("out.sarif")).expect("the report"));
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    assert_eq!(rules.len(), checks::all().count());
    for rule in rules {
        for field in ["shortDescription", "fullDescription", "help"] {
            assert!(rule[field]["text"].as_str().is_some_and(|text| !text.is_empty()), "{rule}");
        }
    }
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), 1);
    let result = &results[0];
    let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
    assert_eq!(rules[index]["id"], result["ruleId"]);
    assert_eq!(result["ruleId"], "unknown-service");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20guide.md");
    assert_eq!(place["region"]["startLine"], 15);
    assert_eq!(
        result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"],
        "loki.logging"
    );
}

#[test]
fn a_finding_keeps_its_fingerprint_when_lines_move_and_two_differ() {
    let fingerprints = |text: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("compose.yaml"), text).expect("the file");
        let output =
            firedrill(folder.path(), &["check", "compose.yaml", "--only", "latest-tag", "--format", "json"]);
        let report = json(&output.stdout);
        let found = report["diagnostics"].as_array().expect("diagnostics").iter();
        let all = found.flat_map(|finding| {
            let folded = finding["folded"].as_array().expect("folded").iter();
            std::iter::once(finding).chain(folded).map(|finding| finding["fingerprint"].to_string())
        });
        all.collect::<Vec<_>>()
    };
    let before = fingerprints("services:\n  a:\n    image: a:latest\n  b:\n    image: b:latest\n");
    let after =
        fingerprints("# moved\n\nservices:\n  a:\n      image: a:latest\n  b:\n    image: b:latest\n");
    assert_eq!(before, after);
    assert_ne!(before[0], before[1]);
}

#[test]
fn a_baseline_that_was_written_knows_all_that_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("guide.md"), GUIDE).expect("the guide");
    let written = firedrill(folder.path(), &["check", "guide.md", "--write-baseline", "known.json"]);
    assert_eq!(written.status.code(), Some(0));
    let again = firedrill(folder.path(), &["check", "guide.md", "--baseline", "known.json"]);
    assert_eq!(again.status.code(), Some(0), "{}", String::from_utf8_lossy(&again.stdout));
    // The same twice is one more than is known, though one name that does not resolve is one finding.
    fs::write(folder.path().join("guide.md"), format!("{GUIDE}\n{GUIDE}")).expect("the guide");
    let twice = firedrill(folder.path(), &["check", "guide.md", "--baseline", "known.json"]);
    let told = String::from_utf8_lossy(&twice.stdout);
    assert_eq!(twice.status.code(), Some(1), "{told}");
    assert!(told.contains("unknown-service"), "{told}");
    // One less is nothing new.
    firedrill(folder.path(), &["check", "guide.md", "--write-baseline", "known.json"]);
    fs::write(folder.path().join("guide.md"), GUIDE).expect("the guide");
    let once = firedrill(folder.path(), &["check", "guide.md", "--baseline", "known.json"]);
    assert_eq!(once.status.code(), Some(0), "{}", String::from_utf8_lossy(&once.stdout));
}

#[test]
fn what_is_mended_is_found_no_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("guide.md");
    fs::write(&path, GUIDE).expect("the guide");
    let only = ["--only", "unknown-service"];
    let shown = firedrill(folder.path(), &[&["check", "guide.md", "--fix", "--dry-run"][..], &only].concat());
    assert_eq!(shown.status.code(), Some(1));
    assert_eq!(fs::read_to_string(&path).expect("the guide"), GUIDE, "nothing was changed");
    let mended = firedrill(folder.path(), &[&["check", "guide.md", "--fix"][..], &only].concat());
    assert_eq!(mended.status.code(), Some(0), "{}", String::from_utf8_lossy(&mended.stdout));
    let text = fs::read_to_string(&path).expect("the guide");
    assert_eq!(text, GUIDE.replace("http://loki:3100", "http://loki.logging:3100"));
}

#[test]
fn a_secret_is_in_no_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "services:\n  g:\n    image: grafana/grafana:latest\n    environment: {GF_SECURITY_ADMIN_PASSWORD: hunter2x}\n";
    fs::write(folder.path().join("compose.yaml"), text).expect("the file");
    for format in ["text", "json", "sarif", "github", "markdown", "junit"] {
        let output = firedrill(folder.path(), &["check", "compose.yaml", "--format", format]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("credentials-in-clear"), "{said}");
        assert!(!said.contains("hunter2x"), "{format}: {said}");
    }
}
