//! The rows of an answer, as a table for people or in a format for programs.
//!
//! A table needs the width of its columns, so it shows the first rows only; the other formats are
//! written as the rows arrive, and have all of them.

use std::fmt;
use std::io::{self, Write};
use std::str::FromStr;
use std::sync::Arc;

use anyhow::Result;
use clap::ValueEnum;
use datafusion::arrow::array::{Array, ArrayRef, StringArray};
use datafusion::arrow::csv::WriterBuilder as CsvBuilder;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::json::writer::{LineDelimited, WriterBuilder as JsonBuilder};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::arrow::util::pretty::pretty_format_batches_with_options;
use whittle_host::printable;

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
pub(super) enum Format {
    /// A table.
    Table,
    /// Comma-separated values under a header.
    Csv,
    /// Tab-separated values under a header.
    Tsv,
    /// An array of objects.
    Json,
    /// One object on each line.
    #[value(alias = "nd-json")]
    Ndjson,
}

/// The name on the command line.
impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        formatter.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}

/// The most rows that a table shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct MaxRows(usize);

impl MaxRows {
    pub(super) const NONE: Self = Self(0);
}

impl FromStr for MaxRows {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "inf" => Ok(Self(usize::MAX)),
            _ => text
                .parse()
                .map(Self)
                .map_err(|_| "expected a number of rows, or `inf`".to_owned()),
        }
    }
}

/// Prints the answer to one statement.
#[derive(Debug)]
pub(super) struct Printer {
    format: Format,
    max_rows: usize,
    schema: SchemaRef,
    /// The rows of a table to show.
    shown: Vec<RecordBatch>,
    rows: usize,
}

impl Printer {
    /// Begins an answer with the columns of this schema.
    pub(super) fn begin(format: Format, max_rows: MaxRows, schema: SchemaRef) -> Result<Self> {
        let printer = Self {
            format,
            max_rows: max_rows.0,
            shown: Vec::new(),
            rows: 0,
            schema,
        };
        if matches!(format, Format::Csv | Format::Tsv) {
            write(&printer.separated(&RecordBatch::new_empty(printer.schema.clone()), true)?)?;
        }
        Ok(printer)
    }

    /// Takes the next rows.
    pub(super) fn rows(&mut self, batch: &RecordBatch) -> Result<()> {
        let before = self.rows;
        self.rows += batch.num_rows();
        match self.format {
            Format::Table => {
                let room = self.max_rows.saturating_sub(before);
                if room > 0 {
                    let shown = batch.slice(0, room.min(batch.num_rows()));
                    self.shown.push(shown);
                }
                Ok(())
            }
            Format::Csv | Format::Tsv => write(&self.separated(batch, false)?),
            Format::Ndjson => write(&objects(batch)?),
            Format::Json => {
                let lines = objects(batch)?;
                let mut text = Vec::with_capacity(lines.len() * 2);
                for line in lines.split(|&byte| byte == b'\n') {
                    if !line.is_empty() {
                        let begins = before == 0 && text.is_empty();
                        text.extend_from_slice(if begins { b"[" } else { b",\n" });
                        text.extend_from_slice(line);
                    }
                }
                write(&text)
            }
        }
    }

    /// Ends the answer. `options` say how a table shows values.
    pub(super) fn end(self, options: &FormatOptions<'_>) -> Result<()> {
        match self.format {
            Format::Csv | Format::Tsv | Format::Ndjson => Ok(()),
            Format::Json if self.rows == 0 => write(b"[]\n"),
            Format::Json => write(b"]\n"),
            Format::Table => {
                let mut batches = self.shown;
                batches.push(RecordBatch::new_empty(self.schema));
                let table = pretty_format_batches_with_options(&batches, options)?;
                let shown = self.rows.min(self.max_rows);
                let count = match self.rows {
                    1 => "(1 row)".to_owned(),
                    rows if rows > shown => {
                        format!("({rows} rows, {shown} shown; `--maxrows` shows more)")
                    }
                    rows => format!("({rows} rows)"),
                };
                write(printable(&format!("{table}\n{count}\n")).as_bytes())
            }
        }
    }

    fn separated(&self, batch: &RecordBatch, header: bool) -> Result<Vec<u8>> {
        let delimiter = if self.format == Format::Tsv {
            b'\t'
        } else {
            b','
        };
        let mut text = Vec::new();
        let builder = CsvBuilder::new().with_header(header);
        let mut writer = builder.with_delimiter(delimiter).build(&mut text);
        writer.write(&flat(batch)?)?;
        drop(writer);
        Ok(text)
    }
}

/// Lists and structs as the strings that a table shows.
fn flat(batch: &RecordBatch) -> Result<RecordBatch> {
    let schema = batch.schema();
    let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        let column: ArrayRef = match column.data_type().is_nested() {
            false => Arc::clone(column),
            true => {
                let options = FormatOptions::default();
                let values = ArrayFormatter::try_new(column, &options)?;
                let rows = (0..column.len()).map(|row| {
                    let is_valid = column.is_valid(row);
                    is_valid.then(|| values.value(row).to_string())
                });
                Arc::new(rows.collect::<StringArray>())
            }
        };
        columns.push((field.name(), column));
    }
    Ok(RecordBatch::try_from_iter(columns)?)
}

/// An object on each line, with all columns: one without a value is `null`.
fn objects(batch: &RecordBatch) -> Result<Vec<u8>> {
    let builder = JsonBuilder::new().with_explicit_nulls(true);
    let mut writer = builder.build::<_, LineDelimited>(Vec::new());
    writer.write(batch)?;
    writer.finish()?;
    Ok(writer.into_inner())
}

fn write(text: &[u8]) -> Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(text)?;
    Ok(stdout.flush()?)
}
