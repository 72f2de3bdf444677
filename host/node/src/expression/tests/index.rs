//! An index of a few columns of every type, in several segments, and what expressions give there.

use std::collections::{BTreeMap, HashMap};

use tantivy::collector::DocSetCollector;
use tantivy::indexer::NoMergePolicy;
use tantivy::schema::{FAST, Field, INDEXED, STRING, Schema};
use tantivy::{Index, IndexWriter, Searcher, TantivyDocument, Term};

use crate::expression::{ColumnType, Columns, Expression, ExpressionError, Scope};
use crate::value::Value;

/// The columns, by the paths that expressions name.
pub(super) const COLUMNS: &[(&str, ColumnType)] = &[
    ("a", ColumnType::Long),
    ("b", ColumnType::Long),
    ("x", ColumnType::Double),
    ("y", ColumnType::Double),
    ("p", ColumnType::Boolean),
    ("q", ColumnType::Boolean),
    ("s", ColumnType::Text),
    ("t", ColumnType::Text),
    ("d", ColumnType::Date),
    ("e", ColumnType::Date),
    ("price", ColumnType::Double),
    ("discount", ColumnType::Double),
    ("rating", ColumnType::Long),
    ("title", ColumnType::Text),
    ("Major Genre", ColumnType::Text),
    ("seller.price", ColumnType::Double),
    // Some segments lack these, as they do where a mapping has grown.
    ("late_long", ColumnType::Long),
    ("late_double", ColumnType::Double),
    ("late_text", ColumnType::Text),
    ("late_flag", ColumnType::Boolean),
    ("late_date", ColumnType::Date),
];

/// The columns of [`COLUMNS`], each of which tantivy knows by another name.
pub(super) struct TestColumns;

impl Columns for TestColumns {
    fn column(&self, path: &str) -> Option<(String, ColumnType)> {
        COLUMNS
            .iter()
            .find(|(known, _)| *known == path)
            .map(|(path, type_)| (tantivy_name(path), *type_))
    }

    fn paths(&self) -> Vec<String> {
        COLUMNS.iter().map(|(path, _)| (*path).to_owned()).collect()
    }
}

fn tantivy_name(path: &str) -> String {
    format!("c_{}", path.replace(['.', ' '], "_"))
}

pub(super) fn parse(text: &str) -> Result<Expression, ExpressionError> {
    Expression::parse(text, scope(&TestColumns))
}

/// What expressions may name: columns, and `now()` is noon on a leap day.
pub(super) fn scope(columns: &dyn Columns) -> Scope<'_> {
    Scope {
        columns,
        functions: None,
        now: crate::dates::parse("2024-02-29T12:00").expect("a date"),
    }
}

/// A value of a document.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Boolean(bool),
    Long(i64),
    Double(f64),
    Text(String),
    /// Microseconds since 1970.
    Date(i64),
}

/// A document: what it has no value for is null, and of several values the first counts.
pub(super) type Row = HashMap<&'static str, Vec<Cell>>;

/// Documents that can be searched.
pub(super) struct Rows {
    searcher: Searcher,
    /// Which documents each segment has.
    segments: Vec<Vec<usize>>,
    count: usize,
}

impl Rows {
    /// Indexes documents, so many a segment.
    pub(super) fn new(rows: &[Row], a_segment: usize) -> Self {
        Self::without(rows, a_segment, &[])
    }

