//! The guest of the peer component, with fields by their paths.

use std::cell::RefCell;

use peer_works::{Function, Output};

use self::bindings::peer::documents::documents::Document;
use self::bindings::peer::documents::values::Value;

mod bindings {
    wit_bindgen::generate!({ path: "../../rust/component/wit", world: "by-path" });
    export!(Udf with_types_in self);
    use super::Udf;
}

struct Udf;

thread_local! {
    static FUNCTION: RefCell<Function> = RefCell::default();
}

impl bindings::Guest for Udf {
    fn prepare(request: String) -> Result<(), String> {
        FUNCTION.replace(Function::new(&request)?);
        Ok(())
    }

    fn evaluate(document: &Document) -> Value {
        FUNCTION.with_borrow_mut(|function| {
            let fields = function.fields();
            match function.evaluate(&Fields {
                document,
                paths: fields,
            }) {
                Output::Null => Value::Null,
                Output::Boolean(value) => Value::Boolean(value),
                Output::Integer(value) => Value::Integer(value),
                Output::Number(value) => Value::Number(value),
                Output::Text(value) => Value::Text(value),
            }
        })
    }
}

struct Fields<'call> {
    document: &'call Document,
    paths: &'static [&'static str],
}

impl peer_works::Document for Fields<'_> {
    fn number(&self, field: usize) -> Option<f64> {
        self.document.get_number(self.paths[field])
    }

    fn text(&self, field: usize) -> Option<impl AsRef<str>> {
        self.document.get_text(self.paths[field])
    }
}
