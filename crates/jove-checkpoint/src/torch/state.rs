//! From a pickle to the list of its tensors.

use std::collections::BTreeSet;

use super::object::{Fault, Global, Id, Object};
use super::pickle::Pickle;
use crate::message::shortened;
use crate::spec::Dtype;

/// PyTorch itself allows 64.
const DIMENSIONS_MAX: usize = 64;

/// PyTorch numbers its storages; the older form names them by addresses.
const KEY_BYTES_MAX: usize = 64;

/// A tensor as a pickle describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    /// Steps in the storage, in values, from one index to the next of each dimension.
    pub(super) stride: Vec<usize>,
    pub(super) storage: Storage,
    /// The offset of its first value in the storage, in values.
    pub(super) offset: usize,
}

/// The storage that holds the values of a tensor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Storage {
    pub(super) key: String,
    pub(super) dtype: Dtype,
    /// The number of its values, as the pickle states.
    pub(super) count: usize,
}

/// Keys under which training scripts store the weights inside a larger dictionary.
const WRAPPERS: [&str; 3] = ["state_dict", "model", "module"];

/// All tensors of the dictionary that the pickle describes, in its order.
///
/// Pickles may share objects. Names must differ, and shapes and keys are limited, so that a short pickle cannot describe
/// more than memory holds.
pub(super) fn tensors(pickle: &Pickle) -> Result<Vec<Stored>, Fault> {
    let malformed = |what: &str| Err(Fault::Malformed(what.to_owned()));
    let Object::Dict(mut entries) = pickle.root().clone() else {
        return malformed("the pickle does not describe a dictionary of tensors");
    };
    for wrapper in WRAPPERS {
        let inner = entries.iter().find(|(key, _)| text(pickle, *key) == Some(wrapper));
        if let Some(Object::Dict(inner)) = inner.map(|(_, value)| pickle.get(*value)) {
            entries.clone_from(inner);
            break;
        }
    }
    let mut found = Vec::new();
    let mut names = BTreeSet::new();
    for (key, value) in entries {
        let (Some(name), Object::Tensor(arguments)) = (text(pickle, key), pickle.get(value)) else {
            return malformed("the dictionary holds other values than tensors");
        };
        if !names.insert(name) {
            return Err(Fault::Malformed(format!("tensor `{}` occurs twice", shortened(name))));
        }
        found.push(stored(pickle, name, arguments)?);
    }
    Ok(found)
}

fn stored(pickle: &Pickle, name: &str, arguments: &[Id]) -> Result<Stored, Fault> {
    let broken = || Fault::Malformed(format!("tensor `{}` has an invalid description", shortened(name)));
    let [storage, offset, shape, stride, ..] = arguments else { return Err(broken()) };
    let storage = storage_of(pickle, *storage).ok_or_else(broken)?;
    let offset = integer(pickle, *offset).ok_or_else(broken)?;
    let shape = integers(pickle, *shape).ok_or_else(broken)?;
    let stride = integers(pickle, *stride).ok_or_else(broken)?;
    if shape.len() != stride.len() {
        return Err(broken());
    }
    Ok(Stored { name: name.to_owned(), shape, stride, storage, offset })
}

fn storage_of(pickle: &Pickle, id: Id) -> Option<Storage> {
    let Object::Storage(tuple) = pickle.get(id) else { return None };
    let Object::Tuple(parts) = pickle.get(*tuple) else { return None };
    // ('storage', class, key, device, values) and, in the legacy format, what the storage is a view of.
    let [tag, class, key, _device, count, ..] = parts.as_slice() else { return None };
    let Object::Global(Global::Storage(dtype)) = pickle.get(*class) else { return None };
    let is_view = parts.get(5).is_some_and(|view| *pickle.get(*view) != Object::None);
    if text(pickle, *tag) != Some("storage") || is_view {
        return None;
    }
    let key = text(pickle, *key).filter(|key| key.len() <= KEY_BYTES_MAX)?;
    Some(Storage { key: key.to_owned(), dtype: *dtype, count: integer(pickle, *count)? })
}

