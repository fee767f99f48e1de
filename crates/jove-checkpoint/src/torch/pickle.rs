//! The subset of the pickle machine that builds tensors.
//!
//! Objects live in an arena and refer to each other by index, so that a pickle that shares objects takes no more memory
//! than its own length, and cycles are harmless.

use std::collections::HashMap;

use super::cursor::Cursor;
use super::object::{Fault, Global, Id, Object, known};
use crate::message::shortened;

/// `_rebuild_tensor_v2` takes seven arguments at most.
const ARGUMENTS_MAX: usize = 7;

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
        let mut machine =
            Machine { input: Cursor::new(bytes), objects: Vec::new(), stack: Vec::new(), memo: HashMap::new() };
        let root = machine.run()?;
        Ok(Self { objects: machine.objects, root, length: machine.input.at() })
    }

    /// The object that the pickle describes.
    pub(super) fn root(&self) -> &Object {
        self.get(self.root)
    }

    /// An object by its index.
    pub(super) fn get(&self, id: Id) -> &Object {
        &self.objects[id]
    }

    /// Its length in bytes.
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
    input: Cursor<'a>,
    objects: Vec<Object>,
    stack: Vec<Slot>,
    memo: HashMap<u32, Id>,
}

impl Machine<'_> {
    fn run(&mut self) -> Result<Id> {
        loop {
            let op = self.input.take::<1>()?[0];
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
            0x80 => { self.input.take::<1>()?; Ok(()) }                                  // PROTO
            0x95 => { self.input.take::<8>()?; Ok(()) }                                  // FRAME
            b'(' => { self.stack.push(Slot::Mark); Ok(()) }                        // MARK
            b'0' => { self.stack.pop(); Ok(()) }                                   // POP
            b'N' => self.push(Object::None),                                       // NONE
            0x88 => self.push(Object::Bool(true)),                                 // NEWTRUE
            0x89 => self.push(Object::Bool(false)),                                // NEWFALSE
            b'J' => { let n = i32::from_le_bytes(self.input.take()?); self.push(Object::Int(i64::from(n))) } // BININT
            b'K' => { let n = self.input.take::<1>()?[0]; self.push(Object::Int(i64::from(n))) }             // BININT1
            b'M' => { let n = u16::from_le_bytes(self.input.take()?); self.push(Object::Int(i64::from(n))) } // BININT2
            0x8a => self.long(),                                                   // LONG1
            b'G' => { self.input.take::<8>()?; self.push(Object::Float) }                // BINFLOAT
            b'X' | b'T' => { let n = u32::from_le_bytes(self.input.take()?); self.text(n as usize) } // BINUNICODE, BINSTRING
            0x8c | b'U' => { let n = self.input.take::<1>()?[0]; self.text(n as usize) } // SHORT_BINUNICODE, SHORT_BINSTRING
            b')' => self.push(Object::Tuple(Vec::new())),                          // EMPTY_TUPLE
            b']' => self.push(Object::List),                                       // EMPTY_LIST
            b'}' => self.push(Object::Dict(Vec::new())),                           // EMPTY_DICT
            b't' => { let items = self.pop_to_mark()?; self.push(Object::Tuple(items)) } // TUPLE
            0x85..=0x87 => self.short_tuple(op - 0x84),                            // TUPLE1 to TUPLE3
            b'q' => { let n = self.input.take::<1>()?[0]; self.memoize(u32::from(n)) }   // BINPUT
            b'r' => { let n = u32::from_le_bytes(self.input.take()?); self.memoize(n) }  // LONG_BINPUT
            0x94 => { let n = self.memo.len() as u32; self.memoize(n) }            // MEMOIZE
            b'h' => { let n = self.input.take::<1>()?[0]; self.recall(u32::from(n)) }    // BINGET
            b'j' => { let n = u32::from_le_bytes(self.input.take()?); self.recall(n) }   // LONG_BINGET
            b'c' => { let (module, name) = (self.input.line()?, self.input.line()?); self.global(&module, &name) } // GLOBAL
            0x93 => { let (name, module) = (self.pop_text()?, self.pop_text()?); self.global(&module, &name) } // STACK_GLOBAL
            b'Q' => { let id = self.pop()?; self.push(Object::Storage(id)) }       // BINPERSID
            b'R' => self.reduce(),                                                 // REDUCE
            b'b' => self.build(),                                                  // BUILD
            b's' => { let value = self.pop()?; let key = self.pop()?; self.set_items(&[key, value]) } // SETITEM
            b'u' => { let items = self.pop_to_mark()?; self.set_items(&items) }    // SETITEMS
            b'a' => { self.pop()?; Ok(()) }                                        // APPEND
            b'e' => { self.pop_to_mark()?; Ok(()) }                                // APPENDS
            other => Err(Fault::Refused(format!("the pickle uses instruction 0x{other:02x} at byte {}, which tensors do not need", self.input.at() - 1))),
        }
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
            _ => self.input.malformed("an object is missing from the stack"),
        }
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>> {
        let mut items = Vec::new();
        loop {
            match self.stack.pop() {
                Some(Slot::Object(id)) => items.push(id),
                Some(Slot::Mark) => break,
                None => return self.input.malformed("a mark is missing from the stack"),
            }
        }
        items.reverse();
        Ok(items)
    }

    fn pop_text(&mut self) -> Result<String> {
        let id = self.pop()?;
        match &self.objects[id] {
            Object::Text(text) => Ok(text.clone()),
            _ => self.input.malformed("a text was expected"),
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
        let length = self.input.take::<1>()?[0] as usize;
        let bytes = self.input.slice(length)?;
        // The legacy format opens with a magic number of ten bytes; any number that long is kept as the largest.
        let mut word = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { [0xff; 8] } else { [0; 8] };
        let fits = length <= 8;
        word[..length.min(8)].copy_from_slice(&bytes[..length.min(8)]);
        self.push(Object::Int(if fits { i64::from_le_bytes(word) } else { i64::MAX }))
    }

    fn text(&mut self, length: usize) -> Result<()> {
        let text = String::from_utf8_lossy(self.input.slice(length)?).into_owned();
        self.push(Object::Text(text))
    }

    fn memoize(&mut self, number: u32) -> Result<()> {
        match self.stack.last() {
            Some(Slot::Object(id)) => drop(self.memo.insert(number, *id)),
            _ => return self.input.malformed("nothing to memoize"),
        }
        Ok(())
    }

    fn recall(&mut self, number: u32) -> Result<()> {
        match self.memo.get(&number) {
            Some(id) => self.stack.push(Slot::Object(*id)),
            None => return self.input.malformed("a reference to an unknown memo"),
        }
        Ok(())
    }

    fn global(&mut self, module: &str, name: &str) -> Result<()> {
        let Some(global) = known(module, name) else {
            let reason = format!("the pickle refers to `{module}.{name}`, which could run code");
            return Err(Fault::Refused(shortened(&reason)));
        };
        self.push(Object::Global(global))
    }

    /// Calls one of the known functions; each of them only describes a tensor.
    fn reduce(&mut self) -> Result<()> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let Object::Tuple(arguments) = &self.objects[arguments] else {
            return self.input.malformed("arguments were expected");
        };
        match (&self.objects[function], arguments.as_slice()) {
            (Object::Global(Global::OrderedDict), []) => self.push(Object::Dict(Vec::new())),
            (Object::Global(Global::RebuildTensor), [_, _, _, _, ..]) if arguments.len() <= ARGUMENTS_MAX => {
                let tensor = Object::Tensor(arguments.clone());
                self.push(tensor)
            }
            // The object is shared, not copied, so that a short pickle cannot multiply a large one.
            (Object::Global(Global::RebuildParameter), &[tensor, ..]) => {
                self.stack.push(Slot::Object(tensor));
                Ok(())
            }
            _ => Err(Fault::Refused("the pickle calls a function that does not describe tensors".to_owned())),
        }
    }

    /// Drops the attributes that PyTorch sets on a dictionary, its `_metadata`.
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
            _ => return self.input.malformed("a dictionary was expected"),
        }
        if items.len().is_multiple_of(2) { Ok(()) } else { self.input.malformed("a key without a value") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(bytes: &[u8]) -> String {
        match Pickle::read(bytes) {
            Err(Fault::Refused(reason)) => reason,
            other => panic!("{bytes:?}: {other:?}"),
        }
    }

    #[test]
    fn code_is_rejected_by_name() {
        assert!(rejected(b"cposix\nsystem\n(X\x02\0\0\0lstR.").contains("posix.system"));
        assert!(rejected(b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x021+\x85R.").contains("builtins.eval"));
        assert!(rejected(b"ctorch._utils\n_rebuild_tensor\n.").contains("_rebuild_tensor"));
        assert!(rejected("c中文\nשלום😀\n.".as_bytes()).contains("中文.שלום😀"));
        // INST, OBJ, NEWOBJ, EXT1, PERSID, EXT4 and NEWOBJ_EX call functions too.
        for op in [b'i', b'o', 0x81, 0x82, b'P', 0x84, 0x92] {
            assert!(rejected(&[b'(', op, 0, 0, 0, 0, b'.']).contains("instruction"));
        }
        assert!(
            rejected(b"ccollections\nOrderedDict\n)RK\x01\x85R.").contains("a function that does not describe tensors")
        );
        assert!(rejected(b"K\x01}b.").contains("state"));
    }

    #[test]
    fn invalid_programs_are_rejected() {
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
    fn rebuilding_a_parameter_shares_its_object() {
        // A thousand parameters of one dictionary would be a thousand copies of it.
        let mut bytes = b"}q\0ctorch._utils\n_rebuild_parameter\nq\x01".to_vec();
        for _ in 0..1000 {
            bytes.extend(b"h\x01h\0\x85R0");
        }
        bytes.extend(b"N.");
        let pickle = Pickle::read(&bytes).unwrap();
        // The dictionary, the function, the arguments of each call, and None.
        assert_eq!(pickle.objects.len(), 1003);
    }

    #[test]
    fn a_tensor_has_few_arguments() {
        let call = |count: usize| {
            let arguments = "K\0".repeat(count);
            format!("ctorch._utils\n_rebuild_tensor_v2\n({arguments}tR.").into_bytes()
        };
        for count in [4, 6, 7] {
            assert!(matches!(Pickle::read(&call(count)).unwrap().root(), Object::Tensor(_)), "{count}");
        }
        for count in [0, 3, 8, 1000] {
            assert!(rejected(&call(count)).contains("calls a function"), "{count}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..80)) {
            let _ = Pickle::read(&bytes);
        }

        #[test]
        fn no_program_makes_it_panic(
            ops in proptest::collection::vec(proptest::sample::select(b"(0N)]}tQRbsuae.\x85\x86\x87\x94\x93h\x00q\x00K\x01".to_vec()), 0..60),
        ) {
            let _ = Pickle::read(&ops);
        }
    }

    #[test]
    fn shared_objects_are_not_copied() {
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
