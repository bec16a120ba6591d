//! Queries of postgres_exporter that count whole tables at each scrape.

use std::sync::LazyLock;

use regex::Regex;

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::stack::wiring::{DocumentPart, PartKind, Wiring};

pub const CHECK: Check = Check {
    id: "query-counts-tables",
    harm: Harm::Risk,
    title: "each scrape counts whole tables",
    explanation: "PostgreSQL counts rows by reading them: `count(*)` over a table of the application takes longer with each day, and \
                  postgres_exporter asks at every scrape of every Prometheus, unless `cache_seconds` says for how long an answer will do. \
                  Where it takes longer than `scrape_timeout`, all of the exporter's metrics are gone. An estimate \
                  (`pg_class.reltuples`, `pg_stat_user_tables.n_live_tup`) costs nothing.",
    example: "shop_orders:\n  query: SELECT count(*) AS total FROM orders\n  metrics:\n  - total: {usage: GAUGE, description: Orders}\n",
    mended: "shop_orders:\n  query: SELECT count(*) AS total FROM orders\n  cache_seconds: 600\n  metrics:\n  - total: {usage: GAUGE, description: Orders}\n",
    find,
};

static COUNTED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?is)\bcount\(\s*(?:\*|1)\s*\).{0,80}?\bfrom\s+([a-z_][\w.]*)").ok());

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let parts = wiring.parts.iter().filter(|part| part.kind == PartKind::PostgresQueries);
    parts.filter_map(of).collect()
}

fn of(part: &DocumentPart) -> Option<Diagnostic> {
    let mut counted: Vec<(Span, String)> = Vec::new();
    for (start, text) in queries(part.source.text()) {
        if text.contains("cache_seconds") {
            continue;
        }
        let found = COUNTED.as_ref()?.captures_iter(text).filter_map(|found| found.get(1));
        counted.extend(found.filter(|table| !is_system_s(table.as_str())).map(|table| {
            (part.source.span(start + table.start()..start + table.end()), table.as_str().to_owned())
        }));
    }
    counted.dedup_by(|one, other| one.1 == other.1);
    let (place, table) = counted.first()?;
    let found = Diagnostic::warning("", format!("each scrape counts every row of `{table}`"))
        .at(place)
        .label("read from its first row to its last");
    let found = counted
        .iter()
        .skip(1)
        .fold(found, |found, (place, table)| found.related(place, format!("and of `{table}`")));
    Some(found.because("assuming that these tables grow: the query has no `cache_seconds`").help(
        "add `cache_seconds: 600` to the query, or take the estimate in `pg_stat_user_tables.n_live_tup`",
    ))
}

/// Each query of the file, from its name to the next.
fn queries(text: &str) -> Vec<(usize, &str)> {
    let mut starts: Vec<usize> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let named = line.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '"');
        if named && line.trim_end().ends_with(':') {
            starts.push(at);
        }
        at += line.len();
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).map(|(start, end)| (*start, &text[*start..end])).collect()
}

/// Views of the system are small.
fn is_system_s(table: &str) -> bool {
    let table = table.to_lowercase();
    table.starts_with("pg_") || table.starts_with("information_schema")
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn the_system_s_own_views_are_small() {
        let guide = |query: &str| {
            format!(
                "```yaml\na:\n  query: {query}\n  metrics:\n  - n: {{usage: GAUGE, description: N}}\n```\n"
            )
        };
        let found = ["3:36 each scrape counts every row of `users`"];
        check("query-counts-tables", &guide("SELECT count(*) AS n FROM users"), &found);
        check("query-counts-tables", &guide("SELECT count(*) AS n FROM pg_stat_activity"), &[]);
        check("query-counts-tables", &guide("SELECT sum(n_live_tup) AS n FROM pg_stat_user_tables"), &[]);
        check("query-counts-tables", &guide("SELECT count(*) AS n FROM users\n  cache_seconds: 60"), &[]);
    }
}
