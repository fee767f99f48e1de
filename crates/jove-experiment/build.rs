//! Puts the digest of the sources that results depend on into `JOVE_CODE`, so that results of different code are never taken
//! for one another.

use std::path::Path;

#[path = "src/code_digest.rs"]
mod code_digest;

fn main() -> std::io::Result<()> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for path in code_digest::watched(&workspace)? {
        println!("cargo:rerun-if-changed={}", path.display());
    }
    println!("cargo:rustc-env=JOVE_CODE={}", code_digest::digest(&workspace)?);
    Ok(())
}
