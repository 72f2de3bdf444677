//! The page that a browser is shown at `/`: files embedded in the program.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, Method, Uri};
use axum::response::{IntoResponse, Response};

use crate::address::Path;
use crate::error::ApiError;

const INDEX: &str = include_str!("../page/index.html");

/// The page loads nothing from other hosts, and runs only its own script.
const HEADERS: [(HeaderName, &str); 5] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    // It changes with the program's version.
    (CACHE_CONTROL, "no-cache"),
];

fn shown(kind: &'static str, text: &'static str) -> Response {
    (HEADERS, [(CONTENT_TYPE, kind)], text).into_response()
}

pub(super) fn index() -> Response {
    shown("text/html; charset=utf-8", INDEX)
}

pub(super) async fn file(
    Path(file): Path<String>,
    method: Method,
    uri: Uri,
) -> Result<Response, ApiError> {
    match file.as_str() {
        "page.css" => Ok(shown(
            "text/css; charset=utf-8",
            include_str!("../page/page.css"),
        )),
        "page.js" => Ok(shown(
            "text/javascript; charset=utf-8",
            include_str!("../page/page.js"),
        )),
        "icon.svg" => Ok(shown("image/svg+xml", include_str!("../page/icon.svg"))),
        _ => Err(super::no_route(method, uri).await),
    }
}
