//! Integration tests: a base is built, read, put into words and written out again.
#![allow(clippy::unwrap_used, reason = "tests")]

mod build;
mod common;
mod export;
mod formats;
mod kill;
mod look;
mod verbalize;
mod world;
