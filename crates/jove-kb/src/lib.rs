//! The knowledge base: graphs of many formats in, one SQLite file out.
//!
//! [`build`] streams sources into a knowledge base; [`Kb`] reads it; [`Graph`] is its compact graph view; [`lint`] checks
//! it; [`export`] writes it as text again; [`verbalize`] turns facts into sentences. Only this crate uses the database.
//!
//! ```
//! use jove_core::Silent;
//! use jove_kb::{BuildOptions, Format, Kb, Source, build};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let rows = folder.path().join("facts.tsv");
//! std::fs::write(&rows, "Paris\tcapital of\tFrance\nParis\talias\tCity of Light\n")?;
//!
//! let out = folder.path().join("kb.sqlite");
//! let report = build(&BuildOptions::new(&out, vec![Source::new(Format::Tsv, &rows)]), &Silent)?;
//! assert_eq!((report.entities, report.facts, report.bad), (2, 1, 0));
//!
//! let kb = Kb::open(&out)?;
//! let paris = kb.entity_id("Paris")?.expect("every subject is an entity");
//! let fact = kb.facts_of(paris, 10)?[0];
//! assert_eq!(kb.predicate_name(fact.predicate)?, Some("capital of"));
//! assert_eq!(kb.key(fact.object)?, "France");
//! assert_eq!(kb.graph()?.neighbors(paris), [fact.object]);
//! # Ok(())
//! # }
//! ```

mod building;
mod columns;
mod error;
mod export;
mod fact;
mod find;
mod format;
mod graph;
mod guess;
mod import;
mod intake;
mod kb;
mod keys;
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
pub use columns::{Column, Columns};
pub use error::{Error, Result, Seems};
pub use export::{ExportFormat, export, export_to};
pub use fact::{Fact, Literal, PredicateId, PredicateInfo};
pub use format::Format;
pub use graph::{Graph, Kinds};
pub use guess::{Guess, Relation as GuessedRelation, Sample, guess};
pub use kb::{Kb, SourceInfo};
pub use keys::Keys;
pub use lint::{Finding, Level, LintOptions, lint};
pub use migrate::migrate;
pub use options::{BuildOptions, Selection, Source};
pub use schema::VERSION as SCHEMA_VERSION;
pub use search::Hit;
pub use stats::Stats;
pub use verbalize::{
    Patterns, Relation, Sentence, Skipped, VerbalizeOptions, Verbalized, verbalize, verbalize_shuffled,
};
pub use view::{ViewOptions, view};
