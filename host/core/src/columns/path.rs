//! The position of a dotted path in a batch.
//!
//! A key that contains dots takes precedence over a nested one: at each level the longest existing
//! key is tried first. Paths are resolved once per schema, not per document; getting the column of
//! a batch is then a walk along indices.

use std::borrow::Cow;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, ListArray, RecordBatch};
use arrow_buffer::NullBuffer;
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, Schema};

use super::{FieldUse, cast};

/// The position of a field's column: indices from the batch's columns down through structs, and the
/// leaf's Arrow field. `None` if the schema does not have the path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ColumnPath {
    steps: Vec<usize>,
    leaf: FieldRef,
}

/// Finds the column of a field. Of several columns with the same name, one with the kind's own type
/// takes precedence.
pub(crate) fn column_path(schema: &Schema, field: &FieldUse) -> Option<ColumnPath> {
    let own = field.kind.field(&field.path);
    let exact = schema.fields().iter().position(|column| {
        column.name() == own.name()
            && column.data_type() == own.data_type()
            && column.metadata() == own.metadata()
    });
    if let Some(index) = exact {
        return Some(ColumnPath {
            steps: vec![index],
            leaf: Arc::clone(&schema.fields()[index]),
        });
    }
    let mut steps = Vec::new();
    let leaf = descend(schema.fields(), &field.path, &mut steps)?;
    Some(ColumnPath { steps, leaf })
}

fn descend(fields: &Fields, path: &str, steps: &mut Vec<usize>) -> Option<FieldRef> {
    if let Some((index, field)) = fields.find(path) {
        steps.push(index);
        return Some(Arc::clone(field));
    }
    for (dot, _) in path.rmatch_indices('.') {
        let Some((index, field)) = fields.find(&path[..dot]) else {
            continue;
        };
        let Some(inner) = members(field.data_type()) else {
            continue;
        };
        steps.push(index);
        if let Some(leaf) = descend(inner, &path[dot + 1..], steps) {
            return Some(leaf);
        }
        steps.pop();
    }
    None
}

/// The members of a struct, or of the elements of a list of structs.
fn members(data_type: &DataType) -> Option<&Fields> {
    match data_type {
        DataType::Struct(fields) => Some(fields),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            members(item.data_type())
        }
        _ => None,
    }
}

impl ColumnPath {
    /// The Arrow field with the column's type and extension.
    pub(crate) fn field(&self) -> &Field {
        &self.leaf
    }

    /// Gets the column from a batch with the schema in which the path was resolved. A column below
    /// a list is a list.
    ///
    /// # Errors
    ///
    /// Arrow cannot build the column.
    pub(crate) fn column<'a>(
        &self,
        batch: &'a RecordBatch,
    ) -> Result<Cow<'a, ArrayRef>, ArrowError> {
        match &*self.steps {
            [] => Err(ArrowError::SchemaError("a path has no steps".to_owned())),
            [only] => Ok(Cow::Borrowed(batch.column(*only))),
            [first, rest @ ..] => walk(batch.column(*first), rest).map(Cow::Owned),
        }
    }
}

fn walk(array: &ArrayRef, steps: &[usize]) -> Result<ArrayRef, ArrowError> {
    let [step, rest @ ..] = steps else {
        return Ok(Arc::clone(array));
    };
    match array.data_type() {
        DataType::Struct(_) => {
            let parent = array.as_struct();
            let child = walk(parent.column(*step), rest)?;
            with_nulls_of(&child, parent.nulls())
        }
        DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            walk(&cast(array, &DataType::List(Arc::clone(item)))?, steps)
        }
        _ => {
            let list = array.as_list::<i32>();
            let values = walk(list.values(), steps)?;
            let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
            let offsets = list.offsets().clone();
            Ok(Arc::new(ListArray::try_new(
                item,
                offsets,
                values,
                list.nulls().cloned(),
            )?))
        }
    }
}

/// A null row of a struct hides the values of its members.
fn with_nulls_of(child: &ArrayRef, parent: Option<&NullBuffer>) -> Result<ArrayRef, ArrowError> {
    let Some(parent) = parent else {
        return Ok(Arc::clone(child));
    };
    let nulls = NullBuffer::union(child.logical_nulls().as_ref(), Some(parent));
    let data = child.to_data().into_builder().nulls(nulls).build()?;
    Ok(arrow_array::make_array(data))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Kind;

    fn steps(schema: &Schema, path: &str) -> Option<Vec<usize>> {
        let field = FieldUse {
            path: path.to_owned(),
            kind: Kind::Int64,
        };
        column_path(schema, &field).map(|source| source.steps)
    }

    #[test]
    fn a_key_with_dots_takes_precedence_over_a_nested_one() {
        let int = |name: &str| Field::new(name, DataType::Int64, true);
        let nested = |name: &str, inner: Vec<Field>| Field::new_struct(name, inner, true);
        let schema = Schema::new(vec![
            nested("a", vec![int("b"), nested("c", vec![int("d")])]),
            int("a.b"),
            nested("a.c", vec![int("x")]),
        ]);
        assert_eq!(steps(&schema, "a.b"), Some(vec![1]));
        assert_eq!(steps(&schema, "a.c.x"), Some(vec![2, 0]));
        assert_eq!(steps(&schema, "a.c.d"), Some(vec![0, 1, 0]));
        assert_eq!(steps(&schema, "a.d"), None);
        assert_eq!(steps(&schema, ""), None);
    }
}
