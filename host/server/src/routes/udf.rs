//! The registry of UDFs.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};
use whittle_host::{ChangeError, RegistrationError, Registry, VersionInfo};

use super::Shared;
use crate::address::Path;
use crate::body::Body;
use crate::error::ApiError;
use crate::failures::with;
use crate::log;
use crate::parameters::{NoParameters, Query, parameters};
use crate::token::MayWriteUdfs;

/// A version as the API shows it.
fn shown(info: &VersionInfo) -> Json {
    let registered = info.registered.duration_since(std::time::UNIX_EPOCH);
    let millis = registered.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    });
    json!({
        "name": info.name,
        "version": info.version,
        "sha256": info.sha256,
        "bytes": info.bytes,
        "registered": millis,
        "enabled": info.enabled,
        "manifest": info.manifest.as_ref().ok(),
        "problem": info.manifest.as_ref().err().map(ToString::to_string),
    })
}

pub(super) fn missing(what: &str) -> ApiError {
    let reason = format!("no such UDF `{}`", whittle_host::one_line(what));
    ApiError::new(StatusCode::NOT_FOUND, "udf_not_found_exception", reason)
}

parameters! {
    /// Uploading a component.
    UploadParameters {
        /// The component's SHA-256, which is checked.
        sha256: Option<String> = "sha256",
    }
}

/// Register the component in the body. Registering the same again changes nothing. `ambiguous` in
/// the answer has the functions that other components have too: queries must name the component.
#[utoipa::path(
    method(put, post), path = "/_udf", tag = "udf",
    params(UploadParameters),
    request_body(content = Vec<u8>, content_type = "application/wasm"),
    responses((status = 201, body = Json)),
    security(("token" = []))
)]
pub(super) async fn upload(
    _: MayWriteUdfs,
    State(node): Shared,
    Query(parameters): Query<UploadParameters>,
    body: Body,
) -> Result<Response, ApiError> {
    let expected = parameters.sha256.as_deref().map(str::parse).transpose();
    let expected = expected.map_err(|error: whittle_host::Sha256Error| {
        ApiError::of(
            StatusCode::BAD_REQUEST,
            "illegal_argument_exception",
            &error,
        )
    })?;
    let registrations = node.registrations.clone();
    let register = move || {
        let registry = node.registry();
        let registered = registry.register(&body.bytes, expected);
        let registered = registered.map(|info| (ambiguous(registry, &info), info));
        registered.map_err(|error| {
            let (status, kind) = match &error {
                RegistrationError::Exists { .. } | RegistrationError::Deleted { .. } => {
                    (StatusCode::CONFLICT, "resource_already_exists_exception")
                }
                RegistrationError::Storage(_) => {
                    (StatusCode::INTERNAL_SERVER_ERROR, "internal_error")
                }
                _ => (StatusCode::UNPROCESSABLE_ENTITY, "udf_exception"),
            };
            with(status, kind)(&error)
        })
    };
    let (ambiguous, info) = registrations.run(register).await?;
    log::changed("registered", &format!("{}@{}", info.name, info.version));
    for (function, names) in &ambiguous {
        let what = "several components have a function: queries must name one of them";
        log::failing(what, function, &names.join(", "));
    }
    let mut answer = shown(&info);
    answer["ambiguous"] = json!(ambiguous);
    Ok((StatusCode::CREATED, axum::Json(answer)).into_response())
}

/// The functions of a version that other components have too, with the names that queries must use.
fn ambiguous(registry: &Registry, info: &VersionInfo) -> BTreeMap<String, Vec<String>> {
    let functions = info
        .manifest
        .iter()
        .flat_map(|manifest| &manifest.functions);
    let names = functions.map(|function| {
        let name = &function.name;
        let components = registry.components_with(name).into_iter();
        let names = components.map(|component| format!("{component}.{name}"));
        (name.clone(), names.collect::<Vec<_>>())
    });
    names.filter(|(_, names)| names.len() > 1).collect()
}

/// List all versions of all UDFs.
#[utoipa::path(
    get, path = "/_udf", tag = "udf",
    responses((status = 200, body = Json))
)]
pub(super) async fn list(
    State(node): Shared,
    _: Query<NoParameters>,
) -> Result<Response, ApiError> {
    let (reports, memory) = (node.reports.clone(), node.memory().clone());
    let listed = move || {
        let udfs: Vec<Json> = node.registry().list().iter().map(shown).collect();
        Ok(json!({"udfs": udfs}))
    };
    reports.answer(&memory, listed).await
}

