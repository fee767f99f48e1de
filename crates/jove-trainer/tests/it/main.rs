//! Training a tiny model end to end.

mod batches;
mod failures;
mod learning;
mod resume;
mod world;
