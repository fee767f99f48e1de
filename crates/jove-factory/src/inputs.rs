//! The files of all sources.

use std::path::{Path, PathBuf};

use jove_files::files_below;

use crate::error::{Error, Result};
use crate::recipe::Recipe;
use crate::work::Stamp;

/// A file to read.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    /// The number of its source.
    pub(crate) source: usize,
    pub(crate) stamp: Stamp,
}

/// The files of all sources, in their order.
pub(crate) fn inputs(recipe: &Recipe, root: &Path) -> Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for (number, source) in recipe.sources.iter().enumerate() {
        let path = root.join(&source.path);
        if source.optional && !path.exists() {
            tracing::warn!("{} is not there; the source `{}` is left out", path.display(), source.shown());
            continue;
        }
        for file in files_below(&path, &is_wanted).map_err(Error::io(&path))? {
            inputs.push(Input { source: number, stamp: Stamp::of(&file, root)? });
        }
    }
    Ok(inputs)
}

/// Whether a file in a folder is read: hidden ones are not.
fn is_wanted(path: &Path) -> bool {
    path.file_name().is_some_and(|name| !name.as_encoded_bytes().starts_with(b"."))
}

/// The lines of small files, such as examples: those that are not blank.
pub(crate) fn lines(root: &Path, paths: &[PathBuf]) -> Result<Vec<String>> {
    const BYTES_MAX: u64 = 1 << 30;
    let mut lines = Vec::new();
    for path in paths {
        let path = root.join(path);
        let text = jove_files::read_text(&path, BYTES_MAX).map_err(Error::io(&path))?;
        lines.extend(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_in_the_order_of_sources_and_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b/2.txt", "b/1.txt", "b/.hidden", "a.txt"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "一\n\n 二 \n").unwrap();
        }
        let json = r#"{"name": "x", "sources": [{"path": "b"}, {"path": "a.txt"}]}"#;
        let recipe: Recipe = serde_json::from_str(json).unwrap();
        let found = inputs(&recipe, folder.path()).unwrap();
        let found: Vec<_> = found.iter().map(|input| (input.source, input.stamp.name())).collect();
        assert_eq!(
            found,
            [(0, "b/1.txt"), (0, "b/2.txt"), (1, "a.txt")].map(|(source, name)| (source, name.to_owned()))
        );
        assert_eq!(lines(folder.path(), &["a.txt".into()]).unwrap(), ["一", "二"]);
        for (optional, is_error) in [(false, true), (true, false)] {
            let json = format!(r#"{{"name": "x", "sources": [{{"path": "none", "optional": {optional}}}]}}"#);
            assert_eq!(inputs(&serde_json::from_str(&json).unwrap(), folder.path()).is_err(), is_error);
        }
    }
}
