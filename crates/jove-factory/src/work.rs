//! The work folder: finished parts, each whole or not there, found again by the hash of all that it depends on.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use jove_files::{Kind, Output, open_file};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The lock of a corpus's folder.
const LOCK: &str = "build.lock";

/// The hash of all that a part depends on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Key(String);

impl Key {
    /// The key of a part: the program's code, what it is, its settings, and the keys of what it reads.
    pub(crate) fn new(code: &str, what: &str, settings: &impl Serialize, inputs: &[&Self]) -> Self {
        let parts = serde_json::to_vec(&(code, what, settings, inputs)).expect("settings are plain data");
        Self(blake3::hash(&parts).to_hex()[..16].to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the file system says of an input; a file with another stamp is read again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Stamp {
    /// Its path from the folder of the data, so that other machines find the same parts.
    name: PathBuf,
    #[serde(skip)]
    path: PathBuf,
    bytes: u64,
    /// Nanoseconds since 1970.
    modified: i128,
}

impl Stamp {
    pub(crate) fn of(path: &Path, root: &Path) -> Result<Self> {
        let about = open_file(path).and_then(|file| file.metadata()).map_err(Error::io(path))?;
        let name = path.strip_prefix(root).unwrap_or(path).to_owned();
        Ok(Self { name, path: path.to_owned(), bytes: about.len(), modified: modified(&about) })
    }

    /// Where it is, from here.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Its path from the folder of the data.
    pub(crate) fn name(&self) -> String {
        self.name.display().to_string()
    }

    /// Fails where the file changed since.
    pub(crate) fn check(&self) -> Result<()> {
        let now = open_file(&self.path).and_then(|file| file.metadata()).map_err(Error::io(&self.path))?;
        if (now.len(), modified(&now)) == (self.bytes, self.modified) {
            Ok(())
        } else {
            Err(Error::Changed { path: self.path.clone() })
        }
    }
}

fn modified(about: &Metadata) -> i128 {
    let since = about.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_nanos() as i128)
}

/// A file of a part, as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Written {
    bytes: u64,
    blake3: String,
}

/// A part's last file: what it holds, and what is known of it.
#[derive(Debug, Serialize, Deserialize)]
struct Finished<T> {
    files: BTreeMap<String, Written>,
    about: T,
}

/// Who else may write to a work folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Nobody.
    Alone,
    /// Processes that clean other files. A part that two of them make is the same, and appears whole.
    Partition,
}

/// The work folder of a corpus, which one process writes to at a time.
#[derive(Debug)]
pub(crate) struct Work {
    folder: PathBuf,
    pub(crate) code: String,
    _lock: File,
}

impl Work {
    /// Opens the work folder in a corpus's folder, for one process alone, or for those that each do a partition.
    ///
    /// # Errors
    /// [`Error::Busy`] where another process builds there; when a folder cannot be made.
    pub(crate) fn open(corpus: &Path, code: &str, sharing: Sharing) -> Result<Self> {
        let folder = corpus.join("work");
        fs::create_dir_all(&folder).map_err(Error::io(&folder))?;
        let path = folder.join(LOCK);
        let lock = File::create_new(&path).or_else(|_| File::open(&path)).map_err(Error::io(&path))?;
        let locked = match sharing {
            Sharing::Alone => lock.try_lock(),
            Sharing::Partition => lock.try_lock_shared(),
        };
        match locked {
            Ok(()) => Ok(Self { folder, code: code.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Error::Busy { path: corpus.to_owned() }),
            Err(TryLockError::Error(source)) => Err(Error::io(&path)(source)),
        }
    }

    /// Where nameless files for sorting go.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn key(&self, what: &str, settings: &impl Serialize, inputs: &[&Key]) -> Key {
        Key::new(&self.code, what, settings, inputs)
    }

    /// A file of a part; its folder is made.
    pub(crate) fn file(&self, part: &str, ending: &str) -> Result<PathBuf> {
        let path = self.folder.join(format!("{part}.{ending}"));
        let parent = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(parent).map_err(Error::io(parent))?;
        Ok(path)
    }

    /// What is known of a finished part. `None` where it is not there, or its files are not those that were written.
    pub(crate) fn finished<T: DeserializeOwned>(&self, part: &str) -> Result<Option<T>> {
        let path = self.file(part, "json")?;
        let Ok(text) = fs::read(&path) else { return Ok(None) };
        let Ok(finished) = serde_json::from_slice::<Finished<T>>(&text) else { return Ok(None) };
        for (ending, written) in &finished.files {
            let path = self.file(part, ending)?;
            if !describe(&path).is_ok_and(|found| found == *written) {
                tracing::warn!("{} is not what was written, and is made again", path.display());
                return Ok(None);
            }
        }
        Ok(Some(finished.about))
    }

    /// Declares a part finished, whose files have these endings and are written.
    pub(crate) fn finish(&self, part: &str, endings: &[&str], about: &impl Serialize) -> Result<()> {
        let mut files = BTreeMap::new();
        for ending in endings {
            let path = self.file(part, ending)?;
            files.insert((*ending).to_owned(), describe(&path).map_err(Error::io(&path))?);
        }
        let text = serde_json::to_vec(&Finished { files, about }).expect("counts and names are plain data");
        write(&self.file(part, "json")?, &text)
    }

    /// A part made of one file and what is known of it, made by `make` where it is not there yet.
    pub(crate) fn part<T: Serialize + DeserializeOwned>(
        &self,
        part: &str,
        endings: &[&str],
        make: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        if let Some(about) = self.finished(part)? {
            return Ok(about);
        }
        let about = make()?;
        self.finish(part, endings, &about)?;
        Ok(about)
    }
}

/// Writes all of a file of the program's own, atomically.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    Output::write(path, Kind::ANY, bytes).map_err(Error::io(path))
}

