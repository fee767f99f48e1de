//! Lines of an input as they come, some at a time.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use jove_core::Progress as _;
use jove_files::open_stream;

use crate::context::Context;

/// Longer lines are no text.
const LINE_BYTES_MAX: u64 = 4 << 20;

/// The lines of a file, a pipe or standard input (`-`).
pub(super) struct Lines {
    input: BufReader<File>,
    path: PathBuf,
    number: u64,
}

impl Lines {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        let file = open_stream(path).with_context(|| format!("cannot open {}", path.display()))?;
        Ok(Self { input: BufReader::with_capacity(1 << 16, file), path: path.to_owned(), number: 0 })
    }

    /// Hands lines with their numbers to `take`, as many at a time as have come but at most `count`, so that a slow input is
    /// answered line by line.
    pub(super) fn chunks(
        mut self,
        context: &Context,
        count: usize,
        mut take: impl FnMut(&[(u64, String)]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut chunk = Vec::new();
        loop {
            if context.progress().cancelled() {
                bail!("interrupted");
            }
            let line = self.next()?;
            let ended = line.is_none();
            chunk.extend(line.map(|line| (self.number, line)));
            let waits = !self.input.buffer().contains(&b'\n');
            if !chunk.is_empty() && (ended || waits || chunk.len() >= count) {
                take(&chunk)?;
                chunk.clear();
            }
            if ended {
                return Ok(());
            }
        }
    }

    fn next(&mut self) -> anyhow::Result<Option<String>> {
        let mut bytes = Vec::new();
        let read = (&mut self.input).take(LINE_BYTES_MAX).read_until(b'\n', &mut bytes);
        if read.with_context(|| format!("cannot read {}", self.path.display()))? == 0 {
            return Ok(None);
        }
        self.number += 1;
        let place = || format!("{}:{}", self.path.display(), self.number);
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
            bytes.pop_if(|byte| *byte == b'\r');
        } else if bytes.len() as u64 == LINE_BYTES_MAX {
            bail!("{}: expected a line of fewer than {LINE_BYTES_MAX} bytes, found a longer one", place());
        }
        let text = String::from_utf8(bytes).with_context(|| format!("{}: expected a line of UTF-8", place()))?;
        Ok(Some(if self.number == 1 { text.trim_start_matches('\u{feff}').to_owned() } else { text }))
    }
}

/// The device of a name on the command line.
pub(super) fn device_from_name(name: &str) -> anyhow::Result<jove_objectives::Device> {
    match name {
        "cpu" => Ok(jove_objectives::Device::Cpu),
        "cuda" => Ok(jove_objectives::Device::Cuda),
        other => bail!("expected cpu or cuda, found {other}"),
    }
}
