//! How libraries tell that work goes on, and learn that it should stop.

/// Receives progress from a library; the binary draws it. Methods may be called from any thread.
pub trait Progress: Sync {
    /// Work on `task` begins; `total` is how many `unit`s it has, where known.
    fn begin(&self, task: &str, total: Option<u64>, unit: &'static str);

    /// `by` more units are done.
    fn advance(&self, by: u64);

    /// A short note on the work at hand, such as `loss 3.21`; replaces the one before.
    fn note(&self, text: &str);

    /// The work that began last is done.
    fn end(&self);

    /// Whether the user asked to stop. Libraries look between units, leave no half file behind and return their
    /// `Interrupted` error.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Progress that nobody watches.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _task: &str, _total: Option<u64>, _unit: &'static str) {}
    fn advance(&self, _by: u64) {}
    fn note(&self, _text: &str) {}
    fn end(&self) {}
}
