//! File name patterns as Go's `filepath.Glob` has them: `*`, `?`, `[a-z]`, `\`, never across a `/`.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// The files that match, in the order of their names; none where a folder can't be read.
pub fn matching(pattern: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = vec![PathBuf::new()];
    for component in pattern.components() {
        let Component::Normal(name) = component else {
            found.iter_mut().for_each(|path| path.push(component));
            continue;
        };
        let name = name.to_string_lossy();
        found = found.into_iter().flat_map(|folder| children(&folder, &name)).collect();
    }
    found.retain(|path| path.is_file());
    found
}

/// Whether a path fits a pattern; both may begin with `./`.
pub fn fits_path(pattern: &str, path: &str) -> bool {
    let parts = |text: &str| -> Vec<String> {
        text.split('/').filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect()
    };
    let (pattern, path) = (parts(pattern), parts(path));
    pattern.len() == path.len() && pattern.iter().zip(&path).all(|(pattern, name)| fits(pattern, name))
}

/// Whether the end of a path fits a pattern that counts from a folder which nobody states.
pub fn fits_end(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let path: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let length = pattern.len().min(path.len());
    fits_path(&pattern[pattern.len() - length..].join("/"), &path[path.len() - length..].join("/"))
}

/// The files that a pattern of a container matches in a folder, by its longest end that matches anything; with the pattern
/// that did.
pub fn from_container(
    pattern: &str,
    folder: &Path,
    accepted: impl Fn(&Path) -> bool,
) -> Option<(PathBuf, Vec<PathBuf>)> {
    let inside = pattern.strip_prefix('/')?.trim_start_matches('/');
    let starts = std::iter::once(0).chain(inside.match_indices('/').map(|(at, _)| at + 1));
    starts.map(|start| folder.join(&inside[start..])).find_map(|pattern| {
        let mut paths = matching(&pattern);
        paths.retain(|path| accepted(path));
        (!paths.is_empty()).then_some((pattern, paths))
    })
}

fn children(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    if !pattern.contains(['*', '?', '[', '\\']) {
        return vec![folder.join(pattern)];
    }
    let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = fs::read_dir(listed) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| fits(pattern, name)).collect();
    names.sort();
    names.into_iter().map(|name| folder.join(name)).collect()
}

fn fits(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut p, mut n) = (0, 0);
    // Where to go on when what follows the last `*` does not fit: it then takes one character more.
    let mut retry: Option<(usize, usize)> = None;
    loop {
        if pattern.get(p) == Some(&'*') {
            retry = Some((p + 1, n));
            p += 1;
            continue;
        }
        match (one(&pattern[p..], name.get(n).copied()), n < name.len()) {
            (Some(length), true) => {
                p += length;
                n += 1;
            }
            (_, false) if p == pattern.len() => return true,
            _ => match retry {
                Some((after, taken)) if taken < name.len() => {
                    retry = Some((after, taken + 1));
                    (p, n) = (after, taken + 1);
                }
                _ => return false,
            },
        }
    }
}

/// How much of the pattern one character takes, if it fits.
fn one(pattern: &[char], got: Option<char>) -> Option<usize> {
    let got = got?;
    match pattern.first()? {
        '?' => Some(1),
        '\\' => (pattern.get(1) == Some(&got)).then_some(2),
        '[' => {
            let close = pattern.iter().skip(1).position(|c| *c == ']')? + 1;
            let class = &pattern[1..close];
            let (negated, class) = match class.first() {
                Some('^') => (true, &class[1..]),
                _ => (false, class),
            };
            let mut rest = class;
            let mut inside = false;
            while let Some(low) = rest.first() {
                let (high, length) = match rest {
                    [_, '-', high, ..] => (high, 3),
                    _ => (low, 1),
                };
                inside |= (*low..=*high).contains(&got);
                rest = &rest[length..];
            }
            (inside != negated).then_some(close + 1)
        }
        wanted => (*wanted == got).then_some(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_patterns_as_in_go() {
        for (pattern, name, expected) in [
            ("*.yml", "rules.yml", true),
            ("*.yml", "rules.yaml", false),
            ("*.y*ml", "rules.yaml", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("\\*", "*", true),
            ("*", "", true),
            ("*a*b", "xaxxb", true),
            ("*a*b", "xaxxbc", false),
            ("[a", "a", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
