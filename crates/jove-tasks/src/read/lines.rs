//! Lines of a file, of limited length.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use jove_core::Problem;
use jove_files::{open_stream, skip_line};

use crate::error::Error;

/// The longest line, in bytes.
const LINE_BYTES_MAX: u64 = 4 << 20;

/// Hands every line to `take`, with its number and without its end.
pub(crate) fn for_each_line(path: &Path, mut take: impl FnMut(u64, &str) -> Result<(), Error>) -> Result<(), Error> {
    let mut input = BufReader::new(open_stream(path).map_err(Error::read(path))?);
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        if read_line(&mut input, &mut bytes).map_err(Error::read(path))? == 0 {
            break;
        }
        let mut line = bytes.as_slice();
        if number == 1 {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        let Ok(text) = std::str::from_utf8(line) else {
            let text = String::from_utf8_lossy(line);
            return Error::rows(vec![Problem::new(path, Some(number), "text in UTF-8", &text)]);
        };
        if bytes.len() as u64 > LINE_BYTES_MAX {
            let expected = format!("a line of at most {LINE_BYTES_MAX} bytes");
            return Error::rows(vec![Problem::new(path, Some(number), expected, text)]);
        }
        take(number, text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text)))?;
    }
    Ok(())
}

fn read_line(input: &mut BufReader<File>, bytes: &mut Vec<u8>) -> std::io::Result<usize> {
    let read = input.by_ref().take(LINE_BYTES_MAX + 1).read_until(b'\n', bytes)?;
    if read as u64 > LINE_BYTES_MAX && bytes.last() != Some(&b'\n') {
        skip_line(input)?;
        // A character that the limit cut is left out, so that the rest can be shown.
        while std::str::from_utf8(bytes).is_err() && bytes.len() as u64 > LINE_BYTES_MAX - 3 {
            bytes.pop();
        }
        bytes.resize(LINE_BYTES_MAX as usize + 1, b' ');
    }
    Ok(read)
}
