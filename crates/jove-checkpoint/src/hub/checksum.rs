//! The checksums that a hub gives its files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::Digest;

/// Whether the text is `length` hexadecimal digits in lower case.
pub(super) fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// SHA-256 in hex where that has 64 digits, else the hash that git gives a file.
pub(super) fn checksum(path: &Path, digits: usize) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let (mut sha256, mut git) = (sha2::Sha256::new(), sha1::Sha1::new());
    git.update(format!("blob {length}\0"));
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut buffer)?;
        match (count, digits) {
            (0, 64) => return Ok(hex(&sha256.finalize())),
            (0, _) => return Ok(hex(&git.finalize())),
            (_, 64) => sha256.update(&buffer[..count]),
            _ => git.update(&buffer[..count]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).expect("a nibble is a digit");
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_sha256sum_and_git() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for (text, sha256, git) in [
            (
                "",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
            ),
            (
                "hello\n",
                "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
                "ce013625030ba8dba906f756967f9e9ca394464a",
            ),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(checksum(&path, 64).unwrap(), sha256);
            assert_eq!(checksum(&path, 40).unwrap(), git);
        }
    }

    #[test]
    fn only_digits_in_lower_case_are_hex() {
        for (text, expected) in [("0a", true), ("0A", false), ("0g", false), ("", false), ("0a0", false), ("é", false)]
        {
            assert_eq!(is_hex(text, 2), expected, "{text}");
        }
    }
}
