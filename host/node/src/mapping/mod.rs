//! Mapping: the fields of an index's documents, their types, and the columns that hold them.
//!
//! A document is JSON; its fields are the dotted paths to its scalars, objects and lists on the
//! way left out. Each field has one type for the whole index, given when the index is made or
//! afterwards, or else taken from the first documents that have it ([`dynamic`]). Every field is
//! both indexed and a column, since a UDF, a sort or a range may read any of them.
//!
//! The engine's schema is made of the mapping alone ([`schema`]), and grows only at its end, so
//! that segments written before a field was known stay readable. The price: the engine merges
//! segments only where all of them record the lengths of all analyzed texts. So every index has
//! some text fields in reserve, which cost a byte a document each, and a text that comes up later
//! takes one of those.
//!
//! Knows nothing of queries, files or HTTP.

mod definition;
mod document;
mod dynamic;
mod schema;

use std::collections::BTreeMap;

use tantivy::schema::{Field, Schema};

pub use definition::{MappingError, TypeConflict};
pub use document::DocumentError;
pub(crate) use document::{fields_of, readable_fields_of};
pub(crate) use schema::{ID, SEQ_NO, SOURCE, VERSION, tokenizers};

/// What a field's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldType {
    /// `true` or `false`.
    Boolean,
    /// Integers of 64 bits.
    Long,
    /// Floats of 64 bits.
    Double,
    /// Instants, in microseconds since 1970.
    Date,
    /// Texts that are found whole.
    Keyword,
    /// Texts that are found by their words.
    Text,
}

impl FieldType {
    /// The type's name in a mapping.
    pub fn name(self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Long => "long",
            Self::Double => "double",
            Self::Date => "date",
            Self::Keyword => "keyword",
            Self::Text => "text",
        }
    }
}

/// How a text is cut into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Analyzer {
    /// Letters and digits in lower case, up to 255 bytes a word.
    Standard,
    /// As `Standard`, then to the stems of English words.
    English,
    /// At white space alone.
    Whitespace,
}

/// What is done with a field that the mapping does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dynamic {
    /// It is added, with the type that its values show.
    Add,
    /// It stays in the source, and cannot be searched.
    Ignore,
    /// The document is refused.
    Refuse,
}

/// A field as it was defined.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Definition {
    path: String,
    field_type: FieldType,
    analyzer: Analyzer,
    /// Of a text: whether `path.keyword` finds it whole, up to so many characters.
    keyword: Option<Keyword>,
    /// Whether it is a text in reserve that was taken.
    reserved: bool,
}

/// A text found whole under its path with `.keyword`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Keyword {
    /// Longer texts are not found so. In characters.
    ignore_above: Option<usize>,
}

/// A field of an index: where its values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MappedField<'a> {
    pub(crate) field_type: FieldType,
    /// The engine's field: its words or values.
    pub(crate) field: Field,
    /// The engine's name of the column with its values.
    pub(crate) column: &'a str,
    pub(crate) analyzer: Analyzer,
}

/// The fields of an index. It never changes: what comes is in the mapping that follows it.
#[derive(Debug, Clone)]
pub struct Mapping {
    dynamic: Dynamic,
    /// In the order in which they were defined, which is the schema's.
    definitions: Vec<Definition>,
    schema: Schema,
    fields: BTreeMap<String, Located>,
    keywords: BTreeMap<String, Located>,
}

/// Where the schema has a field.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Located {
    definition: usize,
    field: Field,
    column: String,
}

impl Mapping {
    /// A mapping without fields, which come with the first documents.
    pub fn dynamic() -> Self {
        Self::new(Dynamic::Add, Vec::new())
    }

    fn new(dynamic: Dynamic, definitions: Vec<Definition>) -> Self {
        let schema::Built {
            schema,
            fields,
            keywords,
        } = schema::build(&definitions);
        Self {
            dynamic,
            definitions,
            schema,
            fields,
            keywords,
        }
    }

    /// What the engine is told.
    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The field at a path: a leaf, or a text's `.keyword`.
    pub(crate) fn field(&self, path: &str) -> Option<MappedField<'_>> {
        if let Some(located) = self.fields.get(path) {
            let definition = &self.definitions[located.definition];
            return Some(MappedField {
                field_type: definition.field_type,
                field: located.field,
                column: &located.column,
                analyzer: definition.analyzer,
            });
        }
        self.keywords.get(path).map(|located| MappedField {
            field_type: FieldType::Keyword,
            field: located.field,
            column: &located.column,
            analyzer: Analyzer::Standard,
        })
    }

    /// The paths of all fields, in their order as texts.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(String::as_str)
    }

    /// The fields' types by path.
    pub fn types(&self) -> impl Iterator<Item = (&str, FieldType)> {
        let type_of = |located: &Located| self.definitions[located.definition].field_type;
        let types = self.fields.iter();
        types.map(move |(path, located)| (path.as_str(), type_of(located)))
    }

    /// Whether documents may have a field at a path that no column has.
    pub(crate) fn hides(&self, path: &str) -> bool {
        self.dynamic == Dynamic::Ignore && self.field(path).is_none()
    }

    /// Whether fields lie below a path.
    pub(crate) fn is_object(&self, path: &str) -> bool {
        let below = format!("{path}.");
        let mut from = self.fields.range(below.clone()..);
        from.next()
            .is_some_and(|(path, _)| path.starts_with(&below))
    }
}
