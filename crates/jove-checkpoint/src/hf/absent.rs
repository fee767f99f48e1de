//! What a folder holds in place of a Hugging Face checkpoint.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::files::{CONFIG, SINGLE, TORCH_SINGLE};
use crate::content::{LIGHTNING_KEY, contains, identified_weights};
use crate::error::Error;
use crate::message::shortened;

/// The error for a path that holds no `expected`, such as `config.json`: it names what is there instead, with the nearest way.
pub(super) fn absent(path: &Path, expected: &str) -> Error {
    match std::fs::metadata(path) {
        Err(source) => return Error::Io { path: path.to_owned(), source },
        Ok(about) if !about.is_dir() => return file(path),
        Ok(_) => {}
    }
    let entries = Entries::of(path);
    if let Some((found, hint)) = entries.recognised() {
        return Error::unsupported(path, format!("expected {expected}, found {found}"), hint);
    }
    let source = io::Error::new(io::ErrorKind::NotFound, format!("expected {expected}, found {}", entries.listed()));
    Error::Io { path: path.to_owned(), source }
}

/// A file in place of a folder.
fn file(path: &Path) -> Error {
    let mut head = Vec::new();
    // What cannot be read is no folder either.
    let _ =
        std::fs::File::open(path).and_then(|file| io::Read::read_to_end(&mut io::Read::take(file, 1 << 16), &mut head));
    let lightning = contains(&head, LIGHTNING_KEY).then(|| "a PyTorch Lightning checkpoint".to_owned());
    let what = lightning.or_else(|| Some(identified_weights(&head)?.what)).unwrap_or_else(|| "a file".to_owned());
    Error::unsupported(
        path,
        format!("expected a folder with {CONFIG} and weights, found {what}"),
        "give the folder that holds the file; a single file is read in UER-Py's format alone",
    )
}

/// The names in a folder.
struct Entries {
    files: BTreeSet<String>,
    folders: BTreeSet<String>,
    /// Folders that hold a configuration.
    checkpoints: Vec<String>,
    /// A link that leads nowhere.
    dangling: Option<String>,
}

