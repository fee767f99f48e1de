//! Integration tests of the model.
#![allow(clippy::unwrap_used, clippy::type_complexity)]

mod encoder;
mod golden;
mod gradients;
mod naive;
mod ops;
mod refusals;
mod support;
mod training;