fn text(pickle: &Pickle, id: Id) -> Option<&str> {
    match pickle.get(id) {
        Object::Text(text) => Some(text),
        _ => None,
    }
}

fn integer(pickle: &Pickle, id: Id) -> Option<usize> {
    match pickle.get(id) {
        Object::Int(value) => usize::try_from(*value).ok(),
        _ => None,
    }
}

fn integers(pickle: &Pickle, id: Id) -> Option<Vec<usize>> {
    match pickle.get(id) {
        Object::Tuple(items) if items.len() <= DIMENSIONS_MAX => {
            items.iter().map(|item| integer(pickle, *item)).collect()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pickle of a dictionary whose keys and tensor the caller writes.
    fn read(entries: &[u8]) -> Result<Vec<Stored>, Fault> {
        tensors(&Pickle::read(&[b"}", entries, b"."].concat()).unwrap())
    }

    fn text(text: &str) -> Vec<u8> {
        [b"X", &(text.len() as u32).to_le_bytes()[..], text.as_bytes()].concat()
    }

    /// A tensor of one value with the given key of its storage and tuple of sizes.
    fn tensor(key: &str, sizes: &[u8]) -> Vec<u8> {
        let storage =
            [&b"(X\x07\0\0\0storagectorch\nFloatStorage\n"[..], &text(key), &text("cpu"), b"K\x01tQ"].concat();
        [b"ctorch._utils\n_rebuild_tensor_v2\n(", &storage[..], b"K\0", sizes, sizes, b"\x89}tR"].concat()
    }

    fn malformed(entries: &[u8]) -> String {
        match read(entries) {
            Err(Fault::Malformed(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn tensors_are_listed_in_their_order() {
        let names = ["b", "a", "词表", "e\u{301}", "😀", "שם", ""];
        let mut entries = Vec::new();
        for (number, name) in names.iter().enumerate() {
            entries.extend([text(name), tensor(&number.to_string(), b"K\x01\x85"), b"s".to_vec()].concat());
        }
        let found = read(&entries).unwrap();
        assert_eq!(found.iter().map(|stored| stored.name.as_str()).collect::<Vec<_>>(), names);
        assert_eq!((found[2].storage.key.as_str(), found[2].shape.as_slice(), found[2].offset), ("2", &[1][..], 0));
    }

    #[test]
    fn shared_descriptions_cannot_multiply() {
        // One name of a megabyte and one tensor, stored a thousand times by reference, would be a gigabyte of names.
        let mut entries = text(&"n".repeat(1 << 20));
        entries.extend(b"q\x000");
        entries.extend(tensor("0", b"K\x01\x85"));
        entries.extend(b"q\x010(");
        entries.extend(b"h\0h\x01".repeat(1000));
        entries.push(b'u');
        assert!(malformed(&entries).ends_with("occurs twice"));
        let one = |tensor: &[u8]| [&text("x")[..], tensor, b"s"].concat();
        assert!(read(&one(&tensor(&"9".repeat(64), b"K\x01\x85"))).is_ok());
        assert!(malformed(&one(&tensor(&"9".repeat(65), b"K\x01\x85"))).contains("invalid description"));
        let sizes = |count: usize| [&b"("[..], &b"K\x01".repeat(count), b"t"].concat();
        assert_eq!(read(&one(&tensor("0", &sizes(64)))).unwrap()[0].shape.len(), 64);
        assert!(malformed(&one(&tensor("0", &sizes(65)))).contains("invalid description"));
    }

    #[test]
    fn anything_but_tensors_is_rejected() {
        for (entries, expected) in [
            (&b"K\x01K\x02s"[..], "other values than tensors"),
            (b"X\x01\0\0\0xK\x02s", "other values than tensors"),
            (b"X\x01\0\0\0x}s", "other values than tensors"),
        ] {
            assert!(malformed(entries).contains(expected), "{entries:?}");
        }
        assert!(matches!(tensors(&Pickle::read(b"N.").unwrap()), Err(Fault::Malformed(_))));
        let negative = tensor("0", b"J\xff\xff\xff\xff\x85");
        assert!(malformed(&[&text("x")[..], &negative, b"s"].concat()).contains("invalid description"));
    }
}
