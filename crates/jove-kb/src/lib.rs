//! The knowledge base: any graph in, one SQLite file out.
//!
//! [`build`] streams sources of many formats into a base; [`Kb`] reads it; [`Graph`] is its compact graph view;
//! [`verbalize`] turns facts into sentences. Only this crate knows the database.

mod building;
mod error;
mod export;
mod fact;
mod graph;
mod import;
mod intake;
mod kb;
mod lint;
mod migrate;
mod options;
mod roles;
mod schema;
mod search;
mod search_text;
mod stats;
mod verbalize;
mod view;

pub use building::{BuildReport, SourceReport, build};
pub use error::{Error, Result};
pub use export::{ExportFormat, export, export_to};
pub use fact::{Fact, Literal, PredicateId, PredicateInfo};
pub use graph::{Graph, Kinds};
pub use kb::{Kb, SourceInfo};
pub use lint::{Finding, Level, LintOptions, lint};
pub use migrate::migrate;
pub use options::{BuildOptions, Columns, Format, Selection, Source};
pub use roles::{Role, Roles};
pub use schema::VERSION as SCHEMA_VERSION;
pub use search::Hit;
pub use stats::Stats;
pub use verbalize::{Patterns, Relation, Sentence, VerbalizeOptions, Verbalized, verbalize};
pub use view::{ViewOptions, view};
