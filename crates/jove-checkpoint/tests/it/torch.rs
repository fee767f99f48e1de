//! PyTorch's files, read without running them.

use std::io::{Cursor, Write};
use std::path::Path;

use jove_checkpoint::{Error, NamedTensor, TensorSource as _, TorchFile, write_torch_file};
use jove_core::Silent;
use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::support::{counted, fixture, fixture_tensors};

fn check_fixture(name: &str) {
    let file = TorchFile::open(&fixture(name)).unwrap();
    for tensor in fixture_tensors() {
        let name = tensor.name.replace('/', ".");
        assert_eq!(file.get(&name).unwrap(), NamedTensor { name: name.clone(), ..tensor });
    }
    for name in ["half", "brain", "parameter"] {
        assert_eq!(file.get(name).unwrap(), counted(name, &[5]));
    }
    let rows = file.get("rows").unwrap();
    assert_eq!((rows.shape.as_slice(), rows.data[0], rows.data[11]), (&[3, 4][..], 1.0, 2.375));
    assert!(matches!(file.get("ids"), Err(Error::NumberType { .. })));
    assert!(matches!(file.get("עברית"), Err(Error::NoTensor { .. })));
    assert_eq!(file.specs().len(), 18);
}

#[test]
fn every_form_that_pytorch_writes_is_read() {
    for name in ["tiny.bin", "tiny_legacy.bin", "tiny_wrapped.bin"] {
        check_fixture(name);
    }
}

