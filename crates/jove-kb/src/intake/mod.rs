//! From parsed sources to numbered rows, which spill to disk in sorted runs.

mod bits;
mod collect;
mod facts;
mod intern;
mod merge;
mod name_text;
mod reject;
mod rows;
mod sorter;
mod taken;
mod triple;

pub(crate) use self::bits::Bits;
pub(crate) use self::collect::Intake;
pub(crate) use self::facts::{FactRow, SortedFacts};
pub(crate) use self::reject::{Rejects, hex};
pub(crate) use self::rows::{Fields, Tag};
pub(crate) use self::sorter::SortedRecords;
pub(crate) use self::taken::{CellLang, Counts, Object, Provisional, Rows, Taken};
