//! From a pickle to the list of its tensors.

use super::pickle::{Fault, Global, Id, Object, Pickle};
use crate::Dtype;

/// A tensor as a pickle describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) storage: Storage,
    /// Where in the storage it starts, in values.
    pub(super) offset: usize,
}

/// The storage that a tensor looks into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Storage {
    pub(super) key: String,
    pub(super) dtype: Dtype,
    /// How many values it says it has.
    pub(super) count: usize,
}

/// Keys under which training scripts keep the weights inside a larger dictionary.
const WRAPPERS: [&str; 3] = ["state_dict", "model", "module"];

/// All tensors of the dictionary that the pickle stands for, in its order.
pub(super) fn tensors(pickle: &Pickle) -> Result<Vec<Stored>, Fault> {
    let malformed = |what: &str| Err(Fault::Malformed(what.to_owned()));
    let Object::Dict(mut entries) = pickle.root().clone() else {
        return malformed("the pickle is no dictionary of tensors");
    };
    for wrapper in WRAPPERS {
        let inner = entries.iter().find(|(key, _)| text(pickle, *key) == Some(wrapper));
        if let Some(Object::Dict(inner)) = inner.map(|(_, value)| pickle.get(*value)) {
            entries.clone_from(inner);
            break;
        }
    }
    let mut found = Vec::new();
    for (key, value) in entries {
        let (Some(name), Object::Tensor(arguments)) = (text(pickle, key), pickle.get(value)) else {
            return malformed("the dictionary holds something else than tensors");
        };
        found.push(stored(pickle, name, arguments)?);
    }
    Ok(found)
}

fn stored(pickle: &Pickle, name: &str, arguments: &[Id]) -> Result<Stored, Fault> {
    let broken = || Fault::Malformed(format!("tensor `{}` is not described soundly", crate::error::shortened(name)));
    let [storage, offset, shape, stride, ..] = arguments else { return Err(broken()) };
    let storage = storage_of(pickle, *storage).ok_or_else(broken)?;
    let offset = whole(pickle, *offset).ok_or_else(broken)?;
    let shape = wholes(pickle, *shape).ok_or_else(broken)?;
    let stride = wholes(pickle, *stride).ok_or_else(broken)?;
    if !contiguous(&shape, &stride) {
        let name = crate::error::shortened(name);
        return Err(Fault::Malformed(format!(
            "tensor `{name}` is not stored row by row: shape {shape:?}, stride {stride:?}"
        )));
    }
    Ok(Stored { name: name.to_owned(), shape, storage, offset })
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
    Some(Storage { key: text(pickle, *key)?.to_owned(), dtype: *dtype, count: whole(pickle, *count)? })
}

fn text(pickle: &Pickle, id: Id) -> Option<&str> {
    match pickle.get(id) {
        Object::Text(text) => Some(text),
        _ => None,
    }
}

fn whole(pickle: &Pickle, id: Id) -> Option<usize> {
    match pickle.get(id) {
        Object::Int(value) => usize::try_from(*value).ok(),
        _ => None,
    }
}

fn wholes(pickle: &Pickle, id: Id) -> Option<Vec<usize>> {
    match pickle.get(id) {
        Object::Tuple(items) => items.iter().map(|item| whole(pickle, *item)).collect(),
        _ => None,
    }
}

fn contiguous(shape: &[usize], stride: &[usize]) -> bool {
    let mut step = 1usize;
    let fits = |(size, stride): (&usize, &usize)| {
        let fits = *size <= 1 || *stride == step;
        step = step.saturating_mul(*size);
        fits
    };
    shape.len() == stride.len() && (shape.contains(&0) || shape.iter().zip(stride).rev().all(fits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rows_in_order_count_as_contiguous() {
        for (shape, stride) in
            [(&[][..], &[][..]), (&[3], &[1]), (&[2, 3], &[3, 1]), (&[1, 3], &[77, 1]), (&[0, 3], &[1, 1])]
        {
            assert!(contiguous(shape, stride), "{shape:?} {stride:?}");
        }
        for (shape, stride) in [(&[2, 3][..], &[1, 2][..]), (&[3], &[2]), (&[3], &[0]), (&[2, 3], &[3])] {
            assert!(!contiguous(shape, stride), "{shape:?} {stride:?}");
        }
    }
}
