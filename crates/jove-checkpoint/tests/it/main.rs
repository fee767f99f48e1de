//! Integration tests of the checkpoint crate.

#![allow(clippy::unwrap_used, reason = "a helper of a test may panic as the test itself may")]

mod convert;
mod hf;
mod hostile_hub;
mod hub;
mod support;
mod tensor_file;
mod tf;
mod torch;
mod uer;
mod vocabulary;
