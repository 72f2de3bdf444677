//! An expression for one segment: which columns it has, and how failures become tantivy's.
//!
//! It knows neither what is lowered nor what for.

use tantivy::TantivyError;
use tantivy::columnar::ColumnType;
use tantivy::index::SegmentReader;
use tantivy::jitexpr::ast::TypeError;

use super::jit::TooComplex;
use super::lower::Lowering;
use super::node::Type;

/// Lowers something for a segment.
pub(super) fn lower<T>(
    reader: &SegmentReader,
    lower: impl FnOnce(&mut Lowering<'_>) -> Result<T, TooComplex>,
) -> tantivy::Result<T> {
    let has_column = |name: &str, type_| has_column(reader, name, type_);
    lower(&mut Lowering::new(&has_column)).map_err(|TooComplex| {
        TantivyError::InvalidArgument("the expression takes too many steps".to_owned())
    })
}

/// What the jit refuses is a mistake of the lowering's.
pub(super) fn refused(error: TypeError) -> TantivyError {
    TantivyError::InternalError(format!(
        "an expression was lowered to one without types: {error}"
    ))
}

/// Whether a segment has a column, and it is of a type. One whose documents' values are of
/// several types is not.
pub(super) fn has_column(reader: &SegmentReader, name: &str, type_: Type) -> bool {
    let expected = match type_ {
        Type::Boolean => ColumnType::Bool,
        Type::Long | Type::Date => ColumnType::I64,
        Type::Double => ColumnType::F64,
        Type::Text => ColumnType::Str,
        Type::Null => return false,
    };
    reader
        .fast_fields()
        .dynamic_column_handles(name)
        .is_ok_and(|handles| {
            let mut types = handles
                .iter()
                .map(tantivy::columnar::DynamicColumnHandle::column_type);
            types.next() == Some(expected) && types.next().is_none()
        })
}
