//! Blocks that say to be shell and are something else.

use crate::checks::{Check, Harm};
use crate::diagnostic::{Diagnostic, Span, Spanned};
use crate::stack::wiring::Wiring;

pub const CHECK: Check = Check {
    id: "fence-not-shell",
    harm: Harm::Style,
    title: "this block says to be shell, and no shell understands it",
    explanation: "A line of a crontab and a statement of SQL are no commands: pasted into a shell they run whatever has the name of their first \
                  word, or nothing. The fence's word is what whoever reads it goes by; say beside it what takes the text.",
    example: "a: 1\n```\n```bash\n0 2 * * * /usr/local/bin/backup.sh\n",
    mended: "a: 1\n```\n```bash\n(crontab -l; echo '0 2 * * * /usr/local/bin/backup.sh') | crontab -\n",
    find,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Crontab,
    Sql,
}

fn find(wiring: &Wiring) -> Vec<Diagnostic> {
    let mut found: Vec<(Language, Span, Diagnostic)> = Vec::new();
    for command in &wiring.commands {
        let (Some(first), Some(language)) = (command.first(), language(command)) else { continue };
        let same = |(known, place, _): &&mut (Language, Span, Diagnostic)| {
            *known == language && std::ptr::eq(place.file.text(), first.span.file.text())
        };
        match found.iter_mut().find(same) {
            Some((.., told)) if told.related.len() < 8 => {
                told.related.push((first.span.clone(), "nor this".to_owned()));
            }
            Some(_) => {}
            None => found.push((language, first.span.clone(), told(language, &first.span))),
        }
    }
    found.into_iter().map(|(.., diagnostic)| diagnostic).collect()
}

fn told(language: Language, place: &Span) -> Diagnostic {
    let (message, label, help) = match language {
        Language::Crontab => (
            "a line of a crontab is no command",
            "when `cron` runs what follows",
            "fence it as `cron`, and say where it goes: `crontab -e`, or a file in /etc/cron.d",
        ),
        Language::Sql => (
            "a statement of SQL is no command",
            "for a database",
            "fence it as `sql`, or give it to the client: `psql -c '…'`",
        ),
    };
    Diagnostic::warning("", message).at(place).label(label).help(help)
}

fn language(command: &[Spanned<String>]) -> Option<Language> {
    let words: Vec<&str> = command.iter().map(|word| word.value.as_str()).collect();
    let field = |word: &&str| {
        word.chars().all(|c| c.is_ascii_digit() || "*/,-".contains(c)) && word.contains(|c: char| c != '-')
    };
    let scheduled = words.len() > 5 && words[..5].iter().all(field) && words[..5].contains(&"*");
    if scheduled || matches!(words.first(), Some(&("@daily" | "@hourly" | "@reboot" | "@weekly"))) {
        return Some(Language::Crontab);
    }
    let second = words.get(1).copied().unwrap_or_default();
    let sql = match *words.first()? {
        "SELECT" => true,
        "INSERT" => second == "INTO",
        "DELETE" => second == "FROM",
        "CREATE" | "ALTER" | "DROP" => [
            "TABLE",
            "INDEX",
            "EXTENSION",
            "USER",
            "ROLE",
            "DATABASE",
            "VIEW",
            "OR",
            "UNIQUE",
            "MATERIALIZED",
        ]
        .contains(&second),
        "GRANT" | "REVOKE" | "UPDATE" | "EXPLAIN" | "VACUUM" => words.len() > 1,
        _ => false,
    };
    sql.then_some(Language::Sql)
}

#[cfg(test)]
mod tests {
    use crate::checks::tests::check;

    #[test]
    fn what_a_shell_hands_on_is_shell() {
        let guide = |text: &str| format!("```bash\n{text}\n```\n");
        let id = "fence-not-shell";
        check(id, &guide("0 2 * * * /backup.sh"), &["2:1 a line of a crontab is no command"]);
        check(id, &guide("*/5 * * * * a\n*/10 * * * * b"), &["2:1 a line of a crontab is no command"]);
        check(
            id,
            &guide("SELECT count(*) FROM pg_stat_activity;"),
            &["2:1 a statement of SQL is no command"],
        );
        check(id, &guide("psql -c 'SELECT 1'"), &[]);
        check(id, &guide("psql <<SQL\nSELECT 1;\nSQL"), &[]);
        check(id, &guide("echo '0 2 * * * a' | crontab -"), &[]);
        check(id, &guide("select_backup DELETE\n1 2 3 4 5 6"), &[]);
    }
}
