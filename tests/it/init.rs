//! `firedrill init` on the documented stacks: what it writes can be run, and holds.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn firedrill(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_firedrill"))
        .args(arguments)
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .output()
        .expect("firedrill starts")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        match path.is_dir() {
            true => copy(&path, &to.join(name)),
            // What init would write is not there yet.
            false if name == "firedrill.yaml" => {}
            false => drop(fs::copy(&path, to.join(name)).expect("a copy")),
        }
    }
}

#[track_caller]
fn check(stack: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/stacks").join(stack), folder.path());
    let written = firedrill(folder.path(), &["init"]);
    let said = String::from_utf8_lossy(&written.stdout).into_owned();
    assert_eq!(written.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&written.stderr));
    assert!(said.contains("next: firedrill test"), "{stack}: {said}");
    let ran = firedrill(folder.path(), &["test", "firedrill-scenarios.yaml"]);
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert_eq!(ran.status.code(), Some(0), "{stack}: {told}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(told.contains("2 scenarios: 2 passed"), "{stack}: {told}");
}

#[test]
fn what_is_written_for_a_documented_stack_holds() {
    ["sei", "jac", "edu7p", "funlynk"].into_iter().for_each(check);
}

#[test]
fn where_no_alert_can_be_tried_it_says_so_and_writes_no_scenario() {
    let folder = tempfile::tempdir().expect("a folder");
    let rules = "groups:\n- name: a\n  rules:\n  - alert: Watchdog\n    expr: vector(1)\n";
    fs::write(folder.path().join("rules.yml"), rules).expect("the rules");
    let written = firedrill(folder.path(), &["init"]);
    let said = String::from_utf8_lossy(&written.stdout).into_owned();
    assert_eq!(written.status.code(), Some(0), "{said}");
    assert!(said.contains("no alert could be tried"), "{said}");
    assert!(!folder.path().join("firedrill-scenarios.yaml").exists());
}

#[test]
fn of_a_guide_that_a_program_refuses_the_services_are_written_and_the_scenario_waits() {
    let folder = tempfile::tempdir().expect("a folder");
    let guide = "```yaml\n# prometheus.yml\nscrape_configs:\n- job_name: shop\n  static_configs: [{targets: ['shop:8080']}]\n```\n\
                 ```yaml\n# alertmanager.yml\nroute: {receiver: team}\nreceivers:\n- name: team\n  email_configs: [{to: a@b.org, \
                 subject: Down}]\n```\n";
    fs::write(folder.path().join("guide.md"), guide).expect("the guide");
    let written = firedrill(folder.path(), &["init", "guide.md"]);
    let said = String::from_utf8_lossy(&written.stdout).into_owned();
    assert_eq!(written.status.code(), Some(2), "{said}");
    assert!(said.contains("firedrill check guide.md"), "{said}");
    let settings = fs::read_to_string(folder.path().join("firedrill.yaml")).expect("the services");
    assert!(settings.contains("shop:8080"), "{settings}");
    assert!(!folder.path().join("firedrill-scenarios.yaml").exists());
}

#[test]
fn a_guide_is_tested_with_the_services_that_it_tells_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let guide = "```yaml\n# prometheus.yml\nrule_files: [rules.yml]\nscrape_configs:\n- job_name: pods\n  kubernetes_sd_configs: [{role: pod}]\n  \
                 relabel_configs:\n  - {source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape], action: keep, regex: true}\n\
                 - job_name: gateway\n  kubernetes_sd_configs: [{role: endpoints, namespaces: {names: [web]}}]\n  relabel_configs:\n  \
                 - {source_labels: [__meta_kubernetes_service_name], action: keep, regex: gateway}\n```\n\
                 ```yaml\n# rules.yml\ngroups:\n- name: a\n  rules:\n  - alert: Errors\n    expr: \
                 sum(rate(web_requests_total{status=~\"5..\"}[5m])) / sum(rate(web_requests_total[5m])) > 0.1\n```\n";
    fs::write(folder.path().join("guide.md"), guide).expect("the guide");
    let scenario =
        "name: Errors\nwhen: {service: gateway, errors: 20%}\nthen: {alert: Errors, fires: within 10m}\n";
    fs::write(folder.path().join("scenario.yaml"), scenario).expect("the scenario");
    let ran = firedrill(folder.path(), &["test", "--stack", "guide.md", "scenario.yaml"]);
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert_eq!(ran.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    // What it was run with can be written down.
    let written = firedrill(folder.path(), &["init", "guide.md"]);
    assert_eq!(written.status.code(), Some(0), "{}", String::from_utf8_lossy(&written.stderr));
    let settings = fs::read_to_string(folder.path().join("firedrill.yaml")).expect("the services");
    assert!(settings.contains("namespace: web") && settings.contains("web_requests_total"), "{settings}");
}
