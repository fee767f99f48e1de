//! Properties of mask plans.
#![allow(clippy::unwrap_used, reason = "a test may stop where it stands")]

mod plans;
mod rates;
mod texts;
mod unmask;
