//! What is remembered about a finished stage beside its folder: when its files were last hashed, and which runs use it.
//! Nothing is lost where it is missing or damaged; the files are then hashed again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::cache::input::Stamp;
use crate::disk::with_suffix;

/// Large files are hashed again after this many seconds, stamps or not.
const STAMPS_TRUSTED: u64 = 24 * 60 * 60;

/// A further use of a stage by the same run is written down after this many seconds.
const USE_NOTED: u64 = 60;

/// What is remembered about a finished stage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seen {
    /// When the large files were last hashed, in seconds since 1970.
    hashed: u64,
    /// Their stamps then.
    stamps: BTreeMap<String, Stamp>,
    /// When each run last used the stage, by its run file, in seconds since 1970.
    pub(super) used: BTreeMap<String, u64>,
}

impl Seen {
    /// Reads what is remembered; nothing where that is not possible.
    pub(super) fn read(path: &Path) -> Self {
        let read: Option<Self> = fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let mut seen = read.unwrap_or_default();
        if !(seen.hashed..=seen.hashed.saturating_add(STAMPS_TRUSTED)).contains(&now()) {
            seen.hashed = now();
            seen.stamps.clear();
        }
        seen
    }

    /// Whether a file was hashed when it had this stamp, not too long ago.
    pub(super) fn knows(&self, name: &str, stamp: &Stamp) -> bool {
        self.stamps.get(name) == Some(stamp)
    }

    /// Remembers that a file with this stamp holds what it should.
    pub(super) fn remember(&mut self, name: &str, stamp: Stamp) {
        self.stamps.insert(name.to_owned(), stamp);
    }

    /// Remembers that a run uses the stage.
    pub(super) fn note_use(&mut self, run: &Path) {
        let last = self.used.entry(run.to_string_lossy().into_owned()).or_default();
        if last.saturating_add(USE_NOTED) < now() {
            *last = now();
        }
    }

    /// Writes it where it differs from `before`. A cache that cannot be written to can still be read, so that no error is
    /// worth stopping for.
    pub(super) fn write(&self, path: &Path, before: &Self) {
        if self == before {
            return;
        }
        let text = serde_json::to_vec(self).expect("names and numbers are plain data");
        let temporary = with_suffix(path, "new");
        let written = fs::write(&temporary, text).and_then(|()| fs::rename(&temporary, path));
        if let Err(error) = written {
            tracing::debug!("{}: {error}", path.display());
        }
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp() -> Stamp {
        Stamp::of(&fs::metadata(file!()).or_else(|_| fs::metadata(".")).unwrap())
    }

    #[test]
    fn what_was_seen_is_remembered_for_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seen.json");
        let mut seen = Seen::read(&path);
        assert!(!seen.knows("weights", &stamp()));
        seen.remember("weights", stamp());
        seen.note_use(Path::new("run.toml"));
        seen.write(&path, &Seen::default());
        let read = Seen::read(&path);
        assert_eq!(read, seen);
        assert!(read.knows("weights", &stamp()) && !read.knows("others", &stamp()));
        for hashed in [now() - STAMPS_TRUSTED - 5, now() + 1000, 0, u64::MAX] {
            Seen { hashed, ..seen.clone() }.write(&path, &Seen::default());
            let read = Seen::read(&path);
            assert!(!read.knows("weights", &stamp()), "hashed at {hashed}");
            assert_eq!(read.used, seen.used);
        }
    }

    #[test]
    fn a_damaged_memory_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seen.json");
        for text in ["", "{", "[]", "{\"hashed\":-1}", "\u{0}"] {
            fs::write(&path, text).unwrap();
            assert!(Seen::read(&path).stamps.is_empty());
        }
        Seen::default().write(&folder.path().join("none/seen.json"), &Seen { hashed: 1, ..Seen::default() });
    }
}
