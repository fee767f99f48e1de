//! The subset of the pickle machine that builds tensors.
//!
//! Objects live in an arena and refer to each other by number, so that a pickle that shares objects costs no more than
//! its own length, and cycles do no harm.

use std::collections::HashMap;

/// The number of an object in its [`Pickle`].
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
    /// A floating-point number; none is ever needed, its value is not kept.
    Float,
    /// A text.
    Text(String),
    /// A tuple.
    Tuple(Vec<Id>),
    /// A list; what it holds is never needed.
    List,
    /// A dictionary, plain or ordered.
    Dict(Vec<(Id, Id)>),
    /// One of the known names.
    Global(Global),
    /// A storage: what `persistent_load` would be asked for.
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
    Storage(crate::Dtype),
}

/// Why a pickle was not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It holds code, or anything else than tensors.
    Refused(String),
    /// It is not a sound pickle.
    Malformed(String),
}

type Result<T> = std::result::Result<T, Fault>;

/// A pickle that has been read.
#[derive(Debug)]
pub(super) struct Pickle {
    objects: Vec<Object>,
    root: Id,
    length: usize,
}

impl Pickle {
    /// Reads one pickle from the start of `bytes`.
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let mut machine = Machine { bytes, at: 0, objects: Vec::new(), stack: Vec::new(), memo: HashMap::new() };
        let root = machine.run()?;
        Ok(Self { objects: machine.objects, root, length: machine.at })
    }

    /// What the pickle stands for.
    pub(super) fn root(&self) -> &Object {
        self.get(self.root)
    }

    /// An object by its number.
    pub(super) fn get(&self, id: Id) -> &Object {
        &self.objects[id]
    }

    /// How many bytes it took.
    pub(super) fn length(&self) -> usize {
        self.length
    }
}

#[derive(Clone, Copy)]
enum Slot {
    Mark,
    Object(Id),
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    objects: Vec<Object>,
    stack: Vec<Slot>,
    memo: HashMap<u32, Id>,
}

