//! The routes, each in the file of what it is about.

mod bulk;
mod cluster;
mod documents;
mod indices;
mod search;
mod udf;

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::routing::{get, post, put};

use crate::error::ApiError;
use crate::node::Node;

/// What a handler is given.
type Shared = axum::extract::State<Arc<Node>>;

pub(crate) fn all() -> Router<Arc<Node>> {
    Router::new()
        .route("/", get(cluster::banner))
        .route("/health", get(cluster::health))
        .route("/_cluster/health", get(cluster::cluster_health))
        .route("/_cat/indices", get(cluster::cat_indices))
        .route("/_bulk", post(bulk::bulk).put(bulk::bulk))
        .route("/_msearch", get(search::msearch).post(search::msearch))
        .route(
            "/_refresh",
            get(indices::refresh_all).post(indices::refresh_all),
        )
        .route("/_stats", get(indices::stats_of_all))
        .route("/_udf", get(udf::list).put(udf::upload).post(udf::upload))
        .route("/_udf/_stats", get(udf::statistics))
        .route("/_udf/{name}", get(udf::describe))
        .route(
            "/_udf/{name}/{version}",
            get(udf::describe_version).delete(udf::delete),
        )
        .route("/_udf/{name}/{version}/_enable", post(udf::enable))
        .route("/_udf/{name}/{version}/_disable", post(udf::disable))
        .route(
            "/{index}",
            get(indices::get)
                .put(indices::create)
                .delete(indices::delete),
        )
        .route(
            "/{index}/_mapping",
            get(indices::mapping).put(indices::put_mapping),
        )
        .route(
            "/{index}/_refresh",
            get(indices::refresh).post(indices::refresh),
        )
        .route(
            "/{index}/_flush",
            get(indices::refresh).post(indices::refresh),
        )
        .route("/{index}/_stats", get(indices::stats))
        .route(
            "/{index}/_bulk",
            post(bulk::bulk_of_index).put(bulk::bulk_of_index),
        )
        .route("/{index}/_search", get(search::search).post(search::search))
        .route(
            "/{index}/_msearch",
            get(search::msearch_of_index).post(search::msearch_of_index),
        )
        .route("/{index}/_count", get(search::count).post(search::count))
        .route("/{index}/_doc", post(documents::add))
        .route(
            "/{index}/_doc/{id}",
            get(documents::get)
                .put(documents::put)
                .post(documents::put)
                .delete(documents::delete),
        )
        .route(
            "/{index}/_create/{id}",
            put(documents::create).post(documents::create),
        )
        .route("/{index}/_source/{id}", get(documents::source))
        .route("/{index}/_update/{id}", post(documents::update))
}

/// A route that has not such a method.
pub(crate) async fn no_method(method: Method, uri: Uri) -> ApiError {
    let path = whittle_host::one_line(uri.path());
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "illegal_argument_exception",
        format!("incorrect HTTP method for uri [{path}] and method [{method}]"),
    )
}

/// What is none of them.
pub(crate) async fn no_route(method: Method, uri: Uri) -> ApiError {
    let path = whittle_host::one_line(uri.path());
    ApiError::new(
        StatusCode::NOT_FOUND,
        "illegal_argument_exception",
        format!("no handler found for uri [{path}] and method [{method}]"),
    )
}
