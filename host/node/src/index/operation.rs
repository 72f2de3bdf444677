//! Operations on documents, and what becomes of each.
//!
//! Knows nothing of how they are carried out.

use std::sync::Arc;

use super::terms::Terms;
use crate::mapping::{DocumentError, MappingError};
use crate::request::json::{Strict, reason};
use whittle_host::{ExactJson, Members};

/// The longest id, in bytes.
pub const ID_BYTES: usize = 512;

/// The longest source of a document, in bytes.
pub const SOURCE_BYTES: usize = 16 << 20;

/// What is to be done with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// It is written, over what has its id.
    Index {
        /// Its id; without one it gets a new one.
        id: Option<String>,
        /// A JSON object.
        source: Vec<u8>,
        /// The place that the document which has the id must have.
        if_seq_no: Option<Place>,
    },
    /// It is written, unless something has its id.
    Create {
        /// Its id; without one it gets a new one.
        id: Option<String>,
        /// A JSON object.
        source: Vec<u8>,
    },
    /// It gets other values for some of its fields; objects are merged, lists are replaced.
    Update {
        /// Its id.
        id: String,
        /// A JSON object with those fields.
        partial: Vec<u8>,
        /// The document that is written if nothing has the id.
        upsert: Option<Vec<u8>>,
        /// Whether an update that changes nothing is not written.
        detect_noop: bool,
        /// The place that the document must have.
        if_seq_no: Option<Place>,
    },
    /// It is deleted.
    Delete {
        /// Its id.
        id: String,
        /// The place that the document must have.
        if_seq_no: Option<Place>,
    },
}

/// The place of an operation in the order of all on the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// From 0.
    pub seq_no: u64,
    /// From 1. It rises after a crash, which may have lost operations that were not acknowledged, and
    /// whose sequence numbers are used again.
    pub primary_term: u64,
}

impl Place {
    /// Of an operation with a sequence number.
    pub(super) fn of(seq_no: u64, terms: &Terms) -> Self {
        Self {
            seq_no,
            primary_term: terms.of(seq_no),
        }
    }
}

/// An operation that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The document's id.
    pub id: String,
    /// How often the document was written, from 1. It goes on for a minute after the document was
    /// deleted, and begins again then.
    pub version: u64,
    /// The operation's place. Of a [`WriteResult::Noop`] that of the operation which wrote the document
    /// last.
    pub place: Place,
    /// What became of the document.
    pub result: WriteResult,
}

/// What became of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WriteResult {
    /// There was none with its id.
    Created,
    /// It replaced the one with its id.
    Updated,
    /// It is gone.
    Deleted,
    /// There was none to delete.
    NotFound,
    /// It is what it was.
    Noop,
}

/// Why an operation was not carried out. The others of its request are not touched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A document is to be created, and there is one.
    #[error(
        "the document `{id}` is there already, in version {version}: give it another id, or index it"
    )]
    Exists {
        /// The id.
        id: String,
        /// The version of the one that is there.
        version: u64,
    },
    /// The document has another place than it must have, or is not there.
    #[error(
        "the document `{id}` must have the sequence number {}, {}: read it again",
        asked.seq_no,
        but(*asked, *found)
    )]
    SeqNo {
        /// The id.
        id: String,
        /// What it must have.
        asked: Place,
        /// What it has.
        found: Option<Place>,
    },
    /// A document is to be updated, and there is none.
    #[error("there is no document `{id}` to update: index it")]
    Missing {
        /// The id.
        id: String,
    },
    /// An id that none can have.
    #[error("an id has 1 to {ID_BYTES} bytes, and `{start}` has {found}", start = start(id), found = id.len())]
    Id {
        /// The id.
        id: String,
    },
    /// The source is too large.
    #[error("a document has up to {SOURCE_BYTES} bytes, and this one has {found}: take it apart")]
    TooLarge {
        /// How large it is, in bytes.
        found: usize,
    },
    /// The source is not JSON, or says a key twice.
    #[error("the document is broken JSON: line {line}, column {column}: {reason}")]
    NotJson {
        /// From 1.
        line: usize,
        /// From 1, in bytes.
        column: usize,
        /// What the parser expected.
        reason: String,
    },
    /// The source is JSON, and no object.
    #[error("a document is an object, and this one is {found}")]
    NotAnObject {
        /// What it is.
        found: &'static str,
    },
    /// The document does not fit the mapping.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The mapping has no room for the document's fields.
    #[error(transparent)]
    Mapping(#[from] MappingError),
}

/// A document as it was written last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its id.
    pub id: String,
    /// That of the operation that wrote it.
    pub place: Place,
    /// How often it was written, from 1.
    pub version: u64,
    /// A JSON object, as it was given, or as updates left it.
    pub source: Arc<[u8]>,
}

/// Checks an id.
pub(super) fn check_id(id: &str) -> Result<(), WriteError> {
    if (1..=ID_BYTES).contains(&id.len()) {
        Ok(())
    } else {
        Err(WriteError::Id { id: id.to_owned() })
    }
}

