//! Tables of a knowledge base and their version.

use jove_files::Kind;

/// The schema version this program writes, kept in `PRAGMA user_version`.
pub const VERSION: u32 = 2;

/// Marks a SQLite file as a knowledge base: `PRAGMA application_id`.
pub(crate) const APPLICATION_ID: i32 = 0x6a6f_6b62;

/// A knowledge base, told by SQLite's header: its name, and the application's id at byte 68.
pub(crate) const BASE: Kind = Kind::new("a knowledge base", |head| {
    head.starts_with(b"SQLite format 3\0") && head.get(68..72) == Some(&APPLICATION_ID.to_be_bytes())
});

/// Roles in table `name`.
pub(crate) const LABEL: u8 = 1;
/// See [`LABEL`].
pub(crate) const ALIAS: u8 = 2;
/// While a base is built: a label where its language has none, else an alias.
pub(crate) const WEAK: u8 = 3;
/// While a base is built: a name made of the entity's key, which is its label where no source states one, else an alias.
pub(crate) const DERIVED: u8 = 4;
/// While a base is built: a name made of a key that was merged into another entity.
pub(crate) const MERGED: u8 = 5;

/// Tables, in the order in which they are filled. Rows arrive sorted by primary key.
pub(crate) const TABLES: &str = "
CREATE TABLE meta(key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE source(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, format TEXT NOT NULL, path TEXT NOT NULL,
    licence TEXT NOT NULL, rows INTEGER NOT NULL, hash TEXT NOT NULL DEFAULT '');
CREATE TABLE entity(id INTEGER PRIMARY KEY, key TEXT NOT NULL, popularity REAL NOT NULL);
CREATE TABLE entity_key(key TEXT NOT NULL, source INTEGER NOT NULL, entity INTEGER NOT NULL, own INTEGER NOT NULL,
    PRIMARY KEY(key, source)) WITHOUT ROWID;
CREATE TABLE same_as(a TEXT NOT NULL, b TEXT NOT NULL, source INTEGER NOT NULL,
    PRIMARY KEY(a, b, source)) WITHOUT ROWID;
CREATE TABLE popularity(entity INTEGER NOT NULL, source INTEGER NOT NULL, value REAL NOT NULL,
    PRIMARY KEY(entity, source)) WITHOUT ROWID;
CREATE TABLE name(entity INTEGER NOT NULL, role INTEGER NOT NULL, lang TEXT NOT NULL, text TEXT NOT NULL,
    source INTEGER NOT NULL, prior REAL NOT NULL, PRIMARY KEY(entity, role, lang, text, source)) WITHOUT ROWID;
CREATE TABLE description(entity INTEGER NOT NULL, lang TEXT NOT NULL, text TEXT NOT NULL, source INTEGER NOT NULL,
    PRIMARY KEY(entity, lang, text, source)) WITHOUT ROWID;
CREATE TABLE type(id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE entity_type(entity INTEGER NOT NULL, type INTEGER NOT NULL, source INTEGER NOT NULL,
    PRIMARY KEY(entity, type, source)) WITHOUT ROWID;
CREATE TABLE predicate(id INTEGER PRIMARY KEY, key TEXT NOT NULL);
CREATE TABLE predicate_label(predicate INTEGER NOT NULL, lang TEXT NOT NULL, text TEXT NOT NULL,
    source INTEGER NOT NULL, PRIMARY KEY(predicate, lang, text, source)) WITHOUT ROWID;
CREATE TABLE predicate_inverse(predicate INTEGER NOT NULL, inverse INTEGER NOT NULL, source INTEGER NOT NULL,
    PRIMARY KEY(predicate, inverse, source)) WITHOUT ROWID;
CREATE TABLE fact(subject INTEGER NOT NULL, predicate INTEGER NOT NULL, object INTEGER NOT NULL,
    source INTEGER NOT NULL, PRIMARY KEY(subject, predicate, object, source)) WITHOUT ROWID;
CREATE TABLE literal(subject INTEGER NOT NULL, predicate INTEGER NOT NULL, value TEXT NOT NULL, lang TEXT NOT NULL,
    datatype TEXT NOT NULL, source INTEGER NOT NULL,
    PRIMARY KEY(subject, predicate, value, lang, datatype, source)) WITHOUT ROWID;
";

/// Indexes, made after the rows are in.
pub(crate) const INDEXES: &str = "
CREATE INDEX fact_by_object ON fact(object, subject);
CREATE INDEX merged_key ON entity_key(entity) WHERE own = 0;
CREATE INDEX entity_by_type ON entity_type(type);
CREATE INDEX type_by_name ON type(name);
CREATE INDEX predicate_by_key ON predicate(key);
";

/// Finds entities by a whole name. Left out where all names are the keys of their entities, as in tables of triples.
pub(crate) const NAME_INDEX: &str = "CREATE INDEX name_by_text ON name(text)";

/// The full-text index over names; row ids are entity ids, text is as `search_text::spaced` makes it.
pub(crate) const SEARCH: &str = "
CREATE VIRTUAL TABLE search USING fts5(names, content='', columnsize=0, tokenize='unicode61 remove_diacritics 2');
";

/// While the full-text index is filled: one merge of large pieces at the end is quicker than many on the way.
pub(crate) const SEARCH_FILLING: &str = "
INSERT INTO search(search, rank) VALUES('automerge', 0);
INSERT INTO search(search, rank) VALUES('crisismerge', 1999);
INSERT INTO search(search, rank) VALUES('hashsize', 8388608);
";

/// What brings a knowledge base from one version to the next: the version it starts from, and the statements.
pub(crate) const MIGRATIONS: &[(u32, &str)] =
    // Version 2 remembers what each source's files held.
    &[(1, "ALTER TABLE source ADD COLUMN hash TEXT NOT NULL DEFAULT ''")];
