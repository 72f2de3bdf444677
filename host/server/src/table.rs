//! Tables as `/_cat` shows them: text with aligned columns, or JSON.

use std::cmp::Ordering;

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value as Json};
use whittle_host::one_line;

use crate::error::ApiError;
use crate::parameters::{List, bad, parameters};
use crate::presentation::{Format, Presentation, filter_path::glob};
use crate::sizes::{Unit, human};

parameters! {
    /// How a table is shown.
    TableParameters {
        /// The columns, by name or short name, with commas between; `*` is any text.
        h: Option<List> = "h",
        /// The columns that the rows are ordered by, each with `:asc` or `:desc`.
        s: Option<List> = "s",
        /// Whether the first line has the names of the columns.
        v: bool = "v",
        /// Whether the columns are described in place of the table.
        help: bool = "help",
        /// The unit of sizes, in place of one that fits.
        bytes: Option<Unit> = "bytes",
    }
    ignoring ["local", "cluster_manager_timeout", "master_timeout", "time"]
}

/// A column of a table.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) short: &'static str,
    pub(crate) about: &'static str,
    /// Whether it is shown unless columns are named.
    pub(crate) shown: bool,
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Text(String),
    Number(u64),
    Size(u64),
    Empty,
}

impl Cell {
    fn text(&self, unit: Option<Unit>) -> String {
        match (self, unit) {
            (Self::Text(text), _) => one_line(text),
            (Self::Number(number), _) => number.to_string(),
            (Self::Size(bytes), Some(unit)) => unit.shown(*bytes),
            (Self::Size(bytes), None) => human(*bytes),
            (Self::Empty, _) => String::new(),
        }
    }

    /// Numbers stand at the right of their column.
    fn is_right(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Size(_))
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Text(left), Self::Text(right)) => left.cmp(right),
            (Self::Number(left), Self::Number(right)) | (Self::Size(left), Self::Size(right)) => {
                left.cmp(right)
            }
            (left, right) => (*left == Self::Empty).cmp(&(*right == Self::Empty)),
        }
    }
}

/// Rows under columns.
pub(crate) struct Table {
    pub(crate) columns: &'static [Column],
    pub(crate) rows: Vec<Vec<Cell>>,
}

impl Table {
    /// The table as it is asked for.
    ///
    /// # Errors
    ///
    /// 400 for a column that does not exist.
    pub(crate) fn shown(
        mut self,
        parameters: &TableParameters,
        presentation: Presentation,
    ) -> Result<Response, ApiError> {
        if parameters.help {
            return Ok(text(self.help()));
        }
        if let Some(List(keys)) = &parameters.s {
            self.sort(keys)?;
        }
        let columns = self.chosen(parameters.h.as_ref())?;
        if presentation.format == Some(Format::Json) {
            return Ok(axum::Json(self.json(&columns, parameters.bytes)).into_response());
        }
        Ok(text(self.text(&columns, parameters)))
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| {
            column.name == name || column.short.split(',').any(|short| short == name)
        })
    }

    /// The columns that are shown, each under the name that it was asked for by.
    fn chosen(&self, names: Option<&List>) -> Result<Vec<(usize, String)>, ApiError> {
        let all = || self.columns.iter().enumerate();
        let Some(List(names)) = names else {
            let shown = all().filter(|(_, column)| column.shown);
            return Ok(shown
                .map(|(at, column)| (at, column.name.to_owned()))
                .collect());
        };
        let mut chosen = Vec::new();
        for name in names {
            if name.contains('*') {
                let fits = all().filter(|(_, of)| glob(name.as_bytes(), of.name.as_bytes()));
                chosen.extend(fits.map(|(at, of)| (at, of.name.to_owned())));
            } else if let Some(at) = self.column(name) {
                chosen.push((at, name.clone()));
            } else {
                let names: Vec<&str> = all().map(|(_, column)| column.name).collect();
                return Err(bad(format!(
                    "the table has no column [{}]; it has [{}]",
                    one_line(name),
                    names.join(", ")
                )));
            }
        }
        Ok(chosen)
    }

    fn sort(&mut self, keys: &[String]) -> Result<(), ApiError> {
        let mut order = Vec::new();
        for key in keys {
            let (name, descending) = match key.rsplit_once(':') {
                Some((name, "desc")) => (name, true),
                Some((name, "asc")) => (name, false),
                _ => (key.as_str(), false),
            };
            let unknown = || {
                let name = one_line(name);
                bad(format!("Unable to sort by unknown sort key `{name}`"))
            };
            order.push((self.column(name).ok_or_else(unknown)?, descending));
        }
        self.rows.sort_by(|left, right| {
            let keys = order.iter().map(|(at, descending)| {
                let ordering = left[*at].compare(&right[*at]);
                if *descending {
                    ordering.reverse()
                } else {
                    ordering
                }
            });
            keys.fold(Ordering::Equal, Ordering::then)
        });
        Ok(())
    }

    fn json(&self, columns: &[(usize, String)], unit: Option<Unit>) -> Vec<Map<String, Json>> {
        let row = |row: &Vec<Cell>| {
            let cells = columns.iter().map(|(at, name)| {
                let cell = match &row[*at] {
                    Cell::Empty => Json::Null,
                    cell => cell.text(unit).into(),
                };
                (name.clone(), cell)
            });
            cells.collect()
        };
        self.rows.iter().map(row).collect()
    }

    fn text(&self, columns: &[(usize, String)], parameters: &TableParameters) -> String {
        let mut lines: Vec<Vec<(String, bool)>> = Vec::new();
        if parameters.v {
            let is_right = |at: usize| self.rows.first().is_some_and(|row| row[at].is_right());
            lines.push(
                columns
                    .iter()
                    .map(|(at, name)| (name.clone(), is_right(*at)))
                    .collect(),
            );
        }
        for row in &self.rows {
            let cell = |at: usize| (row[at].text(parameters.bytes), row[at].is_right());
            lines.push(columns.iter().map(|(at, _)| cell(*at)).collect());
        }
        aligned(&lines)
    }

    fn help(&self) -> String {
        let line = |column: &Column| {
            let cells = [column.name, "|", column.short, "|", column.about];
            cells.map(|cell| (cell.to_owned(), false)).to_vec()
        };
        aligned(&self.columns.iter().map(line).collect::<Vec<_>>())
    }
}

