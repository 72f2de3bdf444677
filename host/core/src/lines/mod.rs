//! Lines of source: where in the author's files a guest was when it was stopped.
//!
//! `whittle build` keeps a table of code offsets and lines in a custom section of the guest's core
//! module, in the place of debug information, which is a hundred times as large. The table is read
//! only when a guest was stopped. Its bytes are the guest's and not trusted: damaged bytes give no
//! line or a wrong one, and nothing else. This module knows nothing of compilers and their formats.

mod read;
mod trace;
mod write;

use std::fmt;

pub(crate) use self::read::Lines;
pub(crate) use self::trace::{MAX_FRAMES, trace};
pub use self::write::LineTable;

/// The name of the custom section.
pub(crate) const SECTION: &str = "whittle:lines";

/// The maximum size of the section in bytes. A larger one is ignored.
pub(crate) const SECTION_BYTES: usize = 256 << 10;

/// The first byte of the section's contents: the version of its format.
///
/// After it there are a list of strings, a list of scopes (a file and a function, as indices of
/// strings), and rows up to the end. A row is a code offset as the difference to that of the row
/// before, a scope, counted from 1, or 0 for code that is not the author's, and if it is, a line as
/// the difference to that of the author's row before, with its sign in the last bit. All numbers are
/// LEB128. A row is about the code from its offset to that of the next row. Offsets count from
/// the start of the code section's contents.
const VERSION: u8 = 1;

/// A line of a UDF's source.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceLine {
    /// The file, relative to the project; empty if only the function is known.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The function; empty if it is not known.
    pub function: String,
    /// Whether the function was running several times at once, because it calls itself.
    pub recursive: bool,
}

impl SourceLine {
    /// Whether a text names this line.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        !self.file.is_empty() && text.contains(&format!("{}:{}", self.file, self.line))
    }
}

/// The place as in "at udf.c:12 in `score`".
impl fmt::Display for SourceLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            function,
            recursive: _,
        } = self;
        match (file.as_str(), function.as_str()) {
            ("", function) => write!(formatter, "in `{function}`"),
            (file, "") => write!(formatter, "at {file}:{line}"),
            (file, function) => write!(formatter, "at {file}:{line} in `{function}`"),
        }
    }
}
