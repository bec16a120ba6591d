//! Which image a component runs as: the one that the documents name, or the map has in its place.

use crate::stack::{Image, ImageMap, Stack};
use crate::worlds::real::place::Program;

/// The image of a program, after the map.
pub fn image(stack: &Stack, map: &ImageMap, program: Program) -> Image {
    let wanted = named(stack, program).unwrap_or_else(|| usual(stack, program));
    let mut image = map.replacement(&wanted).unwrap_or(wanted);
    if image.tag.is_none() && image.digest.is_none() {
        image.tag = Some("latest".to_owned());
    }
    image
}

/// The first in the documents that is this program's.
fn named(stack: &Stack, program: Program) -> Option<Image> {
    let mut images = stack.images.iter().filter_map(|image| Image::parse(&image.value));
    images.find(|image| repositories(program).iter().any(|repository| image.is(repository)))
}

/// The program's own image, of the version that the documents state.
fn usual(stack: &Stack, program: Program) -> Image {
    let stated = match program {
        Program::Prometheus => stack.prometheus.version.as_ref().map(|version| version.value.as_str()),
        _ => None,
    };
    let tag = stated.map(|version| format!("v{}", version.trim_start_matches('v')));
    let repository = repositories(program)[0];
    let repository = match repository.contains('/') {
        true => repository.to_owned(),
        false => format!("library/{repository}"),
    };
    Image { registry: "docker.io".to_owned(), repository, tag, digest: None }
}

/// Under which names the program's images go, its own first.
fn repositories(program: Program) -> &'static [&'static str] {
    match program {
        Program::Prometheus => &["prom/prometheus", "prometheus/prometheus", "bitnami/prometheus"],
        Program::Alertmanager => &["prom/alertmanager", "prometheus/alertmanager", "bitnami/alertmanager"],
        Program::NodeExporter => &["prom/node-exporter", "prometheus/node-exporter", "bitnami/node-exporter"],
        Program::PostgresExporter => &[
            "prometheuscommunity/postgres-exporter",
            "prometheus-community/postgres-exporter",
            "bitnami/postgres-exporter",
        ],
        Program::RedisExporter => &["oliver006/redis_exporter", "bitnami/redis-exporter"],
        Program::Postgres => &["postgres", "bitnami/postgresql"],
        Program::Redis => &["redis", "bitnami/redis"],
    }
}
