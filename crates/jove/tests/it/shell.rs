//! Running the program in a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// What a command printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs `jove --quiet` with these arguments in a folder.
pub(crate) fn jove(folder: &Path, arguments: &[&str]) -> Ended {
    let output =
        Command::cargo_bin("jove").unwrap().current_dir(folder).arg("--quiet").args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// A folder that goes away in the end.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (name, text) in files {
            fs::write(folder.path(name), text).unwrap();
        }
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs a command, its arguments parted by spaces.
    pub(crate) fn jove(&self, arguments: &str) -> Ended {
        jove(self.0.path(), &arguments.split(' ').collect::<Vec<_>>())
    }

    /// What a command that should end well printed.
    pub(crate) fn works(&self, arguments: &str) -> String {
        let ended = self.jove(arguments);
        assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{arguments}: {}", ended.out);
        ended.out
    }

    /// The same, read as one JSON value a line.
    pub(crate) fn json(&self, arguments: &str) -> Vec<serde_json::Value> {
        self.works(arguments).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Checks that a command ends with an error that holds all of `parts` and a hint, and prints no data.
    pub(crate) fn refuses(&self, arguments: &str, parts: &[&str]) {
        let ended = self.jove(arguments);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{arguments}: {}", ended.err);
        for part in parts {
            assert!(ended.err.contains(part), "`{part}` is not in: {}", ended.err);
        }
    }
}
