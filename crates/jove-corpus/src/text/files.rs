//! The files of a list of sources.

use std::path::{Path, PathBuf};

use super::options::TextSource;
use crate::error::{Error, Result};

/// The files of all sources, each with the index of its source.
pub(crate) fn list_all(sources: &[TextSource]) -> Result<Vec<(usize, PathBuf)>> {
    let mut files = Vec::new();
    for (number, source) in sources.iter().enumerate() {
        list(&source.path, 0, &mut |path| files.push((number, path)))?;
    }
    Ok(files)
}

/// Passes `path`, or the text files below it in the order of their names, to `found`.
fn list(path: &Path, depth: usize, found: &mut impl FnMut(PathBuf)) -> Result<()> {
    const DEPTH_MAX: usize = 16;
    if !path.is_dir() {
        std::fs::metadata(path).map_err(Error::io(path))?;
        found(path.to_owned());
        return Ok(());
    }
    let entries = std::fs::read_dir(path).map_err(Error::io(path))?;
    let mut inside = Vec::new();
    for entry in entries {
        inside.push(entry.map_err(Error::io(path))?.path());
    }
    inside.sort();
    for path in inside {
        let is_text = path.extension().is_some_and(|extension| extension == "txt" || extension == "jsonl");
        if (path.is_dir() && depth < DEPTH_MAX) || (path.is_file() && is_text) {
            list(&path, depth + 1, found)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(files: &[&str], sources: &[&str]) -> Result<Vec<(usize, String)>> {
        let folder = tempfile::tempdir().unwrap();
        for name in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let source = |name: &&str| TextSource { path: folder.path().join(name), ..TextSource::default() };
        let sources: Vec<TextSource> = sources.iter().map(source).collect();
        let name = |path: PathBuf| path.strip_prefix(folder.path()).unwrap().to_string_lossy().into_owned();
        Ok(list_all(&sources)?.into_iter().map(|(number, path)| (number, name(path))).collect())
    }

    #[test]
    fn folders_are_listed_by_name_and_named_files_whatever_their_ending() {
        let files = ["t/b.txt", "t/a.jsonl", "t/א/中.txt", "t/notes.md", "t/.hidden", "x.md"];
        let found = names(&files, &["x.md", "t"]).unwrap();
        let expected = [(0, "x.md"), (1, "t/a.jsonl"), (1, "t/b.txt"), (1, "t/א/中.txt")];
        assert_eq!(found, expected.map(|(number, name)| (number, name.to_owned())));
        assert!(matches!(names(&files, &["missing.txt"]), Err(Error::Io { .. })));
        assert_eq!(names(&[], &[]).unwrap(), []);
    }

    #[test]
    fn a_folder_nested_too_deep_is_left_out() {
        let deep = format!("t/{}deep.txt", "d/".repeat(20));
        assert_eq!(names(&[&deep, "t/a.txt"], &["t"]).unwrap(), [(0, "t/a.txt".to_owned())]);
    }
}
