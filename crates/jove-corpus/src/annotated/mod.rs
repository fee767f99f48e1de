//! Annotated text as Parquet, readable by pandas, DuckDB and Spark.

mod columns;
mod reader;
mod schema;
mod writer;

pub use reader::AnnotatedReader;
pub use writer::AnnotatedWriter;

#[cfg(test)]
mod tests;
