//! The routes, each in the file of what it is about.

mod bulk;
mod cat;
mod cluster;
mod description;
mod documents;
mod indices;
mod maintenance;
mod mget;
mod page;
mod search;
mod udf;
mod udf_test;
mod unsupported;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode, Uri};
use axum::routing::get;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::ApiError;
use crate::node::Node;
use crate::parameters::{NoParameters, Query};

/// What a handler is given.
type Shared = axum::extract::State<Arc<Node>>;

/// All routes. Those of the API describe themselves.
pub(crate) fn all() -> Router<Arc<Node>> {
    let api = OpenApiRouter::with_openapi(description::head())
        .routes(routes!(cluster::banner))
        .routes(routes!(cluster::health))
        .routes(routes!(cluster::metrics))
        .routes(routes!(cluster::cluster_health))
        .routes(routes!(cluster::health_of_index))
        .routes(routes!(cat::indices))
        .routes(routes!(cat::some_indices))
        .routes(routes!(cat::count))
        .routes(routes!(cat::some_count))
        .routes(routes!(cat::health))
        .routes(routes!(cat::nodes))
        .routes(routes!(cat::aliases))
        .routes(routes!(cat::shards))
        .routes(routes!(cat::some_shards))
        .routes(routes!(udf::list, udf::upload))
        .routes(routes!(udf::statistics))
        .routes(routes!(udf::describe))
        .routes(routes!(udf_test::test))
        .routes(routes!(udf::describe_version, udf::delete))
        .routes(routes!(udf::enable))
        .routes(routes!(udf::disable))
        .routes(routes!(bulk::bulk))
        .routes(routes!(bulk::bulk_of_index))
        .routes(routes!(mget::several))
        .routes(routes!(mget::several_of_index))
        .routes(routes!(search::search))
        .routes(routes!(search::search_all))
        .routes(routes!(search::count))
        .routes(routes!(search::count_all))
        .routes(routes!(search::msearch))
        .routes(routes!(search::msearch_of_index))
        .routes(routes!(maintenance::refresh_all))
        .routes(routes!(maintenance::refresh))
        .routes(routes!(maintenance::flush_all))
        .routes(routes!(maintenance::flush))
        .routes(routes!(maintenance::merge_all))
        .routes(routes!(maintenance::merge))
        .routes(routes!(maintenance::stats_of_all))
        .routes(routes!(maintenance::stats))
        .routes(routes!(maintenance::stats_by_metric))
        .routes(routes!(maintenance::stats_of_all_by_metric))
        .routes(routes!(indices::get, indices::create, indices::delete))
        .routes(routes!(indices::settings_of_all))
        .routes(routes!(indices::settings, indices::put_settings))
        .routes(routes!(indices::settings_by_name))
        .routes(routes!(indices::settings_of_all_by_name))
        .routes(routes!(indices::mapping_of_all))
        .routes(routes!(indices::mapping, indices::put_mapping))
        .routes(routes!(indices::field_mapping_of_all))
        .routes(routes!(indices::field_mapping))
        .routes(routes!(indices::aliases))
        .routes(routes!(documents::add))
        .routes(routes!(documents::get, documents::put, documents::delete))
        .routes(routes!(documents::create))
        .routes(routes!(documents::source))
        .routes(routes!(documents::update));
    let (routes, described) = api.split_for_parts();
    let described = description::whole(described);
    // Written once: routes are cloned for each request.
    let text = Bytes::from(described.to_string());
    let description =
        move |_: Query<NoParameters>| async { ([(CONTENT_TYPE, "application/json")], text) };
    unsupported::routes(routes)
        // Clients write both.
        .route(
            "/{index}/_mappings",
            get(indices::mapping)
                .put(indices::put_mapping)
                .post(indices::put_mapping),
        )
        .route("/_mappings", get(indices::mapping_of_all))
        .route("/_openapi.json", get(description))
        .route("/_page/{file}", get(page::file))
}

/// A route that does not have such a method.
pub(crate) async fn no_method(method: Method, uri: Uri) -> ApiError {
    let path = whittle_host::one_line(uri.path());
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "illegal_argument_exception",
        format!("incorrect HTTP method for uri [{path}] and method [{method}]"),
    )
}

/// A path that is none of them.
pub(crate) async fn no_route(method: Method, uri: Uri) -> ApiError {
    let path = whittle_host::one_line(uri.path());
    ApiError::new(
        StatusCode::NOT_FOUND,
        "illegal_argument_exception",
        format!("no handler found for uri [{path}] and method [{method}]"),
    )
}
