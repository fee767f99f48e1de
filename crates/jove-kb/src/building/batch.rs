//! Inserting many rows with one statement: setting a statement up costs more than the row it adds.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement, ToSql};

/// Rows of one statement.
const ROWS: usize = 64;

/// Statements `INTO table VALUES` for rows of one shape.
///
/// A failing row ends the build, and its file is thrown away: `OR FAIL` and `OR IGNORE` spare SQLite the journal with
/// which it would take back the rows before.
pub(crate) struct Batch<'a, R> {
    connection: &'a Connection,
    into: &'static str,
    columns: usize,
    bind: fn(&R, &mut Binder<'_, 'a>) -> rusqlite::Result<()>,
    full: Statement<'a>,
    /// Rows that wait, and behind them the room of rows that went.
    rows: Vec<R>,
    waiting: usize,
}

impl<'a, R: Default> Batch<'a, R> {
    /// `into` is a statement's beginning up to the table's name.
    pub(crate) fn new(
        connection: &'a Connection,
        into: &'static str,
        columns: usize,
        bind: fn(&R, &mut Binder<'_, 'a>) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<Self> {
        let full = connection.prepare(&sql(into, columns, ROWS))?;
        Ok(Self { connection, into, columns, bind, full, rows: Vec::with_capacity(ROWS), waiting: 0 })
    }

    /// Adds a row, which `fill` writes over an older one; how many rows were inserted now.
    pub(crate) fn push(&mut self, fill: impl FnOnce(&mut R)) -> rusqlite::Result<usize> {
        if self.waiting == self.rows.len() {
            self.rows.push(R::default());
        }
        fill(&mut self.rows[self.waiting]);
        self.waiting += 1;
        if self.waiting == ROWS { self.flush() } else { Ok(0) }
    }

    /// Inserts what waits; how many rows were inserted.
    pub(crate) fn flush(&mut self) -> rusqlite::Result<usize> {
        let mut few;
        let statement = match self.waiting {
            0 => return Ok(0),
            ROWS => &mut self.full,
            count => {
                few = self.connection.prepare(&sql(self.into, self.columns, count))?;
                &mut few
            }
        };
        let mut binder = Binder { statement, at: 0 };
        for row in &self.rows[..self.waiting] {
            (self.bind)(row, &mut binder)?;
        }
        self.waiting = 0;
        statement.raw_execute()
    }
}

/// Made of table names and counts that stand in this program alone.
fn sql(into: &str, columns: usize, rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(","));
    format!("{into} VALUES{}", vec![row; rows].join(","))
}

/// Binds one value after another.
pub(crate) struct Binder<'s, 'a> {
    statement: &'s mut Statement<'a>,
    at: usize,
}

impl Binder<'_, '_> {
    /// Binds the next value.
    pub(crate) fn bind(&mut self, value: impl ToSql) -> rusqlite::Result<()> {
        self.at += 1;
        self.statement.raw_bind_parameter(self.at, value)
    }

    /// Binds bytes that are known to be text.
    pub(crate) fn text(&mut self, bytes: &[u8]) -> rusqlite::Result<()> {
        self.bind(ToSqlOutput::Borrowed(ValueRef::Text(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_arrives_once_and_in_order() {
        for count in [0, 1, ROWS - 1, ROWS, ROWS + 1, 3 * ROWS] {
            let connection = Connection::open_in_memory().unwrap();
            connection.execute_batch("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT)").unwrap();
            let mut batch = Batch::new(&connection, "INSERT OR IGNORE INTO t", 2, |row: &(i64, String), binder| {
                binder.bind(row.0)?;
                binder.bind(&row.1)
            })
            .unwrap();
            let mut inserted = 0;
            for n in 0..count {
                inserted += batch.push(|row| *row = (n as i64, format!("中{n}🙂"))).unwrap();
            }
            inserted +=
                batch.push(|row| *row = (0, "again".into())).unwrap() + batch.flush().unwrap() + batch.flush().unwrap();
            assert_eq!(inserted, count.max(1));
            let last = count.max(1) - 1;
            let found: String = connection.query_row("SELECT b FROM t ORDER BY a DESC", [], |row| row.get(0)).unwrap();
            assert_eq!(found, if count == 0 { "again".into() } else { format!("中{last}🙂") });
        }
    }
}
