//! The Tatoeba test set in the layout of LASER: two files a language, one sentence a line.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::Error;

/// A file of the set has about 60 kB; one far larger is something else.
const BYTES_MAX: u64 = 64 << 20;

/// The two files of a language, such as `tatoeba.cmn-eng.cmn` and `tatoeba.cmn-eng.eng`; `language` is an ISO 639-3 code, here `cmn`.
pub fn tatoeba_files(folder: &Path, language: &str) -> [PathBuf; 2] {
    [language, "eng"].map(|side| folder.join(format!("tatoeba.{language}-eng.{side}")))
}

/// The sentences of a language and their English translations (Massively Multilingual Sentence Embeddings, arXiv
/// 1812.10464, appendix B); lines with an empty side are passed over.
///
/// # Errors
/// Where a file cannot be read, is no UTF-8 or is larger than 64 MiB, or the two have different numbers of lines.
pub fn read_tatoeba(folder: &Path, language: &str) -> Result<Vec<[String; 2]>, Error> {
    let files = tatoeba_files(folder, language);
    let [left, right] = [read(&files[0])?, read(&files[1])?];
    let counts = [left.lines().count(), right.lines().count()];
    if counts[0] != counts[1] {
        return Err(Error::Uneven { paths: files, counts });
    }
    let pairs = left.lines().zip(right.lines()).map(|(a, b)| [a.trim().to_owned(), b.trim().to_owned()]);
    Ok(pairs.filter(|pair| pair.iter().all(|side| !side.is_empty())).collect())
}

fn read(path: &Path) -> Result<String, Error> {
    let fail = |source| Error::Read { path: path.to_owned(), source };
    let mut text = String::new();
    let bytes = File::open(path).map_err(fail)?.take(BYTES_MAX + 1).read_to_string(&mut text).map_err(fail)?;
    if bytes as u64 > BYTES_MAX {
        return Err(fail(std::io::Error::other("it is larger than 64 MiB")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_paired_and_faults_named() {
        let folder = tempfile::tempdir().unwrap();
        let [chinese, english] = tatoeba_files(folder.path(), "cmn");
        std::fs::write(&chinese, "你好。\n\n再见。\n").unwrap();
        let missing = read_tatoeba(folder.path(), "cmn").unwrap_err().to_string();
        assert!(missing.contains("tatoeba.cmn-eng.eng"), "{missing}");
        std::fs::write(&english, "Hello.\nNothing.\nGood-bye.").unwrap();
        let pairs = read_tatoeba(folder.path(), "cmn").unwrap();
        assert_eq!(pairs, [["你好。", "Hello."], ["再见。", "Good-bye."]].map(|pair| pair.map(str::to_owned)));
        std::fs::write(&english, "Hello.\n").unwrap();
        let uneven = read_tatoeba(folder.path(), "cmn").unwrap_err().to_string();
        assert!(uneven.contains("3 lines") && uneven.contains("1 line"), "{uneven}");
        std::fs::write(&english, b"\xff\n").unwrap();
        assert!(matches!(read_tatoeba(folder.path(), "cmn"), Err(Error::Read { .. })));
    }
}
