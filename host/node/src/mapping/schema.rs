//! The engine's schema of a mapping.
//!
//! | what | engine's name | holds |
//! |---|---|---|
//! | id | `_id` | the id, found whole, stored, and its column |
//! | sequence number | `_seq_no` | column: the order in which documents were written |
//! | version | `_version` | column: how often the id was written |
//! | source | `_source` | the document, stored |
//! | in reserve | `t0` to `t15` | texts that come up after documents were written |
//! | each field | `f0`, `f1`, ... | in the order of definition |
//! | each `.keyword` | the text's name and `k` | the text, found whole |
//!
//! The engine's names are not the paths, since keys of documents may be any text.

use std::collections::BTreeMap;

use tantivy::schema::{
    FAST, Field, IndexRecordOption, NumericOptions, STORED, STRING, Schema, SchemaBuilder,
    TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{
    Language, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer, TextAnalyzer,
    TokenizerManager, WhitespaceTokenizer,
};

use super::{Analyzer, Definition, FieldType, Located};

/// The engine's names of what is no field of a document.
pub(crate) const ID: &str = "_id";
pub(crate) const SEQ_NO: &str = "_seq_no";
pub(crate) const VERSION: &str = "_version";
pub(crate) const SOURCE: &str = "_source";

/// The standard analyzer's name.
pub(crate) const STANDARD: &str = "standard";

/// How many texts an index has in reserve.
pub(super) const RESERVED_TEXTS: usize = 16;

/// The longest word, in bytes.
const WORD_BYTES: usize = 255;

pub(super) struct Built {
    pub(super) schema: Schema,
    pub(super) fields: BTreeMap<String, Located>,
    pub(super) keywords: BTreeMap<String, Located>,
}

impl Analyzer {
    /// The analyzer's name in a mapping, and the engine's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standard => STANDARD,
            Self::English => "english",
            Self::Whitespace => "whitespace",
        }
    }

    pub(crate) const ALL: [Self; 3] = [Self::Standard, Self::English, Self::Whitespace];

    /// What cuts a text into words.
    pub(crate) fn tokenizer(self) -> TextAnalyzer {
        let standard = || {
            TextAnalyzer::builder(SimpleTokenizer::default())
                .filter(RemoveLongFilter::limit(WORD_BYTES))
                .filter(LowerCaser)
        };
        match self {
            Self::Standard => standard().build(),
            Self::English => standard().filter(Stemmer::new(Language::English)).build(),
            Self::Whitespace => TextAnalyzer::builder(WhitespaceTokenizer::default())
                .filter(RemoveLongFilter::limit(WORD_BYTES))
                .build(),
        }
    }
}

/// The analyzers, for the engine.
pub(crate) fn tokenizers() -> TokenizerManager {
    let tokenizers = TokenizerManager::default();
    for analyzer in Analyzer::ALL {
        tokenizers.register(analyzer.name(), analyzer.tokenizer());
    }
    tokenizers
}

pub(super) fn build(definitions: &[Definition]) -> Built {
    let mut builder = Schema::builder();
    builder.add_text_field(ID, STRING | FAST | STORED);
    builder.add_u64_field(SEQ_NO, FAST);
    builder.add_u64_field(VERSION, FAST);
    builder.add_bytes_field(SOURCE, STORED);
    let reserved: Vec<(String, Field)> = (0..RESERVED_TEXTS)
        .map(|number| {
            let name = format!("t{number}");
            let field = builder.add_text_field(&name, text(Analyzer::Standard));
            (name, field)
        })
        .collect();
    let mut reserved = reserved.into_iter();
    let (mut fields, mut keywords) = (BTreeMap::new(), BTreeMap::new());
    for (number, definition) in definitions.iter().enumerate() {
        let taken = if definition.reserved {
            reserved.next()
        } else {
            None
        };
        let (column, field) = taken.unwrap_or_else(|| {
            let name = format!("f{number}");
            let field = add(&mut builder, &name, definition);
            (name, field)
        });
        if definition.keyword.is_some() {
            let field = builder.add_text_field(&format!("{column}k"), whole());
            let located = Located {
                definition: number,
                field,
                // The text's own column has the whole texts.
                column: column.clone(),
            };
            keywords.insert(format!("{}.keyword", definition.path), located);
        }
        let located = Located {
            definition: number,
            field,
            column,
        };
        fields.insert(definition.path.clone(), located);
    }
    Built {
        schema: builder.build(),
        fields,
        keywords,
    }
}

fn add(builder: &mut SchemaBuilder, name: &str, definition: &Definition) -> Field {
    match definition.field_type {
        FieldType::Boolean => builder.add_bool_field(name, number()),
        // Dates are microseconds: tantivy's own, of nanoseconds, end in 2262.
        FieldType::Long | FieldType::Date => builder.add_i64_field(name, number()),
        FieldType::Double => builder.add_f64_field(name, number()),
        FieldType::Keyword => builder.add_text_field(name, whole() | FAST),
        FieldType::Text => builder.add_text_field(name, text(definition.analyzer)),
    }
}

/// Without lengths, which the engine's flag `INDEXED` stands for too: segments from before the
/// field could not be merged with those after.
fn number() -> NumericOptions {
    NumericOptions::default().set_indexed().set_fast()
}

/// A text that is found whole; without lengths as well, unlike the engine's `STRING`.
fn whole() -> TextOptions {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("raw")
        .set_fieldnorms(false)
        .set_index_option(IndexRecordOption::Basic);
    TextOptions::default().set_indexing_options(indexing)
}

fn text(analyzer: Analyzer) -> TextOptions {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(analyzer.name())
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    // The column has the texts as they are.
    TextOptions::default()
        .set_indexing_options(indexing)
        .set_fast("raw")
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
            "count": {"type": "long"}, "abc": {"type": "keyword"}}});
        let second = first.extended(&more, true).expect("it can be extended");
        let entries = |mapping: &Mapping| -> Vec<String> {
            let schema = mapping.schema();
            schema
                .fields()
                .map(|(_, entry)| format!("{entry:?}"))
                .collect()
        };
        let (first_entries, second_entries) = (entries(&first), entries(&second));
        assert_eq!(second_entries[..first_entries.len()], first_entries);
        assert_eq!(second_entries.len(), first_entries.len() + 3);
        assert_eq!(second.field("about").expect("there").column, "t0");
        let with_lengths = |mapping: &Mapping| {
            let fields = mapping.schema().fields();
            fields.filter(|(_, entry)| entry.has_fieldnorms()).count()
        };
        assert_eq!(with_lengths(&second), with_lengths(&first));
        assert_eq!(second.field("about.keyword").expect("there").column, "t0");
    }
}
