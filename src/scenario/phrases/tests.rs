use super::*;
use crate::diagnostic::SourceFile;
use crate::documents::yaml as documents;
use crate::scenario::{Timing, yaml};

fn kind_of(sentence: &str) -> (Kind, &str) {
    let (keyword, rest) = sentence.split_once(' ').unwrap();
    (Kind::ALL.into_iter().find(|kind| kind.as_str() == keyword).unwrap(), rest)
}

fn understood(sentence: &str) -> Result<Built, String> {
    let (kind, text) = kind_of(sentence);
    let file = SourceFile::new("steps.feature", sentence);
    let offset = sentence.len() - text.len();
    let locate = |range: std::ops::Range<usize>| file.span(offset + range.start..offset + range.end);
    let mut problems = Vec::new();
    let built = understand(kind, &Sentence { text, locate: &locate }, &[], &mut problems);
    match problems.first() {
        Some(problem) => Err(problem.to_string()),
        None => Ok(built.unwrap()),
    }
}

#[track_caller]
fn step(sentence: &str) -> What {
    match understood(sentence) {
        Ok(Built::Step(what)) => what,
        other => panic!("{sentence}: {other:?}"),
    }
}

/// Two sentences that say the same.
#[track_caller]
fn same(sentence: &str, other: &str) {
    assert_eq!(step(sentence), step(other), "{sentence} / {other}");
}

#[track_caller]
fn timing(sentence: &str, expected: Timing) {
    let What::Then(then) = step(sentence) else { panic!("not a then-step: {sentence}") };
    assert_eq!(then.timing, expected, "{sentence}");
}

fn minutes(minutes: i64) -> Option<crate::time::Duration> {
    Some(crate::time::Duration::from_secs(minutes * 60))
}

#[test]
fn every_example_reads_and_its_yaml_means_the_same() {
    for phrase in FAMILIES.iter().flat_map(|family| family.phrases) {
        let Ok(built) = understood(phrase.example) else {
            panic!("{}: {:?}", phrase.example, understood(phrase.example))
        };
        let Built::Step(what) = built else { continue };
        let (kind, _) = kind_of(phrase.example);
        let under = kind.as_str().to_lowercase();
        let text = match kind {
            Kind::Then => format!("name: x\nthen: [{{{}}}]\n", phrase.yaml.trim_matches(['{', '}'])),
            _ => format!(
                "name: x\n{under}: [{{{}}}]\nthen: [{{rule: r, healthy: now}}]\n",
                phrase.yaml.trim_start_matches('{').strip_suffix('}').unwrap_or(phrase.yaml)
            ),
        };
        let text =
            if phrase.yaml.ends_with("}}") { text.replace("}]", "}}]").replace("}}}]", "}}]") } else { text };
        let file = SourceFile::new("x.yaml", text.clone());
        let (node, mut problems) = documents::read_one(&file);
        let scenarios = yaml::read(&file, &node.unwrap(), &mut problems);
        assert!(problems.is_empty(), "{text}{}", problems[0]);
        let got = scenarios[0].steps[0].what.clone();
        // An instance alone stands for its service in a sentence.
        if !phrase.example.contains("instance \"") && !phrase.example.contains("is never above") {
            assert_eq!(got, what, "{}", phrase.example);
        }
    }
}

