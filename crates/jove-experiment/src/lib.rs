//! Run files, cached stages, the comparison table and the report.
