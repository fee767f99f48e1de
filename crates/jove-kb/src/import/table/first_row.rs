//! Whether the first row of a table looks like a header that nobody declared.

use super::plan::{OBJECT, PREDICATE, SLOTS, SUBJECT, shown};
use crate::intake::Intake;

/// Rows of a table before its first row may look odd.
const ROWS_MIN: u64 = 5;

/// The first row, and whether anything in it occurs again.
#[derive(Default)]
pub(super) struct FirstRow {
    watching: bool,
    cells: Option<[String; 3]>,
    /// The relation of the second row, and whether it occurs again: the table repeats its relations.
    second: Option<String>,
    repeats: bool,
    rows: u64,
}

impl FirstRow {
    /// Begins to watch, where the first row may be a header.
    pub(super) fn watch(&mut self, may_be_header: bool) {
        self.watching = may_be_header;
    }

    /// Sees a good row.
    pub(super) fn see(&mut self, cells: &[&str; SLOTS]) {
        if !self.watching {
            return;
        }
        self.rows += 1;
        let row = [cells[SUBJECT], cells[PREDICATE], cells[OBJECT]];
        let Some(first) = &self.cells else {
            self.cells = Some(row.map(str::to_owned));
            return;
        };
        let again = first[1] == row[1] || [row[0], row[2]].iter().any(|cell| first[0] == *cell || first[2] == *cell);
        self.watching = !again;
        match &self.second {
            None => self.second = Some(row[1].to_owned()),
            Some(second) => self.repeats |= second == row[1],
        }
    }

    /// Tells of a first row that is alone with all its words.
    pub(super) fn finish(&self, intake: &mut Intake<'_>) {
        let Some(cells) = self.cells.as_ref().filter(|_| self.watching && self.repeats && self.rows >= ROWS_MIN) else {
            return;
        };
        intake.counts.notes.push(format!(
            "its first row ({}) looks like names of columns and was taken as a fact; with `header = true` it is left out",
            shown(cells)
        ));
    }
}
