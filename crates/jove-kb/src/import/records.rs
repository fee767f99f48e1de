//! Records of delimited text, whose quoted cells may hold line ends (RFC 4180).

use std::collections::VecDeque;
use std::path::Path;

use super::input::Lines;
use crate::error::Result;
use crate::intake::Intake;

/// The most lines of one record. A quote that is never closed costs no more than its own line, whatever follows.
const LINES_MAX: usize = 1000;
/// The most bytes of a record of several lines.
const BYTES_MAX: usize = 1 << 20;

/// A file being read record by record.
pub(crate) struct Records {
    lines: Lines,
    /// Lines that were read ahead in vain.
    ahead: VecDeque<(u64, String)>,
    record: String,
    delimiter: u8,
    cells_max: usize,
}

/// Where a record stands at the end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// It is whole.
    Closed,
    /// A quoted cell goes on in the next line.
    Open,
    /// Something follows a closing quote.
    Malformed,
}

/// Follows the quotes of a record over its lines.
#[derive(Clone, Copy)]
struct Quotes {
    at: At,
    cell: usize,
    delimiter: u8,
    /// From this cell on, counted from 0, quotes mean nothing.
    cells_max: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// The beginning of a cell.
    Start,
    Plain,
    Quoted,
    /// Behind a quote in a quoted cell: its end, or the first half of a quote.
    Quote,
}

impl Records {
    /// Opens a file; quotes matter in the first `cells_max` cells of a record.
    pub(crate) fn open(path: &Path, delimiter: u8, cells_max: usize, intake: &Intake<'_>) -> Result<Self> {
        let lines = Lines::open(path, intake)?;
        Ok(Self { lines, ahead: VecDeque::new(), record: String::new(), delimiter, cells_max })
    }

    /// The next record with the number of its first line; the lines of its cells are parted by `\n`.
    pub(crate) fn next(&mut self, intake: &mut Intake<'_>) -> Result<Option<(u64, &str)>> {
        let Some(first) = self.line(intake)? else { return Ok(None) };
        let mut quotes = Quotes { at: At::Start, cell: 0, delimiter: self.delimiter, cells_max: self.cells_max };
        if quotes.line(&self.record) == End::Open {
            self.join(quotes, intake)?;
        }
        Ok(Some((first, &self.record)))
    }

    /// Adds the following lines up to the one that closes the record; where none does, the record stays one line.
    fn join(&mut self, mut quotes: Quotes, intake: &mut Intake<'_>) -> Result<()> {
        let first = std::mem::take(&mut self.record);
        let mut joined = first.clone();
        let mut added = VecDeque::new();
        let mut end = End::Open;
        while end == End::Open && added.len() + 1 < LINES_MAX && joined.len() < BYTES_MAX {
            let Some(number) = self.line(intake)? else { break };
            end = quotes.line(&self.record);
            joined.push('\n');
            joined.push_str(&self.record);
            added.push_back((number, std::mem::take(&mut self.record)));
        }
        if end == End::Closed {
            intake.counts.rows -= added.len() as u64;
            self.record = joined;
        } else {
            added.append(&mut self.ahead);
            self.ahead = added;
            self.record = first;
        }
        Ok(())
    }

    /// Puts the next line into `record`; its number.
    fn line(&mut self, intake: &mut Intake<'_>) -> Result<Option<u64>> {
        if let Some((number, line)) = self.ahead.pop_front() {
            self.record = line;
            return Ok(Some(number));
        }
        let Some((number, line)) = self.lines.next_text(intake)? else { return Ok(None) };
        self.record.clear();
        self.record.push_str(line);
        Ok(Some(number))
    }
}

impl Quotes {
    fn line(&mut self, line: &str) -> End {
        if self.at == At::Start && !line.contains('"') {
            return End::Closed;
        }
        for byte in line.bytes() {
            self.at = match (self.at, byte) {
                (At::Start, b'"') if self.cell < self.cells_max => At::Quoted,
                (At::Quoted, b'"') => At::Quote,
                (At::Quoted, _) | (At::Quote, b'"') => At::Quoted,
                (_, byte) if byte == self.delimiter => {
                    self.cell += 1;
                    At::Start
                }
                (At::Quote, _) => return End::Malformed,
                (At::Start | At::Plain, _) => At::Plain,
            };
        }
        if self.at == At::Quoted { End::Open } else { End::Closed }
    }
}

/// Parts a record with quoted cells; `false` when a quote is left open or something follows a closing one.
pub(crate) fn split_quoted(record: &str, delimiter: char, cells: &mut Vec<String>) -> bool {
    let mut rest = record;
    loop {
        let mut cell = String::new();
        if let Some(inside) = rest.strip_prefix('"') {
            let Some(after) = unquote(inside, &mut cell) else { return false };
            rest = after;
        } else {
            let end = rest.find(delimiter).unwrap_or(rest.len());
            cell.push_str(&rest[..end]);
            rest = &rest[end..];
        }
        cells.push(cell);
        match rest.strip_prefix(delimiter) {
            Some(after) => rest = after,
            None => return rest.is_empty(),
        }
    }
}

/// Reads a quoted cell behind its opening quote into `cell`; what follows the closing one.
pub(crate) fn unquote<'a>(inside: &'a str, cell: &mut String) -> Option<&'a str> {
    let mut rest = inside;
    loop {
        let (text, after) = rest.split_once('"')?;
        cell.push_str(text);
        match after.strip_prefix('"') {
            Some(after) => {
                cell.push('"');
                rest = after;
            }
            None => return Some(after),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_followed_over_lines() {
        let check = |lines: &[&str], cells_max: usize, expected: End| {
            let mut quotes = Quotes { at: At::Start, cell: 0, delimiter: b',', cells_max };
            let ends: Vec<End> = lines.iter().map(|line| quotes.line(line)).collect();
            assert_eq!(ends.last(), Some(&expected), "{lines:?}");
            assert!(ends[..ends.len() - 1].iter().all(|end| *end == End::Open), "{lines:?}: {ends:?}");
        };
        check(&[""], 3, End::Closed);
        check(&["甲,乙,丙"], 3, End::Closed);
        check(&["a,\"b,c\",d"], 9, End::Closed);
        check(&["a,\"b", "", "c\"\"d", "\",e"], 9, End::Closed);
        check(&["a,\"b\"\"", "c\""], 9, End::Closed);
        check(&["a,\"🙂"], 9, End::Open);
        check(&["a,\"b\"c"], 9, End::Malformed);
        check(&["a,\"b", "c\" d"], 9, End::Malformed);
        check(&["他说\"好\",b,c"], 9, End::Closed);
        check(&["a,b,c,\"d"], 3, End::Closed);
        check(&["a,b,\"c", "d\",\"e"], 3, End::Closed);
    }

    #[test]
    fn cells_are_parted_at_commas_outside_quotes() {
        let check = |record: &str, expected: Option<&[&str]>| {
            let mut cells = Vec::new();
            let whole = split_quoted(record, ',', &mut cells);
            assert_eq!(
                whole.then_some(cells),
                expected.map(|cells| cells.iter().map(|c| (*c).to_owned()).collect()),
                "{record}"
            );
        };
        check("", Some(&[""]));
        check("a,,\"b,\"\"c\"\"\nd\",שלום", Some(&["a", "", "b,\"c\"\nd", "שלום"]));
        check("a\"b,c", Some(&["a\"b", "c"]));
        check("\"a", None);
        check("\"a\"b", None);
    }
}
