//! Whole builds over files as users have them.

mod builds;
mod duplicates;
mod hostile;

use std::path::{Path, PathBuf};

use jove_core::Silent;
use jove_corpus::{Document, DocumentReader};
use jove_factory::{BuildOptions, Reason, Recipe, Summary, build, corpus_folder};

/// A folder with data and a recipe.
struct Project {
    folder: tempfile::TempDir,
    settings: serde_json::Value,
}

impl Project {
    #[expect(clippy::needless_pass_by_value, reason = "callers write the settings in place")]
    fn new(settings: serde_json::Value) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut all = serde_json::json!({ "name": "corpus", "output": "out", "data": { "root": "" } });
        for (key, value) in settings.as_object().expect("a table") {
            all[key] = value.clone();
        }
        Self { folder, settings: all }
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.folder.path().join(name);
        let parent = path.parent().expect("a file in a folder");
        std::fs::create_dir_all(parent).and_then(|()| std::fs::write(&path, bytes)).expect("a file is written");
        self
    }

    fn recipe(&self) -> Recipe {
        serde_json::from_value(self.settings.clone()).expect("a recipe")
    }

    fn build(&self, threads: usize) -> jove_factory::Result<Summary> {
        build(&self.recipe(), self.options(threads), &Silent)
    }

    fn options(&self, threads: usize) -> BuildOptions<'_> {
        BuildOptions { base: self.folder.path(), code: "test", threads }
    }

    fn corpus(&self) -> PathBuf {
        corpus_folder(&self.recipe(), self.folder.path())
    }

    fn documents(&self) -> Vec<Document> {
        let files = contents(&self.corpus().join("text"));
        let read = |(name, _): &(String, Vec<u8>)| DocumentReader::open(&self.corpus().join("text").join(name), "text");
        let readers = files.iter().map(read).collect::<Result<Vec<_>, _>>().expect("files of documents");
        readers.into_iter().flatten().collect::<Result<_, _>>().expect("documents")
    }

    fn texts(&self) -> Vec<String> {
        self.documents().into_iter().map(|document| document.text).collect()
    }
}

/// How many documents were removed for a reason.
fn removed(summary: &Summary, reason: Reason) -> u64 {
    summary.funnel.iter().filter_map(|stage| stage.removed.get(&reason)).map(|count| count.documents).sum()
}

/// The names and contents of the files in a folder.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let paths = entries.map(|entry| entry.path()).filter(|path| path.is_file());
    let name = |path: &Path| path.file_name().expect("a file has a name").to_string_lossy().into_owned();
    let mut files: Vec<_> = paths.map(|path| (name(&path), std::fs::read(&path).expect("a file"))).collect();
    files.sort();
    files
}

/// Numbers from a seed.
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % most
    }

    /// A word of four to nine letters, of some thousands.
    fn word(&mut self) -> String {
        let mut inside = Self(self.below(4000) as u64 + 1);
        let length = 4 + inside.below(6);
        (0..length).map(|_| char::from(b"etaoinshrdlucmfwypvbgkjqxz"[inside.below(26)])).collect()
    }

    fn words(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.word()).collect()
    }
}
