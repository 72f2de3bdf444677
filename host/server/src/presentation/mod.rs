//! How an answer is written: what every request may ask for, whatever its route.
//!
//! | parameter | what it does |
//! |---|---|
//! | `pretty` | the JSON is indented |
//! | `filter_path` | only these parts of the answer ([`filter_path`]) |
//! | `human` | sizes and times also as people read them, where an answer has any |
//! | `format` | `json`; for tables (`/_cat`) also `text` |
//! | `error_trace` | nothing: errors of this node have no stack traces |
//!
//! Works on the text of an answer, so that numbers keep their digits.

pub(crate) mod filter_path;
mod pretty;

use std::convert::Infallible;
use std::io::{self, Write};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::TryStreamExt;
use whittle_host::one_line;
use whittle_node::Memory;

use crate::error::{ApiError, IsError};
use crate::node::Node;
use crate::parameters::{Given, bad, parameters};
use crate::sending::{BLOCK, Text};
use filter_path::FilterPath;
use pretty::Indented;

/// The parameters that are read here; routes leave them alone.
pub(crate) const NAMES: [&str; 5] = ["error_trace", "filter_path", "format", "human", "pretty"];

const OPAQUE_ID: HeaderName = HeaderName::from_static("x-opaque-id");

parameters! {
    /// What every request may ask for.
    Common {
        /// Whether the JSON of the answer is indented.
        pretty: bool = "pretty",
        /// The parts of the answer that are sent: dotted paths with commas between, in which `*` is
        /// any key and `**` any number of keys; `-` before a path leaves it out.
        filter_path: Option<String> = "filter_path",
        /// Whether sizes and times are also shown as people read them.
        human: bool = "human",
        /// The answer's format: `json`; for tables also `text`.
        format: Option<String> = "format",
    }
    ignoring ["error_trace"]
}

/// What the API's description says of these parameters.
pub(crate) fn described() -> Vec<utoipa::openapi::path::Parameter> {
    <Common as crate::parameters::Parameters>::described()
}

/// What the answer's format must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Text,
}

/// What a request asks of its answer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Presentation {
    pub(crate) human: bool,
    /// `None`: the route's own.
    pub(crate) format: Option<Format>,
}

impl<S: Sync> FromRequestParts<S> for Presentation {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let presentation = parts.extensions.get::<Self>();
        Ok(presentation.copied().unwrap_or_default())
    }
}

/// Reads what is asked for, and writes the answer so.
pub(crate) async fn presented(
    State(node): State<Arc<Node>>,
    mut request: Request,
    next: Next,
) -> Response {
    let opaque_id = request.headers().get(OPAQUE_ID).cloned();
    let mut response = match asked(&request) {
        Err(error) => error.into_response(),
        Ok(asked) => {
            request.extensions_mut().insert(asked.presentation);
            let response = next.run(request).await;
            let written = asked.written(response, &node).await;
            written.unwrap_or_else(ApiError::into_response)
        }
    };
    if let Some(id) = opaque_id {
        response.headers_mut().insert(OPAQUE_ID, id);
    }
    response
}

/// What a request asks for, read.
struct Asked {
    pretty: bool,
    filter: Option<FilterPath>,
    presentation: Presentation,
}

fn asked(request: &Request) -> Result<Asked, ApiError> {
    let mut given = Given::read(request.uri().query())?;
    let common: Common = crate::parameters::Parameters::take(&mut given)?;
    let is_table = request.uri().path().starts_with("/_cat");
    let format = match common.format.as_deref() {
        None => accepted(request.headers())?,
        Some("json") => Some(Format::Json),
        Some("text") if is_table => Some(Format::Text),
        Some(name @ ("yaml" | "cbor" | "smile")) => return Err(not_offered(name)),
        Some(other) => {
            let other = one_line(other);
            let offered = if is_table {
                "[json] or [text]"
            } else {
                "[json]"
            };
            return Err(bad(format!(
                "parameter [format] must be {offered}, but was [{other}]"
            )));
        }
    };
    let filter = match common.filter_path.as_deref() {
        None => None,
        Some(paths) => FilterPath::read(paths)?,
    };
    Ok(Asked {
        pretty: common.pretty,
        filter,
        presentation: Presentation {
            human: common.human,
            format,
        },
    })
}

