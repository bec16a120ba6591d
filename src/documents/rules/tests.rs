use super::*;

/// The problems' messages, with what their place shows.
#[track_caller]
fn check(text: &str, version: Version, expected: &[&str]) {
    let (_, problems) = read(&SourceFile::new("rules.yml", text), version);
    let told = |problem: &Diagnostic| {
        let place = problem.place.as_ref().map_or("", |place| place.text());
        format!("{}: {} at `{place}`", problem.id, problem.message)
    };
    assert_eq!(problems.iter().map(told).collect::<Vec<_>>(), expected);
}

#[test]
fn a_mistake_in_an_expression_is_shown_within_a_block_scalar() {
    check("groups: [{name: g, rules: []}]\n", Version::new(3, 0), &[]);
    check(
        "groups:\n- name: g\n  rules:\n  - record: r\n    expr: |\n      sum(\n        a{b=c})\n",
        Version::new(3, 0),
        &[
            "bad-promql: could not parse expression: unexpected identifier \"c\" in label matching, expected string at `c`",
        ],
    );
}

#[test]
fn what_only_later_versions_know_is_refused_before() {
    let limit = "groups: [{name: g, rules: [{record: r, expr: 'vector(1m)'}]}]\n";
    check(limit, Version::new(3, 0), &[]);
    check(
        limit,
        Version::new(2, 45),
        &["bad-promql: could not parse expression: unexpected duration \"1m\" at `1m`"],
    );
}

/// `absent` gives the labels that the last of a label's matchers leaves.
#[test]
fn matchers_stand_in_the_order_in_which_prometheus_prints_and_evaluates_them() {
    let text =
        "groups: [{name: g, rules: [{record: r, expr: 'absent(up{job=\"a\",env=\"b\",job!~\"c.*\"})'}]}]\n";
    let (groups, _) = read(&SourceFile::new("rules.yml", text), Version::new(2, 42));
    let selectors = groups[0].rules[0].expr.selectors();
    let names: Vec<&str> = selectors[0].0.matchers.iter().map(|matcher| matcher.op.as_str()).collect();
    assert_eq!(selectors[0].0.to_string(), r#"up{env="b",job!~"c.*",job="a"}"#);
    assert_eq!(names, ["=", "=", "!~", "="]);
}
