//! Text on its way to a terminal.

use std::io::{self, Write};

use jove_core::printable;

/// Escapes the control characters of a text that passes through, also of one that is cut inside a character.
#[derive(Debug)]
pub(crate) struct Escaping<W> {
    inner: W,
    /// The first bytes of a character whose last ones have not come yet.
    begun: Vec<u8>,
}

impl<W: Write> Escaping<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self { inner, begun: Vec::new() }
    }

    pub(crate) fn inner(&self) -> &W {
        &self.inner
    }

    pub(crate) fn inner_mut(&mut self) -> &mut W {
        &mut self.inner
    }

    /// Writes what is left.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        let rest = std::mem::take(&mut self.begun);
        self.inner.write_all(printable(&String::from_utf8_lossy(&rest)).as_bytes())?;
        self.inner.flush()
    }
}

impl<W: Write> Write for Escaping<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.extend_from_slice(bytes);
        let whole = match std::str::from_utf8(&self.begun) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.begun.len(),
        };
        let rest = self.begun.split_off(whole);
        let text = std::mem::replace(&mut self.begun, rest);
        self.inner.write_all(printable(&String::from_utf8_lossy(&text)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(text: &[u8], step: usize) -> String {
        let mut escaping = Escaping::new(Vec::new());
        text.chunks(step).for_each(|part| escaping.write_all(part).unwrap());
        escaping.finish().unwrap();
        String::from_utf8(escaping.inner).unwrap()
    }

    #[test]
    fn any_cut_of_a_text_gives_the_same_text() {
        for (text, expected) in [
            ("", ""),
            ("a", "a"),
            ("中文 😀 e\u{301} שלום\n\tx", "中文 😀 e\u{301} שלום\n\tx"),
            ("\u{1b}[31m\u{9b}2J\u{202e}x\u{7f}", "\\u{1b}[31m\\u{9b}2J\\u{202e}x\\u{7f}"),
        ] {
            for step in [1, 2, 3, 100] {
                assert_eq!(through(text.as_bytes(), step), expected, "{step}");
            }
        }
        assert_eq!(through(b"\xff\x1b\xe4\xb8", 1), "\u{fffd}\\u{1b}\u{fffd}");
    }
}
