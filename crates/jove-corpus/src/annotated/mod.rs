//! Annotated text as Parquet, readable by pandas, DuckDB and Spark.

mod columns;
mod mention_name;
mod reader;
mod schema;
mod writer;

pub use mention_name::MentionName;
pub use reader::AnnotatedReader;
pub(crate) use reader::{check_ranges, guarded};
pub(crate) use schema::failed;
pub use writer::AnnotatedWriter;

#[cfg(test)]
mod tests;
