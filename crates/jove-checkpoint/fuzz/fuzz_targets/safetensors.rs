//! Any bytes as a safetensors file: opened and read through, or refused, but never a panic.
#![no_main]

use jove_checkpoint::{TensorFile, TensorSource};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let dir = tempfile::tempdir_in("/dev/shm").expect("a folder in memory");
    let path = dir.path().join("x.safetensors");
    std::fs::write(&path, bytes).expect("room in memory");
    if let Ok(file) = TensorFile::open(&path) {
        for spec in file.specs() {
            let _ = TensorSource::get(&file, &spec.name);
        }
    }
});
