//! Which file a ConfigMap's key or a host's file becomes in a container.

use super::{Container, Home, Mount, Volume, Wiring, Workload};

/// A place at which a container sees a file.
#[derive(Clone, Debug)]
pub struct Mounted<'w> {
    pub workload: &'w Workload,
    pub container: &'w Container,
    pub path: String,
}

impl Wiring {
    /// Every container and path at which a config is seen.
    pub fn mounted(&self, home: &Home) -> Vec<Mounted<'_>> {
        let mut found = Vec::new();
        for workload in &self.workloads {
            for container in &workload.containers {
                let paths = container.mounts.iter().filter_map(|mount| seen(workload, mount, home));
                found.extend(paths.map(|path| Mounted { workload, container, path }));
            }
        }
        found
    }

    /// Containers of an image, such as `prom/prometheus`, whatever the registry.
    pub fn running(&self, program: &str) -> impl Iterator<Item = (&Workload, &Container)> {
        self.workloads.iter().flat_map(move |workload| {
            let containers = workload.containers.iter();
            let of_program = containers.filter(move |container| container.runs(program));
            of_program.map(move |container| (workload, container))
        })
    }
}

fn seen(workload: &Workload, mount: &Mount, home: &Home) -> Option<String> {
    match home {
        Home::ConfigMap { namespace, name, key } => {
            let volume = workload.volumes.iter().find(|volume| volume.name == mount.source)?;
            let same = volume.config_map.as_ref().is_some_and(|map| map.value == *name)
                && workload.namespace.as_ref() == Some(namespace);
            let file = volume_file(volume, key)?;
            match &mount.sub_path {
                _ if !same => None,
                Some(sub_path) => (*sub_path == file).then(|| mount.path.value.clone()),
                None => Some(format!("{}/{file}", mount.path.value.trim_end_matches('/'))),
            }
        }
        Home::File(Some(file)) if workload.namespace.is_none() => {
            let source = mount.source.trim_start_matches("./").trim_end_matches('/');
            let file = file.trim_start_matches("./");
            if source.is_empty() || source.starts_with('/') {
                return None;
            }
            let behind = file.strip_prefix(source)?;
            match behind.strip_prefix('/') {
                Some(inside) => Some(format!("{}/{inside}", mount.path.value.trim_end_matches('/'))),
                None => behind.is_empty().then(|| mount.path.value.clone()),
            }
        }
        _ => None,
    }
}

/// The file that a key becomes; none where `items` leaves it out.
fn volume_file(volume: &Volume, key: &str) -> Option<String> {
    if volume.items.is_empty() {
        return Some(key.to_owned());
    }
    volume.items.iter().find(|(name, _)| name == key).map(|(_, path)| path.clone())
}
