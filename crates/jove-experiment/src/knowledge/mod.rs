//! What training and probes read of the graph, made from the knowledge base and a vocabulary; `stage/knowledge.rs` keeps it.

pub(crate) mod descriptions;
pub(crate) mod hard_negatives;
pub(crate) mod languages;
pub(crate) mod relations;
pub(crate) mod replacements;
pub(crate) mod shuffle;
