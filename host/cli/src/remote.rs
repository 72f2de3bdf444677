//! A node that is asked over HTTP.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value as Json;
use ureq::Agent;
use ureq::http::Method;

/// How long an answer may take; the node's own limits are shorter.
const PATIENCE: Duration = Duration::from_secs(300);

/// A node.
#[derive(Debug)]
pub(crate) struct Remote {
    url: String,
    agent: Agent,
}

impl Remote {
    /// At an address such as `http://127.0.0.1:9200`.
    ///
    /// # Errors
    ///
    /// Another scheme.
    pub(crate) fn at(url: &str) -> Result<Self> {
        if !url.starts_with("http://") {
            bail!("`{url}` is no address of a node: give one such as `http://127.0.0.1:9200`");
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE));
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            agent: config.build().into(),
        })
    }

    /// Sends JSON, or lines of it, and gives the answer.
    ///
    /// # Errors
    ///
    /// A node that cannot be reached, or what it says that went wrong.
    pub(crate) fn send(&self, method: Method, path: &str, body: String) -> Result<Json> {
        let answer = self.send_for_text(method, path, body)?;
        serde_json::from_str(&answer)
            .with_context(|| format!("{}{path}: the answer is not JSON", self.url))
    }

    /// As [`Remote::send`]; gives the answer as it came, digit for digit.
    ///
    /// # Errors
    ///
    /// As there.
    pub(crate) fn send_for_text(&self, method: Method, path: &str, body: String) -> Result<String> {
        let url = format!("{}{path}", self.url);
        let kind = match path.ends_with("/_bulk") {
            true => "application/x-ndjson",
            false => "application/json",
        };
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(&url)
            .header("content-type", kind)
            .body(body)?;
        let mut response = self.agent.run(request).with_context(|| url.clone())?;
        let status = response.status();
        let answer = response.body_mut().with_config().limit(u64::MAX);
        let answer = answer.read_to_string().with_context(|| url.clone())?;
        if status.is_success() {
            return Ok(answer);
        }
        let said: Json = serde_json::from_str(&answer).unwrap_or_default();
        match said["error"]["reason"].as_str() {
            Some(reason) => bail!("{reason}"),
            None => bail!("{url}: the node answered {status}"),
        }
    }
}
