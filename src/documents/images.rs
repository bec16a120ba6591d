//! Images in documents: those that containers run, and maps of what to use in their place.

use super::value;
use super::yaml::{self, Node};
use crate::diagnostic::{Diagnostic, SourceFile, Span, Spanned};
use crate::stack::{BadEntry, Image, ImageMap};

/// Every image that the file names as a container's, in a manifest, a Compose file or a guide.
pub fn named(file: &SourceFile) -> Vec<Spanned<String>> {
    const KEY: &str = "image:";
    let text = file.text();
    let mut found = Vec::new();
    for (at, _) in text.match_indices(KEY) {
        let before = text[..at].rsplit('\n').next().unwrap_or_default();
        // A key of its own: the first of its line, or behind `{` or `,`.
        let alone = before.trim_end().is_empty() || before.trim_end().ends_with(['-', '{', ',']);
        let rest = &text[at + KEY.len()..];
        let blanks = rest.len() - rest.trim_start_matches([' ', '"', '\'']).len();
        let start = at + KEY.len() + blanks;
        let length = text[start..]
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '#' | ',' | '}'))
            .unwrap_or(text.len() - start);
        let image = &text[start..start + length];
        if alone && blanks > 0 && Image::parse(image).is_some() {
            found.push(Spanned::new(image.to_owned(), file.span(start..start + length)));
        }
    }
    found
}

/// A file that holds nothing but such a map.
pub fn read_file(file: &SourceFile) -> (ImageMap, Vec<Diagnostic>) {
    let (root, mut problems) = yaml::read_one(file);
    let map = root.map(|root| read(&root, &mut problems)).unwrap_or_default();
    (map, problems)
}

/// `prom/prometheus: registry.local/prometheus:2.42`, one entry for each image.
pub fn read(node: &Node, problems: &mut Vec<Diagnostic>) -> ImageMap {
    let mut map = ImageMap::default();
    let Some(entries) = node.entries() else {
        problems.push(yaml::wrong_type(node, "images, each with the one to use in its place"));
        return map;
    };
    for (name, replacement) in entries {
        let from = value::filled(name, "an image", problems);
        let to = value::filled(replacement, "an image", problems);
        if let (Some(from), Some(to)) = (from, to) {
            add(&mut map, from, &to, problems);
        }
    }
    map
}

/// `prom/prometheus=registry.local/prometheus:2.42`, as an argument has it.
pub fn read_argument(argument: &SourceFile, map: &mut ImageMap, problems: &mut Vec<Diagnostic>) {
    let text = argument.text();
    let part =
        |range: std::ops::Range<usize>| Spanned::new(text[range.clone()].to_owned(), argument.span(range));
    match text.split_once('=') {
        Some((from, _)) => {
            let (from, to) = (part(0..from.len()), part(from.len() + 1..text.len()));
            add(map, from, &to, problems);
        }
        None => problems.push(
            Diagnostic::error("bad-image", "this does not say what to use in the place of what")
                .at(&argument.span(0..text.len()))
                .label("wanted `IMAGE=IMAGE`, such as `prom/prometheus=registry.local/prometheus:2.42`"),
        ),
    }
}

fn add(map: &mut ImageMap, from: Spanned<String>, to: &Spanned<String>, problems: &mut Vec<Diagnostic>) {
    let from_span = from.span.clone();
    let Err(error) = map.add(from, &to.value) else { return };
    let at = |place: &Span, message: &str| {
        Diagnostic::error("bad-image", message.to_owned()).at(place).label(error.to_string())
    };
    problems.push(match &error {
        BadEntry::From => at(&from_span, "this names no image"),
        BadEntry::ToNoImage | BadEntry::ToNoPrefix => at(&to.span, "this cannot be used in its place"),
        BadEntry::Twice(first) => Diagnostic::error("duplicate-key", error.to_string())
            .at(&from_span)
            .label("again here")
            .related(&first.span, "first here"),
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_found_where_containers_name_them() {
        let text = "services:\n  a: {image: 'prom/prometheus:v2.45.0', b: 1}\n  b:\n    image: redis # why\n\
                    # my image: x\nimage:\n  repository: y\nspec:\n  - image: \"quay.io/a/b@sha256:x\"\n\
                    c: {image_url: z, image: }\n";
        let found: Vec<String> =
            named(&SourceFile::new("a.yml", text)).into_iter().map(|image| image.value).collect();
        assert_eq!(found, ["prom/prometheus:v2.45.0", "redis"]);
    }

    /// The messages and labels for a map.
    fn check(text: &str, expected: &[&str]) {
        let (_, problems) = read_file(&SourceFile::new("images.yaml", text));
        let got: Vec<String> = problems.iter().map(|problem| format!("{problem}")).collect();
        assert_eq!(got.len(), expected.len(), "{got:#?}");
        for (got, expected) in got.iter().zip(expected) {
            assert!(got.contains(expected), "{got}");
        }
    }

    #[test]
    fn each_mistake_in_a_map_is_told_at_its_place() {
        check("prom/prometheus: registry.local/prometheus:2.42\ndocker.io/: registry.local/\n", &[]);
        check("", &[]);
        check("- a\n", &["images.yaml:1:1"]);
        check(
            "Prom: a\nredis: [b]\npostgres: x y\n",
            &["images.yaml:1:1", "images.yaml:2:8", "images.yaml:3:11"],
        );
        check("redis: a\nlibrary/redis: b\n", &["images.yaml:2:1"]);
    }
}
