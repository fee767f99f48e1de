//! Reading a knowledge base.

mod entities;
mod facts;
mod lang;
mod names;
mod predicates;
mod store;

pub(crate) use self::names::NameRecord;
pub use self::store::{Kb, SourceInfo};
