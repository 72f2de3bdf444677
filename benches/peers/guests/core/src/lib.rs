//! The works as a core module, without the Component Model, for hosts of core WebAssembly.
//!
//! The host calls `allocate` and writes a function as JSON there, calls `prepare` once, and then the
//! `evaluate_*` of the function's type of result once for each document. Fields are read through imports of
//! the module `host` (see `host.rs`): by their handles, or by their names as many hosts have it.

mod field;
mod host;
#[path = "../../../../../guests/rust/string-distance/src/pattern.rs"]
mod pattern;

use std::cell::RefCell;

use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use crate::field::{Access, Field, with_text};
use crate::pattern::Pattern;

/// What the host writes as JSON.
#[derive(Deserialize)]
struct Request {
    access: Access,
    work: Work,
}

/// A function with its parameters.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", tag = "name", content = "parameters")]
enum Work {
    Noop {},
    Score {},
    ScoreNulls {},
    Distance { target: String, max_distance: usize },
    Regex { pattern: String },
    Json { path: String, equals: String },
    BusinessDays {},
}

/// A function that is ready.
enum Function {
    Noop,
    Score([Field; 3]),
    Distance(Field, Pattern),
    Regex(Field, Regex),
    Json {
        field: Field,
        pointer: String,
        equals: String,
    },
    BusinessDays([Field; 2]),
}

thread_local! {
    static FUNCTION: RefCell<Function> = const { RefCell::new(Function::Noop) };
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
    let Request { access, work } = serde_json::from_slice(&request).expect("a request");
    let field = |name| Field::new(name, access);
    let function = match work {
        Work::Noop {} => Function::Noop,
        Work::Score {} | Work::ScoreNulls {} => {
            Function::Score(["price", "rating", "popularity"].map(field))
        }
        Work::Distance {
            target,
            max_distance,
        } => Function::Distance(field("title"), Pattern::new(&target, max_distance)),
        Work::Regex { pattern } => {
            Function::Regex(field("title"), Regex::new(&pattern).expect("a pattern"))
        }
        Work::Json { path, equals } => {
            let pointer = path.trim_start_matches('$').replace('.', "/");
            Function::Json {
                field: field("data"),
                pointer,
                equals,
            }
        }
        Work::BusinessDays {} => Function::BusinessDays(["start", "end"].map(field)),
    };
    FUNCTION.set(function);
}

/// A function whose result is a boolean.
#[unsafe(no_mangle)]
extern "C" fn evaluate_bool() -> bool {
    FUNCTION.with_borrow(|function| match function {
        Function::Noop => true,
        Function::Distance(title, pattern) => with_text(title, |title| pattern.matches(title)),
        Function::Json {
            field,
            pointer,
            equals,
        } => with_text(field, |text| {
            let value: Value = serde_json::from_str(text).expect("JSON");
            value.pointer(pointer).and_then(Value::as_str) == Some(equals)
        }),
        _ => panic!("the result is not a boolean"),
    })
}

/// A function whose result is a number.
#[unsafe(no_mangle)]
extern "C" fn evaluate_number() -> f64 {
    FUNCTION.with_borrow(|function| match function {
        Function::Score([price, rating, popularity]) => {
            0.3 * price.number(0.0) + 0.5 * rating.number(0.0) + 0.2 * popularity.number(0.0)
        }
        _ => panic!("the result is not a number"),
    })
}

/// A function whose result is an integer.
#[unsafe(no_mangle)]
extern "C" fn evaluate_integer() -> i64 {
    FUNCTION.with_borrow(|function| match function {
        Function::BusinessDays([start, end]) => {
            weekdays_before(end.integer(0)) - weekdays_before(start.integer(0))
        }
        _ => panic!("the result is not an integer"),
    })
}

/// A function whose result is a text: its address in the upper half, its length in the lower one; -1 for
/// null. The text is valid until the next call.
#[unsafe(no_mangle)]
extern "C" fn evaluate_text() -> i64 {
    FUNCTION.with_borrow(|function| match function {
        Function::Regex(title, regex) => with_text(title, |title| {
            let group = regex.captures(title).and_then(|captures| captures.get(1));
            group.map_or(-1, |group| {
                let (address, length) = (group.as_str().as_ptr() as i64, group.len() as i64);
                (address << 32) | length
            })
        }),
        _ => panic!("the result is not a text"),
    })
}

/// Mondays to Fridays before a day, counted from a Monday.
fn weekdays_before(day: i64) -> i64 {
    // 1970-01-01 was a Thursday.
    let day = day + 3;
    5 * day.div_euclid(7) + day.rem_euclid(7).min(5)
}
