//! Functions and UDFs, called for the rows of a block.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array as _, ArrayRef, Float64Array, Int64Array, StringArray};
use arrow_buffer::BooleanBuffer;
use tantivy::{DocId, Score};

use super::number::finite;
use super::string::{Joined, truth};
use super::{Evaluated, Evaluator, Undone};
use crate::expression::kernel::{Kernel, Row};
use crate::expression::node::{Node, Type};
use crate::expression::vector::{Intervals, Text, Truth, Values};

impl Evaluator<'_> {
    pub(super) fn call_boolean(
        &mut self,
        kernel: Kernel,
        operands: &[Arc<Node>],
    ) -> Evaluated<Truth> {
        let Kernel::Boolean(kernel) = kernel else {
            return Ok(Truth::null(self.block.rows));
        };
        Ok(truth(&self.each_row(operands, kernel)?))
    }

    pub(super) fn call_long(
        &mut self,
        kernel: Kernel,
        operands: &[Arc<Node>],
    ) -> Evaluated<Int64Array> {
        let values = match kernel {
            Kernel::Long(kernel) => self.each_row(operands, kernel)?,
            Kernel::Truncate(field) => {
                self.each_row(operands, |row| field.truncated(row.long(0)))?
            }
            _ => return Ok(Int64Array::new_null(self.block.rows)),
        };
        Ok(values.into())
    }

    pub(super) fn call_double(
        &mut self,
        kernel: Kernel,
        operands: &[Arc<Node>],
    ) -> Evaluated<Float64Array> {
        let values: Float64Array = match kernel {
            Kernel::Double(function) => return self.map_doubles(operands, function),
            Kernel::Doubles(function) => return self.fold_doubles(operands, function),
            Kernel::Number(kernel) => self.each_row(operands, kernel)?.into(),
            Kernel::Part(field) if operands[0].type_ == Type::Interval => {
                let part = |row: &Row<'_>| field.of_interval(row.interval(0));
                self.each_row(operands, part)?.into()
            }
            Kernel::Part(field) => {
                let part = |row: &Row<'_>| field.of_date(row.long(0));
                self.each_row(operands, part)?.into()
            }
            _ => return Ok(Float64Array::new_null(self.block.rows)),
        };
        Ok(finite(values.values().to_vec(), values.nulls().cloned()))
    }

    pub(super) fn call_interval(
        &mut self,
        kernel: Kernel,
        operands: &[Arc<Node>],
    ) -> Evaluated<Intervals> {
        let Kernel::Interval(kernel) = kernel else {
            return Ok(Intervals::constant(None, self.block.rows));
        };
        Ok(self.each_row(operands, kernel)?.into_iter().collect())
    }

    pub(super) fn call_text(&mut self, kernel: Kernel, operands: &[Arc<Node>]) -> Evaluated<Text> {
        let Kernel::Text(kernel) = kernel else {
            return Ok(Text::null(self.block.rows));
        };
        let (arguments, valid) = self.arguments(operands)?;
        let mut made = Joined::default();
        let mut text = String::new();
        for row in 0..self.block.rows {
            self.look(row)?;
            text.clear();
            let arguments = &arguments;
            let is_there = valid.value(row) && kernel(&Row { arguments, row }, &mut text).is_some();
            made.push(&[&text], is_there)?;
        }
        Ok(made.finish())
    }

    /// What a kernel computes of each row in which no argument is null.
    fn each_row<T>(
        &mut self,
        operands: &[Arc<Node>],
        kernel: impl Fn(&Row<'_>) -> Option<T>,
    ) -> Evaluated<Vec<Option<T>>> {
        let (arguments, valid) = self.arguments(operands)?;
        let mut values = Vec::with_capacity(self.block.rows);
        for row in 0..self.block.rows {
            self.look(row)?;
            let arguments = &arguments;
            let value = valid.value(row).then(|| kernel(&Row { arguments, row }));
            values.push(value.flatten());
        }
        Ok(values)
    }

    /// The arguments, and the rows in which none of them is null.
    fn arguments(&mut self, operands: &[Arc<Node>]) -> Evaluated<(Vec<Values>, BooleanBuffer)> {
        let mut valid = BooleanBuffer::new_set(self.block.rows);
        let mut arguments = Vec::with_capacity(operands.len());
        for operand in operands {
            let values = self.values(operand)?;
            valid = &valid & &values.valid();
            arguments.push(values);
        }
        Ok((arguments, valid))
    }

    pub(super) fn udf_boolean(&mut self, number: usize) -> Evaluated<Truth> {
        let (values, rows) = self.udf(number)?;
        let value = |at| {
            let values = values.as_boolean();
            values.is_valid(at).then(|| values.value(at))
        };
        Ok(truth(&self.spread(rows.as_deref(), value)))
    }

    /// A long, or a date.
    pub(super) fn udf_long(&mut self, number: usize) -> Evaluated<Int64Array> {
        let (values, rows) = self.udf(number)?;
        let longs = match values.as_primitive_opt::<Int64Type>() {
            Some(longs) => longs.clone(),
            None => values
                .as_primitive::<TimestampMicrosecondType>()
                .reinterpret_cast(),
        };
        if rows.is_none() {
            return Ok(longs);
        }
        let value = |at| longs.is_valid(at).then(|| longs.value(at));
        Ok(self.spread(rows.as_deref(), value).into())
    }

    /// A double, which is null if it is not finite.
    pub(super) fn udf_double(&mut self, number: usize) -> Evaluated<Float64Array> {
        let (values, rows) = self.udf(number)?;
        let doubles = values.as_primitive::<Float64Type>();
        let value = |at| doubles.is_valid(at).then(|| doubles.value(at));
        let doubles = match rows {
            None => doubles.clone(),
            Some(_) => self.spread(rows.as_deref(), value).into(),
        };
        Ok(finite(doubles.values().to_vec(), doubles.nulls().cloned()))
    }

    pub(super) fn udf_text(&mut self, number: usize) -> Evaluated<Text> {
        let (values, rows) = self.udf(number)?;
        let texts = values.as_string::<i32>();
        if rows.is_none() {
            return Ok(Text::Rows(texts.clone()));
        }
        let value = |at| texts.is_valid(at).then(|| texts.value(at));
        let texts: StringArray = self.spread(rows.as_deref(), value).into_iter().collect();
        Ok(Text::Rows(texts))
    }

    /// The values of a UDF, and the rows that they belong to; `None` for all.
    fn udf(&mut self, number: usize) -> Evaluated<(ArrayRef, Option<Vec<usize>>)> {
        self.check()?;
        let rows: Option<Vec<usize>> = match &self.selection.rows {
            Some(rows) if rows.count_set_bits() < rows.len() => Some(rows.set_indices().collect()),
            _ => None,
        };
        let udf = self
            .kept
            .as_mut()
            .and_then(|kept| kept.udfs.get_mut(number));
        let udf = udf.ok_or(Undone::Failed)?;
        let evaluated = match &rows {
            None => udf.evaluate(self.block.documents, self.block.scores),
            Some(rows) => {
                let at = |row: &usize| self.block.documents[*row];
                let documents: Vec<DocId> = rows.iter().map(at).collect();
                let at = |row: &usize| self.block.scores[*row];
                let scores: Vec<Score> = rows.iter().map(at).collect();
                udf.evaluate(&documents, &scores)
            }
        };
        Ok((evaluated.ok_or(Undone::Failed)?.values, rows))
    }

    /// Values in the rows that they belong to, and null in the others.
    fn spread<T>(
        &self,
        rows: Option<&[usize]>,
        value: impl Fn(usize) -> Option<T>,
    ) -> Vec<Option<T>> {
        let Some(rows) = rows else {
            return (0..self.block.rows).map(value).collect();
        };
        let mut values: Vec<Option<T>> = Vec::new();
        values.resize_with(self.block.rows, || None);
        for (at, row) in rows.iter().enumerate() {
            values[*row] = value(at);
        }
        values
    }
}
