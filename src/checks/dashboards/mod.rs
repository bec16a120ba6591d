//! What Grafana does not show: dashboards that are not read, panels that stay empty or say something else.

pub mod chart_dashboard_file;
pub mod dashboard_applied;
pub mod dashboard_not_loaded;
pub mod dashboard_without_exporter;
pub mod dashboard_wrapped;
pub mod dashboards_folder_empty;
pub mod datasource_unknown;
pub mod grafana_without_datasource;
pub mod legend_without_label;
pub mod notifiers_ignored;
pub mod panel_query_refused;
pub mod panel_type_outdated;
pub mod two_default_datasources;
pub mod unit_misfit;
pub mod variable_undefined;
