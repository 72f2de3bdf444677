//! tantivy's schema of a mapping.
//!
//! | what | tantivy's name | holds |
//! |---|---|---|
//! | id | `_id` | the id, found whole, stored, and its column |
//! | sequence number | `_seq_no` | column: the order in which documents were written |
//! | version | `_version` | column: how often the id was written |
//! | source | `_source` | the document, stored |
//! | long texts | `_long` | column: which of a document's columns have but the beginning of a text |
//! | each field and sub-field | `f0`, `f1`, ... | in the order in which they came |
//! | each text | its name and `c` | column: the text as it is |
//!
//! tantivy's names are not the paths, since keys of documents may be any text. The schema grows at
//! its end alone, since segments are read by the numbers of fields.
//!
//! A text that is a sub-field of a text has the other's column.

use std::collections::BTreeMap;

use tantivy::schema::{
    FAST, Field, IndexRecordOption, NumericOptions, STORED, STRING, Schema, SchemaBuilder,
    TextFieldIndexing, TextOptions,
};

use super::field_type::{FieldType, ValueType};
use super::parameters::Definition;

/// tantivy's names of what is no field of a document.
pub(crate) const ID: &str = "_id";
pub(crate) const SEQ_NO: &str = "_seq_no";
pub(crate) const VERSION: &str = "_version";
pub(crate) const SOURCE: &str = "_source";
pub(crate) const LONG_TEXTS: &str = "_long";

/// Where the schema has a field.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mapped {
    pub(super) path: String,
    pub(super) definition: Definition,
    /// Its words or values.
    pub(super) field: Field,
    pub(super) column: String,
    /// Of a text, what its column is written by, unless another has it.
    pub(super) column_field: Option<Field>,
    pub(super) sub_fields: Vec<Mapped>,
}

pub(super) struct Built {
    pub(super) schema: Schema,
    pub(super) fields: BTreeMap<String, Mapped>,
}

/// The paths of a field and of its sub-fields.
pub(super) fn paths_of(path: &str, definition: &Definition) -> Vec<String> {
    let sub_fields = definition.fields.iter();
    let mut paths = vec![path.to_owned()];
    paths.extend(sub_fields.map(|(name, _)| format!("{path}.{name}")));
    paths
}

/// Builds the schema of fields, by path; `order` has the paths of all fields and sub-fields.
pub(super) fn build(definitions: BTreeMap<String, Definition>, order: &[String]) -> Built {
    let mut builder = Schema::builder();
    builder.add_text_field(ID, STRING | FAST | STORED);
    builder.add_u64_field(SEQ_NO, FAST);
    builder.add_u64_field(VERSION, FAST);
    builder.add_bytes_field(SOURCE, STORED);
    builder.add_u64_field(LONG_TEXTS, FAST);
    let mut all = BTreeMap::new();
    for (path, definition) in &definitions {
        all.insert(path.clone(), (definition, false));
        let is_text = definition.value_type == ValueType::Text;
        for (name, sub_field) in &definition.fields {
            let shares = is_text && sub_field.value_type == ValueType::Text;
            all.insert(format!("{path}.{name}"), (sub_field, shares));
        }
    }
    let mut places = BTreeMap::new();
    for (number, path) in order.iter().enumerate() {
        if let Some((definition, shares)) = all.get(path) {
            let name = format!("f{number}");
            places.insert(path.clone(), add(&mut builder, &name, definition, *shares));
        }
    }
    let mut place = |path: &str, definition: Definition| {
        let (field, column, column_field) = places.remove(path)?;
        Some(Mapped {
            path: path.to_owned(),
            definition,
            field,
            column,
            column_field,
            sub_fields: Vec::new(),
        })
    };
    let mut fields = BTreeMap::new();
    for (path, definition) in definitions {
        let sub_fields = definition.fields.clone();
        let Some(mut mapped) = place(&path, definition) else {
            continue;
        };
        for (name, definition) in sub_fields {
            if let Some(mut sub_field) = place(&format!("{path}.{name}"), definition) {
                if sub_field.column.is_empty() {
                    sub_field.column.clone_from(&mapped.column);
                }
                mapped.sub_fields.push(sub_field);
            }
        }
        fields.insert(path, mapped);
    }
    Built {
        schema: builder.build(),
        fields,
    }
}

/// A field, its column's name, and what the column is written by where that is another.
fn add(
    builder: &mut SchemaBuilder,
    name: &str,
    definition: &Definition,
    shares_column: bool,
) -> (Field, String, Option<Field>) {
    let number = || number(definition.index);
    let field = match definition.value_type.kept_as() {
        FieldType::Boolean => builder.add_bool_field(name, number()),
        // Dates are microseconds: tantivy's own, of nanoseconds, end in 2262.
        FieldType::Long | FieldType::Date => builder.add_i64_field(name, number()),
        FieldType::Double => builder.add_f64_field(name, number()),
        FieldType::Keyword => builder.add_text_field(name, whole(definition.index) | FAST),
        FieldType::Text => {
            let field = builder.add_text_field(name, text(definition));
            if shares_column {
                return (field, String::new(), None);
            }
            let column = format!("{name}c");
            let options = TextOptions::default().set_fast("raw");
            let column_field = builder.add_text_field(&column, options);
            return (field, column, Some(column_field));
        }
    };
    (field, name.to_owned(), None)
}

/// Without lengths, which tantivy's flag `INDEXED` stands for too and which only scores of texts
/// need.
fn number(is_indexed: bool) -> NumericOptions {
    let options = NumericOptions::default().set_fast();
    if is_indexed {
        options.set_indexed()
    } else {
        options
    }
}

/// A text that is found whole; without lengths as well, unlike tantivy's `STRING`.
fn whole(is_indexed: bool) -> TextOptions {
    if !is_indexed {
        return TextOptions::default();
    }
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::Basic);
    TextOptions::default().set_indexing_options(indexing)
}

fn text(definition: &Definition) -> TextOptions {
    if !definition.index {
        return TextOptions::default();
    }
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(definition.analyzer.name())
        .set_fieldnorms(definition.norms)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    TextOptions::default().set_indexing_options(indexing)
}

#[cfg(test)]
mod tests {
    use super::super::Mapping;
    use serde_json::json;

    /// Segments are read by the numbers of fields.
    #[test]
    fn a_schema_grows_at_its_end_alone() {
        let first = Mapping::parse(&json!({"properties": {
            "title": {"type": "text"}, "price": {"type": "double"}}}))
        .expect("a mapping");
        let more = json!({"properties": {
            "about": {"type": "text", "fields": {"keyword": {"type": "keyword"}}},
            "title": {"type": "text", "fields": {"english": {"type": "text", "analyzer": "english"}}},
            "count": {"type": "long"}, "abc": {"type": "keyword"}}});
        let second = first.extended(&more).expect("it can be extended");
        let entries = |mapping: &Mapping| -> Vec<String> {
            let schema = mapping.schema();
            schema
                .fields()
                .map(|(_, entry)| format!("{entry:?}"))
                .collect()
        };
        let (first_entries, second_entries) = (entries(&first), entries(&second));
        assert_eq!(second_entries[..first_entries.len()], first_entries);
        assert_eq!(second_entries.len(), first_entries.len() + 6);
        let column = |path| second.field(path).expect("it is mapped").column;
        assert_eq!(column("title"), column("title.english"));
        assert_ne!(column("about"), column("about.keyword"));
        let restored = Mapping::restore(&second.save()).expect("it was saved");
        assert_eq!(entries(&restored), second_entries);
    }
}
