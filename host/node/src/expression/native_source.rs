//! What [`Native`] evaluates, as tantivy takes it: a predicate, and a source of values by block.

use std::collections::HashMap;
use std::sync::Arc;
use std::{fmt, io};

use tantivy::aggregation::{ValueSource, ValueSourceDictionary};
use tantivy::columnar::{Cardinality, ColumnType, MonotonicallyMappableToU64, RowId};
use tantivy::index::SegmentReader;
use tantivy::query::AllScorer;
use tantivy::query::doc_predicate_query::{
    ConstOrVariableSegmentPredicate, DocPredicate, SegmentDocPredicate,
};
use tantivy::{DocId, TantivyError};

use super::native::{Get, Native};
use super::node::{Node, Type};

/// The documents for which a boolean is true.
#[derive(Debug)]
pub(super) struct NativePredicate(pub(super) Arc<Node>);

/// A boolean in each document of a segment.
pub(super) struct SegmentPredicate(Get<bool>);

impl DocPredicate for NativePredicate {
    type SegmentDocPredicate = SegmentPredicate;

    fn doc_predicate(
        &self,
        reader: &SegmentReader,
    ) -> tantivy::Result<ConstOrVariableSegmentPredicate<SegmentPredicate>> {
        Ok(ConstOrVariableSegmentPredicate::Variable {
            predicate: SegmentPredicate(Native(reader).boolean(&self.0)?),
            necessary_condition: Box::new(AllScorer::new(reader.max_doc())),
        })
    }
}

impl SegmentDocPredicate for SegmentPredicate {
    fn eval(&mut self, document: DocId) -> bool {
        (self.0)(document) == Some(true)
    }
}

/// A node's values in a segment.
pub(super) struct NativeSource {
    values: Values,
    terms: Terms,
}

enum Values {
    Boolean(Get<bool>),
    Long(Get<i64>),
    Double(Get<f64>),
    Text(Get<Arc<str>>),
}

impl NativeSource {
    /// Opens a node over a segment, if one of these types is allowed.
    pub(super) fn open(
        node: &Node,
        reader: &SegmentReader,
        allowed: Option<&[ColumnType]>,
    ) -> tantivy::Result<Self> {
        let native = Native(reader);
        let values = match node.type_ {
            Type::Boolean => Values::Boolean(native.boolean(node)?),
            Type::Double => Values::Double(native.double(node)?),
            Type::Text => Values::Text(native.text(node)?),
            Type::Long | Type::Date | Type::Null => Values::Long(native.long(node)?),
        };
        let source = Self {
            values,
            terms: Terms::default(),
        };
        let found = source.column_type();
        if allowed.is_some_and(|allowed| !allowed.contains(&found)) {
            return Err(TantivyError::InvalidArgument(format!(
                "the expression gives values of type {found}, which cannot be used here"
            )));
        }
        Ok(source)
    }
}

impl fmt::Debug for NativeSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_tuple("NativeSource")
            .field(&self.column_type())
            .finish()
    }
}

impl ValueSource for NativeSource {
    fn column_type(&self) -> ColumnType {
        match self.values {
            Values::Boolean(_) => ColumnType::Bool,
            Values::Long(_) => ColumnType::I64,
            Values::Double(_) => ColumnType::F64,
            Values::Text(_) => ColumnType::Str,
        }
    }

    fn load_block(
        &mut self,
        documents: &[DocId],
        values: &mut Vec<u64>,
        present: &mut Vec<DocId>,
        _rows: &mut Vec<RowId>,
    ) -> Cardinality {
        values.clear();
        present.clear();
        let terms = &mut self.terms;
        for &document in documents {
            let value = match &self.values {
                Values::Boolean(get) => get(document).map(MonotonicallyMappableToU64::to_u64),
                Values::Long(get) => get(document).map(MonotonicallyMappableToU64::to_u64),
                Values::Double(get) => get(document).map(MonotonicallyMappableToU64::to_u64),
                Values::Text(get) => get(document).map(|text| terms.intern(text)),
            };
            if let Some(value) = value {
                values.push(value);
                present.push(document);
            }
        }
        if values.len() == documents.len() {
            Cardinality::Full
        } else {
            Cardinality::Optional
        }
    }

    fn to_f64(self: Box<Self>) -> Box<dyn ValueSource> {
        let values = match self.values {
            #[expect(clippy::cast_precision_loss, reason = "metrics are doubles")]
            Values::Long(get) => Values::Double(Box::new(move |document| {
                get(document).map(|value| value as f64)
            })),
            values => values,
        };
        Box::new(Self { values, ..*self })
    }

    fn term_dictionary(&self) -> Option<&dyn ValueSourceDictionary> {
        matches!(self.values, Values::Text(_)).then_some(&self.terms as _)
    }
}

/// The strings so far, numbered as they came.
#[derive(Default)]
struct Terms {
    ordinals: HashMap<Arc<str>, u64>,
    texts: Vec<Arc<str>>,
}

impl Terms {
    fn intern(&mut self, text: Arc<str>) -> u64 {
        let next = self.texts.len() as u64;
        let texts = &mut self.texts;
        *self.ordinals.entry(text).or_insert_with_key(|text| {
            texts.push(Arc::clone(text));
            next
        })
    }
}

impl ValueSourceDictionary for Terms {
    fn num_terms(&self) -> u64 {
        self.texts.len() as u64
    }

    fn sorted_ords_to_term_cb(
        &self,
        ordinals: &[u64],
        callback: &mut dyn FnMut(&[u8]),
    ) -> io::Result<bool> {
        for &ordinal in ordinals {
            let text = usize::try_from(ordinal).ok();
            let Some(text) = text.and_then(|ordinal| self.texts.get(ordinal)) else {
                return Ok(false);
            };
            callback(text.as_bytes());
        }
        Ok(true)
    }
}
