//! An open knowledge base.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use rusqlite::types::FromSql;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Params, Row};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::fact::PredicateInfo;
use crate::schema::{APPLICATION_ID, VERSION};

/// A knowledge base, opened for reading.
///
/// # Resource usage
/// Opening reads no rows and holds one SQLite connection with a page cache of a few MB; each method reads only what it
/// returns. Methods with an entity or a key take time logarithmic in the size of the file. `visit_*` methods hold one row
/// at a time; [`Kb::facts`], [`Kb::aliases`] and the like hold all rows: 12 bytes a fact, about 56 bytes plus the text an
/// alias. [`Kb::graph`] holds 8 bytes an edge and direction. Building ([`crate::build`]) keeps 16 bytes an entity in
/// memory and spills rows to disk; `docs/knowledge-base.md` has measurements.
pub struct Kb {
    path: PathBuf,
    connection: Connection,
    pub(super) predicates: OnceCell<Vec<PredicateInfo>>,
}

/// A source that a knowledge base was built from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct SourceInfo {
    /// Its name.
    pub name: String,
    /// Its format.
    pub format: String,
    /// The path it was read from.
    pub path: String,
    /// Its licence, as given at import.
    pub licence: String,
    /// Number of rows or lines.
    pub rows: u64,
    /// BLAKE3 of its files one after another, as stored on disk; empty where it is not known.
    pub hash: String,
}

impl Kb {
    /// Opens a knowledge base.
    ///
    /// # Errors
    /// When the file is missing, is not a knowledge base, or has another version.
    pub fn open(path: &Path) -> Result<Self> {
        jove_files::open_file(path).map_err(Error::io(path))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(Error::database(path, "opening"))?;
        let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let application = pragma("application_id")
            .map_err(|_| Error::NotABase { path: path.to_owned(), found: "a file that is no database".into() })?;
        if application != i64::from(APPLICATION_ID) {
            return Err(Error::NotABase { path: path.to_owned(), found: "another program's database".into() });
        }
        let version = pragma("user_version").map_err(Error::database(path, "reading the version"))?;
        if version != i64::from(VERSION) {
            let found = u32::try_from(version).unwrap_or(u32::MAX);
            return Err(Error::Version { path: path.to_owned(), expected: VERSION, found });
        }
        Ok(Self { path: path.to_owned(), connection, predicates: OnceCell::new() })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn wrap(&self, doing: &'static str) -> impl FnOnce(rusqlite::Error) -> Error + '_ {
        Error::database(&self.path, doing)
    }

    /// Runs a query and gives every row to `visit`.
    pub(crate) fn each(
        &self,
        doing: &'static str,
        sql: &str,
        params: impl Params,
        mut visit: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
    ) -> Result<()> {
        let run = || -> rusqlite::Result<()> {
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query(params)?;
            while let Some(row) = rows.next()? {
                visit(row)?;
            }
            Ok(())
        };
        run().map_err(self.wrap(doing))
    }

    /// Runs a query that gives one row or none, and returns its first column.
    pub(super) fn one<T: FromSql>(&self, doing: &'static str, sql: &str, params: impl Params) -> Result<Option<T>> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(params, |row| row.get(0)).optional())
            .map_err(self.wrap(doing))
    }

    fn meta(&self, key: &'static str) -> Result<u64> {
        self.connection
            .query_row("SELECT value FROM meta WHERE key = ?", [key], |row| row.get::<_, i64>(0))
            .map(|count| count.max(0) as u64)
            .map_err(self.wrap("reading counts"))
    }

    /// Number of entities; ids run from 0 to one less.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
    pub fn entity_count(&self) -> Result<u64> {
        self.meta("entities")
    }

    /// Number of different facts.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
    pub fn fact_count(&self) -> Result<u64> {
        self.meta("facts")
    }

    /// Number of literals.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
    pub fn literal_count(&self) -> Result<u64> {
        self.meta("literals")
    }

    /// The sources it was built from, in order.
    ///
    /// # Errors
    /// When the knowledge base cannot be read.
    pub fn sources(&self) -> Result<Vec<SourceInfo>> {
        let mut sources = Vec::new();
        let sql = "SELECT name, format, path, licence, rows, hash FROM source ORDER BY id";
        self.each("reading sources", sql, [], |row| {
            sources.push(SourceInfo {
                name: row.get(0)?,
                format: row.get(1)?,
                path: row.get(2)?,
                licence: row.get(3)?,
                rows: row.get::<_, i64>(4)? as u64,
                hash: row.get(5)?,
            });
            Ok(())
        })?;
        Ok(sources)
    }
}
