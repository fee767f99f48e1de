//! The knowledge base: SQLite store, importers, graph view, lint, verbaliser.
