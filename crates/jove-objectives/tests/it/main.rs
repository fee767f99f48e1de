//! Losses against their definitions in plain loops, and their gradients against finite differences.
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod families;
mod helpers;
mod info_nce;
mod knowledge_link;
mod model;
mod pair_sequence;
mod spread;
mod temperature;
mod translation_contrast;
mod transport;
mod word_alignment;
