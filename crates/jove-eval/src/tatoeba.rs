//! The Tatoeba test set in LASER's layout: two parallel files for each language, one sentence on each line.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Largest file that is read; files of the set have about 60 kB.
const BYTES_MAX: u64 = 64 << 20;

/// The two files of a language, such as `tatoeba.cmn-eng.cmn` and `tatoeba.cmn-eng.eng`; `language` is an ISO 639-3 code, here `cmn`.
pub fn tatoeba_files(folder: &Path, language: &str) -> [PathBuf; 2] {
    [language, "eng"].map(|side| folder.join(format!("tatoeba.{language}-eng.{side}")))
}

/// The sentences of a language and their English translations (Massively Multilingual Sentence Embeddings, arXiv
/// 1812.10464, appendix B); lines with an empty side are left out.
///
/// # Errors
/// Where a file cannot be read, is not UTF-8 or is larger than 64 MiB, or the two have different numbers of lines.
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
