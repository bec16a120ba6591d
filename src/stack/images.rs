//! Container images: what the documents name, and the map that says which to use in their place.

use std::fmt;

use crate::diagnostic::Spanned;

/// `registry.local:5000/prom/prometheus:v2.45.0`, in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// `docker.io` where none is written.
    pub registry: String,
    /// `prom/prometheus`; `library/redis` for Docker Hub's own.
    pub repository: String,
    pub tag: Option<String>,
    pub digest: Option<String>,
}

/// Which images to use in place of those that the documents name: private registries, images built here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImageMap {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    from: Spanned<String>,
    /// All below it is meant: `docker.io/`.
    prefix: bool,
    to: String,
}

const HUB: &str = "docker.io";
const OFFICIAL: &str = "library/";

impl Image {
    /// `None` for what is no reference to an image.
    pub fn parse(text: &str) -> Option<Image> {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => {
                let (algorithm, hex) = digest.split_once(':')?;
                let named = !algorithm.is_empty() && algorithm.chars().all(|c| c.is_ascii_alphanumeric());
                let hexadecimal = hex.len() >= 32 && hex.chars().all(|c| c.is_ascii_hexdigit());
                (rest, (named && hexadecimal).then(|| Some(digest.to_owned()))?)
            }
            None => (text, None),
        };
        let (name, tag) = match rest.rsplit_once(':') {
            // A colon before a slash is a port's.
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (rest, None),
        };
        if tag.is_some_and(|tag| !is_tag(tag)) {
            return None;
        }
        let (registry, repository) = match name.split_once('/') {
            Some((first, rest)) if is_registry(first) => (first, rest.to_owned()),
            Some(_) => (HUB, name.to_owned()),
            None => (HUB, format!("{OFFICIAL}{name}")),
        };
        let repository = match registry == HUB && !repository.contains('/') {
            true => format!("{OFFICIAL}{repository}"),
            false => repository,
        };
        repository.split('/').all(is_component).then(|| Image {
            registry: registry.to_owned(),
            repository,
            tag: tag.map(str::to_owned),
            digest,
        })
    }

    /// Whether it is that program's, whatever the registry: `prom/prometheus`.
    pub fn is(&self, repository: &str) -> bool {
        let own = self.repository.strip_prefix(OFFICIAL).unwrap_or(&self.repository);
        own == repository || own.strip_suffix(repository).is_some_and(|before| before.ends_with('/'))
    }

    /// The repository with its registry, whatever it was written like.
    fn name(&self) -> String {
        format!("{}/{}", self.registry, self.repository)
    }

    fn in_full(&self) -> String {
        let tag = self.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
        let digest = self.digest.as_ref().map(|digest| format!("@{digest}")).unwrap_or_default();
        format!("{}{tag}{digest}", self.name())
    }
}

/// As people write it: without what Docker adds by itself.
impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.registry == HUB {
            true => f.write_str(self.repository.strip_prefix(OFFICIAL).unwrap_or(&self.repository))?,
            false => f.write_str(&self.name())?,
        }
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        match &self.digest {
            Some(digest) => write!(f, "@{digest}"),
            None => Ok(()),
        }
    }
}

impl ImageMap {
    /// Adds an entry, or says what is wrong with it. Both sides name an image, or both end in `/` and stand for
    /// all below.
    pub fn add(&mut self, from: Spanned<String>, to: &str) -> Result<(), BadEntry> {
        let prefix = from.value.ends_with('/');
        let known = |entry: &&Entry| entry.prefix == prefix && same(&entry.from.value, &from.value, prefix);
        if let Some(first) = self.entries.iter().find(known) {
            return Err(BadEntry::Twice(first.from.clone()));
        }
        let (from_fits, to_fits) = match prefix {
            true => (is_prefix(&from.value), is_prefix(to)),
            false => (Image::parse(&from.value).is_some(), Image::parse(to).is_some()),
        };
        match (from_fits, to_fits) {
            (false, _) => return Err(BadEntry::From),
            (true, false) if prefix => return Err(BadEntry::ToNoPrefix),
            (true, false) => return Err(BadEntry::ToNoImage),
            (true, true) => {}
        }
        self.entries.push(Entry { from, prefix, to: to.to_owned() });
        Ok(())
    }

