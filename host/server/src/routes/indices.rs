//! Indexes: made, described and deleted.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use whittle_node::index::IndexError;
use whittle_node::mapping::Mapping;

use super::Shared;
use crate::address::Path;
use crate::answers::Acknowledged;
use crate::body::{Body, NoBody};
use crate::error::ApiError;
use crate::failures::{no_index, not_made, unavailable};
use crate::indexes::Entry;
use crate::node::Node;
use crate::parameters::{ActiveShards, Query, bad, parameters};
use crate::presentation::Presentation;
use crate::scalars::Object;
use crate::selection::{Indices, Selected};
use crate::settings::{Settings, nested};

parameters! {
    /// Making an index.
    CreateParameters {
        /// How many copies of the shard must be there: a number, or `all`. There is one.
        wait_for_active_shards: ActiveShards = "wait_for_active_shards",
    }
    ignoring ["timeout", "cluster_manager_timeout", "master_timeout"]
}

parameters! {
    /// Describing indexes.
    DescribeParameters {
        /// Whether the names of settings are dotted, by default false.
        flat_settings: bool = "flat_settings",
        /// Refused if true: settings that were not given have no value of their own.
        include_defaults: bool = "include_defaults",
    }
    with {
        /// Which indexes.
        indices: Indices,
    }
    ignoring ["local", "cluster_manager_timeout", "master_timeout"]
}

parameters! {
    /// Changing indexes.
    ChangeParameters {}
    with {
        /// Which indexes.
        indices: Indices,
    }
    ignoring ["timeout", "cluster_manager_timeout", "master_timeout", "write_index_only"]
}

parameters! {
    /// Changing settings.
    SettingsParameters {
        /// Whether settings that were given before stay as they are, by default false.
        preserve_existing: bool = "preserve_existing",
    }
    with {
        /// Which indexes.
        indices: Indices,
    }
    ignoring ["timeout", "cluster_manager_timeout", "master_timeout"]
}

parameters! {
    /// Describing mappings.
    MappingParameters {}
    with {
        /// Which indexes.
        indices: Indices,
    }
    ignoring ["local", "cluster_manager_timeout", "master_timeout"]
}

/// The body of a request that makes an index.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Made {
    mappings: Option<Json>,
    #[serde(default)]
    settings: Map<String, Json>,
    #[serde(default)]
    aliases: Map<String, Json>,
}

/// The answer to a request that makes an index.
#[derive(Debug, Serialize)]
pub(super) struct IndexMade {
    acknowledged: bool,
    shards_acknowledged: bool,
    index: String,
}

/// Make an index; the body may have `mappings` and `settings`.
#[utoipa::path(
    put, path = "/{index}", tag = "indexes",
    params(CreateParameters),
    request_body = serde_json::Value,
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn create(
    State(node): Shared,
    Path(name): Path<String>,
    Query(parameters): Query<CreateParameters>,
    body: Body,
) -> Result<axum::Json<IndexMade>, ApiError> {
    let writes = node.writes.clone();
    let make = move || {
        let Object(asked) = body.read::<Object<Made>>()?;
        if !asked.aliases.is_empty() {
            return Err(bad("aliases are not supported: remove `aliases`"));
        }
        let settings = Settings::new().with(&asked.settings)?;
        let copies = parameters
            .wait_for_active_shards
            .copies(settings.replicas());
        if copies > 1 + settings.replicas() {
            return Err(bad(format!(
                "invalid wait_for_active_shards[{copies}]: cannot be greater than number of shard \
                 copies [{}]",
                1 + settings.replicas()
            )));
        }
        let mapping = match &asked.mappings {
            None => Mapping::dynamic(),
            Some(mapping) => Mapping::parse(mapping).map_err(IndexError::Mapping)?,
        };
        let made = node.create(&name, mapping, settings);
        made.map_err(|error| not_made(&name, error))?;
        Ok(IndexMade {
            acknowledged: true,
            // Replicas never come.
            shards_acknowledged: copies <= 1,
            index: name,
        })
    };
    writes.run(make).await.map(axum::Json)
}