/// The format that the headers ask for, if they name one.
fn accepted(headers: &HeaderMap) -> Result<Option<Format>, ApiError> {
    let accepted = headers.get_all(ACCEPT).iter();
    let accepted: Vec<&str> = accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|kind| kind.split(';').next())
        .map(str::trim)
        .collect();
    let offered = accepted.iter().find_map(|kind| match *kind {
        "application/json" => Some(Some(Format::Json)),
        "text/plain" => Some(Some(Format::Text)),
        "application/yaml" | "application/cbor" | "application/smile" => None,
        _ => Some(None),
    });
    match (offered, accepted.first()) {
        (Some(format), _) => Ok(format),
        (None, None) => Ok(None),
        (None, Some(kind)) => Err(not_offered(kind)),
    }
}

fn not_offered(kind: &str) -> ApiError {
    ApiError::new(
        StatusCode::NOT_ACCEPTABLE,
        "media_type_header_exception",
        format!("answers are not written as [{kind}]: ask for application/json"),
    )
}

impl Asked {
    async fn written(self, mut response: Response, node: &Node) -> Result<Response, ApiError> {
        if !is_json(response.headers()) {
            return Ok(response);
        }
        let kind = HeaderValue::from_static("application/json; charset=UTF-8");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        let is_error = response.extensions().get::<IsError>().is_some();
        let filter = self.filter.filter(|_| !is_error);
        if filter.is_none() && !self.pretty {
            return Ok(response);
        }
        let (mut parts, body) = response.into_parts();
        // What the node wrote is in memory already.
        let blocks: Result<Vec<Bytes>, _> = body.into_data_stream().try_collect().await;
        let blocks = blocks.map_err(|error| {
            ApiError::of(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", &error)
        })?;
        let written = Rewritten {
            filter,
            pretty: self.pretty,
            memory: node.memory().clone(),
        };
        let length: usize = blocks.iter().map(Bytes::len).sum();
        let body = if length > BLOCK {
            let rewrites = &node.edge().rewrites;
            rewrites.run(move || written.body(blocks)).await?
        } else {
            written.body(blocks)?
        };
        parts.headers.remove(CONTENT_LENGTH);
        Ok(Response::from_parts(parts, body))
    }
}

/// How a JSON text is written once more.
struct Rewritten {
    filter: Option<FilterPath>,
    pretty: bool,
    memory: Memory,
}

impl Rewritten {
    fn body(&self, mut blocks: Vec<Bytes>) -> Result<Body, ApiError> {
        let mut held = None;
        if let Some(filter) = &self.filter {
            // Filtering needs the text in one piece; each step leaves no more than there was.
            let length: usize = blocks.iter().map(Bytes::len).sum();
            held = Some(self.memory.reserve(3 * length as u64)?);
            let whole = blocks.concat();
            blocks = vec![Bytes::from(filter.apply(&whole).unwrap_or(whole))];
        }
        let mut text = Text::new(&self.memory);
        let written = match self.pretty {
            true => indented(blocks, &mut text),
            false => blocks.iter().try_for_each(|block| text.write_all(block)),
        };
        drop(held);
        match written {
            Ok(()) => Ok(text.into_body()),
            Err(error) => Err(text.failure(&error)),
        }
    }
}

/// Writes a text indented; each part of it is let go when it is written.
fn indented(blocks: Vec<Bytes>, text: &mut Text) -> io::Result<()> {
    let mut indented = Indented::new(text);
    for block in blocks {
        indented.write_all(&block)?;
    }
    indented.end().map(|_| ())
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.is_some_and(|kind| kind.starts_with(b"application/json"))
}
