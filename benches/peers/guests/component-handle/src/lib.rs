//! The guest of the peer component, with fields by their handles.

use std::cell::RefCell;

use peer_works::{Document, Function, Output};

use self::bindings::peer::documents::fields;
use self::bindings::peer::documents::values::Value;

mod bindings {
    wit_bindgen::generate!({ path: "../../rust/component/wit", world: "by-handle" });
    export!(Udf with_types_in self);
    use super::Udf;
}

struct Udf;

thread_local! {
    static BOUND: RefCell<(Function, Handles)> = RefCell::default();
}

impl bindings::Guest for Udf {
    fn prepare(request: String) -> Result<(), String> {
        let function = Function::new(&request)?;
        let handles = function
            .fields()
            .iter()
            .map(|path| fields::resolve(path))
            .collect();
        BOUND.replace((function, Handles(handles)));
        Ok(())
    }

    fn evaluate() -> Value {
        BOUND.with_borrow_mut(|(function, handles)| match function.evaluate(handles) {
            Output::Null => Value::Null,
            Output::Boolean(value) => Value::Boolean(value),
            Output::Integer(value) => Value::Integer(value),
            Output::Number(value) => Value::Number(value),
            Output::Text(value) => Value::Text(value),
        })
    }
}

/// The handles of the function's fields.
#[derive(Default)]
struct Handles(Vec<u32>);

impl Document for Handles {
    fn number(&self, field: usize) -> Option<f64> {
        fields::get_number(self.0[field])
    }

    fn text(&self, field: usize) -> Option<impl AsRef<str>> {
        fields::get_text(self.0[field])
    }
}
