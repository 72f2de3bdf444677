//! What a body may be written as: JSON, as it is or packed with gzip.
//!
//! A body of another kind is refused before anything of it is read: one whose kind nobody named
//! could be sent by any page of the web without asking.

use axum::extract::Request;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use whittle_host::one_line;

use crate::body::has_body;
use crate::error::ApiError;

/// Refuses bodies that are neither JSON nor what their route takes.
pub(crate) async fn checked(request: Request, next: Next) -> Response {
    if let Err(error) = encoding(request.headers()) {
        let gzip = HeaderValue::from_static("gzip");
        return ([(ACCEPT_ENCODING, gzip)], error).into_response();
    }
    let is_component = request.uri().path() == "/_udf" && request.method() != Method::GET;
    if has_body(request.headers())
        && !is_component
        && let Err(error) = kind(request.headers(), request.uri().path())
    {
        return error.into_response();
    }
    next.run(request).await
}

/// Whether the body of a request that was checked is packed with gzip.
pub(crate) fn is_packed(headers: &HeaderMap) -> bool {
    header(headers, &CONTENT_ENCODING).as_deref() == Some("gzip")
}

fn encoding(headers: &HeaderMap) -> Result<(), ApiError> {
    match header(headers, &CONTENT_ENCODING).as_deref() {
        None | Some("gzip" | "identity") => Ok(()),
        Some(other) => Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media_type_header_exception",
            format!(
                "Content-Encoding [{}] is not supported: pack the body with gzip, or not at all",
                one_line(other)
            ),
        )),
    }
}

fn kind(headers: &HeaderMap, path: &str) -> Result<(), ApiError> {
    let takes_lines = path.ends_with("/_bulk") || path.ends_with("/_msearch");
    let given = header(headers, &CONTENT_TYPE);
    let kind = given.as_deref().and_then(|given| given.split(';').next());
    let reason = match kind.map(str::trim) {
        Some("application/json") => return Ok(()),
        Some("application/x-ndjson") if takes_lines => return Ok(()),
        Some(_) => format!(
            "Content-Type header [{}] is not supported",
            one_line(given.as_deref().unwrap_or_default())
        ),
        None => "Content-Type header is missing".to_owned(),
    };
    Err(ApiError::new(
        StatusCode::NOT_ACCEPTABLE,
        "media_type_header_exception",
        format!("{reason}: send application/json"),
    ))
}

/// A header's value in lower case, or its values as a list; one that is not text is unknown.
fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values = headers.get_all(name).iter();
    let values = values.map(|value| value.to_str().unwrap_or("?").trim().to_ascii_lowercase());
    values.reduce(|list, value| format!("{list}, {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn json_is_taken_and_lines_of_it_where_there_are_several() {
        let of = |value, path| kind(&headers(CONTENT_TYPE, value), path).is_ok();
        for value in ["application/json", "Application/JSON; charset=utf-8"] {
            assert!(of(value, "/films/_search"), "{value}");
            assert!(of(value, "/_bulk"), "{value}");
        }
        assert!(of("application/x-ndjson", "/films/_bulk"));
        assert!(!of("application/x-ndjson", "/films/_search"));
        for value in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "",
            "application/yaml",
        ] {
            assert!(!of(value, "/films/_bulk"), "{value}");
        }
        let missing = kind(&HeaderMap::new(), "/_bulk").expect_err("it is refused");
        insta::assert_snapshot!(missing.reason(), @"Content-Type header is missing: send application/json");
    }

    #[test]
    fn a_body_is_packed_with_gzip_or_not_at_all() {
        for value in ["gzip", "GZIP", "identity"] {
            assert!(
                encoding(&headers(CONTENT_ENCODING, value)).is_ok(),
                "{value}"
            );
        }
        for value in ["deflate", "br", "zstd", "gzip, gzip", ""] {
            assert!(
                encoding(&headers(CONTENT_ENCODING, value)).is_err(),
                "{value}"
            );
        }
        let mut twice = headers(CONTENT_ENCODING, "identity");
        twice.append(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert!(encoding(&twice).is_err());
    }
}
