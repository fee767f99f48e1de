//! Rows as fields with names, whatever the file's format.

use std::path::Path;

use jove_core::Problem;

use super::lines::for_each_line;
use super::record::{Layout, Record};
use super::table;
use crate::error::Error;

/// Reads all rows of a file: objects of JSON, one a line or in one array, or a table.
pub(crate) fn read(path: &Path, layout: &Layout<'_>) -> Result<Vec<Record>, Error> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_ascii_lowercase();
    match ending.as_str() {
        "json" | "jsonl" => json(path),
        "tsv" | "txt" => table::named(path, table::tsv(path)?, layout),
        "csv" => table::named(path, table::csv(path)?, layout),
        other => Err(Error::file(
            path,
            "a name that ends in .json, .jsonl, .tsv or .csv",
            format!("`.{other}`"),
            "rename the file by what it holds",
        )),
    }
}

fn json(path: &Path) -> Result<Vec<Record>, Error> {
    let mut records = Vec::new();
    for_each_line(path, |line, text| {
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        if line == 1 && text.starts_with('[') {
            return Err(Error::file(
                path,
                "one object of JSON a line",
                "an array",
                "jq -c '.[]' FILE writes its objects as lines",
            ));
        }
        let problem = |_| Problem::new(path, Some(line), "an object of JSON", text);
        let fields = serde_json::from_str(text).map_err(|error| Error::Rows { problem: problem(error), more: 0 })?;
        records.push(Record { line, fields });
        Ok(())
    })?;
    Ok(records)
}
