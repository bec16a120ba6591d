use super::*;

type Divided = Result<Edits, Vec<Diagnostic>>;

/// What becomes of a file, or what is said of it.
fn check(source: &str, divide: impl Fn(&SourceFile) -> Divided, expected: Result<&str, &[&str]>) {
    let got = divide(&SourceFile::new("a.yml", source));
    let got = got.map(|edits| edits.apply().unwrap().0).map_err(|problems| {
        let said = |problem: &Diagnostic| {
            let place = problem.place.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{place}: {}", problem.message)
        };
        problems.iter().map(said).collect::<Vec<_>>()
    });
    let expected = expected
        .map(str::to_owned)
        .map_err(|problems| problems.iter().map(|problem| (*problem).to_owned()).collect::<Vec<_>>());
    assert_eq!(got, expected, "{source}");
}

fn fast_rules(file: &SourceFile) -> Divided {
    rules(file, Version::NEWEST, 60)
}

/// An expression alone, sixty times as fast.
fn expr(text: &str, expected: &str) {
    let rule = |text: &str| format!("groups: [{{name: a, rules: [{{record: a, expr: '{text}'}}]}}]\n");
    check(&rule(text), fast_rules, Ok(&rule(expected)));
}

#[test]
fn every_duration_of_a_rule_file_is_divided() {
    check(
        "groups:
  # Five minutes, as agreed.
  - name: api
    interval: 30s
    rules:
      - alert: Errors
        expr: |
          sum(rate(errors_total[5m]))  # per second
            / sum(rate(requests_total[5m] offset 1h)) > 0.05
        for: 5m
        keep_firing_for: \"10m\"
        annotations: { summary: 'for 5m' }
",
        fast_rules,
        Ok("groups:
  # Five minutes, as agreed.
  - name: api
    interval: 500ms
    rules:
      - alert: Errors
        expr: |
          sum(rate(errors_total[5s]))  # per second
            / sum(rate(requests_total[5s] offset 1m)) > 0.05
        for: 5s
        keep_firing_for: 10s
        annotations: { summary: 'for 5m' }
"),
    );
}

#[test]
fn ranges_steps_and_offsets_are_divided_and_scalars_are_not() {
    expr("rate(a[5m])", "rate(a[5s])");
    expr("max_over_time(rate(a[5m])[1h:1m] offset -2m)", "max_over_time(rate(a[5s])[1m:1s] offset -2s)");
    expr("max_over_time(a[1h:])", "max_over_time(a[1m:])");
    expr("rate(a[300])", "rate(a[5s])");
    expr("a @ 1700000000 offset 1d", "a @ 1700000000 offset 24m");
    expr("time() - a > 300", "time() - a > 300");
    expr("time() - a > 5m", "time() - a > 5m");
    expr("a{path=\"[5m]\"} # [5m]", "a{path=\"[5m]\"} # [5m]");
    // To the nearest millisecond.
    expr("rate(a[10s])", "rate(a[167ms])");
}

#[test]
fn what_cannot_pass_faster_is_refused_where_it_stands() {
    check(
        "groups:\n- name: a\n  interval: 10ms\n  rules:\n  - record: a\n    expr: rate(b[5m]) + rate(c[20ms])\n",
        fast_rules,
        Err(&[
            "a.yml:3:13: 10ms cannot pass 60 times as fast",
            "a.yml:6:32: 20ms cannot pass 60 times as fast",
        ]),
    );
    check(
        "groups:\n- name: a\n  rules:\n  - record: a\n    expr: rate(b[step() * 4])\n",
        fast_rules,
        Err(&["a.yml:5:18: a computed duration cannot be divided"]),
    );
    check(
        "route: {receiver: a}\nreceivers: [{name: a}]\ntime_intervals:\n  - name: night\n",
        |file| alertmanager(file, 60),
        Err(&["a.yml:4:5: a time interval cannot pass faster"]),
    );
}

#[test]
fn a_prometheus_config_says_its_intervals_itself() {
    check(
        "# ours
scrape_configs:
  - job_name: api
    scrape_interval: 15s
    static_configs: [{targets: ['api:80']}]
",
        |file| prometheus(file, 60),
        Ok("# ours
global: { scrape_interval: 1s, evaluation_interval: 1s, scrape_timeout: 800ms }
scrape_configs:
  - job_name: api
    scrape_interval: 250ms
    static_configs: [{targets: ['api:80']}]
"),
    );
    check(
        "global:\n  scrape_interval: 30s\n  external_labels: {for: 5m}\n",
        |file| prometheus(file, 10),
        Ok(
            "global:\n  evaluation_interval: 6s\n  scrape_timeout: 1s\n  scrape_interval: 3s\n  external_labels: {for: 5m}\n",
        ),
    );
}

#[test]
fn a_scrape_keeps_a_second_or_most_of_its_interval() {
    check(
        "global: {scrape_interval: 1m, scrape_timeout: 10s, evaluation_interval: 1m}
scrape_configs:
  - {job_name: often, scrape_interval: 15s, scrape_timeout: 5s}
  - {job_name: seldom, scrape_interval: 10m, scrape_timeout: 2m}
",
        |file| prometheus(file, 60),
        Ok("global: {scrape_interval: 1s, scrape_timeout: 800ms, evaluation_interval: 1s}
scrape_configs:
  - {job_name: often, scrape_interval: 250ms, scrape_timeout: 200ms}
  - {job_name: seldom, scrape_interval: 10s, scrape_timeout: 2s}
"),
    );
}

#[test]
fn a_route_inherits_divided_defaults() {
    check(
        "global:
route:
  receiver: a
  group_wait: 10s
  routes:
    - receiver: b
      repeat_interval: 12h
receivers: [{name: a}, {name: b}]
",
        |file| alertmanager(file, 60),
        Ok("global: { resolve_timeout: 5s }
route:
  group_interval: 5s
  repeat_interval: 4m
  receiver: a
  group_wait: 167ms
  routes:
    - receiver: b
      repeat_interval: 12m
receivers: [{name: a}, {name: b}]
"),
    );
}
