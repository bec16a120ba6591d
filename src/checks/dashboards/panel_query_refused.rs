//! Panels whose query no datasource would answer.

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::documents::dashboard::{filled_in, has_variables, speaks_promql};
use crate::documents::logql;
use crate::promql::{self, ParseOptions, Semantics};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "panel-query-refused",
    harm: Harm::Breaks,
    title: "a panel's query is refused, and the panel shows an error",
    explanation: "Grafana sends a panel's query as it is. Prometheus answers one that it can't parse with an error, and so does Loki, whose \
                  queries start with a stream selector in which one matcher at least asks for a value. Queries whose variables \
                  stand where no value can be guessed are not judged.",
    example: "# overview.json\n{\"title\": \"Overview\", \"panels\": [{\"title\": \"Requests\", \"datasource\": {\"type\": \"prometheus\", \"uid\": \"p\"}, \"targets\": [{\"expr\": \"sum(rate(http_requests_total[5m]) by (job)\"}]}]}\n",
    mended: "# overview.json\n{\"title\": \"Overview\", \"panels\": [{\"title\": \"Requests\", \"datasource\": {\"type\": \"prometheus\", \"uid\": \"p\"}, \"targets\": [{\"expr\": \"sum(rate(http_requests_total[5m])) by (job)\"}]}]}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    // Its language is wider, and its datasource is of Prometheus' type too.
    let victoria = ["victoriametrics/victoria-metrics", "victoriametrics/vmselect"];
    let wider = victoria.iter().any(|image| wiring.running(image).next().is_some());
    let queries = wiring.grafana.queries().filter(|(target, _)| !target.text.value.trim().is_empty());
    let refused = queries.filter_map(|(target, asked)| {
        let asked = asked?;
        let (program, reason) = match asked {
            "loki" => ("Loki", refused_by_loki(&target.text.value)?),
            _ if speaks_promql(asked) && !wider => ("Prometheus", refused_by_prometheus(&target.text.value)?),
            _ => return None,
        };
        Some(
            Diagnostic::error("", format!("{program} does not read this panel's query"))
                .at(&target.text.span)
                .label(reason)
                .help("the panel shows the error in place of its data: mend the query"),
        )
    });
    refused.collect()
}

fn refused_by_prometheus(query: &str) -> Option<String> {
    let options = ParseOptions { semantics: Semantics::V3, experimental: true };
    let query = filled_in(query);
    let error = promql::parse_with(&query, options).err()?;
    (!has_variables(&query)).then_some(error.message)
}

fn refused_by_loki(query: &str) -> Option<String> {
    logql::selectors(query).err().filter(|_| !has_variables(query))
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[track_caller]
    fn told(kind: &str, query: &str, expected: &[&str]) {
        let query = query.replace('"', "\\\"");
        let guide = format!(
            "```json\n{{\"title\": \"A\", \"panels\": [{{\"datasource\": {{\"type\": \"{kind}\", \"uid\": \"a\"}}, \"targets\": [{{\"expr\":\n\"{query}\"}}]}}], \
             \"templating\": {{\"list\": [{{\"name\": \"n\"}}, {{\"name\": \"f\"}}, {{\"name\": \"app\"}}]}}}}\n```\n"
        );
        check("panel-query-refused", &guide, expected);
    }

    #[test]
    fn a_query_is_judged_in_the_language_of_its_datasource() {
        let of_prometheus = ["3:1 Prometheus does not read this panel's query"];
        let of_loki = ["3:1 Loki does not read this panel's query"];
        let logs = r#"sum(count_over_time({app="todo"} |= "error" [$__interval]))"#;
        told("prometheus", logs, &of_prometheus);
        told("prometheus", r#"{app="todo"} |= "error""#, &of_prometheus);
        told("loki", logs, &[]);
        told("loki", "rate(http_requests_total[5m])", &of_loki);
        told("elasticsearch", "level:error AND", &[]);
    }

    #[test]
    fn a_variable_may_stand_for_anything() {
        told("prometheus", "topk($n, rate(a{b=\"$app\"}[$__rate_interval]))", &[]);
        told("prometheus", "sum(rate(a[5m])", &["3:1 Prometheus does not read this panel's query"]);
        told("loki", r#"{app=~"$app"} |= "$f""#, &[]);
        told("loki", r#"{$f}"#, &[]);
    }

    #[test]
    fn one_matcher_asks_for_a_value() {
        told("loki", r#"{app=~".*"}"#, &["3:1 Loki does not read this panel's query"]);
        told("loki", r#"{app=~".*", namespace=~".+"}"#, &[]);
    }
}
