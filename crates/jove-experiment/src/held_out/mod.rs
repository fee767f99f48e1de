//! What is held out of training: facts, and sentences that probes are about; and what would reveal them.

pub(crate) mod descriptions;
pub(crate) mod facts;
pub(crate) mod letters;
pub(crate) mod sentences;
