//! The files of a list of sources.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use jove_files::files_below;

use super::options::TextSource;
use crate::error::{Error, Result};

/// The files of all sources, each with the index of its source.
pub(crate) fn list_all(sources: &[TextSource]) -> Result<Vec<(usize, PathBuf)>> {
    let mut files = Vec::new();
    for (number, source) in sources.iter().enumerate() {
        let found = files_below(&source.path, &is_wanted).map_err(Error::io(&source.path))?;
        files.extend(found.into_iter().map(|path| (number, path)));
    }
    Ok(files)
}

/// Whether a path in a folder is a text file or another folder.
fn is_wanted(path: &Path) -> bool {
    let is_text = |extension: &OsStr| ["txt", "jsonl", "parquet"].iter().any(|known| extension == *known);
    path.extension().is_some_and(is_text) || path.is_dir()
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

    #[cfg(unix)]
    #[test]
    fn links_in_a_circle_add_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (outer, inner) = (folder.path().join("t"), folder.path().join("t/d"));
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::write(inner.join("a.txt"), "中").unwrap();
        for (name, target) in [("x", "."), ("y", "."), ("d/up", ".."), ("d/up2", "../../t"), ("lost.txt", "nowhere")] {
            std::os::unix::fs::symlink(target, outer.join(name)).unwrap();
        }
        let source = TextSource { path: outer, ..TextSource::default() };
        assert_eq!(list_all(&[source]).unwrap(), [(0, inner.join("a.txt"))]);
    }

    #[test]
    fn a_folder_nested_too_deep_is_left_out() {
        let deep = format!("t/{}deep.txt", "d/".repeat(20));
        assert_eq!(names(&[&deep, "t/a.txt"], &["t"]).unwrap(), [(0, "t/a.txt".to_owned())]);
    }
}