fn describe(path: &Path) -> std::io::Result<Written> {
    let mut hasher = blake3::Hasher::new();
    let file = File::open(path)?;
    let bytes = file.metadata()?.len();
    hasher.update_reader(file)?;
    Ok(Written { bytes, blake3: hasher.finalize().to_hex().to_string() })
}

/// A file of records of `N` bytes that is being written, atomically.
pub(crate) struct RecordWriter<const N: usize> {
    output: std::io::BufWriter<Output>,
    path: PathBuf,
}

impl<const N: usize> RecordWriter<N> {
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let output = Output::create(path, Kind::ANY).map_err(Error::io(path))?;
        Ok(Self { output: std::io::BufWriter::with_capacity(1 << 16, output), path: path.to_owned() })
    }

    pub(crate) fn push(&mut self, record: &[u8; N]) -> Result<()> {
        self.output.write_all(record).map_err(Error::io(&self.path))
    }

    pub(crate) fn finish(self) -> Result<()> {
        let output = self.output.into_inner().map_err(std::io::IntoInnerError::into_error);
        output.and_then(Output::finish).map_err(Error::io(&self.path))
    }
}

/// The records of a file, one after another.
pub(crate) struct RecordReader<const N: usize> {
    input: std::io::BufReader<File>,
    path: PathBuf,
}

impl<const N: usize> RecordReader<N> {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        File::open(path).map(|file| Self::new(file, path)).map_err(Error::io(path))
    }

    /// A reader of what follows in a file; `path` is what an error names.
    pub(crate) fn new(file: File, path: &Path) -> Self {
        Self { input: std::io::BufReader::with_capacity(1 << 16, file), path: path.to_owned() }
    }

    /// The reader from record `number` on.
    pub(crate) fn at(path: &Path, number: u64) -> Result<Self> {
        use std::io::{Seek as _, SeekFrom};
        let mut reader = Self::open(path)?;
        reader.input.seek(SeekFrom::Start(number * N as u64)).map_err(Error::io(path))?;
        Ok(reader)
    }

    /// The first record for which `is_after` holds, of a file where it holds for all that follow one; the reader stands there.
    pub(crate) fn seek(path: &Path, is_after: impl Fn(&[u8; N]) -> bool) -> Result<Self> {
        let count = fs::metadata(path).map_err(Error::io(path))?.len() / N as u64;
        let (mut low, mut high) = (0, count);
        while low < high {
            let middle = low + (high - low) / 2;
            match Self::at(path, middle)?.next().transpose()? {
                Some(record) if !is_after(&record) => low = middle + 1,
                _ => high = middle,
            }
        }
        Self::at(path, low)
    }
}

impl<const N: usize> Iterator for RecordReader<N> {
    type Item = Result<[u8; N]>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut record = [0; N];
        match self.input.read_exact(&mut record) {
            Ok(()) => Some(Ok(record)),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => None,
            Err(error) => Some(Err(Error::io(&self.path)(error))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_part_is_made_once_and_again_where_it_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let work = Work::open(folder.path(), "code", Sharing::Alone).unwrap();
        let made = Cell::new(0);
        let get = || {
            work.part::<u32>("stage/a", &["bin"], || {
                made.set(made.get() + 1);
                write(&work.file("stage/a", "bin")?, b"data")?;
                Ok(7)
            })
            .unwrap()
        };
        assert_eq!((get(), get(), made.get()), (7, 7, 1));
        let bin = work.file("stage/a", "bin").unwrap();
        for change in [&b"DATA"[..], b"dat", b""] {
            fs::write(&bin, change).unwrap();
            let before = made.get();
            assert_eq!((get(), made.get()), (7, before + 1));
        }
        fs::write(work.file("stage/a", "json").unwrap(), "{").unwrap();
        assert_eq!((get(), made.get()), (7, 5));
    }

    #[test]
    fn one_process_writes_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = Work::open(folder.path(), "code", Sharing::Alone).unwrap();
        assert!(matches!(Work::open(folder.path(), "code", Sharing::Alone), Err(Error::Busy { .. })));
        assert!(matches!(Work::open(folder.path(), "code", Sharing::Partition), Err(Error::Busy { .. })));
        drop(first);
        let partitions = [(); 2].map(|()| Work::open(folder.path(), "code", Sharing::Partition).unwrap());
        assert!(matches!(Work::open(folder.path(), "code", Sharing::Alone), Err(Error::Busy { .. })));
        drop(partitions);
        Work::open(folder.path(), "code", Sharing::Alone).unwrap();
    }

    #[test]
    fn records_are_found_by_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records");
        let mut writer = RecordWriter::<8>::create(&path).unwrap();
        (0..100_u64).for_each(|number| writer.push(&(number * 2).to_be_bytes()).unwrap());
        writer.finish().unwrap();
        for wanted in [0, 1, 77, 198, 199, 500] {
            let reader = RecordReader::<8>::seek(&path, |record| u64::from_be_bytes(*record) >= wanted).unwrap();
            let found: Vec<u64> = reader.map(|record| u64::from_be_bytes(record.unwrap())).collect();
            let expected: Vec<u64> = (0..100).map(|number| number * 2).filter(|number| *number >= wanted).collect();
            assert_eq!(found, expected, "{wanted}");
        }
    }

    #[test]
    fn a_changed_input_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "one").unwrap();
        let stamp = Stamp::of(&path, folder.path()).unwrap();
        assert_eq!(stamp.name(), "a");
        stamp.check().unwrap();
        fs::write(&path, "three").unwrap();
        assert!(matches!(stamp.check(), Err(Error::Changed { .. })));
        assert!(Stamp::of(folder.path(), folder.path()).is_err(), "a folder is no input");
    }
}
