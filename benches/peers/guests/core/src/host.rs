//! What the host must offer as its module `host`.

#[link(wasm_import_module = "host")]
unsafe extern "C" {
    /// The handle of a field.
    pub(crate) fn field(name: *const u8, length: usize) -> u32;

    /// The number in a field of the current document, or the default.
    pub(crate) safe fn number(field: u32, default: f64) -> f64;

    /// The integer in a field of the current document, or the default.
    pub(crate) safe fn integer(field: u32, default: i64) -> i64;

    /// Copies the text in a field of the current document, and gives its length. Copies nothing if the
    /// text is longer than the buffer.
    pub(crate) fn text(field: u32, buffer: *mut u8, capacity: usize) -> usize;

    /// As `number`, by the field's name.
    pub(crate) fn number_of(name: *const u8, length: usize, default: f64) -> f64;

    /// As `integer`, by the field's name.
    pub(crate) fn integer_of(name: *const u8, length: usize, default: i64) -> i64;

    /// As `text`, by the field's name.
    pub(crate) fn text_of(
        name: *const u8,
        length: usize,
        buffer: *mut u8,
        capacity: usize,
    ) -> usize;
}
