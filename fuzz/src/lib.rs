//! The bodies of the fuzz targets. Each file here is also a module of the property tests of the crate that it is about, so that it
//! cannot rot: what runs for hours under libFuzzer runs with a few hundred inputs in every test run.

pub mod auth;
