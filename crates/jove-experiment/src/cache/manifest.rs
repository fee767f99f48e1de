//! What a finished stage holds: its files with their sizes and hashes, written as the last of them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use serde::{Deserialize, Serialize};
use walkdir::WalkDir;

use crate::cache::input::{self, Stamp};
use crate::cache::seen::Seen;
use crate::disk::{sync_folder, write_synced};
use crate::error::{Error, Result};

/// The manifest's file in its stage.
pub(super) const MANIFEST: &str = "manifest.json";

/// Files up to this size, in bytes, are hashed whenever their stage is used.
const SMALL_BYTES_MAX: u64 = 1 << 20;

/// The files of a finished stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    /// The stage's folder.
    stage: String,
    /// By path below the folder, with `/`.
    files: BTreeMap<String, FileRecord>,
    /// Of all of the above.
    digest: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRecord {
    bytes: u64,
    blake3: String,
}

/// What is wrong with a stage, such as `train.jsonl: expected 12 bytes, found 11`.
pub(super) type Damage = String;

/// How much of a stage is read again to check it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// Small files, and those whose stamp is another than when they were last hashed.
    Changed,
    /// All files.
    All,
}

impl Manifest {
    /// Syncs and hashes all files of a folder.
    ///
    /// # Errors
    /// When a file cannot be read or synced.
    pub(super) fn of(folder: &Path, stage: &str) -> Result<Self> {
        let mut files = BTreeMap::new();
        for entry in WalkDir::new(folder).sort_by_file_name() {
            let entry = entry.map_err(|error| Error::io("read", folder, error.into()))?;
            let path = entry.path();
            let fail = |source| Error::io("read", path, source);
            if entry.file_type().is_dir() {
                sync_folder(path)?;
            } else if entry.file_type().is_file() {
                let file = File::open(path).map_err(fail)?;
                file.sync_all().map_err(|source| Error::io("sync", path, source))?;
                let bytes = file.metadata().map_err(fail)?.len();
                let blake3 = hex(&file).map_err(fail)?;
                files.insert(name(folder, path), FileRecord { bytes, blake3 });
            }
        }
        files.remove(MANIFEST);
        let digest = digest(stage, &files);
        Ok(Self { stage: stage.to_owned(), files, digest })
    }

    /// Writes the manifest into its stage's folder, which is on disk when this returns.
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        let text = serde_json::to_vec(self).expect("names and numbers are plain data");
        write_synced(&folder.join(MANIFEST), &text)?;
        sync_folder(folder)
    }

    /// Reads the manifest of a stage.
    ///
    /// # Errors
    /// The damage, where it is not what [`Manifest::write`] wrote.
    pub(super) fn read(folder: &Path, stage: &str) -> Result<Self, Damage> {
        let text = fs::read(folder.join(MANIFEST)).map_err(|error| format!("{MANIFEST}: {error}"))?;
        let read: Self = serde_json::from_slice(&text).map_err(|error| format!("{MANIFEST}: {error}"))?;
        if read.stage != stage || read.digest != digest(stage, &read.files) {
            return Err(format!("{MANIFEST}: not the manifest that was written for {stage}"));
        }
        Ok(read)
    }

    /// Compares the files with what is recorded, and remembers in `seen` which were hashed.
    ///
    /// # Errors
    /// The first damage found.
    pub(super) fn check(&self, folder: &Path, depth: Depth, seen: &mut Seen) -> Result<(), Damage> {
        for (name, record) in &self.files {
            let wrong = |error: std::io::Error| format!("{name}: {error}");
            let path = folder.join(name);
            let about = fs::symlink_metadata(&path).map_err(wrong)?;
            if !about.is_file() || about.len() != record.bytes {
                return Err(format!("{name}: expected {} bytes, found {}", record.bytes, about.len()));
            }
            let stamp = Stamp::of(&about);
            if depth == Depth::Changed && record.bytes > SMALL_BYTES_MAX && seen.knows(name, &stamp) {
                continue;
            }
            if File::open(&path).and_then(|file| hex(&file)).map_err(wrong)? != record.blake3 {
                return Err(format!("{name}: the contents are not those that were written"));
            }
            if record.bytes > SMALL_BYTES_MAX {
                seen.remember(name, stamp);
            }
        }
        Ok(())
    }
}

fn hex(file: &File) -> std::io::Result<String> {
    Ok(blake3::Hash::from_bytes(input::hash(file)?).to_hex().to_string())
}

fn digest(stage: &str, files: &BTreeMap<String, FileRecord>) -> String {
    let parts = serde_json::to_vec(&(stage, files)).expect("names and numbers are plain data");
    blake3::hash(&parts).to_hex().to_string()
}

fn name(folder: &Path, path: &Path) -> String {
    let below = path.strip_prefix(folder).unwrap_or(path);
    let parts: Vec<_> = below.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAGE: &str = "text-0123";

    /// A stage of files of every size class.
    fn stage() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("checkpoint")).unwrap();
        let large = vec![7; SMALL_BYTES_MAX as usize + 5];
        for (name, bytes) in
            [("empty", &b""[..]), ("一.jsonl", b"{}\n"), ("checkpoint/weights", &large), ("checkpoint/config", b"x")]
        {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        Manifest::of(folder.path(), STAGE).unwrap().write(folder.path()).unwrap();
        folder
    }

    fn check(folder: &Path, seen: &mut Seen) -> Result<(), Damage> {
        Manifest::read(folder, STAGE)?.check(folder, Depth::Changed, seen)
    }

    #[test]
    fn a_stage_as_it_was_written_is_sound() {
        let folder = stage();
        let mut seen = Seen::default();
        for _ in 0..2 {
            check(folder.path(), &mut seen).unwrap();
        }
        assert!(Manifest::read(folder.path(), "text-4567").is_err(), "the manifest of another stage");
    }

    #[test]
    fn every_flipped_byte_is_noticed_and_the_file_named() {
        for name in ["一.jsonl", "checkpoint/weights", "checkpoint/config", MANIFEST] {
            let folder = stage();
            let mut seen = Seen::default();
            check(folder.path(), &mut seen).unwrap();
            let path = folder.path().join(name);
            let bytes = fs::read(&path).unwrap();
            let step = bytes.len().div_ceil(150);
            for at in (0..bytes.len()).step_by(step) {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1;
                fs::write(&path, flipped).unwrap();
                let damage = check(folder.path(), &mut seen).unwrap_err();
                assert!(damage.starts_with(name), "byte {at} of {name}: {damage}");
            }
            fs::write(&path, bytes).unwrap();
            check(folder.path(), &mut seen).unwrap();
        }
    }

    #[test]
    fn a_file_that_is_cut_or_gone_is_named() {
        let folder = stage();
        let mut seen = Seen::default();
        File::options().write(true).open(folder.path().join("checkpoint/weights")).unwrap().set_len(9).unwrap();
        let damage = check(folder.path(), &mut seen).unwrap_err();
        assert!(damage.contains("checkpoint/weights: expected 1048581 bytes, found 9"), "{damage}");
        fs::remove_file(folder.path().join("checkpoint/weights")).unwrap();
        assert!(check(folder.path(), &mut seen).unwrap_err().starts_with("checkpoint/weights"));
        fs::remove_file(folder.path().join(MANIFEST)).unwrap();
        assert!(check(folder.path(), &mut seen).unwrap_err().starts_with(MANIFEST));
    }
}
