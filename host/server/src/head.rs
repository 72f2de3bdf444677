//! What the head of a request may be: a known method, an address and headers of bounded size.
//!
//! hyper refuses a head of more than 32 KiB or 100 headers before a request is made of it; its
//! answer has no body.

use axum::extract::Request;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;

/// The longest address: path and query.
const ADDRESS: usize = 8 << 10;

/// The most that all headers may have.
const HEADERS: usize = 16 << 10;

/// Refuses requests whose head breaks these rules.
pub(crate) async fn checked(request: Request, next: Next) -> Response {
    match check(&request) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// The name of a method that is known, for labels and texts.
pub(crate) fn method(method: &Method) -> Option<&str> {
    const KNOWN: [Method; 9] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::OPTIONS,
        Method::PATCH,
        Method::TRACE,
        Method::CONNECT,
    ];
    KNOWN.contains(method).then(|| method.as_str())
}

fn check(request: &Request) -> Result<(), ApiError> {
    let illegal =
        |status, reason: String| Err(ApiError::new(status, "illegal_argument_exception", reason));
    if method(request.method()).is_none() {
        let reason = "unknown HTTP method; expected one of GET, HEAD, POST, PUT, DELETE".to_owned();
        return illegal(StatusCode::METHOD_NOT_ALLOWED, reason);
    }
    let address = request
        .uri()
        .path_and_query()
        .map_or(0, |whole| whole.as_str().len());
    if address > ADDRESS {
        let reason = format!("the address has {address} bytes, and may have {ADDRESS}");
        return illegal(StatusCode::URI_TOO_LONG, reason);
    }
    let headers = request.headers().iter();
    let headers: usize = headers
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if headers > HEADERS {
        let reason = format!("the headers have {headers} bytes, and may have {HEADERS}");
        return illegal(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, reason);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn checked(method: &str, address: &str, header: &str) -> String {
        let request = Request::builder().method(method).uri(address);
        let request = request.header("x-a", header).body(Body::empty());
        match check(&request.expect("a request")) {
            Ok(()) => "taken".to_owned(),
            Err(error) => format!("{} {}", error.status().as_u16(), error.reason()),
        }
    }

    #[test]
    fn a_head_is_bounded() {
        let long = |length: usize| "a".repeat(length);
        assert_eq!(checked("GET", "/films?a=1", "x"), "taken");
        assert_eq!(
            checked("GET", &format!("/{}", long(8191)), &long(16_000)),
            "taken"
        );
        insta::assert_snapshot!(checked("FROB", "/", "x"), @"405 unknown HTTP method; expected one of GET, HEAD, POST, PUT, DELETE");
        insta::assert_snapshot!(checked("GET", &format!("/a?{}", long(8190)), "x"), @"414 the address has 8193 bytes, and may have 8192");
        insta::assert_snapshot!(checked("GET", "/", &long(17_000)), @"431 the headers have 17003 bytes, and may have 16384");
    }
}
