//! What the head of a request may be: a known method, an address and headers of bounded size, and one
//! `Host`.
//!
//! hyper refuses a head of more than 32 KiB or 100 headers before a request is made of it; its
//! answer has no body. Of a request with both `Content-Length` and `Transfer-Encoding`, it drops the
//! former, and closes the connection after the answer, so that nothing behind it is taken for a request
//! (RFC 9112, section 6.3).

use axum::extract::Request;
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Method, StatusCode, Version};
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
    if let Err(reason) = host(request) {
        return illegal(StatusCode::BAD_REQUEST, reason);
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

/// What is wrong with the `Host` headers, by RFC 9112, section 3.2.
fn host(request: &Request) -> Result<(), String> {
    let hosts: Vec<&HeaderValue> = request.headers().get_all(HOST).iter().collect();
    match hosts[..] {
        [] if request.version() < Version::HTTP_11 => Ok(()),
        [host] if is_host(host) => Ok(()),
        [_] => Err("the Host header is not a host with an optional port: correct it".to_owned()),
        _ => {
            let count = hosts.len();
            Err(format!(
                "the request has {count} Host headers: send exactly one"
            ))
        }
    }
}

fn is_host(host: &HeaderValue) -> bool {
    let host = host.as_bytes();
    // It is empty if the address has no host.
    host.is_empty() || (Authority::try_from(host).is_ok() && !host.contains(&b'@'))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn checked(method: &str, address: &str, header: &str) -> String {
        let request = Request::builder().method(method).uri(address);
        let request = request.header("host", "a").header("x-a", header);
        answer(&request.body(Body::empty()).expect("a request"))
    }

    fn answer(request: &Request) -> String {
        match check(request) {
            Ok(()) => "taken".to_owned(),
            Err(error) => format!("{} {}", error.status().as_u16(), error.reason()),
        }
    }

    #[test]
    fn a_request_has_one_host() {
        let of = |version, hosts: &[&str]| {
            let request = Request::builder().version(version);
            let request = hosts
                .iter()
                .fold(request, |request, host| request.header("host", *host));
            answer(&request.body(Body::empty()).expect("a request"))
        };
        let taken = |host| of(Version::HTTP_11, &[host]);
        for host in ["", "a", "a.example:9200", "127.0.0.1:80", "[::1]:9200"] {
            assert_eq!(taken(host), "taken", "{host}");
        }
        for host in ["a b", "me@a", "a/b", "<script>"] {
            insta::allow_duplicates! {
                insta::assert_snapshot!(taken(host), @"400 the Host header is not a host with an optional port: correct it");
            }
        }
        assert_eq!(of(Version::HTTP_10, &[]), "taken");
        insta::assert_snapshot!(of(Version::HTTP_11, &[]), @"400 the request has 0 Host headers: send exactly one");
        insta::assert_snapshot!(of(Version::HTTP_10, &["a", "a"]), @"400 the request has 2 Host headers: send exactly one");
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
        insta::assert_snapshot!(checked("GET", "/", &long(17_000)), @"431 the headers have 17008 bytes, and may have 16384");
    }
}
