//! Sizes of tables asked for by a name that PostgreSQL reads as if it had no capital letters.

use std::sync::LazyLock;

use regex::Regex;

use crate::checks::{Check, Harm};
use crate::diagnostic::Diagnostic;
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "table-name-unquoted",
    harm: Harm::Risk,
    title: "one table with a capital letter makes this query fail",
    explanation: "`pg_relation_size` and its like take a name as SQL does: without quotes it is read in small letters, and ends at a space or a \
                  dash. `schemaname || '.' || tablename` has no quotes, so that one table such as `\"SequelizeMeta\"` ends the whole \
                  query with `relation does not exist`, and no table's size is exported. `format('%I.%I', …)` quotes.",
    example: "pg_table_sizes:\n  query: \"SELECT tablename, pg_total_relation_size(schemaname||'.'||tablename) AS bytes FROM pg_tables\"\n  metrics:\n  - tablename: {usage: LABEL, description: Table}\n  - bytes: {usage: GAUGE, description: Size}\n",
    mended: "pg_table_sizes:\n  query: \"SELECT tablename, pg_total_relation_size(format('%I.%I', schemaname, tablename)) AS bytes FROM pg_tables\"\n  metrics:\n  - tablename: {usage: LABEL, description: Table}\n  - bytes: {usage: GAUGE, description: Size}\n",
    find,
};

static UNQUOTED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)pg_(?:total_relation|relation|table|indexes)_size\(\s*((?:\w+\.)?(?:schemaname|table_schema|nspname)\s*\|\|\s*'\.'\s*\|\|\s*(?:\w+\.)?(?:tablename|relname|table_name))\s*\)",
    )
    .ok()
});

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let Some(regex) = UNQUOTED.as_ref() else { return Vec::new() };
    let mut found = Vec::new();
    for part in &wiring.parts {
        // What a ConfigMap holds is a part of its own.
        if part.objects.is_empty() {
            let mut names = regex
                .captures_iter(part.source.text())
                .filter_map(|found| found.get(1))
                .map(|name| name.range());
            let Some(first) = names.next() else { continue };
            let diagnostic =
                Diagnostic::warning("", "one table with a capital letter in its name makes this query fail")
                    .at(&part.source.span(first.clone()))
                    .label("a name without quotes is read in small letters")
                    .because(
                        "the query ends with `relation does not exist`, so that no table's size is exported",
                    )
                    .help(format!("write `{}`", quoted(&part.source.text()[first])));
            found.push(names.fold(diagnostic, |diagnostic, name| {
                diagnostic.related(&part.source.span(name), "here too")
            }));
        }
    }
    found
}

/// `format('%I.%I', schemaname, tablename)`
fn quoted(name: &str) -> String {
    let mut parts = name.split("||").map(str::trim).filter(|part| *part != "'.'");
    format!("format('%I.%I', {}, {})", parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn quoted_names_and_oids_are_right() {
        let guide = |argument: &str| {
            format!("```sql\nSELECT pg_relation_size({argument}) FROM pg_stat_user_tables t;\n```\n")
        };
        let found = ["2:25 one table with a capital letter in its name makes this query fail"];
        check("table-name-unquoted", &guide("schemaname||'.'||relname"), &found);
        check("table-name-unquoted", &guide("t.schemaname || '.' || t.relname"), &found);
        check("table-name-unquoted", &guide("relid"), &[]);
        check("table-name-unquoted", &guide("quote_ident(schemaname)||'.'||quote_ident(relname)"), &[]);
    }
}
