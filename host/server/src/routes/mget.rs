//! Several documents in one request, by their ids.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use whittle_node::SourceFilter;

use super::Shared;
use super::bulk::Id;
use super::documents::invalid;
use crate::address::Path;
use crate::answers::DocumentFound;
use crate::body::Body;
use crate::error::{ApiError, Cause};
use crate::node::Node;
use crate::parameters::{Query, Switch, bad, parameters};
use crate::selection;
use crate::source::{OneOrMore, SourceGiven, SourceParameters, filtered};

parameters! {
    /// Reading several documents.
    SeveralParameters {
        /// Whether documents are read as they were written last, by default true; `false` reads
        /// what searches see.
        realtime: Switch = "realtime",
        /// Whether a refresh comes first, which shows with `realtime=false`.
        refresh: bool = "refresh",
    }
    with {
        /// What of them comes back.
        source: SourceParameters,
    }
    ignoring ["preference", "routing"]
}

/// Which documents.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    docs: Vec<AskedDocument>,
    #[serde(default)]
    ids: Vec<Id>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedDocument {
    _index: Option<String>,
    _id: Option<Id>,
    _source: Option<SourceGiven>,
    stored_fields: Option<OneOrMore>,
    /// Without effect: an index has one shard.
    #[serde(rename = "routing")]
    _routing: Option<Id>,
}

/// The answer: the documents in the order in which they were asked for.
#[derive(Debug, Serialize)]
pub(super) struct Documents {
    docs: Vec<Answered>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Answered {
    Read(DocumentFound),
    Failed {
        _index: String,
        _id: String,
        error: Cause,
    },
}

/// A document that is asked for, checked.
struct Wanted {
    index: String,
    id: String,
    filter: SourceFilter,
}

/// Show several documents.
#[utoipa::path(
    method(get, post), path = "/_mget", tag = "documents",
    params(SeveralParameters),
    request_body = serde_json::Value,
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn several(
    shared: Shared,
    Query(parameters): Query<SeveralParameters>,
    body: Body,
) -> Result<axum::Json<Documents>, ApiError> {
    read(shared, None, parameters, body).await
}

/// Show several documents of an index.
#[utoipa::path(
    method(get, post), path = "/{index}/_mget", tag = "documents",
    params(SeveralParameters),
    request_body = serde_json::Value,
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn several_of_index(
    shared: Shared,
    Path(index): Path<String>,
    Query(parameters): Query<SeveralParameters>,
    body: Body,
) -> Result<axum::Json<Documents>, ApiError> {
    read(shared, Some(index), parameters, body).await
}

async fn read(
    State(node): Shared,
    index: Option<String>,
    parameters: SeveralParameters,
    body: Body,
) -> Result<axum::Json<Documents>, ApiError> {
    body.required()?;
    let wanted = wanted(body.read()?, index.as_deref(), &parameters)?;
    let searches = node.searches.clone();
    let read = move || {
        let docs = wanted.into_iter().map(|wanted| {
            let read = document(&node, &wanted, &parameters);
            read.map_or_else(
                |error| Answered::Failed {
                    _index: wanted.index.clone(),
                    _id: wanted.id.clone(),
                    error: error.cause().clone(),
                },
                Answered::Read,
            )
        });
        Ok(Documents {
            docs: docs.collect(),
        })
    };
    searches.run(read).await.map(axum::Json)
}

fn wanted(
    asked: Asked,
    index: Option<&str>,
    parameters: &SeveralParameters,
) -> Result<Vec<Wanted>, ApiError> {
    let default = parameters.source.filter()?.unwrap_or_default();
    if asked.docs.is_empty() && asked.ids.is_empty() {
        return Err(invalid("no documents to get"));
    }
    let ids = asked.ids.into_iter().map(|id| AskedDocument {
        _index: None,
        _id: Some(id),
        _source: None,
        stored_fields: None,
        _routing: None,
    });
    let all = asked.docs.into_iter().chain(ids);
    let checked = all.map(|document| {
        let missing = |what: &str| invalid(&format!("{what} is missing for doc 0"));
        let index = document._index.or_else(|| index.map(str::to_owned));
        let mut filter = document
            ._source
            .map_or(default.clone(), SourceGiven::filter);
        match document.stored_fields.map(OneOrMore::into_list) {
            None => {}
            Some(names) if names == ["_none_"] => filter = SourceFilter::None,
            Some(_) => {
                return Err(bad(
                    "stored_fields: fields are not stored apart from the source; use _source",
                ));
            }
        }
        Ok(Wanted {
            index: index.ok_or_else(|| missing("index"))?,
            id: document._id.map(Id::text).ok_or_else(|| missing("id"))?,
            filter,
        })
    });
    checked.collect()
}

fn document(
    node: &Node,
    wanted: &Wanted,
    parameters: &SeveralParameters,
) -> Result<DocumentFound, ApiError> {
    let index = selection::one(node, &wanted.index)?;
    if parameters.refresh {
        index.refresh()?;
    }
    let stored = match parameters.realtime.0 {
        true => index.get(&wanted.id)?,
        false => index.get_refreshed(&wanted.id)?,
    };
    match stored {
        None => Ok(DocumentFound::missing(&wanted.index, &wanted.id)),
        Some(stored) => {
            let source = filtered(&stored.source, &wanted.filter)?;
            Ok(DocumentFound::here(&wanted.index, &stored, source))
        }
    }
}
