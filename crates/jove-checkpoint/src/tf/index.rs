//! Which of the checkpoints in a folder is meant.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::checksum::FORMAT;
use crate::error::{Error, Result};
use crate::folder::read_small;
use crate::message::shortened;

/// The file that names the latest checkpoint of a folder has a line for each that training keeps.
const STATE_BYTES_MAX: u64 = 1 << 20;

/// The index of a checkpoint.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) index: PathBuf,
    /// Other checkpoints of its folder, where the latest was taken.
    pub(super) others: Vec<String>,
}

/// The index of the checkpoint at `path`: a prefix, one of its files, or a folder.
///
/// # Errors
/// Where a folder holds no checkpoint, or several and neither `step` nor the file `checkpoint` says which.
pub(super) fn find_index(path: &Path, step: Option<u64>) -> Result<Found> {
    if path.is_dir() {
        return in_folder(path, step);
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = name.strip_suffix(".index").or_else(|| name.strip_suffix(".meta"));
    let prefix = prefix.or_else(|| Some(name.rsplit_once(".data-")?.0)).unwrap_or(&name);
    let index = path.with_file_name(format!("{prefix}.index"));
    match step {
        Some(step) if !is_step(prefix, step) => {
            let reason = format!("expected a checkpoint of step {step}, found {}", shortened(prefix));
            Err(Error::unsupported(path, reason, "give the folder and the step, or the prefix alone"))
        }
        _ => Ok(Found { index, others: Vec::new() }),
    }
}

fn in_folder(folder: &Path, step: Option<u64>) -> Result<Found> {
    let mut prefixes = BTreeSet::new();
    let mut first_version = None;
    for entry in std::fs::read_dir(folder).map_err(Error::io(folder))? {
        let name = entry.map_err(Error::io(folder))?.file_name().to_string_lossy().into_owned();
        match name.strip_suffix(".index") {
            Some(prefix) => drop(prefixes.insert(prefix.to_owned())),
            None if name.strip_suffix(".ckpt").is_some() => first_version = Some(name),
            None => {}
        }
    }
    if prefixes.is_empty() {
        return Err(none(folder, first_version));
    }
    let one = match step {
        Some(step) => prefixes.iter().find(|prefix| is_step(prefix, step)),
        None if prefixes.len() == 1 => prefixes.first(),
        None => latest(folder)?.and_then(|latest| prefixes.get(&latest)),
    };
    let listed = || shortened(&prefixes.iter().map(String::as_str).collect::<Vec<_>>().join(", "));
    let reason = || match step {
        Some(step) => format!("expected a checkpoint of step {step}, found {}", listed()),
        None => format!("expected one {FORMAT}, found {}: {}", prefixes.len(), listed()),
    };
    let hint = "give the step of the one that is meant, or its prefix in place of the folder";
    let prefix = one.ok_or_else(|| Error::unsupported(folder, reason(), hint))?;
    let index = folder.join(format!("{prefix}.index"));
    let others = prefixes.iter().filter(|other| step.is_none() && *other != prefix).cloned().collect();
    Ok(Found { index, others })
}

fn none(folder: &Path, first_version: Option<String>) -> Error {
    let Some(name) = first_version else {
        let reason = "expected a TensorFlow checkpoint with its .index file, found none";
        return Error::unsupported(folder, reason, "check the path, and the format");
    };
    Error::unsupported(
        folder,
        format!("expected a TensorFlow checkpoint with its .index file, found {}", shortened(&name)),
        "a .ckpt without index is of TensorFlow before 1.0, or of PyTorch Lightning; save it anew with TensorFlow 1.0 or \
         later, or its weights with save_pretrained",
    )
}

/// The name of the latest checkpoint, as TensorFlow's file `checkpoint` states it. Its folder is that of the machine that
/// trained, and not looked at.
fn latest(folder: &Path) -> Result<Option<String>> {
    let path = folder.join("checkpoint");
    if !path.is_file() {
        return Ok(None);
    }
    let bytes = read_small(&path, STATE_BYTES_MAX)?;
    let text = String::from_utf8_lossy(&bytes);
    let value = text.lines().find_map(|line| line.trim().strip_prefix("model_checkpoint_path:"));
    let name = value.and_then(|value| value.trim().trim_matches('"').rsplit(['/', '\\']).next().map(str::to_owned));
    Ok(name)
}

/// Whether a prefix is that of a step: `model.ckpt-1000`.
fn is_step(prefix: &str, step: u64) -> bool {
    prefix.rsplit_once('-').is_some_and(|(_, number)| number.parse() == Ok(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str], state: Option<&str>) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        if let Some(state) = state {
            std::fs::write(folder.path().join("checkpoint"), state).unwrap();
        }
        folder
    }

    fn check(names: &[&str], state: Option<&str>, step: Option<u64>, expected: Result<&str, &str>) {
        let folder = folder(names, state);
        match (find_index(folder.path(), step), expected) {
            (Ok(found), Ok(expected)) => {
                assert_eq!(found.index, folder.path().join(expected));
                let others = names.iter().filter(|name| name.contains(".index") && **name != expected).count();
                assert_eq!(found.others.len(), if step.is_none() { others } else { 0 });
            }
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (found, _) => panic!("{names:?} {state:?} {step:?}: {found:?}"),
        }
    }

    const TWO: [&str; 3] = ["model.ckpt-10.index", "model.ckpt-2000.index", "vocab.txt"];

    #[test]
    fn the_latest_of_several_is_taken_unless_a_step_is_given() {
        check(&["bert_model.ckpt.index"], None, None, Ok("bert_model.ckpt.index"));
        let latest = "model_checkpoint_path: \"model.ckpt-10\"\nall_model_checkpoint_paths: \"model.ckpt-2000\"\n";
        check(&TWO, Some(latest), None, Ok("model.ckpt-10.index"));
        check(&TWO, Some("model_checkpoint_path: \"/home/词/out/model.ckpt-2000\""), None, Ok("model.ckpt-2000.index"));
        check(&TWO, Some(latest), Some(2000), Ok("model.ckpt-2000.index"));
        check(&TWO, None, Some(10), Ok("model.ckpt-10.index"));
    }

    #[test]
    fn where_nothing_says_which_all_are_listed() {
        let both = "found 2: model.ckpt-10, model.ckpt-2000";
        for state in [None, Some(""), Some("😀"), Some("model_checkpoint_path: \"../../etc/passwd\"")] {
            check(&TWO, state, None, Err(both));
        }
        check(&TWO, None, Some(3), Err("expected a checkpoint of step 3, found model.ckpt-10, model.ckpt-2000"));
        check(&[], None, None, Err("found none"));
        check(&["bert_model.ckpt"], None, None, Err("found bert_model.ckpt"));
    }

    #[test]
    fn every_file_of_a_checkpoint_names_it() {
        let folder = Path::new("x");
        let index = folder.join("model.ckpt-10.index");
        for name in ["model.ckpt-10", "model.ckpt-10.index", "model.ckpt-10.meta", "model.ckpt-10.data-00000-of-00002"]
        {
            assert_eq!(find_index(&folder.join(name), None).unwrap().index, index, "{name}");
            assert_eq!(find_index(&folder.join(name), Some(10)).unwrap().index, index, "{name}");
            assert!(find_index(&folder.join(name), Some(1)).is_err(), "{name}");
        }
    }
}
