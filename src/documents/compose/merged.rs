//! Several Compose files as one: a file with its override beside it, and what a guide's command gives with `-f`.
//!
//! Promises: values are merged as Compose merges them, and each keeps its place in its own file. Files that
//! different commands combine differently stay apart.

use std::borrow::Cow;
use std::path::Path;

use crate::diagnostic::Spanned;
use crate::documents::yaml::{Kind, Node};

/// A Compose file: the name that the documents give it, and what is in it.
pub type Named<'p> = (Option<&'p str>, Cow<'p, Node>);

/// The files as they are run: an override is part of the file that it overrides.
pub fn merged<'p>(files: Vec<Named<'p>>, commands: &[Vec<Spanned<String>>]) -> Vec<Named<'p>> {
    let mut combined = combinations(&files);
    let mut asked: Vec<Vec<String>> = commands.iter().filter_map(|words| files_of(words)).collect();
    asked.sort();
    asked.dedup();
    match asked.as_slice() {
        [] => {}
        // A command with `-f` leaves the override out.
        [only] => combined = vec![only.clone()],
        _ => return files,
    }
    let mut apart: Vec<Option<Named>> = files.into_iter().map(Some).collect();
    for names in combined {
        let at = |name: &String| apart.iter().position(|file| is_called(file.as_ref(), name));
        let Some(places) = names.iter().map(at).collect::<Option<Vec<usize>>>() else { continue };
        let [first, others @ ..] = places.as_slice() else { continue };
        let Some((name, mut whole)) = apart[*first].take() else { continue };
        for other in others {
            if let Some((_, over)) = apart[*other].take() {
                whole = Cow::Owned(overridden(&whole, &over, &[]));
            }
        }
        apart[*first] = Some((name, whole));
    }
    apart.into_iter().flatten().collect()
}

fn is_called(file: Option<&Named>, name: &str) -> bool {
    file.and_then(|(known, _)| *known).is_some_and(|known| known.trim_start_matches("./") == name)
}

/// `compose.yml` and `compose.override.yml` in the same folder.
fn combinations(files: &[Named]) -> Vec<Vec<String>> {
    let names = files.iter().filter_map(|(name, _)| *name).map(|name| name.trim_start_matches("./"));
    let pairs = names.filter_map(|name| {
        let path = Path::new(name);
        let stem = path.file_name()?.to_str()?;
        let (stem, extension) = stem.rsplit_once('.')?;
        let own = matches!(stem, "docker-compose" | "compose") && matches!(extension, "yml" | "yaml");
        let beside =
            ["yml", "yaml"].map(|extension| path.with_file_name(format!("{stem}.override.{extension}")));
        let beside = beside.into_iter().find(|beside| {
            files
                .iter()
                .any(|(name, _)| name.is_some_and(|name| Path::new(name.trim_start_matches("./")) == beside))
        })?;
        own.then(|| vec![name.to_owned(), beside.display().to_string()])
    });
    pairs.collect()
}

/// The files of `docker compose -f A -f B …`, where there are several.
fn files_of(words: &[Spanned<String>]) -> Option<Vec<String>> {
    let words: Vec<&str> = words.iter().map(|word| word.value.as_str()).collect();
    let compose = words.iter().position(|word| matches!(*word, "docker-compose" | "compose"))?;
    let mut files = Vec::new();
    let mut rest = words[compose + 1..].iter();
    while let Some(word) = rest.next() {
        match *word {
            "-f" | "--file" => files.push(*rest.next()?),
            _ => files.extend(word.strip_prefix("--file=").or(word.strip_prefix("-f="))),
        }
    }
    (files.len() > 1).then(|| files.iter().map(|file| file.trim_start_matches("./").to_owned()).collect())
}

/// A value with what overrides it; `path` is where it stands, by its keys.
fn overridden(base: &Node, over: &Node, path: &[&str]) -> Node {
    let kind = match (&base.kind, &over.kind, path) {
        // A program is started in one way.
        (_, _, [.., "command" | "entrypoint" | "test"]) => over.kind.clone(),
        (_, _, ["services", _, "environment" | "labels" | "extra_hosts" | "sysctls"]) => {
            Kind::Mapping(joined(&assignments(base), &assignments(over), path))
        }
        (Kind::Mapping(base), Kind::Mapping(over), _) => Kind::Mapping(joined(base, over, path)),
        (Kind::Sequence(base), Kind::Sequence(over), ["services", _, "volumes" | "devices"]) => {
            let replaced = |node: &&Node| !over.iter().any(|over| target(over) == target(node));
            Kind::Sequence(base.iter().filter(replaced).chain(over).cloned().collect())
        }
        (Kind::Sequence(base), Kind::Sequence(over), _) => {
            let more = over.iter().filter(|over| !base.iter().any(|base| base.kind == over.kind));
            Kind::Sequence(base.iter().chain(more).cloned().collect())
        }
        (_, Kind::Null, _) => base.kind.clone(),
        _ => return over.clone(),
    };
    Node { kind, span: base.span.clone() }
}

fn joined(base: &[(Node, Node)], over: &[(Node, Node)], path: &[&str]) -> Vec<(Node, Node)> {
    let beside = |key: &Node| over.iter().find(|(known, _)| known.scalar() == key.scalar());
    let kept = base.iter().map(|(key, value)| match (beside(key), key.scalar()) {
        (Some((_, over)), Some(name)) => {
            let path: Vec<&str> = path.iter().copied().chain([name]).collect();
            (key.clone(), overridden(value, over, &path))
        }
        _ => (key.clone(), value.clone()),
    });
    let more = over.iter().filter(|(key, _)| !base.iter().any(|(known, _)| known.scalar() == key.scalar()));
    kept.chain(more.cloned()).collect()
}

