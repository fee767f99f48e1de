//! The wall time of training over all its sessions.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use jove_core::Progress;

use crate::error::Result;
use crate::files::write_file;

/// Seconds of finished sessions and of the present one, in the folder of the stage while it is made.
const FILE: &str = "seconds.json";
/// Between two times that the file is written: as much as a kill may lose.
const PAUSE: Duration = Duration::from_secs(5);

/// Hands progress on, and keeps in a file how long the work took so far, so that an interruption does not lose it.
pub(crate) struct WallClock<'a> {
    inner: &'a dyn Progress,
    path: PathBuf,
    begun: Instant,
    /// Of the sessions before.
    before: Duration,
    written: Mutex<Instant>,
}

impl<'a> WallClock<'a> {
    /// Begins a session of the work in `folder`. A file that is not there, or not whole, counts as no time.
    pub(crate) fn begin(folder: &std::path::Path, inner: &'a dyn Progress) -> Self {
        let path = folder.join(FILE);
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let before = text.trim().parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let (begun, before) = (Instant::now(), before.unwrap_or_default());
        Self { inner, path, begun, before, written: Mutex::new(begun) }
    }

    /// Seconds of all sessions.
    pub(crate) fn seconds(&self) -> f64 {
        (self.before + self.begun.elapsed()).as_secs_f64()
    }

    /// Writes the time so far.
    pub(crate) fn save(&self) -> Result<()> {
        write_file(&self.path, &format!("{}\n", self.seconds()))
    }

    /// Removes the file once the work is done.
    pub(crate) fn finish(self) {
        // One that is still there does no harm.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Progress for WallClock<'_> {
    fn begin(&self, task: &str, total: Option<u64>, unit: &'static str) {
        self.inner.begin(task, total, unit);
    }

    fn advance(&self, by: u64) {
        self.inner.advance(by);
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.elapsed() >= PAUSE {
            *written = Instant::now();
            // Only the report's cost depends on it; a disk that is full stops the run elsewhere.
            let _ = self.save();
        }
    }

    fn note(&self, text: &str) {
        self.inner.note(text);
    }

    fn end(&self) {
        self.inner.end();
    }

    fn cancelled(&self) -> bool {
        self.inner.cancelled()
    }
}

#[cfg(test)]
mod tests {
    use jove_core::Silent;

    use super::*;

    #[test]
    fn sessions_add_up() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        for (found, least, most) in
            [("", 0.0, 100.0), ("1000.5\n", 1000.5, 1100.0), ("-1", 0.0, 100.0), ("法国", 0.0, 100.0)]
        {
            std::fs::write(&file, found).unwrap();
            let clock = WallClock::begin(folder.path(), &Silent);
            clock.save().unwrap();
            let next = WallClock::begin(folder.path(), &Silent);
            assert!(next.before.as_secs_f64() >= least && next.seconds() < most, "{found:?}");
            assert!(next.seconds() >= next.before.as_secs_f64());
            next.finish();
            assert!(!file.exists());
        }
    }
}
