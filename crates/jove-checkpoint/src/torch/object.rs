//! What a pickle of tensors is made of.

/// The index of an object in its pickle.
pub(super) type Id = usize;

/// An object that a pickle may build.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Object {
    /// `None`.
    None,
    /// A truth value.
    Bool(bool),
    /// A whole number that fits 64 bits.
    Int(i64),
    /// A floating-point number; its value is not kept, since no tensor needs one.
    Float,
    /// A text.
    Text(String),
    /// A tuple.
    Tuple(Vec<Id>),
    /// A list; its items are not kept, since no tensor needs them.
    List,
    /// A dictionary, plain or ordered.
    Dict(Vec<(Id, Id)>),
    /// One of the known names.
    Global(Global),
    /// A storage: the argument of `persistent_load`.
    Storage(Id),
    /// A tensor: the arguments of `_rebuild_tensor_v2`.
    Tensor(Vec<Id>),
}

/// The names that a pickle may refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    /// `collections.OrderedDict`
    OrderedDict,
    /// `torch._utils._rebuild_tensor_v2`
    RebuildTensor,
    /// `torch._utils._rebuild_parameter`
    RebuildParameter,
    /// `torch.FloatStorage` and its kin.
    Storage(crate::spec::Dtype),
}

/// Why a pickle was not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It refers to code, or to anything but tensors.
    Refused(String),
    /// It is not a valid pickle.
    Malformed(String),
}

/// One of the known names, by its module and name; anything else could run code.
pub(super) fn known(module: &str, name: &str) -> Option<Global> {
    use crate::spec::Dtype::{Bf16, F16, F32, F64, Other};
    let global = match (module, name) {
        ("collections", "OrderedDict") => Global::OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2") => Global::RebuildTensor,
        ("torch._utils", "_rebuild_parameter") => Global::RebuildParameter,
        ("torch", "FloatStorage") => Global::Storage(F32),
        ("torch", "DoubleStorage") => Global::Storage(F64),
        ("torch", "HalfStorage") => Global::Storage(F16),
        ("torch", "BFloat16Storage") => Global::Storage(Bf16),
        ("torch", "LongStorage") => Global::Storage(Other("64-bit integers")),
        ("torch", "IntStorage") => Global::Storage(Other("32-bit integers")),
        ("torch", "ShortStorage") => Global::Storage(Other("16-bit integers")),
        ("torch", "CharStorage") => Global::Storage(Other("8-bit integers")),
        ("torch", "BoolStorage") => Global::Storage(Other("truth values")),
        ("torch", "ByteStorage") => Global::Storage(Other("bytes")),
        _ => return None,
    };
    Some(global)
}
