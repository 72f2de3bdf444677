//! The works as a core module, without the Component Model, for hosts of core WebAssembly.
//!
//! The host calls `allocate`, writes a request there, calls `prepare` once, and then the `evaluate_*` of the
//! function's type of result once for each document. A request is JSON: `{"access": "handle" or "name",
//! "work": ..., "parameters": {...}}`. Fields are read through imports of the module `host` (see `host.rs`):
//! by their handles, or by their names as many hosts have it.

mod field;
mod host;

use std::cell::RefCell;

use peer_works::{Function, business_days, score};
use serde::Deserialize;

use crate::field::{Access, Field, with_text};

#[derive(Deserialize)]
struct Request {
    access: Access,
}

/// A function that is ready, with the fields that it reads.
#[derive(Default)]
struct Bound {
    function: Function,
    fields: Vec<Field>,
}

thread_local! {
    static BOUND: RefCell<Bound> = RefCell::default();
}

/// Memory for so many bytes, which the host writes and `prepare` frees.
#[unsafe(no_mangle)]
extern "C" fn allocate(length: usize) -> *mut u8 {
    Box::into_raw(vec![0_u8; length].into_boxed_slice()).cast()
}

/// Makes a function ready. Traps if the request is not one.
///
/// # Safety
///
/// The request must be what `allocate` gave for this length.
#[unsafe(no_mangle)]
unsafe extern "C" fn prepare(request: *mut u8, length: usize) {
    // SAFETY: `allocate` made a boxed slice of this length.
    let request = unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(request, length)) };
    let request = str::from_utf8(&request).expect("a text");
    let Request { access } = serde_json::from_str(request).expect("a request");
    let function = Function::new(request).expect("a function");
    let fields = function
        .fields()
        .iter()
        .map(|name| Field::new(name, access));
    let fields = fields.collect();
    BOUND.set(Bound { function, fields });
}

/// A function whose result is a boolean.
#[unsafe(no_mangle)]
extern "C" fn evaluate_bool() -> bool {
    BOUND.with_borrow(|Bound { function, fields }| match function {
        Function::Noop => true,
        Function::Distance(pattern) => with_text(&fields[0], |text| pattern.matches(text)),
        Function::Json(member) => with_text(&fields[0], |text| member.matches(text)),
        _ => panic!("the result is not a boolean"),
    })
}

/// A function whose result is a number.
#[unsafe(no_mangle)]
extern "C" fn evaluate_number() -> f64 {
    BOUND.with_borrow(|Bound { function, fields }| match function {
        Function::Score => score(
            fields[0].number(0.0),
            fields[1].number(0.0),
            fields[2].number(0.0),
        ),
        _ => panic!("the result is not a number"),
    })
}

/// A function whose result is an integer.
#[unsafe(no_mangle)]
extern "C" fn evaluate_integer() -> i64 {
    BOUND.with_borrow(|Bound { function, fields }| match function {
        Function::BusinessDays => business_days(fields[0].integer(0), fields[1].integer(0)),
        _ => panic!("the result is not an integer"),
    })
}

/// A function whose result is a text: its address in the upper half, its length in the lower one; -1 for
/// null. The text is valid until the next call.
#[unsafe(no_mangle)]
extern "C" fn evaluate_text() -> i64 {
    BOUND.with_borrow_mut(|Bound { function, fields }| match function {
        Function::Regex(group) => with_text(&fields[0], |text| {
            group.find(text).map_or(-1, |found| {
                (found.as_ptr() as i64) << 32 | found.len() as i64
            })
        }),
        _ => panic!("the result is not a text"),
    })
}
