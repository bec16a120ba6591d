use super::*;
use crate::documents::wiring::of_text;

fn found(path: &str, text: &str, id: &str) -> Vec<String> {
    let findings = single(path, text);
    let of_check = findings.iter().filter(|finding| finding.diagnostic.id == id);
    of_check.map(|finding| finding.diagnostic.to_string()).collect()
}

/// Every finding by itself, in the order of the files.
fn single(path: &str, text: &str) -> Vec<Finding> {
    let mut single = Vec::new();
    for mut finding in run_selected(&of_text(path, text), &Selection::default()) {
        let folded = std::mem::take(&mut finding.folded);
        single.push(finding);
        single.extend(folded);
    }
    sort(&mut single);
    single
}

/// A guide in which the check finds this many, each at its `line:column` with its message.
#[track_caller]
pub fn check(id: &str, guide: &str, expected: &[&str]) {
    let findings = single("guide.md", guide);
    let got: Vec<String> = findings
        .iter()
        .filter(|finding| finding.diagnostic.id == id)
        .map(|finding| {
            let place = finding.diagnostic.place.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{} {}", place.trim_start_matches("guide.md:"), finding.diagnostic.message)
        })
        .collect();
    assert_eq!(got, expected, "{}", rendered(&findings));
}

fn rendered(findings: &[Finding]) -> String {
    findings.iter().map(|finding| format!("{}\n", finding.diagnostic)).collect()
}

#[test]
fn every_check_finds_its_own_example_and_nothing_in_the_mended_one() {
    for check in all() {
        let example = found("guide.md", &manual::fenced(check.example), check.id);
        assert_eq!(example.len(), 1, "{}: {}", check.id, example.join("\n"));
        let mended = found("guide.md", &manual::fenced(check.mended), check.id);
        assert!(mended.is_empty(), "{}: {}", check.id, mended.join("\n"));
    }
}

#[test]
fn ids_are_unique_and_written_as_ids_are() {
    let mut ids: Vec<&str> = all().map(|check| check.id).collect();
    assert!(ids.iter().all(|id| id.chars().all(|c| c.is_ascii_lowercase() || c == '-')), "{ids:?}");
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all().count());
}

#[test]
fn a_refused_config_in_a_config_map_is_told_at_its_place_in_the_guide() {
    check(
        "alertmanager-config-refused",
        "```yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: am}\ndata:\n  alertmanager.yml: |\n    route:\n      \
         receiver: a\n    receivers:\n    - name: a\n      email_configs:\n      - to: x\n        from: y\n        \
         smarthost: m:25\n        body: z\n```\n",
        &["15:9 unknown key `body` in email_configs"],
    );
}

#[test]
fn a_scrape_config_in_helm_values_is_told_at_its_place_in_the_guide() {
    for jobs in [" |\n      - job_name: a\n        typo: 1\n", "\n      - job_name: a\n        typo: 1\n"] {
        check(
            "prometheus-config-refused",
            &format!("```yaml\nprometheus:\n  prometheusSpec:\n    additionalScrapeConfigs:{jobs}```\n"),
            &["6:9 unknown key `typo` in scrape config"],
        );
    }
}

#[test]
fn the_image_of_the_documents_says_which_version_judges() {
    let guide = |tag: &str| {
        format!(
            "```yaml\nservices:\n  prometheus:\n    image: prom/prometheus:{tag}\n```\n```yaml\nscrape_configs:\n- \
             job_name: a\n  fallback_scrape_protocol: PrometheusText0.0.4\n```\n"
        )
    };
    check("prometheus-config-refused", &guide("v3.1.0"), &[]);
    check(
        "prometheus-config-refused",
        &guide("v2.45.0"),
        &["9:3 unknown key `fallback_scrape_protocol` in scrape config"],
    );
}
