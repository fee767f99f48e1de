//! From parsed sources to numbered rows, which spill to disk in sorted runs.

mod bits;
mod collect;
mod facts;
mod holders;
mod intern;
mod key_name;
mod merge;
mod name_text;
mod naming;
mod reject;
mod rows;
mod sorter;
mod taken;
mod triple;

pub(crate) use self::bits::Bits;
pub(crate) use self::collect::Intake;
pub(crate) use self::facts::{FactRow, SortedFacts};
pub(crate) use self::holders::{Holders, Owner};
pub(crate) use self::intern::Blanks;
pub(crate) use self::key_name::{bare, is_id, name_of};
pub(crate) use self::reject::{Rejects, hex};
pub(crate) use self::rows::{Fields, Row, Tag};
pub(crate) use self::sorter::SortedRecords;
pub(crate) use self::taken::{CellLang, Counts, Object, Provisional, Rows, Taken};
