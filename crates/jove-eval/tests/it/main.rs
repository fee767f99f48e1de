//! Probes of a tiny model, from a knowledge base to scores.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod bootstrap;
mod items;
mod probes;
mod ranking;
mod tatoeba;
mod trivial_answers;
mod world;
