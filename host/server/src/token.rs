//! Who may change UDFs: clients that have the node's token.
//!
//! A UDF runs for every query that names it, so the right to upload one is power over everyone who
//! searches. Reading, searching and writing documents need no token.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use whittle_host::Sha256;

use crate::error::ApiError;
use crate::node::Node;

/// Who may write below `/_udf`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum UdfWrites {
    /// Everyone who reaches the node: for one that listens on loopback alone.
    Anyone,
    /// Clients that send the token.
    Token(Token),
    /// Nobody.
    #[default]
    Nobody,
}

/// A secret that clients send as `Authorization: Bearer TOKEN`.
///
/// Only its hash is kept, so it cannot be printed, and the time of a comparison reveals nothing.
///
/// ```
/// use whittle_server::Token;
///
/// assert!("mFz4kqE7Tq0yV1xw".parse::<Token>().is_ok());
/// assert!("secret".parse::<Token>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token(Sha256);

/// Why a text is not a valid token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token has 16 characters or more, of letters, digits and `-._~+/=`")]
pub struct TokenError;

impl std::str::FromStr for Token {
    type Err = TokenError;

    /// The characters are those of RFC 6750, section 2.1.
    fn from_str(text: &str) -> Result<Self, TokenError> {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        if text.len() >= 16 && text.bytes().all(known) {
            Ok(Self(Sha256::of(text.as_bytes())))
        } else {
            Err(TokenError)
        }
    }
}

/// The right to change UDFs, which a handler asks for by taking it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MayWriteUdfs;

impl FromRequestParts<Arc<Node>> for MayWriteUdfs {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, node: &Arc<Node>) -> Result<Self, Response> {
        let token = match &node.options().udf_writes {
            UdfWrites::Anyone => return Ok(Self),
            UdfWrites::Nobody => return Err(nobody().into_response()),
            UdfWrites::Token(token) => token,
        };
        let given = parts.headers.get(AUTHORIZATION).and_then(bearer);
        match given {
            Some(given) if Sha256::of(given) == token.0 => Ok(Self),
            Some(_) => Err(unauthorized("the token is wrong")),
            None => Err(unauthorized(
                "changing UDFs requires the node's token: send `Authorization: Bearer TOKEN`",
            )),
        }
    }
}

fn bearer(header: &HeaderValue) -> Option<&[u8]> {
    let (scheme, token) = header.as_bytes().split_at_checked(7)?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| token.trim_ascii())
}

fn nobody() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "security_exception",
        "this node refuses changes of UDFs: start it with a token",
    )
}

fn unauthorized(reason: &str) -> Response {
    let error = ApiError::new(StatusCode::UNAUTHORIZED, "security_exception", reason);
    let ask = HeaderValue::from_static("Bearer realm=\"whittle\"");
    ([(WWW_AUTHENTICATE, ask)], error).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bearer_token_is_read_from_its_header() {
        let read = |text: &'static str| bearer(&HeaderValue::from_static(text)).map(<[u8]>::to_vec);
        assert_eq!(read("Bearer abc"), Some(b"abc".to_vec()));
        assert_eq!(read("bearer  abc "), Some(b"abc".to_vec()));
        for other in ["", "Bearer", "Basic YTpi", "Bearerabc"] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn a_token_cannot_be_printed() {
        let token: Token = "mFz4kqE7Tq0yV1xw".parse().expect("a token");
        assert!(!format!("{token:?}").contains("mFz4"));
        for bad in ["", "short", "mFz4kqE7Tq0yV1x w", "mFz4kqE7Tq0yV1xwé"] {
            assert_eq!(bad.parse::<Token>(), Err(TokenError), "{bad}");
        }
    }
}
