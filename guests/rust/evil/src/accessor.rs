//! Abuses the document accessor: late, forged, too many, too long, too often.

use whittle_guest::bindings::whittle::udf::document;
use whittle_guest::{Error, Field, Kind, Parameters, udf};

/// Resolves a field in `evaluate`.
#[derive(Parameters)]
pub(crate) struct LateField {}

#[udf]
impl LateField {
    fn value(&self) -> i64 {
        document::resolve("x", Kind::Int64).into()
    }
}

/// Reads a field that it did not resolve.
#[derive(Parameters)]
pub(crate) struct ForgedField {
    /// The number that it takes for a field.
    #[parameter(default = 7)]
    handle: u32,
}

#[udf]
impl ForgedField {
    fn value(&self) -> Option<String> {
        document::get_text(self.handle)
    }
}

/// Resolves so many fields.
#[derive(Parameters)]
pub(crate) struct ThousandsOfFields {
    /// How many.
    #[parameter(default = 1)]
    count: usize,
}

#[udf]
impl ThousandsOfFields {
    fn prepare(&mut self) -> Result<(), Error> {
        for index in 0..self.count {
            document::resolve(&format!("f{index}"), Kind::Text);
        }
        Ok(())
    }

    fn matches(&self) -> bool {
        true
    }
}

/// Resolves a field whose path has so many bytes.
#[derive(Parameters)]
pub(crate) struct LongPath {
    /// How many.
    #[parameter(default = 1)]
    bytes: usize,
}

#[udf]
impl LongPath {
    fn prepare(&mut self) -> Result<(), Error> {
        document::resolve(&"x.".repeat(self.bytes / 2), Kind::Text);
        Ok(())
    }

    fn matches(&self) -> bool {
        true
    }
}

/// Reads a field without end.
#[derive(Parameters)]
pub(crate) struct EndlessReads {
    /// The field.
    #[parameter(default = "x")]
    field: Field<str>,
}

#[udf]
impl EndlessReads {
    fn value(&self) -> i64 {
        let mut read = 0;
        loop {
            read += self.field.get().map_or(1, |text| text.len() as i64);
            if read < 0 {
                return read;
            }
        }
    }
}
