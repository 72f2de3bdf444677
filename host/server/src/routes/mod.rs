//! The routes, each in the file of what it is about.

mod bulk;
mod cluster;
mod description;
mod documents;
mod indices;
mod page;
mod search;
mod udf;
mod udf_test;

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiError;
use crate::node::Node;

/// What a handler is given.
type Shared = axum::extract::State<Arc<Node>>;

/// All routes. Those of the API describe themselves.
pub(crate) fn all() -> Router<Arc<Node>> {
    let api = OpenApiRouter::with_openapi(description::head())
        .routes(routes!(cluster::banner))
        .routes(routes!(cluster::health))
        .routes(routes!(cluster::metrics))
        .routes(routes!(cluster::cluster_health))
        .routes(routes!(cluster::cat_indices))
        .routes(routes!(udf::list, udf::upload))
        .routes(routes!(udf::statistics))
        .routes(routes!(udf::describe))
        .routes(routes!(udf_test::test))
        .routes(routes!(udf::describe_version, udf::delete))
        .routes(routes!(udf::enable))
        .routes(routes!(udf::disable))
        .routes(routes!(bulk::bulk))
        .routes(routes!(bulk::bulk_of_index))
        .routes(routes!(search::search))
        .routes(routes!(search::count))
        .routes(routes!(search::msearch))
        .routes(routes!(search::msearch_of_index))
        .routes(routes!(indices::refresh_all))
        .routes(routes!(indices::stats_of_all))
        .routes(routes!(indices::get, indices::create, indices::delete))
        .routes(routes!(indices::mapping, indices::put_mapping))
        .routes(routes!(indices::refresh))
        .routes(routes!(indices::stats))
        .routes(routes!(documents::add))
        .routes(routes!(documents::get, documents::put, documents::delete))
        .routes(routes!(documents::create))
        .routes(routes!(documents::source))
        .routes(routes!(documents::update));
    let (routes, described) = api.split_for_parts();
    let described = description::whole(described);
    routes
        // A flush is what a refresh is, here.
        .route(
            "/{index}/_flush",
            get(indices::refresh).post(indices::refresh),
        )
        .route(
            "/_openapi.json",
            get(move || async { axum::Json(described) }),
        )
        .route("/_page/{file}", get(page::file))
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
