//! The integration tests, one binary so that it links once. One module a subject.

mod alertmanager_config;
mod alertmanager_karma;
mod alertmanager_parity;
mod alertmanager_routes;
mod chain_parity;
mod check;
mod checked;
mod cli;
mod config_differential;
mod corpora;
mod corpora_promql;
mod corpora_promtool;
#[cfg(feature = "docker")]
mod docker;
mod docs;
mod exporters;
mod exposition;
mod inbox;
mod init;
mod kill;
mod local;
mod pages;
mod promtool_differential;
mod prove;
mod real;
mod relabelling;
mod scenarios;
mod seeds;
mod stacks;
mod targets;
mod templates;
mod unit_test;
mod well_kept;
