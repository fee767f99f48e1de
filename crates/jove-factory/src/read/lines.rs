//! Lines of any bytes, in bounded memory whatever comes.

use std::io::{self, BufRead, BufReader, Read};

use super::members::is_damage;

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineEnd {
    /// It is whole.
    Whole,
    /// It has more bytes than the limit; the rest was skipped.
    Cut,
    /// The data are damaged before its end; what follows begins elsewhere.
    Damaged,
    /// There is none any more.
    None,
}

/// The lines of a stream.
pub(crate) struct Lines<R> {
    input: BufReader<R>,
    /// Lines read so far.
    pub(crate) number: u64,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { input: BufReader::with_capacity(1 << 17, input), number: 0 }
    }

    /// The bytes that were read ahead, and what follows them.
    pub(crate) fn input(&mut self) -> &mut BufReader<R> {
        &mut self.input
    }

    /// Puts the next line, without its end, after what `line` holds, until that has `limit` bytes.
    pub(crate) fn read(&mut self, line: &mut Vec<u8>, limit: usize) -> io::Result<LineEnd> {
        let (mut any, mut is_cut) = (false, false);
        loop {
            let buffer = match self.input.fill_buf() {
                Ok(buffer) => buffer,
                Err(error) if is_damage(&error) => return Ok(LineEnd::Damaged),
                Err(error) => return Err(error),
            };
            if buffer.is_empty() && !any {
                return Ok(LineEnd::None);
            }
            let end = memchr(buffer);
            let part = &buffer[..end.unwrap_or(buffer.len())];
            let room = limit.saturating_sub(line.len()).min(part.len());
            is_cut |= room < part.len();
            line.extend_from_slice(&part[..room]);
            let (used, is_end) = (part.len() + usize::from(end.is_some()), end.is_some() || buffer.is_empty());
            self.input.consume(used);
            any = true;
            if is_end {
                self.number += 1;
                if line.last() == Some(&b'\r') && !is_cut {
                    line.pop();
                }
                return Ok(if is_cut { LineEnd::Cut } else { LineEnd::Whole });
            }
        }
    }
}

/// The place of the first line end.
fn memchr(bytes: &[u8]) -> Option<usize> {
    // In blocks, so that the compiler compares many bytes at once.
    const BLOCK: usize = 64;
    let mut at = 0;
    for block in bytes.chunks(BLOCK) {
        if block.iter().map(|&byte| u8::from(byte == b'\n')).fold(0, u8::wrapping_add) > 0 {
            return block.iter().position(|&byte| byte == b'\n').map(|inside| at + inside);
        }
        at += block.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], limit: usize) -> Vec<(Vec<u8>, LineEnd)> {
        let mut lines = Lines::new(bytes);
        let next = || {
            let mut line = Vec::new();
            let end = lines.read(&mut line, limit).unwrap();
            (end != LineEnd::None).then_some((line, end))
        };
        std::iter::from_fn(next).collect()
    }

    fn check(text: &str, limit: usize, expected: &[(&str, LineEnd)]) {
        let expected: Vec<_> = expected.iter().map(|(line, end)| (line.as_bytes().to_vec(), *end)).collect();
        assert_eq!(read(text.as_bytes(), limit), expected, "{text:?}");
    }

    #[test]
    fn lines_end_as_on_every_system_and_are_cut_at_the_limit() {
        use LineEnd::{Cut, Whole};
        check("", 9, &[]);
        check("\n", 9, &[("", Whole)]);
        check("中\r\n\nlast", 9, &[("中", Whole), ("", Whole), ("last", Whole)]);
        check("123456789\n1", 4, &[("1234", Cut), ("1", Whole)]);
        check("1234", 4, &[("1234", Whole)]);
    }

    #[test]
    fn a_line_of_any_length_takes_no_more_than_the_limit() {
        let endless = io::repeat(b'x').take(300_000_000).chain(&b"\nb"[..]);
        let (mut lines, mut line) = (Lines::new(endless), Vec::new());
        assert_eq!(lines.read(&mut line, 1000).unwrap(), LineEnd::Cut);
        assert!(line.len() == 1000 && line.capacity() < 10_000);
        line.clear();
        assert_eq!((lines.read(&mut line, 1000).unwrap(), line.as_slice()), (LineEnd::Whole, &b"b"[..]));
    }

    proptest::proptest! {
        #[test]
        fn the_first_line_end_is_found(bytes in proptest::collection::vec(0_u8..20, 0..300)) {
            proptest::prop_assert_eq!(memchr(&bytes), bytes.iter().position(|&byte| byte == b'\n'));
        }
    }
}
