//! Integration tests: a base is built, read and put into words.
#![allow(clippy::unwrap_used, reason = "tests")]

mod build;
mod common;
mod verbalize;
mod world;
