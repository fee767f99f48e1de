//! The command line, from arguments to exit codes.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its fixture has failed")]

mod ablate;
mod cache;
mod checkpoints;
mod finetuning;
mod init;
mod knowledge;
mod outputs;
mod run_files;
mod shell;
mod standard_error;
mod terminal;

#[allow(dead_code, reason = "this fixture serves another crate's tests as well")]
#[path = "../../../jove-experiment/tests/it/fixture.rs"]
mod fixture;
