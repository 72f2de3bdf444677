//! Calls of UDFs in filters, as clauses of the node's query language: the search evaluates them, and
//! only the documents that they keep leave the index.
//!
//! A call is a clause if the search gives the answer of SQL. So it returns a boolean, each argument
//! is a column of the index or a constant, and the function reads those columns and no others, as
//! values that SQL reads in the same way: a string column that is read as JSON would be parsed.
//! Documents without a value are dropped in both; under `NOT` the search would keep them, so a
//! negated call is no clause. What SQL does not define, the id and the score of a row, are those of
//! the document here.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::ScalarFunction;
use serde_json::{Map, Value as Json, json};
use whittle_datafusion::Called;
use whittle_host::{Arguments, Budget, Kind, Parameter, Presence, QueryContext};
use whittle_node::Snapshot;

use super::pushdown::{Clause, value};

/// The clause for a call, if the search gives the same answer.
pub(super) fn clause(call: &ScalarFunction, snapshot: &Snapshot) -> Option<Clause> {
    let called = Called::of(&call.func)?;
    let function = &called.reference().function;
    if function.returns != Kind::Boolean {
        return None;
    }
    let Arranged { params, columns } = Arranged::of(&function.parameters, &call.args)?;
    let arguments = Arguments::from_json(&params);
    // What the function refuses is reported by the engine, in the words of SQL.
    let component = called.component().ok()?;
    let query = QueryContext::new(Budget::default());
    let bound = component.bind(&function.name, &arguments, &query).ok()?;
    let schema = snapshot.schema();
    let is_read = |column: &&str| bound.fields().iter().any(|field| field.path == *column);
    let is_same = bound.fields().iter().all(|field| {
        let column = schema.field_with_name(&field.path);
        columns.contains(&field.path.as_str())
            && column.is_ok_and(|column| reads(field.kind, column.data_type()))
    });
    let are_fields = columns.iter().all(|column| snapshot.is_field(column));
    if !is_same || !are_fields || !columns.iter().all(is_read) {
        return None;
    }
    let (manifest, name) = (component.manifest(), &function.name);
    let exactly = format!("{}.{name}@{}", manifest.name, manifest.version);
    Some(Clause {
        query: json!({"wasm_udf": {"function": exactly, "params": params}}),
        is_exact: true,
        calls: vec![called],
    })
}

/// The arguments of a call, as those of a clause.
struct Arranged<'a> {
    params: Map<String, Json>,
    columns: Vec<&'a str>,
}

impl<'a> Arranged<'a> {
    fn of(parameters: &[Parameter], arguments: &'a [Expr]) -> Option<Self> {
        let (mut params, mut columns, mut texts) = (Map::new(), Vec::new(), Vec::new());
        for (place, argument) in arguments.iter().enumerate() {
            let is_null = argument.as_literal().is_some_and(ScalarValue::is_null);
            let Some(parameter) = parameters.get(place) else {
                // A document, which is not given.
                is_null.then_some(())?;
                continue;
            };
            let given = match argument {
                Expr::Column(column) if parameter.kind == Kind::Text => {
                    columns.push(column.name.as_str());
                    json!(column.name)
                }
                _ if is_null && parameter.presence != Presence::Required => continue,
                // Its numbers may have more digits than a query keeps.
                _ if parameter.kind == Kind::Json => return None,
                constant => value(constant)?,
            };
            if !matches!(argument, Expr::Column(_)) {
                texts.extend(given.as_str().map(ToOwned::to_owned));
            }
            params.insert(parameter.name.clone(), given);
        }
        // A function that reads the path of a column may have it from such a constant.
        let is_clear = texts.iter().all(|text| !columns.contains(&text.as_str()));
        (is_clear && !columns.is_empty()).then_some(Self { params, columns })
    }
}

/// Whether SQL reads values of a type as a kind.
fn reads(kind: Kind, column: &DataType) -> bool {
    match kind {
        Kind::Boolean => *column == DataType::Boolean,
        Kind::Int64 => column.is_integer(),
        Kind::Float64 => column.is_numeric(),
        Kind::Text => column.is_string(),
        Kind::Timestamp => column.is_string() || column.is_temporal(),
        Kind::Json => false,
    }
}