/// Describe the versions of a UDF.
#[utoipa::path(
    get, path = "/_udf/{name}", tag = "udf",
    responses((status = 200, body = Json))
)]
pub(super) async fn describe(
    State(node): Shared,
    Path(name): Path<String>,
    _: Query<NoParameters>,
) -> Result<Response, ApiError> {
    let (reports, memory) = (node.reports.clone(), node.memory().clone());
    let describe = move || {
        let versions = node.registry().versions_of(&name);
        if versions.is_empty() {
            return Err(missing(&name));
        }
        let versions: Vec<Json> = versions.iter().map(shown).collect();
        Ok(json!({"name": name, "versions": versions}))
    };
    reports.answer(&memory, describe).await
}

/// Describe a version.
#[utoipa::path(
    get, path = "/_udf/{name}/{version}", tag = "udf",
    responses((status = 200, body = Json))
)]
pub(super) async fn describe_version(
    State(node): Shared,
    Path((name, version)): Path<(String, String)>,
    _: Query<NoParameters>,
) -> Result<axum::Json<Json>, ApiError> {
    let version = read(&version)?;
    let info = node.registry().describe(&name, &version);
    let info = info.ok_or_else(|| missing(&format!("{name}@{version}")))?;
    Ok(axum::Json(shown(&info)))
}

fn read(version: &str) -> Result<semver::Version, ApiError> {
    version.parse().map_err(|error: semver::Error| {
        let version = whittle_host::one_line(version);
        let reason = format!("`{version}` is not a valid version: {error}");
        ApiError::new(
            StatusCode::BAD_REQUEST,
            "illegal_argument_exception",
            reason,
        )
    })
}

/// Changes a version.
async fn change(
    done: &'static str,
    State(node): Shared,
    (name, version): (String, String),
    change: impl FnOnce(&Registry, &str, &semver::Version) -> Result<(), ChangeError> + Send + 'static,
) -> Result<axum::Json<Json>, ApiError> {
    let version = read(&version)?;
    let writes = node.writes.clone();
    let work = move || {
        let which = format!("{name}@{version}");
        change(node.registry(), &name, &version).map_err(|error| match &error {
            ChangeError::NoVersion { .. } => missing(&which),
            _ => with(StatusCode::INTERNAL_SERVER_ERROR, "internal_error")(&error),
        })?;
        log::changed(done, &which);
        Ok(())
    };
    writes.run(work).await?;
    Ok(axum::Json(json!({"acknowledged": true})))
}

/// Delete a version; queries that are using it finish.
#[utoipa::path(
    delete, path = "/_udf/{name}/{version}", tag = "udf",
    responses((status = 200, body = Json)),
    security(("token" = []))
)]
pub(super) async fn delete(
    _: MayWriteUdfs,
    shared: Shared,
    Path(which): Path<(String, String)>,
    _: Query<NoParameters>,
) -> Result<axum::Json<Json>, ApiError> {
    change("deleted", shared, which, |registry, name, version| {
        registry.delete(name, version)
    })
    .await
}

/// Enable a version again.
#[utoipa::path(
    post, path = "/_udf/{name}/{version}/_enable", tag = "udf",
    responses((status = 200, body = Json)),
    security(("token" = []))
)]
pub(super) async fn enable(
    _: MayWriteUdfs,
    shared: Shared,
    Path(which): Path<(String, String)>,
    _: Query<NoParameters>,
) -> Result<axum::Json<Json>, ApiError> {
    let enable = |registry: &Registry, name: &str, version: &semver::Version| {
        registry.set_enabled(name, version, true)
    };
    change("enabled", shared, which, enable).await
}

/// Disable a version; queries that are using it finish.
#[utoipa::path(
    post, path = "/_udf/{name}/{version}/_disable", tag = "udf",
    responses((status = 200, body = Json)),
    security(("token" = []))
)]
pub(super) async fn disable(
    _: MayWriteUdfs,
    shared: Shared,
    Path(which): Path<(String, String)>,
    _: Query<NoParameters>,
) -> Result<axum::Json<Json>, ApiError> {
    let disable = |registry: &Registry, name: &str, version: &semver::Version| {
        registry.set_enabled(name, version, false)
    };
    change("disabled", shared, which, disable).await
}

/// Show what each function has done and cost since the node started.
#[utoipa::path(
    get, path = "/_udf/_stats", tag = "udf",
    responses((status = 200, body = Json))
)]
pub(super) async fn statistics(
    State(node): Shared,
    _: Query<NoParameters>,
) -> Result<Response, ApiError> {
    let (reports, memory) = (node.reports.clone(), node.memory().clone());
    let count = move || {
        let functions = node.registry().function_statistics();
        let pool = node.registry().engine().pool();
        Ok(json!({
            "functions": functions,
            "pool": {"instances": pool.instances, "in_use": pool.in_use, "waiting": pool.waiting,
                "waits": pool.waits, "busy": pool.busy},
        }))
    };
    reports.answer(&memory, count).await
}