fn refused(path: &Path) -> String {
    match TorchFile::open(path) {
        Err(error @ Error::Refused { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn code_in_a_pickle_is_rejected() {
    assert!(refused(&fixture("module.bin")).contains("torch.nn.modules.linear.Linear"));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.bin");
    for (pickle, what) in [
        (&b"\x80\x02cposix\nsystem\nX\x02\0\0\0ls\x85R."[..], "posix.system"),
        (b"\x80\x04\x8c\x08builtins\x8c\x04exec\x93X\x01\0\0\0x\x85R.", "builtins.exec"),
        (b"\x80\x02}X\x01\0\0\0actorch\nload\nX\x01\0\0\0x\x85Rs.", "torch.load"),
    ] {
        archive(&path, &[("a/data.pkl", pickle)], CompressionMethod::Stored);
        assert!(refused(&path).contains(what));
    }
}

fn archive(path: &Path, entries: &[(&str, &[u8])], method: CompressionMethod) {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(bytes).unwrap();
    }
    std::fs::write(path, zip.finish().unwrap().into_inner()).unwrap();
}

/// A pickle of one tensor `x` of two values that claims the given sizes.
fn one_tensor(numel: u8, offset: u8, size: u8, stride: u8) -> Vec<u8> {
    let mut text = b"\x80\x02}X\x01\0\0\0xctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK".to_vec();
    text.extend([
        numel, b't', b'Q', b'K', offset, b'K', size, 0x85, b'K', stride, 0x85, 0x89, b'}', b't', b'R', b's', b'.',
    ]);
    text
}

#[test]
fn tensors_must_lie_in_their_storage() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.bin");
    let open = |pickle: &[u8]| {
        archive(&path, &[("a/data.pkl", pickle), ("a/data/0", &[0; 8])], CompressionMethod::Stored);
        TorchFile::open(&path)
    };
    assert_eq!(*open(&one_tensor(2, 0, 2, 1)).unwrap().get("x").unwrap().data, [0.0, 0.0]);
    for (pickle, expected) in [
        (one_tensor(200, 0, 2, 1), "expected 200 values"),
        (one_tensor(2, 1, 2, 1), "shape [2], stride [1] and offset 1 do not fit its 2 values"),
        (one_tensor(2, 0, 200, 1), "do not fit its 2 values"),
        (one_tensor(2, 0, 2, 2), "do not fit its 2 values"),
        (one_tensor(2, 2, 1, 0), "do not fit its 2 values"),
    ] {
        let message = open(&pickle).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
    assert_eq!(*open(&one_tensor(2, 0, 5, 0)).unwrap().get("x").unwrap().data, [0.0; 5]);
}

#[test]
fn values_in_any_order_are_read_as_pytorch_indexes_them() {
    let file = TorchFile::open(&fixture("strided.bin")).unwrap();
    let rows = counted("x", &[7, 4]);
    let columns: Vec<f32> =
        (0..4).flat_map(|column| (0..7).map(move |row| row * 4 + column)).map(|at| rows.data[at]).collect();
    assert_eq!(file.get("x").unwrap(), NamedTensor::new("x", [4, 7], columns).unwrap());
    for name in ["strides.bin", "strides_legacy.bin"] {
        let file = TorchFile::open(&fixture(name)).unwrap();
        for spec in file.specs().into_iter().filter(|spec| !spec.name.contains(".rows")) {
            let (strided, rows) = (file.get(&spec.name).unwrap(), file.get(&format!("{}.rows", spec.name)).unwrap());
            assert_eq!((&strided.shape, &strided.data), (&rows.shape, &rows.data), "{name}: {}", spec.name);
        }
        assert_eq!(file.specs().len(), 16);
    }
}

/// A file of one tensor of the given sizes and strides over a storage of four values.
fn repeated(path: &Path, sizes: &[u32], strides: &[u32]) -> Result<TorchFile, Error> {
    let tuple = |numbers: &[u32]| {
        let items: Vec<u8> = numbers.iter().flat_map(|number| [&b"J"[..], &number.to_le_bytes()].concat()).collect();
        [&b"("[..], &items, b"t"].concat()
    };
    let mut text = one_tensor(4, 0, 1, 1);
    let at = text.len() - b"K\x01\x85K\x01\x85\x89}tRs.".len();
    text.splice(at.., [&tuple(sizes)[..], &tuple(strides), b"\x89}tRs."].concat());
    archive(path, &[("a/data.pkl", &text), ("a/data/0", &[0; 16])], CompressionMethod::Stored);
    TorchFile::open(path)
}

#[test]
fn a_small_file_cannot_describe_a_tensor_larger_than_memory() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.bin");
    assert_eq!(repeated(&path, &[1000, 2], &[0, 1]).unwrap().get("x").unwrap().data.len(), 2000);
    for (sizes, strides) in [(&[1 << 29][..], &[0][..]), (&[1 << 20, 1 << 20, 4], &[0, 0, 1]), (&[1 << 30; 4], &[0; 4])]
    {
        let message = repeated(&path, sizes, strides).unwrap_err().to_string();
        assert!(message.contains("rejected: tensors repeat values"), "{message}");
    }
    for (sizes, strides) in [(&[2, 3][..], &[2, 1][..]), (&[5], &[1]), (&[2, 2], &[u32::MAX >> 1, 1])] {
        let message = repeated(&path, sizes, strides).unwrap_err().to_string();
        assert!(message.contains("do not fit its 4 values"), "{message}");
    }
}

#[test]
fn compressed_entries_and_outside_names_are_rejected() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.bin");
    archive(&path, &[("a/data.pkl", &vec![0; 50_000_000])], CompressionMethod::Deflated);
    assert!(std::fs::metadata(&path).unwrap().len() < 100_000, "a small file that would grow");
    assert!(refused(&path).contains("is compressed"));
    for name in ["../data.pkl", "/etc/data.pkl", "a/../../data.pkl", "a\\..\\data.pkl"] {
        archive(&path, &[(name, b"}.")], CompressionMethod::Stored);
        assert!(refused(&path).contains("is outside of it"), "{name}");
    }
}

#[test]
fn damage_is_detected() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.bin");
    for name in ["tiny.bin", "tiny_legacy.bin"] {
        let bytes = std::fs::read(fixture(name)).unwrap();
        for length in (0..bytes.len()).step_by(7) {
            std::fs::write(&path, &bytes[..length]).unwrap();
            assert!(TorchFile::open(&path).is_err(), "{name} cut to {length} bytes");
        }
    }
    // Every flip in the values of the archive is found by its checksum.
    let bytes = std::fs::read(fixture("tiny.bin")).unwrap();
    let needle: Vec<u8> = [0.125f32, 0.25, 0.375].iter().flat_map(|value| value.to_le_bytes()).collect();
    let at = bytes.windows(needle.len()).position(|window| window == needle).unwrap();
    for bit in 0..32 {
        let mut flipped = bytes.clone();
        flipped[at + bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, &flipped).unwrap();
        let file = TorchFile::open(&path).unwrap();
        let bad =
            file.specs().iter().filter(|spec| matches!(file.get(&spec.name), Err(Error::Checksum { .. }))).count();
        assert!(bad > 0, "bit {bit}");
    }
}

