//! SQL on an extension of PostgreSQL that nothing loads.

use super::statement_outdated::parts_with_sql;
use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::documents::instrumentation::text::words;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "extension-not-loaded",
    harm: Harm::Risk,
    title: "this view is of an extension that PostgreSQL loads only when told",
    explanation: "`pg_stat_statements` counts nothing before the server was started with it in `shared_preload_libraries`, and is there in a \
                  database only after `CREATE EXTENSION pg_stat_statements`. Until then a query ends with `relation does not exist`, and \
                  what was slow before that is not in it: in an incident it is too late. Managed databases may have done both.",
    example: "# values.yaml\na: 1\n```\n```sql\nSELECT query, calls FROM pg_stat_statements;\n",
    mended: "services:\n  db:\n    image: postgres:15.4\n    command: [postgres, -c, shared_preload_libraries=pg_stat_statements]\n```\n```sql\nCREATE EXTENSION IF NOT EXISTS pg_stat_statements;\nSELECT query, calls FROM pg_stat_statements;\n",
    find,
};

const EXTENSION: &str = "pg_stat_statements";

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let loads = |text: &str| text.contains("shared_preload_libraries");
    let loaded = wiring.parts.iter().any(|part| loads(part.source.text()))
        || wiring.here_documents.iter().any(|document| loads(document.source.text()))
        || wiring.sentences().any(|line| loads(&line));
    if loaded {
        return Vec::new();
    }
    let mut used = parts_with_sql(wiring).flat_map(|part| {
        let text = part.source.text();
        words(text, EXTENSION).map(|at| part.source.span(at..at + EXTENSION.len()))
    });
    let Some(first) = used.next() else { return Vec::new() };
    let told = Diagnostic::warning("", format!("nothing loads `{EXTENSION}`"))
        .at(&first)
        .label("relation does not exist")
        .because("assuming a PostgreSQL with its own defaults: no document names `shared_preload_libraries`")
        .help(format!(
            "start PostgreSQL with `shared_preload_libraries={EXTENSION}`, and run `CREATE EXTENSION {EXTENSION}` once in the database"
        ));
    let also = |told: Diagnostic, place: Span| told.related(&place, "asked here too");
    vec![used.fold(told, also)]
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn a_config_anywhere_may_load_it() {
        let query = "```sql\nSELECT * FROM pg_stat_statements;\n```\n```sql\nSELECT 1 FROM pg_stat_statements;\n```\n";
        let id = "extension-not-loaded";
        check(id, query, &["2:15 nothing loads `pg_stat_statements`"]);
        check(
            id,
            &format!(
                "{query}```conf\n# postgresql.conf\nshared_preload_libraries = 'pg_stat_statements'\n```\n"
            ),
            &[],
        );
        check(id, "```sql\nSELECT * FROM pg_stat_activity;\n```\n", &[]);
    }
}
