//! Objects of JSON, one a line, or one over several lines as programs print them for people.

use std::collections::VecDeque;
use std::path::Path;

use super::input::Lines;
use crate::error::Result;
use crate::intake::Intake;

/// The longest object over several lines, in bytes.
const OBJECT_BYTES_MAX: usize = 64 << 20;

/// Follows the brackets of a text.
#[derive(Clone, Copy, Default)]
struct Brackets {
    depth: u32,
    quoted: bool,
    escaped: bool,
}

impl Brackets {
    /// Whether all brackets are closed behind a byte.
    fn step(&mut self, byte: u8) -> bool {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = self.quoted,
            b'"' => self.quoted = !self.quoted,
            b'{' | b'[' if !self.quoted => self.depth += 1,
            b'}' | b']' if !self.quoted => {
                self.depth = self.depth.saturating_sub(1);
                return self.depth == 0;
            }
            _ => {}
        }
        false
    }
}

/// A file being read object by object.
pub(super) struct JsonRows {
    lines: Lines,
    /// Lines that were read ahead in vain.
    ahead: VecDeque<(u64, String)>,
    row: String,
}

impl JsonRows {
    pub(super) fn open(path: &Path, intake: &Intake<'_>) -> Result<Self> {
        Ok(Self { lines: Lines::open(path, intake)?, ahead: VecDeque::new(), row: String::new() })
    }

    /// The next line, or the lines of an object that begins at the end of one, with the number of the first.
    pub(super) fn next(&mut self, intake: &mut Intake<'_>) -> Result<Option<(u64, &str)>> {
        let Some(first) = self.line(intake)? else { return Ok(None) };
        let start = self.row.trim_end();
        // The bracket of an array that holds the objects stands alone.
        if start.ends_with(['{', '[']) && start != "[" {
            self.join(intake)?;
        }
        Ok(Some((first, &self.row)))
    }

    /// Adds lines up to the one that closes the object; where none does, the first line stays alone.
    fn join(&mut self, intake: &mut Intake<'_>) -> Result<()> {
        let first = std::mem::take(&mut self.row);
        let mut joined = first.clone();
        let mut brackets = Brackets::default();
        let mut closed = false;
        first.bytes().for_each(|byte| {
            brackets.step(byte);
        });
        let mut added = VecDeque::new();
        while !closed && joined.len() < OBJECT_BYTES_MAX {
            let Some(number) = self.line(intake)? else { break };
            self.row.bytes().for_each(|byte| closed |= brackets.step(byte));
            // A line of its own begins another object: the one before is broken.
            let another = self.row.starts_with("{\"");
            joined.push('\n');
            joined.push_str(&self.row);
            added.push_back((number, std::mem::take(&mut self.row)));
            if another {
                closed = false;
                break;
            }
        }
        if closed {
            intake.counts.rows -= added.len() as u64;
            self.row = joined;
        } else {
            added.append(&mut self.ahead);
            self.ahead = added;
            self.row = first;
        }
        Ok(())
    }

    /// Puts the next line into `row`; its number.
    fn line(&mut self, intake: &mut Intake<'_>) -> Result<Option<u64>> {
        if let Some((number, line)) = self.ahead.pop_front() {
            self.row = line;
            return Ok(Some(number));
        }
        let Some((number, line)) = self.lines.next_text(intake)? else { return Ok(None) };
        self.row.clear();
        self.row.push_str(line);
        Ok(Some(number))
    }
}

/// The objects of a list without its brackets; one where the text is something else.
pub(super) fn objects(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while rest.starts_with('{') {
        let mut brackets = Brackets::default();
        let Some(end) = rest.bytes().position(|byte| brackets.step(byte)) else { break };
        found.push(&rest[..=end]);
        rest = rest[end + 1..].trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
    if rest.is_empty() && !found.is_empty() { found } else { vec![text] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_of_a_list_are_parted() {
        for (text, expected) in [
            ("", &[""][..]),
            ("{\"a\":1}", &["{\"a\":1}"]),
            ("{\"a\":\"},{\"}, {\"b\":[{}]}", &["{\"a\":\"},{\"}", "{\"b\":[{}]}"]),
            ("{\"a\":\"\\\"}\"},{}", &["{\"a\":\"\\\"}\"}", "{}"]),
            ("{\"甲\":1},x", &["{\"甲\":1},x"]),
            ("{\"a\":", &["{\"a\":"]),
            ("🙂", &["🙂"]),
        ] {
            assert_eq!(objects(text), expected, "{text}");
        }
    }
}
