//! Paths into a request, as errors name them: `query.bool.must[2].term`.
//!
//! A path is a chain of borrowed links, so that a walk over a request costs nothing; it becomes a
//! string only when there is an error.

use std::fmt;

use super::object::cut_to;

/// Where in a request something is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Path<'a> {
    /// A path that is a string already; empty for the whole request.
    Root(&'a str),
    /// A member of an object.
    Key(&'a Path<'a>, &'a str),
    /// An item of a list, from 0.
    Item(&'a Path<'a>, usize),
}

impl<'a> Path<'a> {
    /// The path of a member.
    pub(crate) fn key(&'a self, key: &'a str) -> Self {
        Self::Key(self, key)
    }

    /// The path of an item.
    pub(crate) fn item(&'a self, number: usize) -> Self {
        Self::Item(self, number)
    }
}

impl<'a> From<&'a str> for Path<'a> {
    fn from(path: &'a str) -> Self {
        Self::Root(path)
    }
}

impl<'a> From<&'a String> for Path<'a> {
    fn from(path: &'a String) -> Self {
        Self::Root(path)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(path) => formatter.write_str(path),
            Self::Key(Path::Root(""), key) => formatter.write_str(&shown(key)),
            Self::Key(parent, key) => write!(formatter, "{parent}.{}", shown(key)),
            Self::Item(parent, number) => write!(formatter, "{parent}[{number}]"),
        }
    }
}

/// A key on one line, or the beginning of one that is longer than most fields' paths.
fn shown(key: &str) -> String {
    cut_to(key, 200)
}

#[cfg(test)]
mod tests {
    use whittle_host::one_line;

    use super::*;

    #[test]
    fn a_path_reads_from_its_root() {
        let root = Path::from("");
        let (query, other) = (root.key("query"), Path::from("query.bool"));
        let (list, line) = (other.key("must"), other.key("a\nb"));
        assert_eq!(query.to_string(), "query");
        assert_eq!(
            list.item(2).key("term").to_string(),
            "query.bool.must[2].term"
        );
        assert_eq!(line.to_string(), format!("query.bool.{}", one_line("a\nb")));
        let long = "é".repeat(1_000_000);
        let shown = other.key(&long).to_string();
        assert_eq!(shown, format!("query.bool.{}...", "é".repeat(100)));
    }
}
