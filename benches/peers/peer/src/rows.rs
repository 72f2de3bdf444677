//! A work and its rows, as the runner writes them into a file.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a function does. Each row gives one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// `true` for each row, and nothing is read. Columns: `x` (number).
    Noop,
    /// `0.3 * price + 0.5 * rating + 0.2 * popularity`. Columns: these three (numbers).
    Score,
    /// The same, where each column has nulls, which count as 0.
    ScoreNulls,
    /// Whether the Levenshtein distance of `title` from the parameter `target` is at most
    /// `max_distance`. Columns: `title` (text).
    Distance,
    /// Group 1 of the first match of the parameter `pattern`, null without a match. Columns: `title`
    /// (text).
    Regex,
    /// Whether the value at the parameter `path` (`$.a.b`, RFC 9535) is the parameter `equals`, a text.
    /// Columns: `data` (text, a JSON object).
    Json,
    /// How many days from `start` (included) to `end` (not included) are neither Saturdays nor Sundays.
    /// Columns: `start` and `end` (integers, days since 1970-01-01); `start` is never after `end`.
    BusinessDays,
}

impl Work {
    /// All works, in the order of the table.
    pub const ALL: [Self; 7] = [
        Self::Noop,
        Self::Score,
        Self::ScoreNulls,
        Self::Distance,
        Self::Regex,
        Self::Json,
        Self::BusinessDays,
    ];
}

/// A work with its parameters and columns.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rows {
    /// The work.
    pub work: Work,
    /// Constants of the function, as JSON.
    pub parameters: Map<String, Value>,
    /// The columns by their names, all of one length.
    pub columns: Map<String, Value>,
}

impl Rows {
    /// Reads a file that the runner has written.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read or has another form.
    pub fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
        serde_json::from_str(&text).with_context(|| file.display().to_string())
    }

    /// How many rows there are.
    pub fn count(&self) -> usize {
        let columns = self.columns.values().filter_map(Value::as_array);
        columns.map(Vec::len).next().unwrap_or(0)
    }

    /// A column of numbers.
    ///
    /// # Errors
    ///
    /// Without the column, and where it is of another type.
    pub fn numbers(&self, name: &str) -> Result<Vec<Option<f64>>> {
        self.column(name, Value::as_f64)
    }

    /// A column of integers.
    ///
    /// # Errors
    ///
    /// Without the column, and where it is of another type.
    pub fn integers(&self, name: &str) -> Result<Vec<Option<i64>>> {
        self.column(name, Value::as_i64)
    }

    /// A column of texts.
    ///
    /// # Errors
    ///
    /// Without the column, and where it is of another type.
    pub fn texts(&self, name: &str) -> Result<Vec<Option<&str>>> {
        self.column(name, Value::as_str)
    }

    /// A column of integers without nulls.
    ///
    /// # Errors
    ///
    /// Without the column, and if a value is null or of another type.
    pub fn days(&self, name: &str) -> Result<Vec<i64>> {
        let days = self.integers(name)?.into_iter().collect::<Option<_>>();
        days.with_context(|| format!("column `{name}` has nulls"))
    }

    /// A column of texts without nulls.
    ///
    /// # Errors
    ///
    /// Without the column, and if a value is null or of another type.
    pub fn strings(&self, name: &str) -> Result<Vec<String>> {
        let texts = self
            .texts(name)?
            .into_iter()
            .map(|text| text.map(str::to_owned));
        texts
            .collect::<Option<_>>()
            .with_context(|| format!("column `{name}` has nulls"))
    }

    /// A parameter that is a text.
    ///
    /// # Errors
    ///
    /// Without the parameter, and where it is of another type.
    pub fn text(&self, name: &str) -> Result<&str> {
        let value = self.parameters.get(name).and_then(Value::as_str);
        value.with_context(|| format!("no text parameter `{name}`"))
    }

    /// A parameter that is an integer.
    ///
    /// # Errors
    ///
    /// Without the parameter, and where it is of another type.
    pub fn integer(&self, name: &str) -> Result<i64> {
        let value = self.parameters.get(name).and_then(Value::as_i64);
        value.with_context(|| format!("no integer parameter `{name}`"))
    }

    fn column<'rows, T>(
        &'rows self,
        name: &str,
        read: impl Fn(&'rows Value) -> Option<T>,
    ) -> Result<Vec<Option<T>>> {
        let column = self.columns.get(name).and_then(Value::as_array);
        let values = column
            .with_context(|| format!("no column `{name}`"))?
            .iter();
        let values = values.map(|value| match value {
            Value::Null => Ok(None),
            value => Ok(Some(
                read(value).with_context(|| format!("column `{name}`: {value}"))?,
            )),
        });
        values.collect()
    }
}
