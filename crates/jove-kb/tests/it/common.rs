//! What the tests share.

use std::path::{Path, PathBuf};

use jove_core::Silent;
use jove_kb::{BuildOptions, BuildReport, Format, Kb, Source, build};

/// A folder for one test.
pub(crate) struct Place(tempfile::TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The options for a base from one source.
    pub(crate) fn options(&self, format: Format, source: &Path) -> BuildOptions {
        BuildOptions::new(self.path("kb.sqlite"), vec![Source::new(format, source)])
    }

    /// Builds a base from the text of one source, most of which may be bad.
    pub(crate) fn build(&self, format: Format, content: impl AsRef<[u8]>) -> (Kb, BuildReport) {
        let source = self.file("source", content);
        let options = BuildOptions { max_bad: 1000, ..self.options(format, &source) };
        let report = build(&options, &Silent).unwrap();
        (Kb::open(&report.out).unwrap(), report)
    }
}
