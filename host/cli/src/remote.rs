//! A client for a node's HTTP API.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value as Json;
use ureq::Agent;
use ureq::http::{Method, StatusCode};

/// The timeout of a request; the node's own limits are shorter.
const TIMEOUT: Duration = Duration::from_secs(300);

/// The timeout of a connection, and of a response that costs the node nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// A node's response to an upload.
#[derive(Debug)]
pub(crate) struct Response {
    /// Its status.
    pub(crate) status: StatusCode,
    /// Its JSON; null if it has none.
    pub(crate) body: Json,
}

/// A node, by its URL.
#[derive(Debug)]
pub(crate) struct Remote {
    url: String,
    agent: Agent,
}

impl Remote {
    /// The node at a URL such as `http://127.0.0.1:9200`.
    ///
    /// # Errors
    ///
    /// The URL's scheme is not `http`.
    pub(crate) fn at(url: &str) -> Result<Self> {
        if url.starts_with("https://") {
            bail!(
                "this command does not speak HTTPS: in place of `{url}`, give the node's own `http://` \
                 address, or that of a tunnel to it, as `ssh -L 9200:127.0.0.1:9200 HOST` makes"
            );
        }
        if !url.starts_with("http://") {
            bail!("invalid node URL `{url}`: expected one such as `http://127.0.0.1:9200`");
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(PATIENCE))
            .timeout_global(Some(TIMEOUT));
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            agent: config.build().into(),
        })
    }

    /// Sends a request with JSON, or with lines of it to `_bulk`, and returns the response.
    ///
    /// # Errors
    ///
    /// The node cannot be reached, or it reports an error.
    pub(crate) fn send(&self, method: Method, path: &str, body: String) -> Result<Json> {
        let answer = self.send_for_text(method, path, body)?;
        serde_json::from_str(&answer)
            .with_context(|| format!("{}{path}: the response is not JSON", self.url))
    }

    /// Checks that something answers, whatever it says.
    ///
    /// # Errors
    ///
    /// The node cannot be reached, or does not answer within 10 seconds.
    pub(crate) fn check(&self) -> Result<()> {
        let request = self.agent.get(format!("{}/", self.url)).config();
        let request = request.timeout_global(Some(PATIENCE)).build();
        let answer = request.call();
        answer.map(drop).map_err(|error| self.unreachable(&error))
    }

    /// Uploads bytes, and returns the response whatever its status.
    ///
    /// # Errors
    ///
    /// The node cannot be reached, or does not respond in time.
    pub(crate) fn put(
        &self,
        path: &str,
        body: Vec<u8>,
        token: Option<&str>,
        timeout: Duration,
    ) -> Result<Response> {
        let request = self.agent.put(format!("{}{path}", self.url)).config();
        let mut request = request.timeout_global(Some(timeout)).build();
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let response = request.send(body);
        let mut response = response.map_err(|error| match error {
            ureq::Error::Timeout(_) => anyhow!(
                "the node at {} did not respond within {} s: it may still compile the component, so \
                 look whether it is registered, or set `--upload-timeout`",
                self.url,
                timeout.as_secs()
            ),
            error => self.unreachable(&error),
        })?;
        let text = response.body_mut().read_to_string().unwrap_or_default();
        Ok(Response {
            status: response.status(),
            body: serde_json::from_str(&text).unwrap_or_default(),
        })
    }

    fn unreachable(&self, error: &ureq::Error) -> anyhow::Error {
        let error = match error {
            ureq::Error::Timeout(_) => format!("no response within {} s", PATIENCE.as_secs()),
            error => error.to_string(),
        };
        anyhow!(
            "cannot reach a node at {}: {error}: check the URL, or start a node with `whittle serve`",
            self.url
        )
    }

    /// Like [`Remote::send`], but returns the text of the response, with all digits of numbers.
    ///
    /// # Errors
    ///
    /// The same as for [`Remote::send`].
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
            None => bail!("{url}: the node responded with {status}"),
        }
    }
}
