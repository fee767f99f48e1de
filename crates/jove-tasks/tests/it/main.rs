//! Formats, refusals, measures, baselines, the doctor and submissions.

mod baselines;
mod doctor;
mod formats;
mod metrics;
mod refusals;
mod submissions;
mod support;
