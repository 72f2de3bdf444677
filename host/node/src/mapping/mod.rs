//! Mapping: the fields of an index's documents, their types, and the columns that hold them.
//!
//! A document is JSON; its fields are the dotted paths to its scalars, objects and lists on the
//! way left out. Each field has one type for the whole index, given when the index is made or
//! afterwards, or else taken from the first documents that have it ([`dynamic`]). Every field is a
//! column, since a UDF, a sort or a range may read any of them, and nearly every one is indexed.
//! A field may have sub-fields, which hold its values otherwise indexed.
//!
//! The mapping is the JSON that clients put ([`definition`]); what is done with values is derived
//! from it ([`parameters`], [`coerce`], [`analysis`]), and so is tantivy's schema ([`schema`]),
//! which grows only at its end, so that segments written before a field was known stay readable.
//!
//! Knows nothing of queries, files or HTTP.

mod analysis;
mod coerce;
mod definition;
mod document;
mod dynamic;
mod error;
mod field_type;
mod parameters;
mod schema;
mod templates;
mod words;

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use tantivy::schema::{Field, Schema};

use crate::dates::DateFormat;
pub use analysis::Analyzer;
pub(crate) use analysis::tokenizers;
use definition::Flat;
pub use document::DocumentError;
pub(crate) use document::{check_keys, fields_of, first_values_of, readable_fields_of};
use dynamic::Detection;
pub use error::{LongName, MappingError, TypeConflict};
pub use field_type::FieldType;
use parameters::Definition;
use schema::Mapped;
pub(crate) use schema::{ID, LONG_TEXTS, SEQ_NO, SOURCE, VERSION};

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

/// A field of an index: where its values are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct MappedField<'a> {
    pub(crate) field_type: FieldType,
    /// tantivy's field: its words or values.
    pub(crate) field: Field,
    /// tantivy's name of the column with its values.
    pub(crate) column: &'a str,
    /// Cuts a query's text into words.
    pub(crate) analyzer: Analyzer,
    /// As it was defined; none for `_id`.
    definition: Option<&'a Definition>,
}

/// What is done with an object.
#[derive(Debug, Clone, Copy)]
struct ObjectRules {
    /// Without one, as with the object around it.
    dynamic: Option<Dynamic>,
    /// Whether what lies in it is more than a part of the source.
    enabled: bool,
}

impl Default for ObjectRules {
    fn default() -> Self {
        Self {
            dynamic: None,
            enabled: true,
        }
    }
}

/// What is done with documents as a whole.
#[derive(Debug, Clone, Default)]
struct Rules {
    root: ObjectRules,
    detection: Detection,
}

/// The fields of an index. It never changes: what comes is in the mapping that follows it.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// As clients put it, without its fields.
    root: Map<String, Json>,
    /// Its fields as clients put them, and those that documents brought.
    properties: Map<String, Json>,
    /// The paths of fields and sub-fields in the order in which they came, which is the schema's.
    order: Vec<String>,
    rules: Rules,
    objects: BTreeMap<String, ObjectRules>,
    schema: Schema,
    fields: BTreeMap<String, Mapped>,
    /// Where each sub-field is: with which field, and at which place there.
    sub_fields: BTreeMap<String, (String, usize)>,
}

impl Mapping {
    /// A mapping without fields, which come with the first documents.
    pub fn dynamic() -> Self {
        Self::built(
            Map::new(),
            Map::new(),
            Rules::default(),
            Vec::new(),
            Flat::default(),
        )
    }

    /// # Errors
    ///
    /// Parameters that a field does not have, more fields than there may be.
    fn new(
        root: Map<String, Json>,
        properties: Map<String, Json>,
        rules: Rules,
        order: Vec<String>,
    ) -> Result<Self, MappingError> {
        let flat = Flat::of(&properties)?;
        Ok(Self::built(root, properties, rules, order, flat))
    }

    fn built(
        root: Map<String, Json>,
        properties: Map<String, Json>,
        rules: Rules,
        mut order: Vec<String>,
        flat: Flat,
    ) -> Self {
        let known: std::collections::HashSet<String> = order.iter().cloned().collect();
        for path in &flat.order {
            let paths = schema::paths_of(path, &flat.fields[path]);
            order.extend(paths.into_iter().filter(|path| !known.contains(path)));
        }
        let built = schema::build(flat.fields, &order);
        let mut sub_fields = BTreeMap::new();
        for (path, mapped) in &built.fields {
            for (number, sub_field) in mapped.sub_fields.iter().enumerate() {
                sub_fields.insert(sub_field.path.clone(), (path.clone(), number));
            }
        }
        Self {
            root,
            properties,
            order,
            rules,
            objects: flat.objects,
            schema: built.schema,
            fields: built.fields,
            sub_fields,
        }
    }

