//! Go's `filepath.Glob`: `*`, `?` and `[…]` within one path element, no `**`; matches in the order of their names.

use std::path::{Component, Path, PathBuf};

use regex::Regex;

pub fn glob(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let name = component.as_os_str().to_string_lossy();
        found = match (component, element(&name)) {
            (Component::Normal(_), Some(matcher)) => {
                found.iter().flat_map(|folder| matching(folder, &matcher)).collect()
            }
            _ => found.into_iter().map(|folder| folder.join(component)).collect(),
        };
    }
    found.retain(|path| path.is_file());
    found
}

fn matching(folder: &Path, matcher: &Regex) -> Vec<PathBuf> {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = std::fs::read_dir(here) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| matcher.is_match(name))
        .collect();
    names.sort();
    names.into_iter().map(|name| folder.join(name)).collect()
}

/// One path element as an expression; `None` where it is a plain name or no valid pattern.
fn element(name: &str) -> Option<Regex> {
    if !name.contains(['*', '?', '[']) {
        return None;
    }
    let mut out = String::from("^");
    let mut rest = name.chars();
    while let Some(next) = rest.next() {
        match next {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '[' => {
                let class: String = rest.by_ref().take_while(|c| *c != ']').collect();
                let (sign, members) =
                    class.strip_prefix('^').map_or(("", class.as_str()), |rest| ("^", rest));
                out.push_str(&format!("[{sign}{}]", regex::escape(members).replace("\\-", "-")));
            }
            '\\' => out.push_str(&regex::escape(&rest.next()?.to_string())),
            other => out.push_str(&regex::escape(&other.to_string())),
        }
    }
    Regex::new(&(out + "$")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, expected: &[&str]) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("team-a/deep")).unwrap();
        for name in ["a.yml", "b.yml", "c.yaml", "team-a/a.yml", "team-a/deep/a.yml"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let got: Vec<String> = glob(&folder.path().join(pattern))
            .iter()
            .map(|path| path.strip_prefix(folder.path()).unwrap().display().to_string())
            .collect();
        assert_eq!(got, expected);
    }

    #[test]
    fn a_star_stays_within_its_path_element() {
        check("*.yml", &["a.yml", "b.yml"]);
        check("*/*.yml", &["team-a/a.yml"]);
        check("**/*.yml", &["team-a/a.yml"]);
    }

    #[test]
    fn classes_and_single_characters_match_one_character() {
        check("[ab].yml", &["a.yml", "b.yml"]);
        check("[^a].y?ml", &["c.yaml"]);
        check("[a-b].yml", &["a.yml", "b.yml"]);
        check("[", &[]);
    }

    #[test]
    fn a_path_without_a_pattern_is_itself() {
        check("c.yaml", &["c.yaml"]);
        check("team-a/../c.yaml", &["team-a/../c.yaml"]);
        check("missing.yml", &[]);
    }
}
