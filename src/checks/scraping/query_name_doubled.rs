//! Queries of postgres_exporter whose metrics are called otherwise than they read.

use crate::catalogue;
use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::{Setting, Wiring};

pub const CHECK: Check = Check {
    id: "query-name-doubled",
    harm: Harm::Style,
    title: "a query's name already ends in its column's",
    explanation: "postgres_exporter calls a custom query's metric `QUERY_COLUMN`: the column `size` of the query `pg_database_size` becomes \
                  `pg_database_size_size`, and whoever asks for `pg_database_size` finds nothing. Much of what such queries ask \
                  is there already: `pg_database_size_bytes`, `pg_stat_activity_count`.",
    example: "# queries.yaml\npg_database_size:\n  query: SELECT datname, pg_database_size(datname) AS size FROM pg_database\n  metrics:\n  - datname: {usage: LABEL}\n  - size: {usage: GAUGE}\n",
    mended: "# queries.yaml\nshop_database:\n  query: SELECT datname, pg_database_size(datname) AS bytes FROM pg_database\n  metrics:\n  - datname: {usage: LABEL}\n  - bytes: {usage: GAUGE}\n",
    find,
};

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    wiring.settings.iter().filter_map(judge).collect()
}

fn judge(setting: &Setting) -> Option<Diagnostic> {
    let (query, rest) = setting.path.split_once(".metrics[].")?;
    let column = rest.strip_suffix(".usage")?;
    if !matches!(setting.value.value.as_str(), "GAUGE" | "COUNTER" | "HISTOGRAM") || query.contains('.') {
        return None;
    }
    if !query.ends_with(&format!("_{column}")) {
        return None;
    }
    let found = Diagnostic::warning("", format!("this metric is called `{query}_{column}`"))
        .at(&setting.value.span)
        .label(format!("the column `{column}` of `{query}`"))
        .because(format!("the query's name and the column's are joined, and nothing is called `{query}`"))
        .help(format!("call the query `{}`", query.trim_end_matches(column).trim_end_matches('_')));
    let built_in = format!("{query}_bytes");
    Some(match catalogue::metric(&built_in) {
        Some(_) => found.help(format!("leave it out: postgres_exporter itself has `{built_in}`")),
        None => found,
    })
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn only_columns_that_are_values_make_metrics() {
        let guide = |usage: &str| {
            format!(
                "```yaml\n# queries.yaml\napp_jobs_state:\n  query: SELECT 1\n  metrics:\n  - state: {{usage: {usage}}}\n  - n: {{usage: GAUGE}}\n```\n"
            )
        };
        check("query-name-doubled", &guide("LABEL"), &[]);
        check("query-name-doubled", &guide("GAUGE"), &["6:20 this metric is called `app_jobs_state_state`"]);
    }
}
