//! Any bytes as UER's configuration beside a sound model, and as the pickle of a model beside a sound configuration.
#![no_main]

use std::io::{Cursor, Write};
use std::path::Path;

use jove_checkpoint::{Allow, Difference, ExportOptions, Format, ImportOptions, NamedTensor, TensorSource};
use jove_checkpoint::{export, import, required_tensors};
use jove_core::{ModelConfig, Silent};
use libfuzzer_sys::fuzz_target;

fn read(dir: &Path) {
    let allow = Allow::these([Difference::Missing, Difference::Unexpected, Difference::Reshaped, Difference::Untied]);
    if let Ok(loaded) = import(dir, &ImportOptions { allow, ..ImportOptions::new(Format::Uer) }) {
        for spec in loaded.weights.specs() {
            let _ = loaded.weights.get(&spec.name);
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let root = tempfile::tempdir_in("/dev/shm").expect("a folder in memory");
    let (dir, config) = (root.path().join("x"), ModelConfig::xlm_roberta(9, 4, 1, 1, 8));
    let zeros = |spec: jove_checkpoint::TensorSpec| {
        let count = spec.count().expect("a small tensor");
        NamedTensor::new(spec.name, spec.shape, vec![0.5; count]).expect("as many values as the shape has")
    };
    let model: Vec<NamedTensor> = required_tensors(&config).into_iter().map(zeros).collect();
    export(&dir, Format::Uer, &config, &model, &[], &ExportOptions::default(), &Silent).expect("room in memory");
    let sound = std::fs::read(dir.join("config.json")).expect("it was written");
    std::fs::write(dir.join("config.json"), bytes).expect("room in memory");
    read(&dir);
    std::fs::write(dir.join("config.json"), sound).expect("room in memory");
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in [("a/data.pkl", bytes), ("a/data/0", &[0; 64])] {
        zip.start_file(name, stored).expect("a plain name");
        zip.write_all(bytes).expect("memory");
    }
    std::fs::write(dir.join("model.bin"), zip.finish().expect("memory").into_inner()).expect("room in memory");
    read(&dir);
});
