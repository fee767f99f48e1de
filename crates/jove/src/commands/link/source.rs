//! The texts to link, and those of them that the linker learns from, in bounded memory.

use std::collections::VecDeque;

use jove_core::Problem;
use jove_corpus::TextLines;
use jove_files::is_stream;

use super::args::Args;

/// Texts that the linker learns from, evenly spread over a file; the first ones of a pipe, which is read once.
const SAMPLE_TEXTS_MAX: u64 = 50_000;

/// Bytes of the texts that the linker learns from.
const SAMPLE_BYTES_MAX: u64 = 64 << 20;

/// Texts that are linked at a time.
const CHUNK_TEXTS: usize = 2048;

/// Bytes of the texts that are linked at a time, beyond which no text is added.
const CHUNK_BYTES: usize = 8 << 20;

/// The input before it is linked.
pub(super) struct Source<'a> {
    args: &'a Args,
    sample: Vec<String>,
    /// The rest of what can be read only once.
    rest: Option<TextLines>,
}

/// The texts to link, in their order.
pub(super) struct Texts {
    ahead: VecDeque<String>,
    lines: TextLines,
}

impl<'a> Source<'a> {
    /// Reads the sample, where the linker is to learn from one.
    pub(super) fn open(args: &'a Args) -> anyhow::Result<Self> {
        if is_stream(&args.input) {
            let mut lines = TextLines::open(&args.input, args.max_bad, args.reject_file.as_deref())?;
            let sample = if args.learn { take(&mut lines, 1)? } else { Vec::new() };
            return Ok(Self { args, sample, rest: Some(lines) });
        }
        if !args.learn {
            return Ok(Self { args, sample: Vec::new(), rest: None });
        }
        let every = Size::of(args)?.step();
        Ok(Self { args, sample: take(&mut tolerant(args)?, every)?, rest: None })
    }

    /// The texts to learn from.
    pub(super) fn sample(&self) -> &[String] {
        &self.sample
    }

    /// All texts, from the first.
    pub(super) fn texts(self) -> anyhow::Result<Texts> {
        if let Some(lines) = self.rest {
            return Ok(Texts { ahead: self.sample.into(), lines });
        }
        let Args { input, max_bad, reject_file, .. } = self.args;
        let lines = TextLines::open(input, *max_bad, reject_file.as_deref())?;
        Ok(Texts { ahead: VecDeque::new(), lines })
    }
}

/// The lines of a file on its way to being read again, when bad rows will be counted.
fn tolerant(args: &Args) -> anyhow::Result<TextLines> {
    Ok(TextLines::open(&args.input, u64::MAX, None)?)
}

/// Every `every`-th text, as long as there is room.
fn take(lines: &mut TextLines, every: u64) -> anyhow::Result<Vec<String>> {
    let (mut sample, mut bytes, mut number) = (Vec::new(), 0, 0);
    while (sample.len() as u64) < SAMPLE_TEXTS_MAX && bytes < SAMPLE_BYTES_MAX {
        let Some(text) = lines.read()? else { break };
        if number % every == 0 {
            bytes += text.len() as u64;
            sample.push(text);
        }
        number += 1;
    }
    Ok(sample)
}

/// How much text a file holds.
#[derive(Default)]
struct Size {
    texts: u64,
    bytes: u64,
}

impl Size {
    fn of(args: &Args) -> anyhow::Result<Self> {
        let mut size = Self::default();
        let mut lines = tolerant(args)?;
        while let Some(text) = lines.read()? {
            size.texts += 1;
            size.bytes += text.len() as u64;
        }
        Ok(size)
    }

    /// The distance between two texts of the sample.
    fn step(&self) -> u64 {
        self.texts.div_ceil(SAMPLE_TEXTS_MAX).max(self.bytes.div_ceil(SAMPLE_BYTES_MAX)).max(1)
    }
}

impl Texts {
    /// The next texts, none at the end.
    pub(super) fn chunk(&mut self) -> anyhow::Result<Vec<String>> {
        let (mut chunk, mut bytes) = (Vec::new(), 0);
        while chunk.len() < CHUNK_TEXTS && bytes < CHUNK_BYTES {
            let ahead = self.ahead.pop_front();
            let Some(text) = (if ahead.is_some() { ahead } else { self.lines.read()? }) else { break };
            bytes += text.len();
            chunk.push(text);
        }
        Ok(chunk)
    }

    /// How many rows were bad, and the first of them.
    pub(super) fn finish(self) -> anyhow::Result<(u64, Vec<Problem>)> {
        Ok(self.lines.finish()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_spread_over_texts_and_bytes() {
        for (texts, bytes, expected) in [
            (0, 0, 1),
            (1, 1, 1),
            (SAMPLE_TEXTS_MAX, SAMPLE_BYTES_MAX, 1),
            (SAMPLE_TEXTS_MAX + 1, 0, 2),
            (10, 5 * SAMPLE_BYTES_MAX, 5),
        ] {
            assert_eq!(Size { texts, bytes }.step(), expected, "{texts} texts, {bytes} bytes");
        }
    }
}