#[test]
fn no_sentence_means_two_things() {
    for family in FAMILIES {
        for phrase in family.phrases {
            for pattern in phrase.says.iter().flat_map(|says| Pattern::ways(says)) {
                for kind in phrase.kinds {
                    let sentence = format!("{} {}", kind.as_str(), pattern.example(family));
                    if let Err(problem) = understood(&sentence) {
                        assert!(
                            problem.contains("bad-value")
                                || problem.contains("missing-key")
                                || problem.contains("bad-matcher")
                                || problem.contains("promql"),
                            "{sentence}\n{problem}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn the_same_can_be_said_in_several_ways() {
    same("Then alert \"X\" is firing within 11 minutes", "Then the alert \"X\" fires within 11m");
    same("Then alert \"X\" does not fire for 10 minutes", "Then alert \"X\" never fires within 10m");
    same("Then alert \"X\" is not firing for 10m", "Then alert \"X\" is never firing for 10m");
    same("When \"api\" errors rise to 8%", "When the service \"api\" errors climb to 0.08");
    same("When 10 minutes pass", "When we wait for 10m");
    same(
        "Given \"api\" serves 200 requests per second with 0.1% errors and a p95 latency of 2s",
        "Given the service \"api\" handles 12k per minute with p95 of 2s, with 0.1% errors",
    );
    same(
        "Then alert \"X\" is firing with labels severity=\"critical\", team=\"x\" within 5m",
        "Then alert \"X\" is firing within 5m, with label severity \"critical\" and with label team \"x\"",
    );
}

#[test]
fn timings_are_clauses_in_any_order() {
    timing("Then alert \"X\" is firing", Timing::default());
    timing(
        "Then alert \"X\" is firing within 11 minutes",
        Timing { within: minutes(11), ..Timing::default() },
    );
    timing(
        "Then alert \"X\" is firing for 5 minutes within 11 minutes of \"spike\"",
        Timing {
            within: minutes(11),
            lasting: minutes(5),
            since: understood_moment("spike"),
            ..Timing::default()
        },
    );
    timing(
        "Then alert \"X\" does not fire for 10 minutes",
        Timing { throughout: minutes(10), negated: true, ..Timing::default() },
    );
    timing(
        "Then alert \"X\" stays inactive for 10 minutes",
        Timing { lasting: minutes(10), ..Timing::default() },
    );
    timing(
        "Then alert \"X\" stays inactive for 10 minutes of \"spike\"",
        Timing { throughout: minutes(10), since: understood_moment("spike"), ..Timing::default() },
    );
    timing(
        "Then alert \"X\" fires between 5m and 7m",
        Timing { not_before: minutes(5), within: minutes(7), ..Timing::default() },
    );
    timing(
        "Then alert \"X\" fires between 5 and 7 minutes",
        Timing { not_before: minutes(5), within: minutes(7), ..Timing::default() },
    );
    timing(
        "Then alert \"X\" fires within 7m but not before 5m",
        Timing { not_before: minutes(5), within: minutes(7), ..Timing::default() },
    );
}

fn understood_moment(name: &str) -> Option<Spanned<String>> {
    Some(Spanned::new(name.to_owned(), SourceFile::new("x", "").span(0..0)))
}

#[test]
fn notifications_can_be_claimed_in_several_ways() {
    same(
        "Then receiver \"x\" is notified once within 12 minutes, saying \"a\" and saying \"b\"",
        "Then the receiver \"x\" is notified exactly once, saying \"a\", saying \"b\", within 12m",
    );
    same(
        "Then email \"ops@example.com\" is notified within 5m",
        "Then an email to \"ops@example.com\" is sent within 5m",
    );
    same("Then PagerDuty is notified within 5m", "Then pagerduty is notified at least once within 5m");
    same(
        "Then receiver \"x\" is notified within 5m about alerts \"A\", \"B\"",
        "Then receiver \"x\" is notified within 5m about alert \"A\", grouped with \"B\"",
    );
    same("Then receiver \"x\" is not notified for 10m", "Then receiver \"x\" is never notified within 10m");
    same(
        "Then alert \"A\" is inhibited by \"B\" within 5m",
        "Then alert \"A\" is muted by alert \"B\" within 5m",
    );
    same("Then nobody else is notified for 10m", "Then no other receiver is notified within 10m");
    timing(
        "Then receiver \"x\" is not notified for 10 minutes",
        Timing { throughout: minutes(10), negated: true, ..Timing::default() },
    );
}
