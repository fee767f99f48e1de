//! Any bytes as the index of a TensorFlow checkpoint, next to a data file.
#![no_main]

use jove_checkpoint::{TensorSource, TfBundle};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let dir = tempfile::tempdir_in("/dev/shm").expect("a folder in memory");
    let index = dir.path().join("x.index");
    std::fs::write(&index, bytes).expect("room in memory");
    std::fs::write(dir.path().join("x.data-00000-of-00001"), [0; 64]).expect("room in memory");
    if let Ok(bundle) = TfBundle::open(&index) {
        for spec in bundle.specs() {
            let _ = bundle.get(&spec.name);
        }
    }
});
