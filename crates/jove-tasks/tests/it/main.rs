//! Formats, refusals, measures, baselines, the doctor and submissions.

#![allow(clippy::float_cmp, reason = "the expected numbers are exact")]
#![allow(clippy::unwrap_used, reason = "helpers of tests may panic")]

mod baselines;
mod doctor;
mod formats;
mod metrics;
mod refusals;
mod submissions;
mod support;
