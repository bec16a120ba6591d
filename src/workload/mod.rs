//! The synthetic services that stand in for a team's application.

/// One service as `firedrill.yaml` describes it.
#[derive(Clone, Debug)]
pub struct ServiceSpec;