impl Machine<'_> {
    fn run(&mut self) -> Result<Id> {
        loop {
            let op = self.take::<1>()?[0];
            if op == b'.' {
                return self.pop();
            }
            self.step(op)?;
        }
    }

    // One instruction a line; names are those of Python's pickletools.
    #[rustfmt::skip]
    fn step(&mut self, op: u8) -> Result<()> {
        match op {
            0x80 => { self.take::<1>()?; Ok(()) }                                  // PROTO
            0x95 => { self.take::<8>()?; Ok(()) }                                  // FRAME
            b'(' => { self.stack.push(Slot::Mark); Ok(()) }                        // MARK
            b'0' => { self.stack.pop(); Ok(()) }                                   // POP
            b'N' => self.push(Object::None),                                       // NONE
            0x88 => self.push(Object::Bool(true)),                                 // NEWTRUE
            0x89 => self.push(Object::Bool(false)),                                // NEWFALSE
            b'J' => { let n = i32::from_le_bytes(self.take()?); self.push(Object::Int(i64::from(n))) } // BININT
            b'K' => { let n = self.take::<1>()?[0]; self.push(Object::Int(i64::from(n))) }             // BININT1
            b'M' => { let n = u16::from_le_bytes(self.take()?); self.push(Object::Int(i64::from(n))) } // BININT2
            0x8a => self.long(),                                                   // LONG1
            b'G' => { self.take::<8>()?; self.push(Object::Float) }                // BINFLOAT
            b'X' | b'T' => { let n = u32::from_le_bytes(self.take()?); self.text(n as usize) } // BINUNICODE, BINSTRING
            0x8c | b'U' => { let n = self.take::<1>()?[0]; self.text(n as usize) } // SHORT_BINUNICODE, SHORT_BINSTRING
            b')' => self.push(Object::Tuple(Vec::new())),                          // EMPTY_TUPLE
            b']' => self.push(Object::List),                                       // EMPTY_LIST
            b'}' => self.push(Object::Dict(Vec::new())),                           // EMPTY_DICT
            b't' => { let items = self.pop_to_mark()?; self.push(Object::Tuple(items)) } // TUPLE
            0x85..=0x87 => self.short_tuple(op - 0x84),                            // TUPLE1 to TUPLE3
            b'q' => { let n = self.take::<1>()?[0]; self.memoize(u32::from(n)) }   // BINPUT
            b'r' => { let n = u32::from_le_bytes(self.take()?); self.memoize(n) }  // LONG_BINPUT
            0x94 => { let n = self.memo.len() as u32; self.memoize(n) }            // MEMOIZE
            b'h' => { let n = self.take::<1>()?[0]; self.recall(u32::from(n)) }    // BINGET
            b'j' => { let n = u32::from_le_bytes(self.take()?); self.recall(n) }   // LONG_BINGET
            b'c' => { let (module, name) = (self.line()?, self.line()?); self.global(&module, &name) } // GLOBAL
            0x93 => { let (name, module) = (self.pop_text()?, self.pop_text()?); self.global(&module, &name) } // STACK_GLOBAL
            b'Q' => { let id = self.pop()?; self.push(Object::Storage(id)) }       // BINPERSID
            b'R' => self.reduce(),                                                 // REDUCE
            b'b' => self.build(),                                                  // BUILD
            b's' => { let value = self.pop()?; let key = self.pop()?; self.set_items(&[key, value]) } // SETITEM
            b'u' => { let items = self.pop_to_mark()?; self.set_items(&items) }    // SETITEMS
            b'a' => { self.pop()?; Ok(()) }                                        // APPEND
            b'e' => { self.pop_to_mark()?; Ok(()) }                                // APPENDS
            other => Err(Fault::Refused(format!("the pickle uses instruction 0x{other:02x} at byte {}, which tensors do not need", self.at - 1))),
        }
    }

    fn malformed<T>(&self, what: &str) -> Result<T> {
        Err(Fault::Malformed(format!("{what} at byte {} of the pickle", self.at)))
    }

    fn slice(&mut self, length: usize) -> Result<&[u8]> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len());
        let Some(end) = end else { return self.malformed("the data end") };
        let slice = &self.bytes[self.at..end];
        self.at = end;
        Ok(slice)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        Ok(self.slice(N)?.try_into().expect("the slice has N bytes"))
    }

    #[expect(clippy::unnecessary_wraps, reason = "every instruction ends in a result")]
    fn push(&mut self, object: Object) -> Result<()> {
        self.stack.push(Slot::Object(self.objects.len()));
        self.objects.push(object);
        Ok(())
    }

    fn pop(&mut self) -> Result<Id> {
        match self.stack.pop() {
            Some(Slot::Object(id)) => Ok(id),
            _ => self.malformed("an object is missing from the stack"),
        }
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>> {
        let mut items = Vec::new();
        loop {
            match self.stack.pop() {
                Some(Slot::Object(id)) => items.push(id),
                Some(Slot::Mark) => break,
                None => return self.malformed("a mark is missing from the stack"),
            }
        }
        items.reverse();
        Ok(items)
    }

    fn pop_text(&mut self) -> Result<String> {
        let id = self.pop()?;
        match &self.objects[id] {
            Object::Text(text) => Ok(text.clone()),
            _ => self.malformed("a text was expected"),
        }
    }

    fn short_tuple(&mut self, length: u8) -> Result<()> {
        let mut items = Vec::new();
        for _ in 0..length {
            items.push(self.pop()?);
        }
        items.reverse();
        self.push(Object::Tuple(items))
    }

    fn long(&mut self) -> Result<()> {
        let length = self.take::<1>()?[0] as usize;
        let bytes = self.slice(length)?;
        // The legacy format opens with a magic number of ten bytes; any number that long is kept as the largest.
        let mut word = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { [0xff; 8] } else { [0; 8] };
        let fits = length <= 8;
        word[..length.min(8)].copy_from_slice(&bytes[..length.min(8)]);
        self.push(Object::Int(if fits { i64::from_le_bytes(word) } else { i64::MAX }))
    }

    fn text(&mut self, length: usize) -> Result<()> {
        let text = String::from_utf8_lossy(self.slice(length)?).into_owned();
        self.push(Object::Text(text))
    }

    fn line(&mut self) -> Result<String> {
        let rest = &self.bytes[self.at..];
        let Some(length) = rest.iter().take(256).position(|byte| *byte == b'\n') else {
            return self.malformed("a line without end");
        };
        let line = String::from_utf8_lossy(&rest[..length]).into_owned();
        self.at += length + 1;
        Ok(line)
    }

    fn memoize(&mut self, number: u32) -> Result<()> {
        match self.stack.last() {
            Some(Slot::Object(id)) => drop(self.memo.insert(number, *id)),
            _ => return self.malformed("nothing to remember"),
        }
        Ok(())
    }

    fn recall(&mut self, number: u32) -> Result<()> {
        match self.memo.get(&number) {
            Some(id) => self.stack.push(Slot::Object(*id)),
            None => return self.malformed("a reference to nothing"),
        }
        Ok(())
    }

    fn global(&mut self, module: &str, name: &str) -> Result<()> {
        use crate::Dtype::{Bf16, F16, F32, F64, Other};
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
            ("torch", "BoolStorage") => Global::Storage(Other("truth values")),
            ("torch", "ByteStorage") => Global::Storage(Other("bytes")),
            _ => {
                let reason = format!("the pickle refers to `{module}.{name}`, which could run code");
                return Err(Fault::Refused(crate::error::shortened(&reason)));
            }
        };
        self.push(Object::Global(global))
    }

    /// Calls one of the known functions; none of them is anything but a way to write a tensor down.
    fn reduce(&mut self) -> Result<()> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let Object::Tuple(arguments) = &self.objects[arguments] else {
            return self.malformed("arguments were expected");
        };
        let object = match (&self.objects[function], arguments.as_slice()) {
            (Object::Global(Global::OrderedDict), []) => Object::Dict(Vec::new()),
            (Object::Global(Global::RebuildTensor), [_, _, _, _, ..]) => Object::Tensor(arguments.clone()),
            (Object::Global(Global::RebuildParameter), [tensor, ..]) => self.objects[*tensor].clone(),
            _ => return Err(Fault::Refused("the pickle calls what it may not call".to_owned())),
        };
        self.push(object)
    }

    /// Takes the attributes that PyTorch hangs on a dictionary, its `_metadata`, and drops them.
    fn build(&mut self) -> Result<()> {
        let (_state, target) = (self.pop()?, self.pop()?);
        if !matches!(self.objects[target], Object::Dict(_)) {
            return Err(Fault::Refused("the pickle sets the state of an object".to_owned()));
        }
        self.stack.push(Slot::Object(target));
        Ok(())
    }

    fn set_items(&mut self, items: &[Id]) -> Result<()> {
        let target = self.pop()?;
        self.stack.push(Slot::Object(target));
        match &mut self.objects[target] {
            Object::Dict(entries) => entries.extend(items.as_chunks::<2>().0.iter().map(|[key, value]| (*key, *value))),
            _ => return self.malformed("a dictionary was expected"),
        }
        if items.len().is_multiple_of(2) { Ok(()) } else { self.malformed("a key without a value") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> String {
        match Pickle::read(bytes) {
            Err(Fault::Refused(reason)) => reason,
            other => panic!("{bytes:?}: {other:?}"),
        }
    }

    #[test]
    fn code_is_refused_by_name() {
        assert!(refused(b"cposix\nsystem\n(X\x02\0\0\0lstR.").contains("posix.system"));
        assert!(refused(b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x021+\x85R.").contains("builtins.eval"));
        assert!(refused(b"ctorch._utils\n_rebuild_tensor\n.").contains("_rebuild_tensor"));
        assert!(refused("c中文\nשלום😀\n.".as_bytes()).contains("中文.שלום😀"));
        // INST, OBJ, NEWOBJ, EXT1, PERSID, EXT4 are other roads to the same place.
        for op in [b'i', b'o', 0x81, 0x82, b'P', 0x84, 0x92] {
            assert!(refused(&[b'(', op, 0, 0, 0, 0, b'.']).contains("instruction"));
        }
        assert!(refused(b"ccollections\nOrderedDict\n)RK\x01\x85R.").contains("may not call"));
        assert!(refused(b"K\x01}b.").contains("state"));
    }

    #[test]
    fn broken_programs_are_told() {
        let cases: [&[u8]; 12] = [
            b"",
            b".",
            b"(.",
            b"K",
            b"X\xff\xff\xff\xff",
            b"h\x07.",
            b"q\x07.",
            b"t.",
            b"c",
            b"s.",
            b"}(K\x01u.",
            b"]K\x01K\x02s.",
        ];
        for bytes in cases {
            assert!(matches!(Pickle::read(bytes), Err(Fault::Malformed(_))), "{bytes:?}");
        }
    }

    #[test]
    fn shared_objects_cost_nothing() {
        // Twenty rounds of "a tuple of the last one, twice" would be a million objects if copied.
        let mut bytes = b")q\0".to_vec();
        for _ in 0..20 {
            bytes.extend(b"h\0h\0\x86q\0");
        }
        bytes.push(b'.');
        let pickle = Pickle::read(&bytes).unwrap();
        assert_eq!(pickle.objects.len(), 21);
        assert_eq!(pickle.length(), bytes.len());
    }
}