impl Entries {
    fn of(folder: &Path) -> Self {
        let mut entries =
            Self { files: BTreeSet::new(), folders: BTreeSet::new(), checkpoints: Vec::new(), dangling: None };
        for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !path.exists() {
                entries.dangling = Some(name);
                continue;
            }
            if !path.is_dir() {
                entries.files.insert(name);
                continue;
            }
            if path.join(CONFIG).is_file() {
                entries.checkpoints.push(name.clone());
            }
            entries.folders.insert(name);
        }
        entries.checkpoints.sort();
        entries
    }

    /// The first file whose name ends so, and is not one that is read.
    fn ends(&self, ending: &str) -> Option<&String> {
        let is_read = |name: &str| [SINGLE, TORCH_SINGLE].contains(&name) || name.contains("-of-");
        self.files.iter().find(|name| name.ends_with(ending) && !is_read(name))
    }

    /// What the folder is, and what to do.
    fn recognised(&self) -> Option<(String, String)> {
        let known = |found: String, hint: &str| Some((found, hint.to_owned()));
        if let Some(name) = &self.dangling {
            return known(
                format!("a link that leads nowhere, {}", shortened(name)),
                "what it stood for was moved or deleted; fetch the model again",
            );
        }
        if !self.checkpoints.is_empty() {
            let names = shortened(&self.checkpoints.join(", "));
            let found = match self.checkpoints.len() {
                1 => format!("a folder with a checkpoint: {names}"),
                count => format!("{count} folders with checkpoints: {names}"),
            };
            return known(found, "give the folder that is meant");
        }
        if self.folders.contains("snapshots") && self.folders.contains("blobs") {
            return known(
                "a model's folder in the hub's cache".to_owned(),
                "give one of the folders in its `snapshots`, or the model as hub:OWNER/NAME",
            );
        }
        if self.files.contains("adapter_config.json") {
            return known(
                "an adapter, which changes another model".to_owned(),
                "merge it into its model with merge_and_unload, and save that",
            );
        }
        self.other_weights().or_else(|| self.repository())
    }

    /// Weights of another format.
    fn other_weights(&self) -> Option<(String, String)> {
        let is_tf = |name: &&String| name.strip_suffix(".index").is_some();
        let keras = "load it in transformers before version 5, and save it with save_pretrained";
        let lightning =
            "in Python, take `state_dict` out of what torch.load reads, and save it with the model's save_pretrained";
        let kinds = [
            (self.files.iter().find(is_tf), "a TensorFlow checkpoint", "import it with the format tf"),
            (self.ends("saved_model.pb"), "a TensorFlow SavedModel", keras),
            (self.ends(".h5"), "Keras weights", keras),
            (self.ends(".msgpack"), "Flax weights", keras),
            (self.ends(".ckpt"), "a checkpoint as PyTorch Lightning names it", lightning),
            (self.ends(".onnx"), "an ONNX graph", "use the model's safetensors or PyTorch files"),
            (self.ends(".gguf"), "a GGUF file", "use the model's safetensors or PyTorch files"),
            (
                self.ends(".safetensors"),
                "safetensors under another name",
                "name the model's weights model.safetensors, and put its config.json beside",
            ),
            (
                self.ends(".bin"),
                "a .bin file of another name",
                "import it with the format uer where UER-Py wrote it; where transformers did, name it pytorch_model.bin",
            ),
            (self.ends(".pt").or(self.ends(".pth")), "a PyTorch file of another name", "name it pytorch_model.bin"),
        ];
        let (name, what, hint) = kinds.into_iter().find_map(|(name, what, hint)| Some((name?, what, hint)))?;
        Some((format!("{what}, {}", shortened(name)), hint.to_owned()))
    }

    fn repository(&self) -> Option<(String, String)> {
        self.folders.contains(".git").then(|| {
            (
                "a Git repository without it".to_owned(),
                "large files may not have been fetched: `git lfs pull` fetches them; or check out another branch"
                    .to_owned(),
            )
        })
    }

    fn listed(&self) -> String {
        let names: Vec<&str> = self.files.iter().chain(&self.folders).map(String::as_str).collect();
        match names.as_slice() {
            [] => "nothing".to_owned(),
            _ if names.len() <= 5 => shortened(&names.join(", ")),
            _ => shortened(&format!("{} and {} more", names[..5].join(", "), names.len() - 5)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of a folder with these files, or folders where a name ends with a slash.
    fn check(names: &[&str], expected: &str) {
        let root = tempfile::tempdir().unwrap();
        for name in names {
            let path = root.path().join(name);
            std::fs::create_dir_all(if name.ends_with('/') { &path } else { path.parent().unwrap() }).unwrap();
            if !name.ends_with('/') {
                std::fs::write(&path, "x").unwrap();
            }
        }
        let message = absent(root.path(), "model.safetensors").to_string();
        assert!(message.contains(&format!("expected model.safetensors, found {expected}")), "{message}");
    }

    #[test]
    fn what_a_folder_holds_instead_is_named() {
        check(&[], "nothing");
        check(&["config.json", "vocab.txt"], "config.json, vocab.txt");
        check(&["a", "b", "中", "😀", "ש", "e\u{301}"], "a, b, e\u{301}, ש, 中 and 1 more");
        check(&["config.json", ".git/HEAD"], "a Git repository without it");
        check(
            &["checkpoint-9/config.json", "checkpoint-10/config.json"],
            "2 folders with checkpoints: checkpoint-10, checkpoint-9",
        );
        check(&["0_Transformer/config.json", "modules.json"], "a folder with a checkpoint: 0_Transformer");
        check(&["refs/main", "blobs/", "snapshots/"], "a model's folder in the hub's cache");
        check(&["bert_model.ckpt.index", "bert_config.json"], "a TensorFlow checkpoint, bert_model.ckpt.index");
        check(&["config.json", "model.bin"], "a .bin file of another name, model.bin");
        check(&["config.json", "tf_model.h5"], "Keras weights, tf_model.h5");
        check(&["config.json", "epoch=1.ckpt"], "a checkpoint as PyTorch Lightning names it, epoch=1.ckpt");
        check(&["adapter_config.json", "adapter_model.safetensors"], "an adapter");
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_is_named() {
        let root = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("blobs/none", root.path().join("model.safetensors")).unwrap();
        let message = absent(root.path(), "model.safetensors").to_string();
        assert!(message.ends_with("found a link that leads nowhere, model.safetensors"), "{message}");
    }

    #[test]
    fn a_file_in_place_of_a_folder_is_named() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("model.bin");
        std::fs::write(&path, "PK\x03\x04....a/data.pkl").unwrap();
        let message = absent(&path, "config.json").to_string();
        assert!(message.ends_with("expected a folder with config.json and weights, found a PyTorch file"), "{message}");
        std::fs::write(&path, "PK\x03\x04....a/data.pkl..pytorch-lightning_version").unwrap();
        let message = absent(&path, "config.json").to_string();
        assert!(message.ends_with("found a PyTorch Lightning checkpoint"), "{message}");
        let missing = absent(&root.path().join("no"), "config.json");
        assert!(matches!(missing, Error::Io { .. }), "{missing:?}");
    }
}
