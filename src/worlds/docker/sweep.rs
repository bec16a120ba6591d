//! What firedrills that were killed have left in the Docker engine: their containers, then their networks.

use std::collections::HashMap;

use testcontainers::bollard::errors::Error;
use testcontainers::bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, RemoveContainerOptionsBuilder,
};

use super::engine::{self, Engine, OWNER};
use crate::worlds::real::place::PlaceError;

/// Removes them, and only them; the names of what was removed.
pub fn sweep(engine: &Engine) -> Result<Vec<String>, PlaceError> {
    let swept = engine::wait(async {
        let mut removed = Vec::new();
        let labelled = HashMap::from([("label", vec![OWNER])]);
        let all = ListContainersOptionsBuilder::new().all(true).filters(&labelled).build();
        for container in engine.client().list_containers(Some(all)).await? {
            if let Some(id) =
                container.id.filter(|_| engine::is_left_over(&container.labels.unwrap_or_default()))
            {
                remove_container(engine, &id).await?;
                let name = container.names.and_then(|names| names.into_iter().next()).unwrap_or(id);
                removed.push(name.trim_start_matches('/').to_owned());
            }
        }
        let networks = ListNetworksOptionsBuilder::new().filters(&labelled).build();
        for network in engine.client().list_networks(Some(networks)).await? {
            let left = engine::is_left_over(&network.labels.unwrap_or_default());
            if let Some(name) = network.name.filter(|_| left) {
                gone(engine.client().remove_network(&name).await)?;
                removed.push(name);
            }
        }
        Ok(removed)
    });
    swept.map_err(|error: Error| {
        PlaceError(format!("what earlier runs left can't be removed: {}", engine::reason(&error)))
    })
}

/// Ends it at once if it runs, and removes it with its volumes.
pub async fn remove_container(engine: &Engine, id: &str) -> Result<(), Error> {
    let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
    gone(engine.client().remove_container(id, Some(options)).await)
}

/// Somebody else may be sweeping the same at this moment.
pub fn gone(removed: Result<(), Error>) -> Result<(), Error> {
    match removed {
        Err(Error::DockerResponseServerError { status_code: 404 | 409, .. }) => Ok(()),
        removed => removed,
    }
}
