use proptest::prelude::*;

use super::format::{FOOTER, Handle, KeyValue, MAGIC};
use super::read::{entries, read};
use super::write::{BLOCK_BYTES, TableWriter};
use crate::tf::checksum::masked;

fn table(entries: &[KeyValue]) -> Vec<u8> {
    let mut writer = TableWriter::default();
    for (key, value) in entries {
        writer.add(key, value);
    }
    writer.finish()
}

/// A block with its kind and checksum.
fn sealed(block: &[u8], kind: u8) -> Vec<u8> {
    let mut bytes = [block, &[kind]].concat();
    let crc = masked(crc32c::crc32c(&bytes));
    bytes.extend(crc.to_le_bytes());
    bytes
}

/// A block of entries given as (shared, key, value), with one restart.
fn block(entries: &[(u8, &[u8], &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (shared, key, value) in entries {
        bytes.extend([*shared, key.len() as u8, value.len() as u8]);
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(value);
    }
    bytes.extend([0, 0, 0, 0, 1, 0, 0, 0]);
    bytes
}

/// A table of the given data blocks, each with its kind, and a meta block.
fn assembled(blocks: &[(Vec<u8>, u8)], meta: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut add = |block: &[u8], kind| {
        let handle = Handle { offset: bytes.len() as u64, size: block.len() as u64 };
        bytes.extend(sealed(block, kind));
        let mut encoded = Vec::new();
        handle.encode(&mut encoded);
        encoded
    };
    let handles: Vec<Vec<u8>> = blocks.iter().map(|(block, kind)| add(block, *kind)).collect();
    let meta = add(meta, 0);
    let index: Vec<(u8, &[u8], &[u8])> = handles.iter().map(|handle| (0, &b"z"[..], handle.as_slice())).collect();
    let index = add(&block(&index), 0);
    let mut footer = [meta, index].concat();
    footer.resize(FOOTER - 8, 0);
    bytes.extend(footer);
    bytes.extend(MAGIC.to_le_bytes());
    bytes
}

#[test]
fn invalid_tables_are_rejected_with_the_reason() {
    let good = block(&[(0, b"bert/a", b"1"), (5, b"b", b"2")]);
    let empty = block(&[]);
    let found = read(&assembled(&[(good.clone(), 0)], &empty)).unwrap();
    assert_eq!(found, [(b"bert/a".to_vec(), b"1".to_vec()), (b"bert/b".to_vec(), b"2".to_vec())]);
    let unordered = block(&[(0, b"b", b""), (0, b"a", b"")]);
    let repeated = block(&[(0, b"a", b""), (1, b"", b"")]);
    let cases = [
        (assembled(&[(good.clone(), 1)], &empty), "the checksum of a block does not match"),
        (assembled(&[(good.clone(), 1)], &empty), "a block is compressed"),
        (assembled(&[(unordered, 0)], &empty), "keys are not in order"),
        (assembled(&[(repeated, 0)], &empty), "keys are not in order"),
        (assembled(&[(good.clone(), 0), (good.clone(), 0)], &empty), "keys are not in order"),
        (assembled(&[(block(&[(1, b"a", b"")]), 0)], &empty), "the entries of a block are invalid"),
        (assembled(&[(vec![0, 9, 0, b'a', 0, 0, 0, 0], 0)], &empty), "the entries of a block are invalid"),
        (assembled(&[(vec![1], 0)], &empty), "the entries of a block are invalid"),
        (assembled(&[(vec![255; 4], 0)], &empty), "the entries of a block are invalid"),
        (assembled(&[(good.clone(), 0)], &good), "the table has a filter"),
        (vec![0; FOOTER - 1], "shorter than a footer"),
        (vec![0; FOOTER], "does not end with the magic number"),
        ([&[255; FOOTER - 8][..], &MAGIC.to_le_bytes()].concat(), "the footer has no valid place of the index"),
        ([&[9; FOOTER - 8][..], &MAGIC.to_le_bytes()].concat(), "a block ends beyond the file"),
    ];
    for (number, (mut bytes, expected)) in cases.into_iter().enumerate() {
        if number == 0 {
            bytes[1] ^= 1;
        }
        let reason = read(&bytes).expect_err(expected);
        assert!(reason.contains(expected), "{reason}, expected {expected}");
    }
}

#[test]
fn shared_prefixes_cannot_expand_without_bound() {
    // Each entry repeats a key of 120 bytes in three bytes of its own.
    let long = [b'k'; 120];
    let mut many: Vec<(u8, &[u8], &[u8])> = vec![(0, &long, b"")];
    many.extend(std::iter::repeat_n((120, &b""[..], &b""[..]), 100_000));
    assert!(entries(&block(&many[..10])).is_some());
    assert!(entries(&block(&many)).is_some_and(|found| found.len() == many.len()), "40 bytes a byte are allowed");
    let long = [b'k'; 250];
    let mut many: Vec<(u8, &[u8], &[u8])> = vec![(0, &long[..125], b""), (125, &long[125..], b"")];
    many.extend(std::iter::repeat_n((127, &b""[..], &b""[..]), 10));
    assert!(entries(&block(&many)).is_some());
    // Lengths above 127 take two bytes each.
    let mut bytes = vec![0, 0xd0, 0x86, 0x03, 0];
    bytes.extend(vec![b'k'; 50_000]);
    bytes.extend([0xd0, 0x86, 0x03, 0, 0].repeat(20_000));
    bytes.extend([0, 0, 0, 0, 1, 0, 0, 0]);
    assert!(entries(&bytes).is_none(), "a gigabyte of keys in 150 kilobytes");
}

#[test]
fn large_tables_span_blocks() {
    let mut entries: Vec<KeyValue> = (0..20_000).map(|n| (format!("key/{n:07}").into_bytes(), vec![7; 30])).collect();
    entries.push((b"large".to_vec(), vec![1; 3 * BLOCK_BYTES]));
    entries.push((b"last".to_vec(), vec![]));
    let bytes = table(&entries);
    assert_eq!(read(&bytes).unwrap(), entries);
    for at in (0..bytes.len()).step_by(30_011) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 4;
        assert!(read(&flipped).is_err(), "a flip at {at} is found");
        assert!(read(&bytes[..at]).is_err(), "a cut at {at} is found");
    }
}

proptest! {
    #[test]
    fn entries_come_back(entries in prop::collection::btree_map(prop::collection::vec(any::<u8>(), 0..9), prop::collection::vec(any::<u8>(), 0..9), 0..60)) {
        let entries: Vec<KeyValue> = entries.into_iter().collect();
        prop_assert_eq!(read(&table(&entries)).unwrap(), entries);
    }

    #[test]
    fn no_block_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        let _ = (read(&bytes), entries(&bytes));
    }
}
