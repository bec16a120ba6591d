//! What people read of an alert, held against what the rule does.

pub mod alerts_run_together;
pub mod number_in_text;
pub mod severity_in_prose;
pub mod value_in_another_unit;
