//! Routes of OpenSearch that this node does not have: refused with the reason, so that nobody looks
//! for a mistake in the address.

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::routing::any;

use whittle_host::one_line;

use crate::error::ApiError;
use crate::parameters::bad;

const ALIASES: &str = "there are no aliases; use the names of indexes, or patterns";
const TEMPLATES: &str = "there are no templates; give the mapping when an index is made";
const PIPELINES: &str = "there are no pipelines; change documents before they are sent";
const SCRIPTS: &str = "there are no stored scripts; use an expression or a UDF in the search";
const BY_QUERY: &str = "documents are changed by their ids; search for them, then use _bulk";
const SCROLL: &str = "there are no scrolls; use `search_after` with `_id` as the last sort key";
const TASKS: &str = "there are no tasks; a request is answered when its work is done";
const SNAPSHOTS: &str = "there are no snapshots; copy the node's folder while it is stopped";
const OPEN: &str = "indexes are always open";
const SHAPE: &str = "an index keeps its shape; make another, and write the documents to it";
const CLUSTER: &str = "the node is the whole cluster; use /_cluster/health and /metrics";
const EXPLAIN: &str = "use `profile` in a search, which reports what each clause did";
const FIELDS: &str = "use /_mapping for the fields of an index";
const ANALYSIS: &str = "text has one analyzer, which cannot be called by itself";
const VALIDATE: &str = "run the search with `size` 0; a query that is wrong is refused";

const UNSUPPORTED: &[(&str, &str)] = &[
    ("/_alias/{name}", ALIASES),
    ("/_aliases", ALIASES),
    ("/_analyze", ANALYSIS),
    ("/_cluster/{*rest}", CLUSTER),
    ("/_component_template/{*rest}", TEMPLATES),
    ("/_delete_by_query/{*rest}", BY_QUERY),
    ("/_field_caps", FIELDS),
    ("/_index_template", TEMPLATES),
    ("/_index_template/{*rest}", TEMPLATES),
    ("/_ingest/{*rest}", PIPELINES),
    ("/_msearch/template", TEMPLATES),
    ("/_nodes", CLUSTER),
    ("/_nodes/{*rest}", CLUSTER),
    ("/_reindex", BY_QUERY),
    ("/_render/{*rest}", TEMPLATES),
    ("/_scripts/{*rest}", SCRIPTS),
    ("/_search/pipeline/{*rest}", PIPELINES),
    ("/_search/point_in_time", SCROLL),
    ("/_search/point_in_time/{*rest}", SCROLL),
    ("/_search/scroll", SCROLL),
    ("/_search/scroll/{*rest}", SCROLL),
    ("/_search/template", TEMPLATES),
    ("/_snapshot", SNAPSHOTS),
    ("/_snapshot/{*rest}", SNAPSHOTS),
    ("/_tasks", TASKS),
    ("/_tasks/{*rest}", TASKS),
    ("/_template", TEMPLATES),
    ("/_template/{*rest}", TEMPLATES),
    ("/_validate/query", VALIDATE),
    ("/{index}/_alias/{name}", ALIASES),
    ("/{index}/_aliases/{name}", ALIASES),
    ("/{index}/_analyze", ANALYSIS),
    ("/{index}/_block/{block}", SHAPE),
    ("/{index}/_clone/{target}", SHAPE),
    ("/{index}/_close", OPEN),
    ("/{index}/_delete_by_query", BY_QUERY),
    ("/{index}/_explain/{id}", EXPLAIN),
    ("/{index}/_field_caps", FIELDS),
    ("/{index}/_open", OPEN),
    ("/{index}/_rollover", ALIASES),
    ("/{index}/_search/point_in_time", SCROLL),
    ("/{index}/_search/template", TEMPLATES),
    ("/{index}/_shrink/{target}", SHAPE),
    ("/{index}/_split/{target}", SHAPE),
    ("/{index}/_termvectors", EXPLAIN),
    ("/{index}/_termvectors/{id}", EXPLAIN),
    ("/{index}/_update_by_query", BY_QUERY),
    ("/{index}/_validate/query", VALIDATE),
];

/// The routes, each with its reason.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(mut router: Router<S>) -> Router<S> {
    for (path, reason) in UNSUPPORTED {
        let refused = move |method: Method, uri: Uri| async move { refused(&method, &uri, reason) };
        router = router.route(path, any(refused));
    }
    router
}

fn refused(method: &Method, uri: &Uri, reason: &str) -> ApiError {
    // Whether something is there that cannot be: it is not.
    if *method == Method::HEAD {
        let status = StatusCode::NOT_FOUND;
        return ApiError::new(status, "resource_not_found_exception", reason);
    }
    let path = one_line(uri.path());
    bad(format!("[{method} {path}] is not supported: {reason}"))
}
