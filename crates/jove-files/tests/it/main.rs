//! Outputs and inputs, on a real file system.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its fixture has failed")]
#![cfg(unix)]

mod inputs;
mod outputs;
