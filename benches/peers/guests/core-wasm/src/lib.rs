//! The guest of the peer core-wasm: a module that imports the host's functions, without a component around it.

use std::cell::RefCell;

use peer_works::{Document, Function, Output};

#[link(wasm_import_module = "documents")]
unsafe extern "C" {
    /// The handle of a field.
    fn resolve(path: *const u8, length: usize) -> u32;
    /// Whether the current document has a value.
    safe fn has(field: u32) -> u32;
    /// The current document's number, or another one without it.
    safe fn number_or(field: u32, other: f64) -> f64;
    /// Copies the current document's text, and gives its length; -1 without a text. A text that is longer
    /// than the capacity is not copied.
    fn text(field: u32, to: *mut u8, capacity: usize) -> isize;
}

#[derive(Default)]
struct Bound {
    function: Function,
    fields: Fields,
    /// The result, until the next call.
    text: String,
}

/// The handles of the function's fields.
#[derive(Default)]
struct Fields {
    handles: Vec<u32>,
    /// The text that was read last: its memory is used again.
    buffer: RefCell<Vec<u8>>,
}

thread_local! {
    static REQUEST: RefCell<Vec<u8>> = RefCell::default();
    static BOUND: RefCell<Bound> = RefCell::default();
}

unsafe extern "C" {
    /// The constructors of statics, by the linker. Not named, each export would run them again.
    fn __wasm_call_ctors();
}

/// Comes before all other calls.
#[unsafe(no_mangle)]
extern "C" fn _initialize() {
    // SAFETY: the host calls it once.
    unsafe { __wasm_call_ctors() }
}

/// Memory for the request, which the host writes.
#[unsafe(no_mangle)]
extern "C" fn allocate(length: usize) -> *mut u8 {
    REQUEST.with_borrow_mut(|request| {
        request.resize(length, 0);
        request.as_mut_ptr()
    })
}

/// Binds the function of the request; traps where it is not well formed.
#[unsafe(no_mangle)]
extern "C" fn prepare() {
    let request = REQUEST.with_borrow(|request| String::from_utf8_lossy(request).into_owned());
    let function = Function::new(&request).expect("a function");
    let paths = function.fields().iter();
    // SAFETY: the host reads so many bytes.
    let handles = paths.map(|path| unsafe { resolve(path.as_ptr(), path.len()) }).collect();
    let fields = Fields { handles, ..Fields::default() };
    BOUND.replace(Bound { function, fields, text: String::new() });
}

fn evaluate() -> Output {
    BOUND.with_borrow_mut(|bound| bound.function.evaluate(&bound.fields))
}

#[unsafe(no_mangle)]
extern "C" fn evaluate_boolean() -> i32 {
    matches!(evaluate(), Output::Boolean(true)).into()
}

#[unsafe(no_mangle)]
extern "C" fn evaluate_number() -> f64 {
    match evaluate() {
        Output::Number(number) => number,
        _ => f64::NAN,
    }
}

#[unsafe(no_mangle)]
extern "C" fn evaluate_integer() -> i64 {
    match evaluate() {
        Output::Integer(integer) => integer,
        _ => 0,
    }
}

/// The address of the text in the low 32 bits, and its length in the high ones; -1 for null.
#[unsafe(no_mangle)]
extern "C" fn evaluate_text() -> i64 {
    let Output::Text(text) = evaluate() else {
        return -1;
    };
    BOUND.with_borrow_mut(|bound| {
        bound.text = text;
        bound.text.as_ptr() as i64 | (bound.text.len() as i64) << 32
    })
}

impl Document for Fields {
    fn number(&self, field: usize) -> Option<f64> {
        let handle = self.handles[field];
        (has(handle) != 0).then(|| number_or(handle, 0.0))
    }

    fn number_or(&self, field: usize, other: f64) -> f64 {
        number_or(self.handles[field], other)
    }

    fn text(&self, field: usize) -> Option<impl AsRef<str>> {
        let mut buffer = self.buffer.borrow_mut();
        loop {
            // SAFETY: the host writes no more than the capacity, and the text is UTF-8.
            let length = unsafe { text(self.handles[field], buffer.as_mut_ptr(), buffer.capacity()) };
            let length = usize::try_from(length).ok()?;
            if length <= buffer.capacity() {
                // SAFETY: the host has written so many bytes.
                unsafe { buffer.set_len(length) };
                return Some(Text(buffer));
            }
            buffer.clear();
            buffer.reserve(length);
        }
    }
}

/// The text in the buffer.
struct Text<'buffer>(std::cell::RefMut<'buffer, Vec<u8>>);

impl AsRef<str> for Text<'_> {
    fn as_ref(&self) -> &str {
        // SAFETY: the host hands over UTF-8.
        unsafe { std::str::from_utf8_unchecked(&self.0) }
    }
}
