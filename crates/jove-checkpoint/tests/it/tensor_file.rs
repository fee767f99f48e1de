//! Reading and writing safetensors.

use std::collections::BTreeMap;
use std::path::Path;

use jove_checkpoint::{Error, NamedTensor, TensorFile, TensorSource as _, TensorSpec, write_tensor_file};
use jove_core::{Progress, Silent};
use proptest::prelude::*;

use crate::support::random;

fn sample() -> Vec<NamedTensor<'static>> {
    let specs = [("b.weight", vec![3, 5]), ("a.bias", vec![7]), ("scalar", vec![]), ("empty", vec![0, 4])];
    specs.into_iter().zip(0..).map(|((name, shape), seed)| random(TensorSpec::f32(name, shape), seed)).collect()
}

fn written(path: &Path) -> Vec<u8> {
    let metadata = BTreeMap::from([("step".to_owned(), "7".to_owned()), ("注".to_owned(), "שלום 😀".to_owned())]);
    write_tensor_file(path, &sample(), &metadata, &Silent).unwrap();
    std::fs::read(path).unwrap()
}

#[test]
fn tensors_and_metadata_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.safetensors");
    let bytes = written(&path);
    let file = TensorFile::open(&path).unwrap();
    assert_eq!(file.names().collect::<Vec<_>>(), ["a.bias", "b.weight", "empty", "scalar"]);
    assert_eq!((file.metadata()["step"].as_str(), file.metadata()["注"].as_str()), ("7", "שלום 😀"));
    for tensor in sample() {
        assert_eq!(file.get(&tensor.name).unwrap(), tensor);
    }
    assert!(matches!(file.get("中文"), Err(Error::NoTensor { .. })));
    assert_eq!(bytes, written(&path), "equal tensors give equal bytes");
    assert_eq!(u64::from_le_bytes(bytes[..8].try_into().unwrap()) % 8, 0, "data are aligned");
}

#[test]
fn the_reference_reader_agrees() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = written(&dir.path().join("x.safetensors"));
    let parsed = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    for tensor in sample() {
        let view = parsed.tensor(&tensor.name).unwrap();
        assert_eq!((view.shape(), view.data()), (&*tensor.shape, bytemuck::cast_slice(&tensor.data)));
    }
}

#[test]
fn truncated_files_are_rejected_wherever_they_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.safetensors");
    let bytes = written(&path);
    for length in 0..bytes.len() {
        std::fs::write(&path, &bytes[..length]).unwrap();
        assert!(TensorFile::open(&path).is_err(), "{length} of {} bytes", bytes.len());
    }
    std::fs::write(&path, [&*bytes, b"more"].concat()).unwrap();
    assert!(TensorFile::open(&path).is_err(), "longer than it says");
}

#[test]
fn every_flipped_bit_of_the_data_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.safetensors");
    let bytes = written(&path);
    let data = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    for bit in data * 8..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, &flipped).unwrap();
        let file = TensorFile::open(&path).unwrap();
        let found =
            file.specs().iter().filter(|spec| matches!(file.get(&spec.name), Err(Error::Checksum { .. }))).count();
        assert_eq!(found, 1, "bit {bit}");
    }
}

/// A file with a header as given and as many data bytes.
fn with_header(header: &str, data: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; data]].concat()
}

#[test]
fn false_headers_are_rejected() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.safetensors");
    let cases = [
        (
            "overlap",
            with_header(
                r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
                12,
            ),
        ),
        ("gap", with_header(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8)),
        ("reversed", with_header(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, 4)),
        ("shape and size differ", with_header(r#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8)),
        (
            "shape overflows",
            with_header(r#"{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}}"#, 0),
        ),
        (
            "beyond the end",
            with_header(r#"{"a":{"dtype":"F32","shape":[4000000000],"data_offsets":[0,16000000000]}}"#, 8),
        ),
        ("negative", with_header(r#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, 4)),
        (
            "the same name twice",
            with_header(
                r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
                8,
            ),
        ),
        (
            "checksums of the wrong length",
            with_header(
                r#"{"__metadata__":{"jove.crc32c":"00"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
                4,
            ),
        ),
        (
            "checksums that are no numbers",
            with_header(
                r#"{"__metadata__":{"jove.crc32c":"中文++"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
                4,
            ),
        ),
        ("a header of 2^63 bytes", [&(1u64 << 63).to_le_bytes()[..], b"{}"].concat()),
        ("no JSON", with_header("e\u{301}😀", 0)),
        ("deep nesting", with_header(&"[".repeat(100_000), 0)),
        ("empty", Vec::new()),
    ];
    for (what, bytes) in cases {
        std::fs::write(&path, bytes).unwrap();
        let error = TensorFile::open(&path).expect_err(what);
        assert!(error.to_string().contains("x.safetensors"), "{what}: {error}");
    }
}

#[test]
fn integers_are_no_weights() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.safetensors");
    std::fs::write(&path, with_header(r#"{"ids":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#, 8)).unwrap();
    let message = TensorFile::open(&path).unwrap().get("ids").unwrap_err().to_string();
    assert!(message.ends_with("tensor `ids`: expected floating-point numbers, found I64"), "{message}");
}

#[test]
fn a_failed_write_leaves_the_old_file() {
    struct Stop;
    impl Progress for Stop {
        fn begin(&self, _: &str, _: Option<u64>, _: &'static str) {}
        fn advance(&self, _: u64) {}
        fn note(&self, _: &str) {}
        fn end(&self) {}
        fn cancelled(&self) -> bool {
            true
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.safetensors");
    let before = written(&path);
    let stopped = write_tensor_file(&path, &sample(), &BTreeMap::new(), &Stop);
    assert!(matches!(stopped, Err(Error::Interrupted)));
    let twice = [sample(), sample()].concat();
    assert!(write_tensor_file(&path, &twice, &BTreeMap::new(), &Silent).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), before);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing else is left");
}

proptest! {
    #[test]
    fn any_tensor_comes_back_bit_for_bit(
        tensors in prop::collection::btree_map(".{0,12}", prop::collection::vec(any::<u32>(), 0..20), 0..6)
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.safetensors");
        let tensors: Vec<NamedTensor> = tensors.into_iter().map(|(name, bits)| {
            let values: Vec<f32> = bits.into_iter().map(f32::from_bits).collect();
            NamedTensor::new(name, [values.len()], values).unwrap()
        }).collect();
        write_tensor_file(&path, &tensors, &BTreeMap::new(), &Silent).unwrap();
        let file = TensorFile::open(&path).unwrap();
        for tensor in &tensors {
            let bits = |tensor: &NamedTensor| tensor.data.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&file.get(&tensor.name).unwrap()), bits(tensor));
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), header in "[\\[{}\":,a0-9]{0,80}") {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.safetensors");
        for bytes in [bytes, with_header(&header, 8)] {
            std::fs::write(&path, bytes).unwrap();
            if let Ok(file) = TensorFile::open(&path) {
                for spec in file.specs() {
                    let _ = file.get(&spec.name);
                }
            }
        }
    }
}
