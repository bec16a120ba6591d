use super::*;
use crate::promql::histogram::CounterResetHint;

/// The values as they come out, one word each.
#[track_caller]
fn check(text: &str, expected: &str) {
    let series = parse_series(text).unwrap();
    let mut words = vec![series.labels.to_string()];
    for run in &series.values {
        match run {
            Run::Gap { count } => words.extend((0..*count).map(|_| "_".to_owned())),
            Run::Floats(run) => {
                words.extend(run.values().map(|value| match crate::promql::is_stale(value) {
                    true => "stale".to_owned(),
                    false => value.to_string(),
                }))
            }
            Run::Histograms(run) => words.extend((0..run.count).map(|_| "{{}}".to_owned())),
        }
    }
    assert_eq!(words.join(" "), expected);
    assert_eq!(series.steps() as usize, words.len() - 1);
}

#[track_caller]
fn refuses(text: &str, carets: &str, message: &str) {
    let error = parse_series(text).expect_err(text);
    let marked = " ".repeat(error.range.start) + &"^".repeat(error.range.len().max(1));
    assert_eq!((error.message.as_str(), marked.as_str()), (message, carets), "{text}");
}

#[test]
fn values_are_written_out_as_prometheus_does() {
    check("m 1 2 3", "m 1 2 3");
    check("m", "m");
    check("m  ", "m");
    check("m 1+2x3", "m 1 3 5 7");
    check("m 5-1x2", "m 5 4 3");
    check("m -2+4x1", "m -2 2");
    check("m 7x2", "m 7 7 7");
    check("m 0x2 1", "m 0 0 0 1");
    check("m _ 1 _x3", "m _ 1 _ _ _");
    check("m stale 1 -Inf NaN +inf", "m stale 1 -inf NaN inf");
    check("m 1e3 .5 1.5e-1x1", "m 1000 0.5 0.15 0.15");
    check("m 0.1+0.1x2", "m 0.1 0.2 0.30000000000000004");
}

#[test]
fn labels_stand_before_the_values() {
    check(r#"m{a="b", c='d',} 1"#, r#"m{a="b", c="d"} 1"#);
    check(r#"{a="b"} 1"#, r#"{a="b"} 1"#);
    check(r#"{"my.metric", "a.b"="c"} 1"#, r#"my.metric{a.b="c"} 1"#);
    check("sum 1", "sum 1");
    check(":a:b{} 1", ":a:b 1");
}

#[test]
fn histograms_keep_what_was_written() {
    let text = "m {{schema:-1 sum:-5.5 count:4 z_bucket:1 z_bucket_w:0.001 buckets:[1 2] offset:-3 n_buckets:[ 3 4.5 ] \
                n_offset:2 counter_reset_hint:gauge}}x2 {{ }} {{schema:-53 custom_values:[5 10]}}-{{schema:-53}}x1";
    let series = parse_series(text).unwrap();
    let [Run::Histograms(full), Run::Histograms(empty), Run::Histograms(custom)] = &*series.values else {
        panic!("{:?}", series.values);
    };
    let expected = HistogramDescription {
        schema: -1,
        sum: -5.5,
        count: 4.0,
        zero_count: 1.0,
        zero_threshold: 0.001,
        custom_values: None,
        positive: vec![1.0, 2.0],
        positive_offset: -3,
        negative: vec![3.0, 4.5],
        negative_offset: 2,
        counter_reset_hint: Some(CounterResetHint::Gauge),
    };
    assert_eq!((&*full.first, full.count), (&expected, 3));
    assert_eq!((&*empty.first, empty.count), (&HistogramDescription::default(), 1));
    assert_eq!(custom.first.custom_values, Some(vec![5.0, 10.0]));
    assert!(custom.change.as_ref().unwrap().subtract);
    assert_eq!(custom.count, 2);
}

#[test]
fn what_is_not_the_notation_is_refused_with_its_place() {
    refuses("m 1,2", "   ^", "unexpected character ',' in series values");
    refuses("m 1 +", "     ^", "unexpected end of input in series values, expected number");
    refuses("m foo", "  ^^^", "unexpected identifier \"foo\" in series values, expected number or \"stale\"");
    refuses("m 1+1", "     ^", "unexpected end of input in series values, expected \"x\"");
    refuses(
        "m 1x1.5",
        "    ^^^",
        "invalid repetition in series values: strconv.ParseUint: parsing \"1.5\": invalid syntax",
    );
    refuses("m 1x-1", "    ^", "unexpected character '-' in series values, expected number");
    refuses("m 1h", "  ^", "bad number syntax: \"1\"");
    refuses("m 1x9999999999", "  ^^^^^^^^^^^^", "too many series values, at most 1000000000 are allowed");
    refuses(
        "m 0x18446744073709551615",
        &format!("  {}", "^".repeat(22)),
        "too many series values, at most 1000000000 are allowed",
    );
    refuses(
        "m 1 0x18446744073709551615",
        &format!("    {}", "^".repeat(22)),
        "too many series values, at most 1000000000 are allowed",
    );
    refuses(
        "m {a=\"b\"} 1",
        "  ^",
        "unexpected character '{' in series values, expected number or \"stale\"",
    );
    refuses("m{a=b} 1", "    ^", "unexpected identifier \"b\" in label set, expected string");
    refuses("m{a} 1", "   ^", "unexpected \"}\" in label set, expected \"=\"");
    refuses("m {{sum:1 sum:2}}", "          ^^^^", "duplicate key \"sum\" in histogram");
    refuses("m {{size:1}}", "    ^^^^", "bad histogram descriptor found: \"size\"");
    refuses(
        "m {{buckets:[]}}",
        "             ^",
        "unexpected character ']' in histogram description, expected number",
    );
    refuses("m {{sum:1", "         ^", "unexpected end of input in histogram description, expected \"}}\"");
    refuses(
        "m {{schema:99999999999}}",
        "           ^^^^^^^^^^^",
        "number out of range in histogram description",
    );
    refuses(
        "m {{schema:1}}+{{}}x1",
        "  ^^^^^^^^^^^^^^^^^",
        "error combining histograms: cannot merge from schema 0 to 1",
    );
}

#[test]
fn a_metric_alone_has_no_values() {
    assert_eq!(parse_metric(r#" m{a="b"} "#).unwrap().to_string(), r#"m{a="b"}"#);
    assert_eq!(parse_metric("{}").unwrap(), Labels::empty());
    assert_eq!(parse_metric("m 1").unwrap_err().message, "unexpected number \"1\"");
}