    /// All entries of `other` too, which go before those that are here.
    pub fn overridden_by(mut self, other: ImageMap) -> ImageMap {
        let replaced = |entry: &Entry| {
            let by = |new: &Entry| {
                new.prefix == entry.prefix && same(&new.from.value, &entry.from.value, entry.prefix)
            };
            other.entries.iter().any(by)
        };
        self.entries.retain(|entry| !replaced(entry));
        self.entries.extend(other.entries);
        self
    }

    /// The image to use in place of this one. The most exact entry counts: with the tag, without it, the longest
    /// beginning. Where the replacement has no tag, the wanted one's stays.
    pub fn replacement(&self, wanted: &Image) -> Option<Image> {
        let exact = |entry: &&Entry| Image::parse(&entry.from.value).as_ref() == Some(wanted);
        let of_repository = |entry: &&Entry| {
            Image::parse(&entry.from.value).is_some_and(|from| {
                from.tag.is_none() && from.digest.is_none() && from.name() == wanted.name()
            })
        };
        let images = || self.entries.iter().filter(|entry| !entry.prefix);
        if let Some(entry) = images().find(exact).or_else(|| images().find(of_repository)) {
            let mut to = Image::parse(&entry.to)?;
            if to.tag.is_none() && to.digest.is_none() {
                (to.tag, to.digest) = (wanted.tag.clone(), wanted.digest.clone());
            }
            return Some(to);
        }
        let full = wanted.in_full();
        let prefixes = self.entries.iter().filter(|entry| entry.prefix);
        let matching = prefixes.map(|entry| (whole_prefix(&entry.from.value), entry));
        let (prefix, longest) =
            matching.filter(|(prefix, _)| full.starts_with(prefix)).max_by_key(|(prefix, _)| prefix.len())?;
        Image::parse(&format!("{}{}", longest.to, &full[prefix.len()..]))
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// What is wrong with an entry.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BadEntry {
    #[error("this is not the name of an image, such as `prom/prometheus` or `registry.local:5000/redis:7`")]
    From,
    #[error("an image stands for an image, such as `registry.local/prometheus:2.42`")]
    ToNoImage,
    #[error("what ends in `/` stands for what ends in `/` too, such as `registry.local/mirror/`")]
    ToNoPrefix,
    #[error("what to use for this image is said twice")]
    Twice(Spanned<String>),
}

fn same(one: &str, other: &str, prefix: bool) -> bool {
    match prefix {
        true => whole_prefix(one) == whole_prefix(other),
        false => Image::parse(one).is_some_and(|image| Some(image) == Image::parse(other)),
    }
}

/// With the registry that Docker adds by itself.
fn whole_prefix(prefix: &str) -> String {
    match prefix.split_once('/') {
        Some((first, _)) if is_registry(first) => prefix.to_owned(),
        _ => format!("{HUB}/{prefix}"),
    }
}

fn is_prefix(text: &str) -> bool {
    Image::parse(&format!("{text}x")).is_some_and(|image| image.tag.is_none() && image.digest.is_none())
        && text.ends_with('/')
}

/// What stands before the first slash is a registry's name if it looks like a host's.
fn is_registry(first: &str) -> bool {
    let (host, port) = first.split_once(':').unwrap_or((first, "0"));
    let host_like = host.contains('.') || first.contains(':') || host == "localhost";
    let well_formed =
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    host_like && well_formed && port.parse::<u16>().is_ok()
}

/// Docker's rule for each part of a repository's name.
fn is_component(part: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
    edge(part.chars().next()) && edge(part.chars().next_back()) && part.chars().all(inner)
}

fn is_tag(tag: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    (1..=128).contains(&tag.len()) && !tag.starts_with(['.', '-']) && tag.chars().all(inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;

    #[test]
    fn an_image_is_read_as_docker_reads_it() {
        let check = |text: &str, expected: Option<(&str, &str, Option<&str>)>| {
            let got = Image::parse(text);
            let parts = got.as_ref().map(|i| (i.registry.as_str(), i.repository.as_str(), i.tag.as_deref()));
            assert_eq!(parts, expected, "{text}");
        };
        check("redis", Some(("docker.io", "library/redis", None)));
        check("redis:7.0-alpine", Some(("docker.io", "library/redis", Some("7.0-alpine"))));
        check("docker.io/redis", Some(("docker.io", "library/redis", None)));
        check("prom/prometheus:v2.45.0", Some(("docker.io", "prom/prometheus", Some("v2.45.0"))));
        check("localhost:5000/a/b:c", Some(("localhost:5000", "a/b", Some("c"))));
        check("quay.io/prometheus/prometheus", Some(("quay.io", "prometheus/prometheus", None)));
        for text in ["", ":tag", "a:", "A/b", "a//b", "a/b:-x", "a b", "${IMAGE}", "a@sha256:12", "a/", "-a"]
        {
            check(text, None);
        }
        let digest = format!("a/b:c@sha256:{}", "0123456789abcdef".repeat(4));
        assert_eq!(Image::parse(&digest).unwrap().to_string(), digest);
    }

    #[test]
    fn an_image_is_known_whatever_its_registry() {
        for (text, expected) in [
            ("prom/prometheus:v1", true),
            ("registry.local/mirror/prom/prometheus", true),
            ("prom/prometheus-operator", false),
            ("my-prom/prometheus", false),
        ] {
            assert_eq!(Image::parse(text).unwrap().is("prom/prometheus"), expected, "{text}");
        }
        assert!(Image::parse("redis:7").unwrap().is("redis"));
    }

    fn map(entries: &[(&str, &str)]) -> Result<ImageMap, BadEntry> {
        let file = SourceFile::new("images", "");
        let mut map = ImageMap::default();
        for (from, to) in entries {
            map.add(Spanned::new((*from).to_owned(), file.span(0..0)), to)?;
        }
        Ok(map)
    }

    #[test]
    fn the_most_exact_entry_counts() {
        let map = map(&[
            ("docker.io/", "registry.local/hub/"),
            ("prom/", "registry.local/"),
            ("prom/prometheus", "built-here/prometheus"),
            ("prom/prometheus:v2.45.0", "built-here/prometheus:2.42"),
        ]);
        let map = map.unwrap();
        for (wanted, expected) in [
            ("prom/prometheus:v2.45.0", Some("built-here/prometheus:2.42")),
            ("docker.io/prom/prometheus:v2.46.0", Some("built-here/prometheus:v2.46.0")),
            ("prom/alertmanager:v0.25.0", Some("registry.local/alertmanager:v0.25.0")),
            ("redis", Some("registry.local/hub/library/redis")),
            ("quay.io/prom/prometheus", None),
        ] {
            let got = map.replacement(&Image::parse(wanted).unwrap()).map(|image| image.to_string());
            assert_eq!(got.as_deref(), expected, "{wanted}");
        }
    }

    #[test]
    fn what_can_mean_nothing_is_refused() {
        assert_eq!(map(&[("Prom", "a")]), Err(BadEntry::From));
        assert_eq!(map(&[("prom/prometheus", "a b")]), Err(BadEntry::ToNoImage));
        assert_eq!(map(&[("prom/prometheus", "a/")]), Err(BadEntry::ToNoImage));
        assert_eq!(map(&[("prom/", "a")]), Err(BadEntry::ToNoPrefix));
        assert_eq!(map(&[("/", "a/")]), Err(BadEntry::From));
        assert!(matches!(map(&[("redis", "a"), ("docker.io/library/redis", "b")]), Err(BadEntry::Twice(_))));
    }
}
