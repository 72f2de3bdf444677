//! The parts of a path, and the path of a document.

use std::fmt::Write;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// The variable parts of a path, decoded.
#[derive(Debug)]
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let read = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        read.map(|axum::extract::Path(parts)| Self(parts))
            .map_err(|error| {
                let reason = whittle_host::one_line(&error.body_text());
                ApiError::new(
                    StatusCode::BAD_REQUEST,
                    "illegal_argument_exception",
                    reason,
                )
            })
    }
}

/// Where a document is, as `Location` says it.
pub(crate) fn of_document(index: &str, id: &str) -> String {
    let mut path = String::from("/");
    encode(&mut path, index);
    path.push_str("/_doc/");
    encode(&mut path, id);
    path
}

/// Writes a part of a path; what is not of RFC 3986's unreserved characters is encoded.
fn encode(path: &mut String, part: &str) {
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            path.push(char::from(byte));
        } else {
            write!(path, "%{byte:02X}").expect("writing to a string cannot fail");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_document_can_be_requested() {
        insta::assert_snapshot!(of_document("films", "a/b ?é%"), @"/films/_doc/a%2Fb%20%3F%C3%A9%25");
    }
}