/// Delete indexes.
#[utoipa::path(
    delete, path = "/{index}", tag = "indexes",
    params(ChangeParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn delete(
    State(node): Shared,
    Path(names): Path<String>,
    Query(parameters): Query<ChangeParameters>,
    _: NoBody,
) -> Result<axum::Json<Acknowledged>, ApiError> {
    let selected = parameters.indices.select(&node, &names)?;
    let writes = node.writes.clone();
    let delete = move || {
        for (name, _) in selected {
            if !node.delete(&name)? {
                return Err(no_index(&name));
            }
        }
        Ok(Acknowledged::DONE)
    };
    writes.run(delete).await.map(axum::Json)
}

/// An index as it is described. There are no aliases.
#[derive(Debug, Serialize)]
pub(super) struct Described {
    #[serde(skip_serializing_if = "Option::is_none")]
    aliases: Option<Map<String, Json>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mappings: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settings: Option<Json>,
}

type ByIndex<T> = axum::Json<BTreeMap<String, T>>;

/// The settings of an index as `_settings` shows them.
fn settings_of(
    entry: &Entry,
    name: &str,
    flat: bool,
    human: bool,
    names: &dyn Fn(&str) -> bool,
) -> Json {
    let mut shown = entry.settings().shown(name);
    if human
        && let Some(created) = shown.get("index.creation_date")
        && let Some(date) = created.parse().ok().and_then(super::cluster::date)
    {
        shown.insert("index.creation_date_string".to_owned(), date);
    }
    shown.retain(|name, _| names(name));
    match flat {
        true => shown
            .into_iter()
            .map(|(name, value)| (name, Json::from(value)))
            .collect(),
        false => nested(&shown),
    }
}

fn check_defaults(parameters: &DescribeParameters) -> Result<(), ApiError> {
    if parameters.include_defaults {
        return Err(bad(
            "include_defaults is not supported: `number_of_replicas` is 0 and `refresh_interval` \
             is 1s unless they are given",
        ));
    }
    Ok(())
}

/// Show indexes with their mappings and settings; a HEAD request tells whether they exist.
#[utoipa::path(
    get, path = "/{index}", tag = "indexes",
    params(DescribeParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn get(
    State(node): Shared,
    Path(names): Path<String>,
    Query(parameters): Query<DescribeParameters>,
    presentation: Presentation,
    _: NoBody,
) -> Result<Response, ApiError> {
    check_defaults(&parameters)?;
    let selected = parameters.indices.select(&node, &names)?;
    let flat = parameters.flat_settings;
    let described = move |entry: &Entry, name: &str| {
        let settings = settings_of(entry, name, flat, presentation.human, &|_| true);
        Ok(Described {
            aliases: Some(Map::new()),
            mappings: Some(mapping_of(entry, name)?),
            settings: Some(settings),
        })
    };
    by_index(&node, selected, described).await
}

/// Show the settings of indexes.
#[utoipa::path(
    get, path = "/{index}/_settings", tag = "indexes",
    params(DescribeParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn settings(
    shared: Shared,
    Path(names): Path<String>,
    Query(parameters): Query<DescribeParameters>,
    presentation: Presentation,
    _: NoBody,
) -> Result<ByIndex<Described>, ApiError> {
    shown_settings(shared, &names, "_all", &parameters, presentation)
}

/// Show the settings of all indexes.
#[utoipa::path(
    get, path = "/_settings", tag = "indexes",
    params(DescribeParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn settings_of_all(
    shared: Shared,
    Query(parameters): Query<DescribeParameters>,
    presentation: Presentation,
    _: NoBody,
) -> Result<ByIndex<Described>, ApiError> {
    shown_settings(shared, "_all", "_all", &parameters, presentation)
}

/// Show settings of indexes by their names, with commas between, or patterns.
#[utoipa::path(
    get, path = "/{index}/_settings/{setting}", tag = "indexes",
    params(DescribeParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn settings_by_name(
    shared: Shared,
    Path((names, setting)): Path<(String, String)>,
    Query(parameters): Query<DescribeParameters>,
    presentation: Presentation,
    _: NoBody,
) -> Result<ByIndex<Described>, ApiError> {
    shown_settings(shared, &names, &setting, &parameters, presentation)
}

/// Show settings of all indexes by their names, with commas between, or patterns.
#[utoipa::path(
    get, path = "/_settings/{setting}", tag = "indexes",
    params(DescribeParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn settings_of_all_by_name(
    shared: Shared,
    Path(setting): Path<String>,
    Query(parameters): Query<DescribeParameters>,
    presentation: Presentation,
    _: NoBody,
) -> Result<ByIndex<Described>, ApiError> {
    shown_settings(shared, "_all", &setting, &parameters, presentation)
}

fn shown_settings(
    State(node): Shared,
    names: &str,
    setting: &str,
    parameters: &DescribeParameters,
    presentation: Presentation,
) -> Result<ByIndex<Described>, ApiError> {
    check_defaults(parameters)?;
    let flat = parameters.flat_settings;
    let is_asked = |name: &str| setting.split(',').any(|pattern| fits(pattern, name));
    let selected = parameters.indices.select(&node, names)?.into_iter();
    let settings = selected.map(|(name, entry)| {
        let settings = settings_of(&entry, &name, flat, presentation.human, &is_asked);
        let described = Described {
            aliases: None,
            mappings: None,
            settings: Some(settings),
        };
        (name, described)
    });
    Ok(axum::Json(settings.collect()))
}

/// Change settings of indexes.
#[utoipa::path(
    put, path = "/{index}/_settings", tag = "indexes",
    params(SettingsParameters),
    request_body = serde_json::Value,
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn put_settings(
    State(node): Shared,
    Path(names): Path<String>,
    Query(parameters): Query<SettingsParameters>,
    body: Body,
) -> Result<axum::Json<Acknowledged>, ApiError> {
    let writes = node.writes.clone();
    let change = move || {
        body.required()?;
        let asked: Map<String, Json> = body.read()?;
        let given = match asked.get("settings") {
            Some(Json::Object(settings)) if asked.len() == 1 => settings,
            _ => &asked,
        };
        let preserve = parameters.preserve_existing;
        let mut changed = Vec::new();
        for (_, entry) in parameters.indices.select(&node, &names)? {
            let settings = entry.settings().changed(given, preserve)?;
            changed.push((entry, settings));
        }
        for (entry, settings) in changed {
            entry.set_settings(settings)?;
        }
        Ok(Acknowledged::DONE)
    };
    writes.run(change).await.map(axum::Json)
}

fn mapping_of(entry: &Entry, name: &str) -> Result<Json, ApiError> {
    let mapping = entry.mapping().map_err(|error| unavailable(name, error))?;
    Ok(mapping.to_json())
}

/// Describes each index, on a thread for blocking work: the mappings of indexes that are not open
/// are read from the disk.
async fn by_index<T: Serialize>(
    node: &Node,
    selected: Selected,
    describe: impl Fn(&Entry, &str) -> Result<T, ApiError> + Send + 'static,
) -> Result<Response, ApiError> {
    let all = move || {
        let all = selected.into_iter().map(|(name, entry)| {
            let described = describe(&entry, &name)?;
            Ok((name, described))
        });
        all.collect::<Result<BTreeMap<_, _>, ApiError>>()
    };
    node.reports.answer(node.memory(), all).await
}

async fn mappings_of(node: &Node, selected: Selected) -> Result<Response, ApiError> {
    let described = |entry: &Entry, name: &str| {
        Ok(Described {
            aliases: None,
            mappings: Some(mapping_of(entry, name)?),
            settings: None,
        })
    };
    by_index(node, selected, described).await
}

/// Show the types of the fields of indexes.
#[utoipa::path(
    get, path = "/{index}/_mapping", tag = "indexes",
    params(MappingParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn mapping(
    State(node): Shared,
    Path(names): Path<String>,
    Query(parameters): Query<MappingParameters>,
    _: NoBody,
) -> Result<Response, ApiError> {
    mappings_of(&node, parameters.indices.select(&node, &names)?).await
}

/// Show the types of the fields of all indexes.
#[utoipa::path(
    get, path = "/_mapping", tag = "indexes",
    params(MappingParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn mapping_of_all(
    State(node): Shared,
    Query(parameters): Query<MappingParameters>,
    _: NoBody,
) -> Result<Response, ApiError> {
    mappings_of(&node, parameters.indices.select(&node, "_all")?).await
}

/// Add fields to indexes.
#[utoipa::path(
    method(put, post), path = "/{index}/_mapping", tag = "indexes",
    params(ChangeParameters),
    request_body = serde_json::Value,
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn put_mapping(
    State(node): Shared,
    Path(names): Path<String>,
    Query(parameters): Query<ChangeParameters>,
    body: Body,
) -> Result<axum::Json<Acknowledged>, ApiError> {
    let writes = node.writes.clone();
    let put = move || {
        body.required()?;
        let mapping: Json = body.read()?;
        if mapping.get("_doc").is_some() {
            return Err(bad("Types cannot be provided in put mapping requests"));
        }
        let selected = parameters.indices.select(&node, &names)?;
        if selected.is_empty() {
            Mapping::parse(&mapping).map_err(IndexError::Mapping)?;
        }
        for (name, entry) in selected {
            let index = entry.open().map_err(|error| unavailable(&name, error))?;
            index.put_mapping(&mapping)?;
        }
        Ok(Acknowledged::DONE)
    };
    writes.run(put).await.map(axum::Json)
}

/// The mappings of some fields of an index.
#[derive(Debug, Serialize)]
pub(super) struct FieldMappings {
    mappings: BTreeMap<String, FieldMapping>,
}

/// The mapping of a field, under its full name and its own.
#[derive(Debug, Serialize)]
struct FieldMapping {
    full_name: String,
    mapping: BTreeMap<String, Json>,
}

/// Show the types of some fields: names with commas between, or patterns.
#[utoipa::path(
    get, path = "/{index}/_mapping/field/{fields}", tag = "indexes",
    params(MappingParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn field_mapping(
    State(node): Shared,
    Path((names, fields)): Path<(String, String)>,
    Query(parameters): Query<MappingParameters>,
    _: NoBody,
) -> Result<Response, ApiError> {
    let selected = parameters.indices.select(&node, &names)?;
    field_mappings(&node, selected, fields).await
}

/// Show the types of some fields of all indexes.
#[utoipa::path(
    get, path = "/_mapping/field/{fields}", tag = "indexes",
    params(MappingParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn field_mapping_of_all(
    State(node): Shared,
    Path(fields): Path<String>,
    Query(parameters): Query<MappingParameters>,
    _: NoBody,
) -> Result<Response, ApiError> {
    let selected = parameters.indices.select(&node, "_all")?;
    field_mappings(&node, selected, fields).await
}

async fn field_mappings(
    node: &Node,
    selected: Selected,
    fields: String,
) -> Result<Response, ApiError> {
    let described = move |entry: &Entry, name: &str| {
        let mut mappings = BTreeMap::new();
        collect_fields(&mapping_of(entry, name)?, "", &mut |path, mapping| {
            if fields.split(',').any(|pattern| fits(pattern, path)) {
                let name = path.rsplit('.').next().unwrap_or(path).to_owned();
                let field = FieldMapping {
                    full_name: path.to_owned(),
                    mapping: BTreeMap::from([(name, mapping.clone())]),
                };
                mappings.insert(path.to_owned(), field);
            }
        });
        Ok(FieldMappings { mappings })
    };
    by_index(node, selected, described).await
}

/// Hands each field with a type to a function, sub-fields too.
fn collect_fields(mapping: &Json, above: &str, take: &mut dyn FnMut(&str, &Json)) {
    for below in ["properties", "fields"] {
        for (name, field) in mapping[below].as_object().into_iter().flatten() {
            let path = match above {
                "" => name.clone(),
                _ => format!("{above}.{name}"),
            };
            if field.get("properties").is_none() {
                take(&path, field);
            }
            collect_fields(field, &path, take);
        }
    }
}

fn fits(pattern: &str, name: &str) -> bool {
    pattern == "_all" || crate::presentation::filter_path::glob(pattern.as_bytes(), name.as_bytes())
}

/// Show the aliases of indexes: indexes have no aliases here.
#[utoipa::path(
    get, path = "/{index}/_alias", tag = "indexes",
    params(MappingParameters),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn aliases(
    State(node): Shared,
    Path(names): Path<String>,
    Query(parameters): Query<MappingParameters>,
    _: NoBody,
) -> Result<ByIndex<Described>, ApiError> {
    let selected = parameters.indices.select(&node, &names)?.into_iter();
    let none = selected.map(|(name, _)| {
        let described = Described {
            aliases: Some(Map::new()),
            mappings: None,
            settings: None,
        };
        (name, described)
    });
    Ok(axum::Json(none.collect()))
}
