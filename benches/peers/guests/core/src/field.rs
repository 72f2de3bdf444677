//! A field of the documents, read by its handle or by its name.

use std::cell::RefCell;

use serde::Deserialize;

use crate::host;

/// What the host is given with each read.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Access {
    Handle,
    Name,
}

/// A field of the documents.
pub(crate) enum Field {
    Handle(u32),
    Name(&'static str),
}

thread_local! {
    /// The text that was read last. It grows to the longest one.
    static TEXT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Field {
    pub(crate) fn new(name: &'static str, access: Access) -> Self {
        match access {
            // SAFETY: the host only reads these bytes.
            Access::Handle => Self::Handle(unsafe { host::field(name.as_ptr(), name.len()) }),
            Access::Name => Self::Name(name),
        }
    }

    /// The number in the current document, or the default.
    pub(crate) fn number(&self, default: f64) -> f64 {
        match self {
            Self::Handle(field) => host::number(*field, default),
            // SAFETY: the host only reads these bytes.
            Self::Name(name) => unsafe { host::number_of(name.as_ptr(), name.len(), default) },
        }
    }

    /// The integer in the current document, or the default.
    pub(crate) fn integer(&self, default: i64) -> i64 {
        match self {
            Self::Handle(field) => host::integer(*field, default),
            // SAFETY: the host only reads these bytes.
            Self::Name(name) => unsafe { host::integer_of(name.as_ptr(), name.len(), default) },
        }
    }

    /// Copies the text in the current document into a buffer if it fits, and gives its length.
    fn text(&self, buffer: &mut [u8]) -> usize {
        let (address, capacity) = (buffer.as_mut_ptr(), buffer.len());
        match self {
            // SAFETY: the host writes no more bytes than the buffer has.
            Self::Handle(field) => unsafe { host::text(*field, address, capacity) },
            // SAFETY: as above, and it only reads the name.
            Self::Name(name) => unsafe {
                host::text_of(name.as_ptr(), name.len(), address, capacity)
            },
        }
    }
}

/// Reads the text in the current document.
pub(crate) fn with_text<T>(field: &Field, read: impl FnOnce(&str) -> T) -> T {
    TEXT.with_borrow_mut(|buffer| {
        let mut length = field.text(buffer);
        if length > buffer.len() {
            buffer.resize(length, 0);
            length = field.text(buffer);
        }
        // SAFETY: the host's texts are UTF-8.
        read(unsafe { std::str::from_utf8_unchecked(&buffer[..length]) })
    })
}
