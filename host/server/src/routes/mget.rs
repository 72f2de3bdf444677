//! Several documents in one request, by their ids.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use whittle_host::QueryContext;
use whittle_node::{SearchError, SourceFilter};

use super::Shared;
use super::documents::{invalid, stored};
use crate::address::Path;
use crate::answers::DocumentFound;
use crate::body::Body;
use crate::client::Client;
use crate::error::{ApiError, Cause};
use crate::node::Node;
use crate::parameters::{Query, Switch, bad, parameters};
use crate::scalars::{Object, Text};
use crate::sending;
use crate::source::{OneOrMore, SourceGiven, SourceParameters, filtered, filtered_bytes};

/// How many documents one request may ask for.
const MOST_DOCUMENTS: usize = 10_000;

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
    docs: Vec<Object<AskedDocument>>,
    #[serde(default)]
    ids: Vec<Text>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedDocument {
    _index: Option<Text>,
    _id: Option<Text>,
    _source: Option<SourceGiven>,
    stored_fields: Option<OneOrMore>,
    /// Without effect: an index has one shard.
    #[serde(rename = "routing")]
    _routing: Option<Text>,
}

/// A document of the answer; they come in the order in which they were asked for.
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
) -> Result<Response, ApiError> {
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
) -> Result<Response, ApiError> {
    read(shared, Some(index), parameters, body).await
}

async fn read(
    State(node): Shared,
    index: Option<String>,
    parameters: SeveralParameters,
    body: Body,
) -> Result<Response, ApiError> {
    let searches = node.searches.clone();
    let client = Client::default();
    let _waits = client.waits();
    let read = move || {
        let query = client.begins(QueryContext::new(node.options().budget.clone()));
        body.required()?;
        let Object(asked) = body.read()?;
        let wanted = wanted(asked, index.as_deref(), &parameters)?;
        let mut answer = sending::Text::new(node.memory());
        answer.raw("{\"docs\":[")?;
        for (number, wanted) in wanted.into_iter().enumerate() {
            query.check().map_err(SearchError::Stopped)?;
            if number > 0 {
                answer.raw(",")?;
            }
            answered(&node, &wanted, &parameters, &mut answer)?;
        }
        answer.raw("]}")?;
        Ok(answer.into_json())
    };
    searches.run(read).await
}

fn wanted(
    asked: Asked,
    index_of_path: Option<&str>,
    parameters: &SeveralParameters,
) -> Result<Vec<Wanted>, ApiError> {
    let default = parameters.source.filter()?.unwrap_or_default();
    if asked.docs.is_empty() && asked.ids.is_empty() {
        return Err(invalid("no documents to get"));
    }
    let found = asked.docs.len() + asked.ids.len();
    if found > MOST_DOCUMENTS {
        return Err(bad(format!(
            "the request asks for {found} documents, and the limit is {MOST_DOCUMENTS}: send \
             several requests"
        )));
    }
    let ids = asked.ids.into_iter().map(|id| AskedDocument {
        _index: None,
        _id: Some(id),
        _source: None,
        stored_fields: None,
        _routing: None,
    });
    let docs = asked.docs.into_iter().map(|Object(document)| document);
    let all = docs.chain(ids);
    let checked = all.map(|document| {
        let missing = |what: &str| invalid(&format!("{what} is missing for doc 0"));
        let index = document._index.map(|name| name.0);
        let index = index.or_else(|| index_of_path.map(str::to_owned));
        let mut filter = match document._source {
            Some(source) => source.filter()?,
            None => default.clone(),
        };
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
            id: document._id.map(|id| id.0).ok_or_else(|| missing("id"))?,
            filter,
        })
    });
    checked.collect()
}

/// Writes a document, or why it cannot be read.
///
/// # Errors
///
/// 429 if there is too little memory.
fn answered(
    node: &Node,
    wanted: &Wanted,
    parameters: &SeveralParameters,
    answer: &mut sending::Text,
) -> Result<(), ApiError> {
    let failed = |error: &ApiError| Answered::Failed {
        _index: wanted.index.clone(),
        _id: wanted.id.clone(),
        error: error.cause().clone(),
    };
    let (realtime, refresh) = (parameters.realtime.0, parameters.refresh);
    let stored = match stored(node, &wanted.index, &wanted.id, realtime, refresh) {
        Err(error) => return answer.json(&failed(&error)),
        Ok(None) => {
            let missing = DocumentFound::missing(&wanted.index, &wanted.id);
            return answer.json(&Answered::Read(missing));
        }
        Ok(Some(stored)) => stored,
    };
    let _held = node.memory().reserve(filtered_bytes(&stored.source))?;
    match filtered(&stored.source, &wanted.filter) {
        Err(error) => answer.json(&failed(&error)),
        Ok(source) => {
            let found = DocumentFound::here(&wanted.index, &stored, source);
            answer.json(&Answered::Read(found))
        }
    }
}