    /// tantivy's schema.
    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The field at a path, or the sub-field.
    pub(crate) fn field(&self, path: &str) -> Option<MappedField<'_>> {
        let sub_field = || {
            let (field, number) = self.sub_fields.get(path)?;
            self.fields.get(field)?.sub_fields.get(*number)
        };
        let mapped = self.fields.get(path).or_else(sub_field)?;
        Some(MappedField {
            field_type: mapped.definition.value_type.kept_as(),
            field: mapped.field,
            column: &mapped.column,
            analyzer: mapped.definition.search_analyzer,
            definition: Some(&mapped.definition),
        })
    }

    /// `_id` as a keyword: it is found whole, and has a column.
    pub(crate) fn id_field(&self) -> Option<MappedField<'_>> {
        Some(MappedField {
            field_type: FieldType::Keyword,
            field: self.schema.get_field(ID).ok()?,
            column: ID,
            analyzer: Analyzer::Keyword,
            definition: None,
        })
    }

    /// The paths of all fields, in their order as texts.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(String::as_str)
    }

    /// The field whose values a column of tantivy's has.
    pub(crate) fn field_of_column(&self, column: &str) -> Option<MappedField<'_>> {
        let paths = self.paths().chain(self.sub_field_paths());
        let mut fields = paths.filter_map(|path| self.field(path));
        fields.find(|field| field.column == column)
    }

    /// The paths of all sub-fields, such as `title.keyword`.
    pub(crate) fn sub_field_paths(&self) -> impl Iterator<Item = &str> {
        self.sub_fields.keys().map(String::as_str)
    }

    /// The fields' types by path.
    pub fn types(&self) -> impl Iterator<Item = (&str, FieldType)> {
        let types = self.fields.iter();
        types.map(|(path, mapped)| (path.as_str(), mapped.definition.value_type.kept_as()))
    }

    /// Whether documents may have a field at a path that no column has.
    pub(crate) fn hides(&self, path: &str) -> bool {
        self.dynamic_at(path) == Dynamic::Ignore && self.field(path).is_none()
    }

    /// Whether fields lie below a path.
    pub(crate) fn is_object(&self, path: &str) -> bool {
        let below = format!("{path}.");
        let mut from = self.fields.range(below.clone()..);
        self.objects.contains_key(path)
            || from
                .next()
                .is_some_and(|(path, _)| path.starts_with(&below))
    }

    /// What is done with a new field at a path.
    fn dynamic_at(&self, path: &str) -> Dynamic {
        let mut dynamic = self.rules.root.dynamic.unwrap_or(Dynamic::Add);
        if !self.rules.root.enabled {
            return Dynamic::Ignore;
        }
        if self.objects.is_empty() {
            return dynamic;
        }
        for (dot, _) in path.match_indices('.') {
            if let Some(object) = self.objects.get(&path[..dot]) {
                if !object.enabled {
                    return Dynamic::Ignore;
                }
                dynamic = object.dynamic.unwrap_or(dynamic);
            }
        }
        dynamic
    }

    /// Whether what lies at a path is but a part of the source.
    fn is_disabled(&self, path: &str) -> bool {
        self.objects.get(path).is_some_and(|object| !object.enabled)
    }
}

impl<'a> MappedField<'a> {
    /// The type's name in the mapping, which for numbers may be narrower than they are kept.
    pub(crate) fn type_name(&self) -> &'static str {
        let definition = self.definition;
        definition.map_or(self.field_type.name(), |field| field.value_type.name())
    }

    /// How its dates are written, if it has dates.
    pub(crate) fn date_format(&self) -> Option<&'a DateFormat> {
        let definition = self.definition?;
        (self.field_type == FieldType::Date).then_some(&definition.format)
    }

    /// Whether queries may ask for it.
    pub(crate) fn is_indexed(&self) -> bool {
        self.definition.is_none_or(|field| field.index)
    }

    /// Whether it may be sorted and aggregated by.
    pub(crate) fn has_doc_values(&self) -> bool {
        self.definition.is_none_or(|field| field.doc_values)
    }

    /// A number with the precision that its values have.
    pub(crate) fn rounded(&self, number: f64) -> f64 {
        self.definition
            .map_or(number, |field| field.value_type.rounded(number))
    }
}

/// Whether a name is that of what every document has beside its fields.
pub(crate) fn is_metadata(name: &str) -> bool {
    const NAMES: [&str; 11] = [
        "_doc_count",
        "_field_names",
        "_id",
        "_ignored",
        "_index",
        "_nested_path",
        "_primary_term",
        "_routing",
        "_seq_no",
        "_source",
        "_version",
    ];
    NAMES.contains(&name)
}