type Entries<'a> = &'a [(&'a str, &'a [u8])];

#[test]
fn archives_without_their_parts_are_rejected() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.bin");
    let pickle = one_tensor(2, 0, 2, 1);
    let values = [0; 8];
    let cases: [(Entries, &str); 6] = [
        (&[], "expected PyTorch's archive with its data.pkl, found an archive of nothing"),
        (&[("data.pkl", &pickle)], "found an archive of data.pkl"),
        (&[("a/b/data.pkl", &pickle)], "found an archive of a/b/data.pkl"),
        (&[("a/data.pkl", &pickle)], "tensor `x`: its values are not in the file"),
        (&[("a/data.pkl", &pickle), ("b/data/0", &values)], "tensor `x`: its values are not in the file"),
        (&[("a/data.pkl", &pickle), ("a/data/0", &values), ("a/byteorder", b"big")], "not little-endian"),
    ];
    for (entries, expected) in cases {
        archive(&path, entries, CompressionMethod::Stored);
        let message = TorchFile::open(&path).unwrap_err().to_string();
        assert!(message.contains(expected), "{message}, expected {expected}");
    }
    archive(&path, &[("a/data.pkl", b"}."), ("a/byteorder", b"little")], CompressionMethod::Stored);
    assert_eq!(TorchFile::open(&path).unwrap().specs(), []);
}

#[test]
fn a_name_that_occurs_twice_is_rejected() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.bin");
    let twice = vec![counted("词", &[2]), counted("词", &[3])];
    write_torch_file(&path, &twice, &Silent).unwrap();
    let message = TorchFile::open(&path).unwrap_err().to_string();
    assert!(message.ends_with("tensor `词` occurs twice"), "{message}");
}

proptest! {
    #[test]
    fn any_tensors_come_back_in_order(tensors in prop::collection::btree_map(".{0,9}", prop::collection::vec(any::<u32>(), 0..9), 0..9)) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.bin");
        let tensors: Vec<NamedTensor> = tensors.into_iter().rev().map(|(name, bits)| {
            let values: Vec<f32> = bits.into_iter().map(f32::from_bits).collect();
            NamedTensor::new(name, [values.len()], values).unwrap()
        }).collect();
        write_torch_file(&path, &tensors, &Silent).unwrap();
        let file = TorchFile::open(&path).unwrap();
        prop_assert_eq!(file.specs(), tensors.iter().map(NamedTensor::spec).collect::<Vec<_>>());
        for tensor in &tensors {
            let bits = |tensor: &NamedTensor| tensor.data.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&file.get(&tensor.name).unwrap()), bits(tensor));
        }
    }

    #[test]
    fn no_damage_makes_the_reader_panic(legacy: bool, at: prop::sample::Index, to: u8, length: prop::sample::Index) {
        let mut bytes = std::fs::read(fixture(if legacy { "tiny_legacy.bin" } else { "tiny.bin" })).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = to;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.bin");
        for bytes in [&bytes[..], &bytes[..length.index(bytes.len())]] {
            std::fs::write(&path, bytes).unwrap();
            if let Ok(file) = TorchFile::open(&path) {
                for spec in file.specs() {
                    let _ = file.get(&spec.name);
                }
            }
        }
    }
}
