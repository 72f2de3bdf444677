//! Requests that a browser sends for another site are refused.
//!
//! A node does not authenticate its clients, and a page from anywhere can make a browser on this
//! machine send it requests: from the page's own origin, which the browser names in `Origin`, or
//! whose relation to the node it states in `Sec-Fetch-Site` (<https://www.w3.org/TR/fetch-metadata/>)
//! for requests without an origin, such as those of images; or under a name that was made to resolve
//! to this machine, which is then in `Host`. Programs send none of the first two.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// Refuses requests of another site's page.
pub(crate) async fn own_origin(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let has_other_origin =
        header(headers, &ORIGIN).is_some_and(|origin| !is_own(origin, header(headers, &HOST)));
    if has_other_origin || (is_of_other_site(headers) && !opens_page(&request)) {
        return refused("another site's page").into_response();
    }
    next.run(request).await
}

/// Whether a browser says that another site's page makes the request.
fn is_of_other_site(headers: &HeaderMap) -> bool {
    // `none`: the user typed the address.
    header(headers, &FETCH_SITE).is_some_and(|site| !matches!(site, "same-origin" | "none"))
}

/// Whether a link to the node's page was followed: that page is shown instead of the other, which
/// learns nothing of it.
fn opens_page(request: &Request) -> bool {
    let headers = request.headers();
    request.method() == Method::GET
        && request.uri().path() == "/"
        && header(headers, &FETCH_MODE) == Some("navigate")
        && header(headers, &FETCH_DEST) == Some("document")
}

/// Refuses requests under a name that does not belong to this machine alone.
pub(crate) async fn local_name(request: Request, next: Next) -> Response {
    match header(request.headers(), &HOST) {
        Some(host) if !is_local(host) => refused("a page under another name").into_response(),
        _ => next.run(request).await,
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    // A value that is not text is neither an origin nor a host.
    headers
        .get(name)
        .map(|value| value.to_str().unwrap_or_default())
}

fn is_own(origin: &str, host: Option<&str>) -> bool {
    let scheme = ["http://", "https://"]
        .iter()
        .find_map(|scheme| origin.strip_prefix(scheme));
    scheme.is_some() && scheme == host
}

fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok()
}

fn refused(what: &str) -> ApiError {
    let reason = format!("the request is from {what}: send it from a program instead of a browser");
    ApiError::new(StatusCode::FORBIDDEN, "security_exception", reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_the_nodes_own_or_none() {
        let host = Some("127.0.0.1:9200");
        assert!(is_own("http://127.0.0.1:9200", host));
        for origin in [
            "http://127.0.0.1",
            "http://evil.example",
            "null",
            "",
            "file://127.0.0.1:9200",
        ] {
            assert!(!is_own(origin, host), "{origin}");
        }
        assert!(!is_own("null", None));
    }

    #[test]
    fn a_request_of_another_sites_page_is_refused_unless_it_opens_the_nodes_page() {
        let is_served = |path: &str, headers: &[(&str, &str)]| {
            let request = headers
                .iter()
                .fold(Request::get(path), |request, (name, value)| {
                    request.header(*name, *value)
                });
            let request = request.body(axum::body::Body::empty()).expect("a request");
            !is_of_other_site(request.headers()) || opens_page(&request)
        };
        let site = |site| ("sec-fetch-site", site);
        assert!(is_served("/_search", &[]));
        assert!(is_served("/_search", &[site("same-origin")]));
        assert!(is_served("/_search", &[site("none")]));
        for other in ["cross-site", "same-site", "", "new-value"] {
            assert!(!is_served("/_search", &[site(other)]), "{other}");
            let navigates = ("sec-fetch-mode", "navigate");
            let document = ("sec-fetch-dest", "document");
            assert!(
                is_served("/", &[site(other), navigates, document]),
                "{other}"
            );
            assert!(
                !is_served("/_search", &[site(other), navigates, document]),
                "{other}"
            );
            let frame = ("sec-fetch-dest", "iframe");
            assert!(!is_served("/", &[site(other), navigates, frame]), "{other}");
        }
    }

    #[test]
    fn names_of_this_machine_are_local() {
        for host in [
            "localhost",
            "LocalHost:9200",
            "127.0.0.1",
            "127.0.0.1:80",
            "[::1]:9200",
            "[::1]",
        ] {
            assert!(is_local(host), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:9200",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "",
        ] {
            assert!(!is_local(host), "{host}");
        }
    }
}
