//! Any bytes as a PyTorch file, and as the pickle inside one.
#![no_main]

use std::io::{Cursor, Write};

use jove_checkpoint::{TensorSource, TorchFile};
use libfuzzer_sys::fuzz_target;

fn read(bytes: &[u8]) {
    let dir = tempfile::tempdir_in("/dev/shm").expect("a folder in memory");
    let path = dir.path().join("x.bin");
    std::fs::write(&path, bytes).expect("room in memory");
    if let Ok(file) = TorchFile::open(&path) {
        for spec in file.specs() {
            let _ = file.get(&spec.name);
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    read(bytes);
    // The archive's checksum would keep damaged pickles out, so they are wrapped soundly.
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in [("a/data.pkl", bytes), ("a/data/0", &[0; 64])] {
        zip.start_file(name, stored).expect("a plain name");
        zip.write_all(bytes).expect("memory");
    }
    read(&zip.finish().expect("memory").into_inner());
});