/// Lines whose cells are as wide as the widest of their column.
fn aligned(lines: &[Vec<(String, bool)>]) -> String {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |at: usize| lines.iter().map(|line| line[at].0.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|at| width(at).unwrap_or(0)).collect();
    let mut out = String::new();
    for line in lines {
        let mut text = String::new();
        for ((cell, is_right), width) in line.iter().zip(&widths) {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&match is_right {
                true => format!("{cell:>width$}"),
                false => format!("{cell:width$}"),
            });
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}

fn text(text: String) -> Response {
    ([(CONTENT_TYPE, "text/plain; charset=UTF-8")], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column {
            name: "index",
            short: "i,idx",
            about: "its name",
            shown: true,
        },
        Column {
            name: "docs.count",
            short: "dc",
            about: "documents",
            shown: true,
        },
        Column {
            name: "store.size",
            short: "ss",
            about: "its size",
            shown: true,
        },
        Column {
            name: "uuid",
            short: "id",
            about: "its identifier",
            shown: false,
        },
    ];

    fn table() -> Table {
        let row = |name: &str, documents, bytes| {
            let name = Cell::Text(name.to_owned());
            vec![
                name,
                Cell::Number(documents),
                Cell::Size(bytes),
                Cell::Empty,
            ]
        };
        Table {
            columns: COLUMNS,
            rows: vec![row("a", 9, 2048), row("logs", 10, 3), row("b", 9, 0)],
        }
    }

    fn list(names: &str) -> Option<List> {
        Some(List(names.split(',').map(str::to_owned).collect()))
    }

    #[test]
    fn columns_are_aligned_and_numbers_at_the_right() {
        let columns = table().chosen(None).expect("all");
        let parameters = TableParameters {
            v: true,
            ..TableParameters::default()
        };
        insta::assert_snapshot!(table().text(&columns, &parameters), @"
        index docs.count store.size
        a              9        2kb
        logs          10         3b
        b              9         0b
        ");
        insta::assert_snapshot!(table().help(), @"
        index      | i,idx | its name
        docs.count | dc    | documents
        store.size | ss    | its size
        uuid       | id    | its identifier
        ");
    }

    #[test]
    fn columns_and_their_order_can_be_chosen() {
        let mut table = table();
        let keys = list("dc:desc,i:desc").expect("keys").0;
        table.sort(&keys).expect("they are known");
        let columns = table
            .chosen(list("i,docs.*,id").as_ref())
            .expect("they are known");
        let json = serde_json::to_string(&table.json(&columns, None)).expect("JSON");
        insta::assert_snapshot!(json, @r#"[{"i":"logs","docs.count":"10","id":null},{"i":"b","docs.count":"9","id":null},{"i":"a","docs.count":"9","id":null}]"#);
        let unknown = table.chosen(list("x").as_ref()).expect_err("it is refused");
        insta::assert_snapshot!(unknown.reason(), @"the table has no column [x]; it has [index, docs.count, store.size, uuid]");
        let unknown = table
            .sort(&["x:desc".to_owned()])
            .expect_err("it is refused");
        insta::assert_snapshot!(unknown.reason(), @"Unable to sort by unknown sort key `x`");
    }
}
