//! Files of a task.

use std::path::{Path, PathBuf};

use jove_tasks::{Task, TaskOptions};
use tempfile::TempDir;

/// A folder with the files of a task.
pub(crate) struct Files {
    pub(crate) folder: TempDir,
}

impl Files {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A task whose two files end alike.
    pub(crate) fn task(&self, task: Task, ending: &str, train: &str, dev: &str) -> TaskOptions {
        let [train, dev] =
            [("train", train), ("dev", dev)].map(|(name, text)| self.write(&format!("{name}.{ending}"), text));
        TaskOptions::new(task, train, dev)
    }
}

/// The message of a failure without the folder of the files.
pub(crate) fn message(error: &jove_tasks::Error, folder: &Path) -> String {
    error.to_string().replace(&format!("{}/", folder.display()), "")
}
