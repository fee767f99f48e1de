//! The command line, from arguments to exit codes.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its fixture has failed")]

mod ablate;
mod checkpoints;
