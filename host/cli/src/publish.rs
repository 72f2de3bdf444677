//! `whittle publish`: builds and tests a UDF, and registers it on a node.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Map, Value as Json, json};
use ureq::http::{Method, StatusCode};
use whittle_host::{Function, Kind, Presence, Udf};

use crate::description;
use crate::remote::{Remote, Response};
use crate::setup;
use crate::step;
use crate::test::Test;

/// Build a UDF, run its test vectors, and register it on a node if they pass.
#[derive(Debug, Args)]
pub(crate) struct Publish {
    #[command(flatten)]
    test: Test,
    /// The URL of the node, such as `http://127.0.0.1:9200`.
    #[arg(long, value_name = "URL")]
    server: String,
    /// The file with the token that the node was started with.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// How long the node may take to receive and compile the component, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    upload_timeout: u64,
}

impl Publish {
    pub(crate) fn run(&self) -> Result<()> {
        let node = Remote::at(&self.server)?;
        let token = self.token_file.as_deref().map(token).transpose()?;
        // Before the build, which may take longer than finding a wrong URL.
        node.check()?;
        let component = self.test.run_if_given()?;
        let bytes = setup::read(&component)?;
        let udf = Udf::new(&setup::engine()?, &bytes);
        let udf = udf.with_context(|| component.display().to_string())?;
        description::warn_of_templates(udf.manifest(), self.test.path());
        let timeout = Duration::from_secs(self.upload_timeout);
        let upload = || node.put("/_udf", bytes, token.as_deref(), timeout);
        let answer = step::shown(&format!("uploading to {}", self.server), upload)?;
        if !answer.status.is_success() {
            bail!("{}", self.refusal(&answer));
        }
        let manifest = udf.manifest();
        let (name, version) = (&manifest.name, &manifest.version);
        let server = self.server.trim_end_matches('/');
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{name} {version} is registered on {server}")?;
        if answer.body["enabled"] == false {
            let path = format!("{server}/_udf/{name}/{version}/_enable");
            writeln!(stdout, "it is disabled: `POST {path}` enables it")?;
        }
        let known = node.send(Method::GET, &format!("/_udf/{name}"), String::new())?;
        let newer = newer(&known, version);
        if let Some(newer) = &newer {
            writeln!(
                stdout,
                "queries get {newer}, which is newer, unless they name this version"
            )?;
        }
        writeln!(stdout, "use it in a search:")?;
        for function in &manifest.functions {
            let mut called = function.name.clone();
            if answer.body["ambiguous"].get(&function.name).is_some() {
                writeln!(
                    stdout,
                    "  other components have a function `{called}` too: queries must name the \
                     component"
                )?;
                called = format!("{name}.{called}");
            }
            if newer.is_some() {
                called = format!("{called}@{version}");
            }
            writeln!(stdout, "  {}", example(function, &called))?;
        }
        Ok(())
    }

    /// What the node says, and what to do.
    fn refusal(&self, answer: &Response) -> String {
        let Response { status, body } = answer;
        let server = &self.server;
        let reason = body["error"]["reason"].as_str().unwrap_or_default();
        match (*status, &self.token_file) {
            (StatusCode::UNAUTHORIZED, Some(file)) => format!(
                "{server}: {reason}: `{}` is not the file of `whittle serve --token-file`",
                file.display()
            ),
            (StatusCode::UNAUTHORIZED, None) => format!(
                "{server}: changing UDFs requires the node's token: give the file of `whittle \
                 serve --token-file` as `--token-file FILE`"
            ),
            (StatusCode::FORBIDDEN, _) => format!(
                "{server}: {reason} (`whittle serve --token-file FILE`), and give the same file \
                 here"
            ),
            (StatusCode::CONFLICT, _) => {
                format!(
                    "{server}: {reason}, in {}",
                    description::place(self.test.path())
                )
            }
            _ if reason.is_empty() => {
                format!("{server} responded with {status}: it is not a Whittle node")
            }
            _ => format!("{server}: {reason}"),
        }
    }
}

/// The token in a file.
fn token(file: &Path) -> Result<String> {
    let text = String::from_utf8(setup::read(file)?).unwrap_or_default();
    let token = text.trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        bail!(
            "`{}` has no token: expected one line of ASCII without spaces",
            file.display()
        );
    }
    Ok(token.to_owned())
}

/// The enabled version that queries get in place of this one, if they name none.
fn newer(known: &Json, version: &semver::Version) -> Option<semver::Version> {
    let versions = known["versions"].as_array()?.iter();
    let versions = versions.filter(|known| known["enabled"] == true);
    let versions = versions.filter_map(|known| known["version"].as_str()?.parse().ok());
    let rank = |version: &semver::Version| (version.pre.is_empty(), version.clone());
    let best = versions.max_by_key(rank)?;
    (rank(&best) > rank(version)).then_some(best)
}

/// A search with the function, with values in place of the parameters that it requires.
fn example(function: &Function, called: &str) -> Json {
    let required = function.parameters.iter();
    let required = required.filter(|parameter| parameter.presence == Presence::Required);
    let params = required.map(|parameter| {
        let value = match parameter.kind {
            Kind::Boolean => json!(true),
            Kind::Int64 => json!(1),
            Kind::Float64 => json!(1.0),
            Kind::Text => json!("..."),
            Kind::Timestamp => json!("2024-01-01T00:00:00Z"),
            Kind::Json => json!({}),
        };
        (parameter.name.clone(), value)
    });
    let params: Map<String, Json> = params.collect();
    let call = json!({"wasm_udf": {"function": called, "params": params}});
    match function.returns {
        Kind::Boolean | Kind::Int64 | Kind::Float64 => json!({"query": call}),
        // These neither filter nor score.
        Kind::Text | Kind::Timestamp | Kind::Json => {
            let mut fields = Map::new();
            fields.insert(function.name.clone(), call);
            json!({ "fields": fields })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_version_is_one_that_queries_get_instead() {
        let known = json!({"versions": [
            {"version": "1.0.0", "enabled": true},
            {"version": "2.0.0-rc.1", "enabled": true},
            {"version": "3.0.0", "enabled": false},
        ]});
        let newer = |version: &str| {
            let newer = newer(&known, &version.parse().expect("semver"));
            newer.map(|version| version.to_string())
        };
        assert_eq!(newer("0.9.0").as_deref(), Some("1.0.0"));
        assert_eq!(newer("1.0.0"), None);
        assert_eq!(newer("2.0.0-rc.1").as_deref(), Some("1.0.0"));
    }
}
