//! SQL of a guide that today's PostgreSQL refuses.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span};
use crate::documents::instrumentation::text::words;
use crate::stack::wiring::{DocumentPart, PartKind, Wiring};

pub const CHECK: Check = Check {
    id: "statement-outdated",
    harm: Harm::Breaks,
    title: "PostgreSQL no longer has this column",
    explanation: "Since PostgreSQL 13 `pg_stat_statements` has `total_exec_time` and `mean_exec_time` (and the same for planning) in the place \
                  of `total_time` and `mean_time`; since 17 checkpoints are counted in `pg_stat_checkpointer`. A query by the old names ends \
                  with `column does not exist`, in a guide in the middle of an incident.",
    example: "# values.yaml\na: 1\n```\n```sql\nSELECT query, total_time FROM pg_stat_statements ORDER BY total_time DESC;\n",
    mended: "# values.yaml\na: 1\n```\n```sql\nSELECT query, total_exec_time FROM pg_stat_statements ORDER BY total_exec_time DESC;\n",
    find,
};

/// A view that has lost columns.
struct View {
    name: &'static str,
    /// What was there, and what is there now.
    columns: &'static [(&'static str, &'static str)],
    since: u32,
}

const VIEWS: [View; 2] = [
    View {
        name: "pg_stat_statements",
        columns: &[
            ("total_time", "total_exec_time"),
            ("mean_time", "mean_exec_time"),
            ("min_time", "min_exec_time"),
            ("max_time", "max_exec_time"),
            ("stddev_time", "stddev_exec_time"),
        ],
        since: 13,
    },
    View {
        name: "pg_stat_bgwriter",
        columns: &[
            ("checkpoints_timed", "num_timed` of `pg_stat_checkpointer"),
            ("checkpoints_req", "num_requested` of `pg_stat_checkpointer"),
            ("checkpoint_write_time", "write_time` of `pg_stat_checkpointer"),
            ("checkpoint_sync_time", "sync_time` of `pg_stat_checkpointer"),
            ("buffers_checkpoint", "buffers_written` of `pg_stat_checkpointer"),
        ],
        since: 17,
    },
];

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let version = postgres_version(wiring);
    parts_with_sql(wiring).flat_map(|part| of(part, version)).collect()
}

pub fn parts_with_sql(wiring: &Wiring) -> impl Iterator<Item = &DocumentPart> {
    wiring.parts.iter().filter(|part| {
        matches!(part.kind, PartKind::Shell | PartKind::Query | PartKind::PostgresQueries | PartKind::Code)
            || part.language == "sql"
    })
}

fn of(part: &DocumentPart, version: Option<u32>) -> Vec<Diagnostic> {
    let text = part.source.text();
    let views = VIEWS.iter().filter(|view| {
        words(text, view.name).next().is_some() && version.is_none_or(|version| version >= view.since)
    });
    let found = views.filter_map(|View { name, columns, since }| {
        let mut used: Vec<(Span, &str, &str)> = columns
            .iter()
            .flat_map(|(old, new)| words(text, old).map(move |at| (at, *old, *new)))
            .map(|(at, old, new)| (part.source.span(at..at + old.len()), old, new))
            .collect();
        used.sort_by_key(|(place, ..)| place.start);
        let (place, old, new) = used.first()?;
        let found = Diagnostic::error("", format!("`{name}` has no column `{old}`"))
            .at(place)
            .label("column does not exist")
            .because(match version {
                Some(version) => {
                    format!("it is called otherwise since PostgreSQL {since}, and this is {version}")
                }
                None => format!("assuming PostgreSQL {since} or later: it is called otherwise since then"),
            })
            .help(format!("write `{new}`"));
        Some(
            used.iter()
                .skip(1)
                .fold(found, |found, (place, _, new)| found.related(place, format!("now `{new}`"))),
        )
    });
    found.collect()
}

/// The major version that an image states.
fn postgres_version(wiring: &Wiring) -> Option<u32> {
    let mut tags = wiring.running("postgres").filter_map(|(_, container)| container.image_tag());
    tags.find_map(|tag| tag.split(['.', '-']).next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn the_documented_version_decides() {
        let guide = |tag: &str| {
            format!(
                "```yaml\nservices: {{db: {{image: 'postgres:{tag}'}}}}\n```\n```bash\n# slow ones\nSELECT query, mean_time FROM pg_stat_statements;\n```\n"
            )
        };
        check("statement-outdated", &guide("12-alpine"), &[]);
        check("statement-outdated", &guide("16"), &["6:15 `pg_stat_statements` has no column `mean_time`"]);
        let new = "```sql\nSELECT mean_exec_time FROM pg_stat_statements;\n```\n";
        check("statement-outdated", new, &[]);
        check("statement-outdated", "```sql\nSELECT total_time FROM runs;\n```\n", &[]);
    }
}
