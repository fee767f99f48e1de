//! Bringing an older knowledge base up to the present schema.

use std::path::Path;

use rusqlite::Connection;

use crate::error::{Error, Result};
use crate::schema::{APPLICATION_ID, MIGRATIONS, VERSION};

/// Brings a knowledge base to the present schema, in one transaction. The version it had.
///
/// # Errors
/// When the file is no knowledge base, was written by a newer version, or cannot be written.
pub fn migrate(path: &Path) -> Result<u32> {
    jove_files::open_file(path).map_err(Error::io(path))?;
    let mut connection = Connection::open(path).map_err(Error::database(path, "opening"))?;
    let pragma = |connection: &Connection, name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    if pragma(&connection, "application_id").ok() != Some(i64::from(APPLICATION_ID)) {
        return Err(Error::NotABase { path: path.to_owned(), found: "another file".into() });
    }
    let version = pragma(&connection, "user_version").map_err(Error::database(path, "reading the version"))?;
    let found = u32::try_from(version).unwrap_or(u32::MAX);
    if found > VERSION || found == 0 {
        return Err(Error::Version { path: path.to_owned(), expected: VERSION, found });
    }
    let mut steps = || -> rusqlite::Result<()> {
        let transaction = connection.transaction()?;
        for (_, statements) in MIGRATIONS.iter().filter(|(from, _)| *from >= found) {
            transaction.execute_batch(statements)?;
        }
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()
    };
    steps().map_err(Error::database(path, "migrating"))?;
    Ok(found)
}
