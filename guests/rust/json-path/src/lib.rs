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

#[cfg(test)]
mod tests {
    use whittle_guest::testing::{Document, Query};

    use super::*;

    const SHOP: &str = r#"{"shop": {"books": [{"price": 8}, {"price": 12.5}]}}"#;

    #[test]
    fn a_node_passes_the_test() {
        let query = Query::of::<JsonPath>()
            .parameter("field", "shop")
            .parameter("path", "$.books[*].price")
            .parameter("operator", "less_than");
        let shop = Document::from_json(SHOP);
        for (price, expected) in [(10, true), (8, false)] {
            let function = query.parameter("value", price).bind().expect("bound");
            assert_eq!(function.evaluate(&shop), Ok(Some(expected)), "{price}");
            assert_eq!(function.evaluate(&Document::new()), Ok(Some(false)));
        }
    }

    #[test]
    fn nodes_are_a_list() {
        let query = Query::of::<JsonNodes>()
            .parameter("field", "shop")
            .parameter("path", "$.books[?@.price > 10]");
        let function = query.bind().expect("bound");
        let nodes = function.evaluate_all(&[Document::from_json(SHOP), Document::new()]);
        let dear = Json(r#"[{"price":12.5}]"#.to_owned());
        assert_eq!(nodes, [Ok(Some(dear)), Ok(None)]);
    }
}