    /// Indexes documents, so many a segment, and deletes some of them.
    pub(super) fn without(rows: &[Row], a_segment: usize, deleted: &[usize]) -> Self {
        let mut schema = Schema::builder();
        let fields: HashMap<&str, Field> = COLUMNS
            .iter()
            .filter(|(path, _)| !path.starts_with("late_"))
            .map(|(path, type_)| {
                let name = tantivy_name(path);
                let field = match type_ {
                    ColumnType::Boolean => schema.add_bool_field(&name, FAST),
                    ColumnType::Long | ColumnType::Date => schema.add_i64_field(&name, FAST),
                    ColumnType::Double => schema.add_f64_field(&name, FAST),
                    ColumnType::Text => schema.add_text_field(&name, STRING | FAST),
                };
                (*path, field)
            })
            .collect();
        let row_field = schema.add_u64_field("row", FAST | INDEXED);
        let index = Index::create_in_ram(schema.build());
        let mut writer: IndexWriter = index
            .writer_with_num_threads(1, 15_000_000)
            .expect("it works");
        writer.set_merge_policy(Box::new(NoMergePolicy));
        let numbered: Vec<_> = (0..rows.len()).collect();
        for chunk in numbered.chunks(a_segment.max(1)) {
            for &number in chunk {
                let mut document = TantivyDocument::new();
                let cells = rows[number].iter();
                for (path, cell) in
                    cells.flat_map(|(path, cells)| cells.iter().map(move |cell| (path, cell)))
                {
                    let field = fields[path];
                    match cell {
                        Cell::Boolean(value) => document.add_bool(field, *value),
                        Cell::Long(value) | Cell::Date(value) => document.add_i64(field, *value),
                        Cell::Double(value) => document.add_f64(field, *value),
                        Cell::Text(value) => document.add_text(field, value),
                    }
                }
                document.add_u64(row_field, u64::try_from(number).expect("it works"));
                writer.add_document(document).expect("it works");
            }
            writer.commit().expect("it works");
        }
        for &number in deleted {
            let number = u64::try_from(number).expect("it works");
            writer.delete_term(Term::from_field_u64(row_field, number));
        }
        if !deleted.is_empty() {
            writer.commit().expect("it works");
        }
        let searcher = index.reader().expect("it works").searcher();
        // Tantivy lists segments in an order of its own.
        let segments = searcher
            .segment_readers()
            .iter()
            .map(|reader| {
                let numbers = reader.fast_fields().u64("row").expect("it works");
                (0..reader.max_doc())
                    .map(|document| {
                        usize::try_from(numbers.first(document).expect("it works"))
                            .expect("it works")
                    })
                    .collect()
            })
            .collect();
        Self {
            searcher,
            segments,
            count: rows.len(),
        }
    }

    /// Whether a filter keeps each document.
    pub(super) fn kept(&self, expression: &Expression) -> Vec<bool> {
        let query = expression.predicate().expect("it works");
        let mut kept = vec![false; self.count];
        for address in self
            .searcher
            .search(&query, &DocSetCollector)
            .expect("it works")
        {
            let segment = &self.segments[address.segment_ord as usize];
            kept[segment[address.doc_id as usize]] = true;
        }
        kept
    }

    /// The number that each document has.
    pub(super) fn numbers(&self, expression: &Expression) -> Vec<Option<f64>> {
        let values = expression.values();
        let mut all = vec![None; self.count];
        for (reader, segment) in self.searcher.segment_readers().iter().zip(&self.segments) {
            let mut source = values.numbers(reader, reader.max_doc()).expect("it works");
            let mut numbers = Vec::new();
            let documents: Vec<u32> = (0..reader.max_doc()).collect();
            // In blocks, as tantivy asks for them.
            for block in documents.chunks(3) {
                source
                    .load(block, &vec![0.0; block.len()], &mut numbers)
                    .expect("it works");
            }
            for (&row, number) in segment.iter().zip(numbers) {
                all[row] = number;
            }
        }
        all
    }

    /// The value that each document has, of the expression's own type; null if it is in no segment.
    pub(super) fn scalars(&self, expression: &Expression) -> Vec<Value> {
        let values = expression.values();
        let mut all = vec![Value::Null; self.count];
        for (reader, segment) in self.searcher.segment_readers().iter().zip(&self.segments) {
            let mut source = values.scalars(reader, reader.max_doc()).expect("it works");
            let documents: Vec<u32> = (0..reader.max_doc()).collect();
            for (block, rows) in documents.chunks(3).zip(segment.chunks(3)) {
                for (&row, value) in rows.iter().zip(
                    source
                        .load(block, &vec![0.0; block.len()])
                        .expect("it works"),
                ) {
                    all[row] = value;
                }
            }
        }
        all
    }

    /// The strings that documents have, with their counts.
    pub(super) fn texts(&self, expression: &Expression) -> Vec<(String, u64)> {
        let mut counts = BTreeMap::new();
        for value in self.scalars(expression) {
            if let Value::Text(text) = value {
                *counts.entry(text).or_default() += 1;
            }
        }
        counts.into_iter().collect()
    }
}
