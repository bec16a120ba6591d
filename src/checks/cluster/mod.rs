//! Kubernetes objects that the cluster refuses or that do nothing: references to what is not there, selectors that
//! select nothing, kinds that nobody serves.

pub mod discovery_not_permitted;
pub mod ingress_host_twice;
pub mod issuer_not_documented;
pub mod kind_without_operator;
pub mod liveness_asks_readiness;
pub mod missing_namespace;
pub mod missing_object;
pub mod missing_service_account;
pub mod outdated_ingress;
pub mod probe_fails;
pub mod removed_api;
pub mod secret_not_documented;
pub mod selector_not_in_template;
pub mod service_not_documented;
pub mod service_selects_nothing;
pub mod storage_class_not_documented;
pub mod undefined_volume;
