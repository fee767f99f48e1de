//! Linking and tagging, through the public interface.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod disambiguation;
mod languages;
mod naive;
mod tagging;
