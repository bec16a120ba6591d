use super::*;
use crate::promql::annotations::Level;
use crate::promql::{ParseOptions, SampleValue, parse_with};

/// `up` of two instances every 15 s for ten minutes, and a counter that is reset after five.
fn storage() -> Storage {
    let mut storage = Storage::default();
    let text = |instance: &str, name: &str| {
        crate::labels::Labels::from_pairs([("__name__", name), ("instance", instance), ("job", "api")])
    };
    for (instance, pace) in [("a", 1.0), ("b", 2.0)] {
        let up = storage.series(&text(instance, "up"));
        let total = storage.series(&text(instance, "requests_total"));
        for at in 0..=40_i64 {
            storage.append(up, Timestamp(at * 15_000), 1.0);
            let count = if at < 20 { at } else { at - 20 };
            storage.append(total, Timestamp(at * 15_000), pace * 15.0 * count as f64);
        }
    }
    storage
}

fn read(text: &str, semantics: Semantics) -> Expr {
    parse_with(text, ParseOptions { semantics, experimental: false }).unwrap()
}

/// Evaluates at ten minutes and shows what comes out, a line a series.
#[track_caller]
fn check(semantics: Semantics, text: &str, expected: &[&str]) {
    let answer = Engine::new(semantics).instant(&storage(), &read(text, semantics), Timestamp(600_000));
    let got = match answer.map(|answer| answer.value) {
        Err(error) => vec![format!("error: {error}")],
        Ok(Value::Scalar(value)) => vec![value.to_string()],
        Ok(Value::String(text)) => vec![text.to_string()],
        Ok(Value::Matrix(ranges)) => {
            ranges.iter().map(|range| format!("{} × {}", range.labels, range.samples.len())).collect()
        }
        Ok(Value::Vector(samples)) => {
            let shown =
                |value: &SampleValue| value.float().map_or("histogram".into(), |float| float.to_string());
            samples.iter().map(|sample| format!("{} {}", sample.labels, shown(&sample.value))).collect()
        }
    };
    assert_eq!(got, expected, "{text}");
}

#[test]
fn a_range_is_closed_in_prometheus_2_and_left_open_in_3() {
    check(Semantics::V2, "count_over_time(up{instance=\"a\"}[1m])", &["{instance=\"a\", job=\"api\"} 5"]);
    check(Semantics::V3, "count_over_time(up{instance=\"a\"}[1m])", &["{instance=\"a\", job=\"api\"} 4"]);
    check(Semantics::V3, "up{instance=\"a\"}[1m]", &["up{instance=\"a\", job=\"api\"} × 4"]);
}

#[test]
fn a_reset_counter_goes_on_counting() {
    check(Semantics::V3, "sum(increase(requests_total[10m])) > bool 0", &["{} 1"]);
    check(Semantics::V3, "resets(requests_total{instance=\"b\"}[10m])", &["{instance=\"b\", job=\"api\"} 1"]);
    check(Semantics::V2, "rate(requests_total{instance=\"b\"}[2m])", &["{instance=\"b\", job=\"api\"} 2"]);
}

#[test]
fn vectors_are_matched_by_their_labels() {
    check(
        Semantics::V3,
        "requests_total / on (instance) up",
        &["{instance=\"a\"} 300", "{instance=\"b\"} 600"],
    );
    check(
        Semantics::V3,
        "up + on (job) requests_total",
        &["error: found duplicate series for the match group {job=\"api\"} on the right hand-side of the \
           operation: [{__name__=\"requests_total\", instance=\"a\", job=\"api\"}, \
           {__name__=\"requests_total\", instance=\"b\", job=\"api\"}];many-to-many matching not allowed: \
           matching labels must be unique on one side"],
    );
    check(
        Semantics::V3,
        "up + on (job) group(up) by (job)",
        &[
            "error: multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)",
        ],
    );
    check(
        Semantics::V3,
        "up unless on (instance) up{instance=\"a\"}",
        &["up{instance=\"b\", job=\"api\"} 1"],
    );
}

#[test]
fn dropping_names_must_not_make_series_equal() {
    check(
        Semantics::V3,
        "abs({job=\"api\"})",
        &["error: vector cannot contain metrics with the same labelset"],
    );
}

#[test]
fn a_subquery_too_large_for_the_memory_is_refused() {
    check(
        Semantics::V3,
        "max_over_time(up[200y:1ms])",
        &["error: query processing would load too many samples into memory in query execution"],
    );
}

#[test]
fn many_steps_at_once_are_the_same_as_one_after_the_other() {
    let storage = storage();
    for semantics in [Semantics::V2, Semantics::V3] {
        let engine = Engine::new(semantics);
        for text in [
            "rate(requests_total[2m])",
            "sum by (job) (rate(requests_total[1m])) / on (job) sum by (job) (up)",
            "topk(1, requests_total) or up",
            "avg_over_time(up[3m]) + quantile(0.3, requests_total)",
            "max_over_time(rate(requests_total[1m])[5m:30s])",
            "requests_total @ 60 - requests_total offset 1m",
            "time() - timestamp(up)",
            "absent(up offset 9m)",
        ] {
            let expr = read(text, semantics);
            let range = engine.range(&storage, &expr, Timestamp(0), Duration(7_000), 120).unwrap().value;
            for step in 0..range.count {
                let one = engine.instant(&storage, &expr, range.time(step)).unwrap().value;
                let Value::Vector(mut one) = one else { panic!("{text} is a vector") };
                one.sort_by(|a, b| a.labels.cmp(&b.labels));
                let all: Vec<(crate::labels::Labels, String)> = range
                    .at_step(step)
                    .map(|(labels, value)| (labels.clone(), format!("{value:?}")))
                    .collect();
                let one: Vec<(crate::labels::Labels, String)> =
                    one.into_iter().map(|sample| (sample.labels, format!("{:?}", sample.value))).collect();
                assert_eq!(all, one, "{text} at {:?} as in {semantics:?}", range.time(step));
            }
        }
    }
}

#[test]
fn rules_that_share_a_cache_get_their_own_results() {
    let storage = storage();
    let engine = Engine::new(Semantics::V3);
    let exprs =
        ["sum(rate(requests_total[2m]))", "max(rate(requests_total[2m])) / sum(rate(requests_total[2m]))"];
    let exprs: Vec<Expr> = exprs.iter().map(|text| read(text, Semantics::V3)).collect();
    let mut cache = EvalCache::for_exprs(&exprs);
    let (start, step) = (Timestamp(0), Duration(15_000));
    for expr in &exprs {
        let shared = engine.range_cached(&storage, expr, start, step, 40, &mut cache).unwrap();
        let alone = engine.range(&storage, expr, start, step, 40).unwrap();
        assert_eq!(format!("{shared:?}"), format!("{alone:?}"));
    }
}

#[test]
fn rates_of_what_is_no_counter_are_told_by_prometheus_3_only() {
    for (semantics, expected) in [(Semantics::V2, 0), (Semantics::V3, 1)] {
        let answer =
            Engine::new(semantics).instant(&storage(), &read("rate(up[5m])", semantics), Timestamp(600_000));
        let texts = answer.unwrap().annotations.texts(Level::Info, "rate(up[5m])");
        assert_eq!(texts.len(), expected, "{texts:?}");
    }
}
