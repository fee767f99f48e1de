//! Integration tests: a knowledge base is built, read, verbalised and exported.
#![allow(clippy::unwrap_used, reason = "tests")]

mod build;
mod common;
mod export;
mod formats;
mod graph;
mod guess;
mod kill;
mod layouts;
mod lint;
mod look;
mod names;
mod odd_inputs;
mod options;
mod packed;
mod rdf;
mod records;
mod sources;
mod stated;
mod verbalize;
mod wikidata;
mod world;
