//! How libraries report progress and learn that they should stop.

/// Receives progress from a library; the binary draws it. Methods may be called from any thread.
pub trait Progress: Sync {
    /// Work on `task` begins; `total` is how many `unit`s it has, where known.
    fn begin(&self, task: &str, total: Option<u64>, unit: &'static str);

    /// `by` more units are done.
    fn advance(&self, by: u64);

    /// A short note on the current work, such as `loss 3.21`; replaces the previous one.
    fn note(&self, text: &str);

    /// The work that began last is done.
    fn end(&self);

    /// Whether the user asked to stop. Libraries check between units, leave no incomplete file behind and return their
    /// `Interrupted` error.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Discards progress.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _task: &str, _total: Option<u64>, _unit: &'static str) {}
    fn advance(&self, _by: u64) {}
    fn note(&self, _text: &str) {}
    fn end(&self) {}
}
