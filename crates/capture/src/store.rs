//! Columns of numbers parsed from text: in memory while small, in an unlinked temporary file beyond that.

/// Finished columns that can be read by position.
#[derive(Debug)]
pub struct ColumnStore;

/// Collects columns row by row.
#[derive(Debug)]
pub struct ColumnWriter;