/// A mapping, or the same as a list of `NAME=value`.
fn assignments(node: &Node) -> Vec<(Node, Node)> {
    if let Some(entries) = node.entries() {
        return entries.to_vec();
    }
    let pairs = node.items().unwrap_or_default().iter().filter_map(|item| {
        let text = item.scalar()?;
        let equals = text.find(['=', ':'])?;
        let piece = |range: std::ops::Range<usize>| {
            let mut piece = item.clone();
            piece.span = item.span_within(range.clone());
            if let Kind::Scalar(scalar) = &mut piece.kind {
                scalar.text = text[range].to_owned();
            }
            piece
        };
        Some((piece(0..equals), piece(equals + 1..text.len())))
    });
    pairs.collect()
}

/// Where a volume is in the container.
fn target(volume: &Node) -> Option<&str> {
    match volume.scalar() {
        Some(text) => text.split(':').nth(1).or(Some(text)),
        None => volume.get("target")?.scalar(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::wiring::of_text;

    fn command(text: &str) -> Option<Vec<String>> {
        let file = crate::diagnostic::SourceFile::new("a", text);
        let words = text.split(' ').map(|word| Spanned::new(word.to_owned(), file.span(0..0)));
        files_of(&words.collect::<Vec<_>>())
    }

    #[test]
    fn a_command_names_its_files_in_their_order() {
        let both = Some(vec!["a.yml".to_owned(), "b.yml".to_owned()]);
        assert_eq!(command("docker compose -f a.yml -f ./b.yml up -d"), both);
        assert_eq!(command("docker-compose --file=a.yml --file b.yml up"), both);
        assert_eq!(command("docker compose -f a.yml up"), None);
        assert_eq!(command("docker run -f a -f b"), None);
    }

    /// What is known of the services of a guide: image, arguments, environment, volumes and ports.
    #[track_caller]
    fn check(guide: &str, expected: &[&str]) {
        let wiring = of_text("guide.md", guide);
        let got: Vec<String> = wiring
            .workloads
            .iter()
            .map(|workload| {
                let container = &workload.containers[0];
                let args = container.args.iter().map(|arg| arg.value.clone());
                let env = container.env.iter().map(|(name, value)| format!("{}={}", name.value, value.value));
                let mounts = container.mounts.iter().map(|it| format!("{}:{}", it.source, it.path.value));
                let ports =
                    container.published.iter().map(|port| format!("{}:{}", port.host, port.container));
                let image = container.image.as_ref().map_or("-", |image| image.value.as_str()).to_owned();
                let all: Vec<String> =
                    std::iter::once(image).chain(args).chain(env).chain(mounts).chain(ports).collect();
                format!("{} {}", workload.name.value, all.join(" "))
            })
            .collect();
        assert_eq!(got, expected);
    }

    const BASE: &str = "```yaml\n# docker-compose.yml\nservices:\n  p:\n    image: prom/prometheus:v2.45.0\n    command: [--a]\n    environment: [A=1, B=2]\n    volumes: ['./p.yml:/etc/p.yml', 'data:/data']\n    ports: ['9090:9090']\n```\n";
    const OVER: &str = "services:\n  p:\n    command: [--b, --c]\n    environment: {B: '3'}\n    volumes: ['./q.yml:/etc/p.yml']\n    ports: ['9091:9090']\n  q: {image: redis:7}\n```\n";

    #[test]
    fn an_override_is_part_of_the_file_beside_it() {
        let guide = format!("{BASE}```yaml\n# docker-compose.override.yml\n{OVER}");
        check(
            &guide,
            &[
                "p prom/prometheus:v2.45.0 --b --c A=1 B=3 data:/data ./q.yml:/etc/p.yml 9090:9090 9091:9090",
                "q redis:7",
            ],
        );
    }

    #[test]
    fn files_are_one_where_a_command_says_so() {
        let prod = format!("{BASE}```yaml\n# prod.yml\n{OVER}");
        check(
            &prod,
            &[
                "p prom/prometheus:v2.45.0 --a A=1 B=2 ./p.yml:/etc/p.yml data:/data 9090:9090",
                "p - --b --c B=3 ./q.yml:/etc/p.yml 9091:9090",
                "q redis:7",
            ],
        );
        check(
            &format!("{prod}```bash\ndocker compose -f docker-compose.yml -f prod.yml up -d\n```\n"),
            &[
                "p prom/prometheus:v2.45.0 --b --c A=1 B=3 data:/data ./q.yml:/etc/p.yml 9090:9090 9091:9090",
                "q redis:7",
            ],
        );
    }

    #[test]
    fn different_combinations_leave_the_files_apart() {
        let guide = format!(
            "{BASE}```yaml\n# a.yml\nservices: {{a: {{image: a}}}}\n```\n```yaml\n# b.yml\nservices: {{b: {{image: b}}}}\n```\n```bash\ndocker compose -f docker-compose.yml -f a.yml up\ndocker compose -f docker-compose.yml -f b.yml up\n```\n"
        );
        check(
            &guide,
            &["p prom/prometheus:v2.45.0 --a A=1 B=2 ./p.yml:/etc/p.yml data:/data 9090:9090", "a a", "b b"],
        );
    }
}
