//! Properties of the shared types.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod config;
mod lang;
mod problem;
mod seed;
mod span;
