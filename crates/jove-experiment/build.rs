//! A digest of the sources that results depend on, so that results of different code are never taken for one another.

use std::fs;
use std::path::{Path, PathBuf};

/// What, beside `crates/`, results depend on: this crate's stages, and the versions of all dependencies.
const FILES: [&str; 3] = ["src/stage", "src/run.rs", "../../Cargo.lock"];

/// The crates that compute.
const CRATES: [&str; 10] =
    ["core", "kb", "linker", "corpus", "masking", "model", "objectives", "checkpoint", "trainer", "eval"];

fn main() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = CRATES.iter().map(|name| here.join(format!("../jove-{name}/src")));
    let mut hasher = blake3::Hasher::new();
    for root in FILES.iter().map(|name| here.join(name)).chain(crates) {
        println!("cargo:rerun-if-changed={}", root.display());
        for file in below(&root) {
            // Names count as well, so that moved code is other code; a file that cannot be read fails the build.
            hasher.update(file.strip_prefix(&root).unwrap_or(&file).to_string_lossy().as_bytes());
            hasher.update(&fs::read(&file).expect("a source file can be read"));
        }
    }
    println!("cargo:rustc-env=JOVE_CODE={}", &hasher.finalize().to_hex()[..12]);
}

/// The files below a path, sorted; itself if it is a file, nothing if it is not there.
fn below(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else {
        return if path.is_file() { vec![path.to_owned()] } else { Vec::new() };
    };
    let mut files: Vec<PathBuf> = entries.flatten().flat_map(|entry| below(&entry.path())).collect();
    files.sort();
    files
}
