//! Queries of JSON fields by path (RFC 9535).

mod path;
mod test;

use path::Path;
use serde_json::Value;
use test::Test;
use whittle_guest::{Error, Field, Json, Parameters, export, udf};

/// Tells whether a node that a path finds in a JSON field passes a test. A document without the
/// field does not match.
#[derive(Parameters)]
struct JsonPath {
    /// The field whose JSON value is searched.
    field: Field<Json>,
    /// The path, as RFC 9535 has it, such as `$.store.book[?@.price < 10].title`.
    path: String,
    /// The test: `exists`; `equals`, numbers by their value and objects in any order; `contains`, a
    /// text in a text or an element in an array; `less_than` or `greater_than`, numbers with
    /// numbers and texts with texts.
    operator: String,
    /// What the nodes are compared with. Not needed for `exists`.
    value: Option<Json>,
    #[parameter(skip)]
    prepared: Option<(Path, Test)>,
}

#[udf]
impl JsonPath {
    fn prepare(&mut self) -> Result<(), Error> {
        let path = Path::new(&self.path)?;
        let value = self.value.as_ref().map(|value| parsed(&value.0));
        let value = value
            .transpose()
            .map_err(|error| Error::invalid_argument(format!("parameter `value`: {error}")))?;
        self.prepared = Some((path, Test::new(&self.operator, value)?));
        Ok(())
    }

    fn matches(&self) -> Result<bool, Error> {
        let (Some((path, test)), Some(json)) = (&self.prepared, self.field.get()) else {
            return Ok(false);
        };
        let value = document(&json)?;
        Ok(path.nodes(&value).any(|node| test.passes(node)))
    }
}

/// All nodes that a path finds in a JSON field, as a list. A document without the field gives null.
#[derive(Parameters)]
struct JsonNodes {
    /// The field whose JSON value is searched.
    field: Field<Json>,
    /// The path, as RFC 9535 has it, such as `$.store.book[?@.price < 10].title`.
    path: String,
    #[parameter(skip)]
    prepared: Option<Path>,
}

#[udf]
impl JsonNodes {
    fn prepare(&mut self) -> Result<(), Error> {
        self.prepared = Some(Path::new(&self.path)?);
        Ok(())
    }

    fn value(&self) -> Result<Option<Json>, Error> {
        let (Some(path), Some(json)) = (&self.prepared, self.field.get()) else {
            return Ok(None);
        };
        let value = document(&json)?;
        let nodes: Vec<&Value> = path.nodes(&value).collect();
        let nodes = serde_json::to_string(&nodes).map_err(|error| error.to_string())?;
        Ok(Some(Json(nodes)))
    }
}

export!(JsonPath, JsonNodes);

fn parsed(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text)
}

fn document(json: &Json) -> Result<Value, Error> {
    parsed(&json.0).map_err(|error| Error::failed(format!("the field's JSON value: {error}")))
}