/// Reads a source.
pub(super) fn parse(source: &[u8]) -> Result<Members, WriteError> {
    check_size(source)?;
    match ExactJson::parse(source) {
        Ok(ExactJson::Object(members)) => Ok(members),
        Ok(other) => Err(WriteError::NotAnObject {
            found: other.type_name(),
        }),
        Err(error) => {
            // Of a value inside of others, only this parser knows the line.
            let strict = serde_json::from_slice::<Strict>(source);
            let error = strict.map(drop).err().unwrap_or(error);
            Err(WriteError::NotJson {
                line: error.line(),
                column: error.column(),
                reason: reason(&error),
            })
        }
    }
}

pub(super) fn check_size(source: &[u8]) -> Result<(), WriteError> {
    if source.len() <= SOURCE_BYTES {
        Ok(())
    } else {
        Err(WriteError::TooLarge {
            found: source.len(),
        })
    }
}

/// Puts the members of one object over those of another, and those of objects in them alike.
pub(super) fn merge(document: &mut Members, partial: Members) {
    for (key, new) in partial {
        match (document.get_mut(&key), new) {
            (Some(ExactJson::Object(old)), ExactJson::Object(new)) => merge(old, new),
            (_, new) => drop(document.insert(key, new)),
        }
    }
}

/// What a document has instead of a place.
fn but(asked: Place, found: Option<Place>) -> String {
    match found {
        None => "but is not there".to_owned(),
        Some(found) if found.primary_term == asked.primary_term => {
            format!("but has {}", found.seq_no)
        }
        Some(found) => format!(
            "of the primary term {}, but has {} of {}",
            asked.primary_term, found.seq_no, found.primary_term
        ),
    }
}

/// As much of an id as is shown.
fn start(id: &str) -> String {
    const SHOWN_BYTES: usize = 40;
    let end = id.floor_char_boundary(SHOWN_BYTES);
    if end < id.len() {
        format!("{}...", &id[..end])
    } else {
        id.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(source: &[u8]) -> String {
        parse(source).expect_err("it is refused").to_string()
    }

    #[test]
    fn sources_that_are_no_documents_are_told() {
        insta::assert_snapshot!(refused(b""), @"the document is broken JSON: line 1, column 0: EOF while parsing a value");
        insta::assert_snapshot!(refused(b"{\"a\": 1,\n\"a\": 2}"), @"the document is broken JSON: line 2, column 3: duplicate key `a`");
        insta::assert_snapshot!(refused(b"{\"a\": 1} x"), @"the document is broken JSON: line 1, column 10: trailing characters");
        insta::assert_snapshot!(refused(b"{\"a\": \"\xff\"}"), @"the document is broken JSON: line 1, column 8: invalid unicode code point");
        insta::assert_snapshot!(refused(b"[]"), @"a document is an object, and this one is a list");
        insta::assert_snapshot!(refused(&vec![b' '; SOURCE_BYTES + 1]), @"a document has up to 16777216 bytes, and this one has 16777217: take it apart");
    }

    #[test]
    fn a_source_may_be_as_large_as_is_said() {
        let mut source = vec![b' '; SOURCE_BYTES];
        source[0] = b'{';
        source[SOURCE_BYTES - 1] = b'}';
        assert_eq!(parse(&source), Ok(Members::new()));
    }

    #[test]
    fn ids_are_bounded() {
        check_id("a").expect("short");
        check_id(&"a".repeat(ID_BYTES)).expect("long enough");
        let refused = |id: &str| check_id(id).expect_err("it is refused").to_string();
        insta::assert_snapshot!(refused(""), @"an id has 1 to 512 bytes, and `` has 0");
        insta::assert_snapshot!(refused(&"é".repeat(257)), @"an id has 1 to 512 bytes, and `éééééééééééééééééééé...` has 514");
    }

    #[test]
    fn objects_are_merged_and_lists_replaced() {
        let members = |text: &str| parse(text.as_bytes()).expect("an object");
        let before =
            r#"{"a": {"b": 1.10, "c": [1, 2]}, "d": {"e": 1}, "f": 12345678901234567890123}"#;
        let partial = r#"{"a": {"c": [3], "g": null}, "d": 2, "i": {}}"#;
        let mut document = members(before);
        merge(&mut document, members(partial));
        let after = ExactJson::Object(document);
        insta::assert_snapshot!(serde_json::to_string(&after).expect("JSON"), @r#"{"a":{"b":1.10,"c":[3],"g":null},"d":2,"f":12345678901234567890123,"i":{}}"#);
    }

    #[test]
    fn conflicts_are_told() {
        let id = || "a".to_owned();
        let place = |seq_no, primary_term| Place {
            seq_no,
            primary_term,
        };
        insta::assert_snapshot!(WriteError::Exists { id: id(), version: 3 }, @"the document `a` is there already, in version 3: give it another id, or index it");
        insta::assert_snapshot!(WriteError::SeqNo { id: id(), asked: place(3, 1), found: Some(place(4, 1)) }, @"the document `a` must have the sequence number 3, but has 4: read it again");
        insta::assert_snapshot!(WriteError::SeqNo { id: id(), asked: place(3, 1), found: Some(place(3, 2)) }, @"the document `a` must have the sequence number 3, of the primary term 1, but has 3 of 2: read it again");
        insta::assert_snapshot!(WriteError::SeqNo { id: id(), asked: place(3, 1), found: None }, @"the document `a` must have the sequence number 3, but is not there: read it again");
        insta::assert_snapshot!(WriteError::Missing { id: id() }, @"there is no document `a` to update: index it");
    }
}
