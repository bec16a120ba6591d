//! What a guide's commands do not fit: files never shown, repositories never added, Compose files never started.

pub mod chart_version_missing;
pub mod commands_not_reached;
pub mod compose_file_unused;
pub mod compose_networks_apart;
pub mod extension_not_loaded;
pub mod external_url_missing;
pub mod external_url_unserved;
pub mod fence_not_shell;
pub mod file_not_shown;
pub mod health_not_probed;
pub mod helm_repository_missing;
pub mod here_document_expands;
pub mod installed_twice;
pub mod jaeger_chart_conflict;
pub mod placeholder_host;
pub mod port_published_twice;
pub mod program_retired;
pub mod statement_outdated;
pub mod table_name_unquoted;
pub mod undefined_function;
