//! Documents as tantivy gets them.

use tantivy::TantivyDocument;
use tantivy::schema::{Field, OwnedValue};

use super::operation::parse;
use super::pending::Entry;
use crate::mapping::{self, Mapping};
use whittle_host::Members;

/// The fields that every document has.
pub(super) struct SystemFields {
    pub(super) id: Field,
    seq_no: Field,
    version: Field,
    source: Field,
}

impl SystemFields {
    /// # Errors
    ///
    /// Where the schema lacks one.
    pub(super) fn of(mapping: &Mapping) -> tantivy::Result<Self> {
        let field = |name| mapping.schema().get_field(name);
        Ok(Self {
            id: field(mapping::ID)?,
            seq_no: field(mapping::SEQ_NO)?,
            version: field(mapping::VERSION)?,
            source: field(mapping::SOURCE)?,
        })
    }

    /// A document with its numbers, its source and its values.
    pub(super) fn document(&self, id: &str, entry: &Entry, source: &[u8]) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        document.add_text(self.id, id);
        document.add_u64(self.seq_no, entry.seq_no);
        document.add_u64(self.version, entry.version);
        document.add_bytes(self.source, source);
        for (field, value) in values(&entry.mapping, source) {
            document.add_field_value(field, &value);
        }
        document
    }
}

/// A document's values. It was accepted, so that all of them fit, unless it comes out of a log
/// that an older version wrote, or from before the mapping was changed: then what does not fit is
/// left out, since a document is not lost for a field.
fn values(mapping: &Mapping, source: &[u8]) -> Vec<(Field, OwnedValue)> {
    let Ok(document) = parse(source) else {
        return Vec::new();
    };
    if let Ok(values) = mapping::fields_of(mapping, &document) {
        return values;
    }
    let alone = |(key, value)| mapping::fields_of(mapping, &Members::from_iter([(key, value)]));
    let fitting = document.into_iter().map(alone).filter_map(Result::ok);
    fitting.flatten().collect()
}
