//! Turtle and TriG, one statement after another.

use std::io::BufRead;

use super::tokens::{Token, token};
use crate::error::Result;
use crate::import::input::Packed;
use crate::intake::Intake;

/// The longest statement, in bytes.
const STATEMENT_BYTES_MAX: usize = 16 << 20;

/// How deep triples may stand in triples.
const TRIPLE_DEPTH_MAX: u32 = 32;

/// Cuts a stream into statements: up to a dot, a brace of TriG, or the IRI of `PREFIX` and `BASE`.
pub(super) struct Statements {
    input: Box<dyn BufRead>,
    buffer: Vec<u8>,
    /// Where the next statement begins.
    start: usize,
    at: usize,
    line: u64,
    ended: bool,
    /// Whether braces are graphs.
    graphs: bool,
}

/// What ends a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Dot,
    GraphOpen,
    GraphClose,
    /// The end of the file.
    File,
    /// Nothing within reach: the statement is too long or nests too deep.
    Nowhere,
    /// A dot behind a text or an IRI that is not closed.
    Unclosed,
}

fn line_ends(bytes: &[u8]) -> u64 {
    bytes.split(|byte| *byte == b'\n').count() as u64 - 1
}

/// A statement being looked for.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "each was met or not")]
struct Search {
    /// Whether anything but blanks was met.
    begun: bool,
    /// Whether it is a directive without a dot.
    directive: bool,
    triples: u32,
    too_deep: bool,
    unclosed: bool,
}

impl Statements {
    pub(super) fn new(input: Box<dyn BufRead>, graphs: bool) -> Self {
        Self { input, buffer: Vec::new(), start: 0, at: 0, line: 1, ended: false, graphs }
    }

    /// The next statement, the line it begins in, and what ends it.
    pub(super) fn next(&mut self, packed: &Packed, intake: &Intake<'_>) -> Result<Option<(u64, &[u8], End)>> {
        self.line += line_ends(&self.buffer[self.start..self.at]);
        self.start = self.at;
        let mut search = Search::default();
        loop {
            let found = self.find(&mut search);
            if let Some(end) = found {
                let end = match (search.too_deep, search.unclosed) {
                    (true, _) => End::Nowhere,
                    (false, true) if end == End::Dot => End::Unclosed,
                    (false, _) => end,
                };
                return Ok(Some((self.line, &self.buffer[self.start..self.at], end)));
            }
            if self.at - self.start > STATEMENT_BYTES_MAX || self.buffer.len() - self.start > 2 * STATEMENT_BYTES_MAX {
                // What a quote that is never closed swallowed is looked at again, line by line.
                let rest = &self.buffer[self.start..];
                self.at = self.start + rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
                return Ok(Some((self.line, &self.buffer[self.start..self.at], End::Nowhere)));
            }
            if self.ended {
                self.at = self.buffer.len();
                let rest = &self.buffer[self.start..];
                return Ok(search.begun.then_some((self.line, rest, End::File)));
            }
            self.read(packed, intake)?;
        }
    }

    fn read(&mut self, packed: &Packed, intake: &Intake<'_>) -> Result<()> {
        packed.report(intake)?;
        let done = self.start;
        self.buffer.drain(..done);
        self.at -= done;
        self.start = 0;
        let more = self.input.fill_buf().map_err(|error| packed.unreadable(error, self.line))?;
        let len = more.len();
        self.buffer.extend_from_slice(more);
        self.input.consume(len);
        self.ended = len == 0;
        Ok(())
    }

    /// Goes on to the end of the statement, as far as there are bytes.
    fn find(&mut self, search: &mut Search) -> Option<End> {
        while let Some((len, found)) = token(&self.buffer[self.at..], self.ended) {
            if !search.begun && found != Token::Blank {
                // What stands before a statement is no part of it.
                let before = &self.buffer[self.start..self.at];
                self.line += line_ends(before);
                self.start = self.at;
            }
            let text = &self.buffer[self.at..self.at + len];
            self.at += len;
            match found {
                Token::Blank => continue,
                Token::Dot => return Some(End::Dot),
                Token::GraphOpen if self.graphs => return Some(End::GraphOpen),
                Token::GraphClose if self.graphs => return Some(End::GraphClose),
                Token::Iri | Token::Text if search.directive => return Some(End::Dot),
                Token::TripleOpen => search.triples += 1,
                Token::TripleClose => search.triples = search.triples.saturating_sub(1),
                Token::Word if matches!(text[0], b'"' | b'\'' | b'<') => search.unclosed = true,
                Token::Word if !search.begun => {
                    search.directive =
                        ["prefix", "base", "version"].iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()));
                }
                _ => {}
            }
            search.begun = true;
            search.too_deep |= search.triples > TRIPLE_DEPTH_MAX;
        }
        None
    }
}
