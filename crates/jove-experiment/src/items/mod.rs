//! Items of probes: what was asked, what each arm answered, and the measures that follow from it.

pub(crate) mod file;
pub(crate) mod measures;
pub(crate) mod question;
pub(crate) mod resampling;
pub(crate) mod sample;
