//! What each operation takes and answers, by name, and which failures it may have.
//!
//! The schemas are in `schemas.json`. Those of answers say what comes back without `filter_path`.

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{OneOfBuilder, Schema};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Required, ResponseBuilder};

/// What is special about an operation.
#[derive(Debug, Clone, Copy)]
struct Shape {
    /// Its tag and name.
    operation: &'static str,
    /// The schema of its body.
    request: Option<&'static str>,
    /// The schema of its answer.
    answer: &'static str,
    /// A status other than that of success which has such an answer as well.
    also: Option<u16>,
}

const fn answers(operation: &'static str, answer: &'static str) -> Shape {
    Shape {
        operation,
        request: None,
        answer,
        also: None,
    }
}

impl Shape {
    const fn takes(self, request: &'static str) -> Self {
        Self {
            request: Some(request),
            ..self
        }
    }

    const fn also(self, status: u16) -> Self {
        Self {
            also: Some(status),
            ..self
        }
    }
}

const SHAPES: &[Shape] = &[
    answers("documents.bulk", "BulkAnswer").takes("Lines"),
    answers("documents.bulk_of_index", "BulkAnswer").takes("Lines"),
    answers("documents.several", "MgetAnswer").takes("MgetRequest"),
    answers("documents.several_of_index", "MgetAnswer").takes("MgetRequest"),
    answers("documents.add", "Written").takes("Document"),
    answers("documents.put", "Written").takes("Document"),
    answers("documents.create", "Written").takes("Document"),
    answers("documents.update", "Written").takes("UpdateRequest"),
    answers("documents.delete", "Written").also(404),
    answers("documents.get", "Found").also(404),
    answers("documents.source", "Document"),
    answers("search.search", "SearchAnswer").takes("SearchRequest"),
    answers("search.search_all", "SearchAnswer").takes("SearchRequest"),
    answers("search.count", "CountAnswer").takes("CountRequest"),
    answers("search.count_all", "CountAnswer").takes("CountRequest"),
    answers("search.msearch", "MsearchAnswer").takes("Lines"),
    answers("search.msearch_of_index", "MsearchAnswer").takes("Lines"),
    answers("indexes.create", "Acknowledged").takes("IndexRequest"),
    answers("indexes.delete", "Acknowledged"),
    answers("indexes.get", "ByIndex"),
    answers("indexes.settings", "ByIndex"),
    answers("indexes.settings_of_all", "ByIndex"),
    answers("indexes.settings_by_name", "ByIndex"),
    answers("indexes.settings_of_all_by_name", "ByIndex"),
    answers("indexes.put_settings", "Acknowledged").takes("Settings"),
    answers("indexes.mapping", "ByIndex"),
    answers("indexes.mapping_of_all", "ByIndex"),
    answers("indexes.put_mapping", "Acknowledged").takes("Mapping"),
    answers("indexes.field_mapping", "ByIndex"),
    answers("indexes.field_mapping_of_all", "ByIndex"),
    answers("indexes.aliases", "ByIndex"),
    answers("indexes.refresh", "Refreshed"),
    answers("indexes.refresh_all", "Refreshed"),
    answers("indexes.flush", "Refreshed"),
    answers("indexes.flush_all", "Refreshed"),
    answers("indexes.merge", "Refreshed"),
    answers("indexes.merge_all", "Refreshed"),
    answers("indexes.stats", "Statistics"),
    answers("indexes.stats_of_all", "Statistics"),
    answers("indexes.stats_by_metric", "Statistics"),
    answers("indexes.stats_of_all_by_metric", "Statistics"),
    answers("node.cluster_health", "Health").also(408),
    answers("node.health_of_index", "Health").also(408),
    answers("udf.test", "ByName").takes("TrialRequest"),
    answers("udf.upload", "ByName").takes("Component"),
];

const JSON: &str = "application/json";

/// Gives an operation its schemas and failures.
pub(super) fn complete(operation: &mut Operation, name: &str, has_names: bool) {
    let shape = SHAPES.iter().find(|shape| shape.operation == name);
    let tag = name.split('.').next().unwrap_or_default();
    if let Some(body) = &mut operation.request_body {
        // A search without a body is one for everything.
        let is_optional = tag == "search" || name == "indexes.create";
        body.required = Some(if is_optional {
            Required::False
        } else {
            Required::True
        });
        for content in body.content.values_mut() {
            content.schema = shape.and_then(|shape| shape.request).map(reference);
        }
    }
    if let Some(security) = &mut operation.security {
        // Whether a token is needed is up to the node.
        security.push(SecurityRequirement::default());
    }
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else {
            continue;
        };
        if let (Some(shape), Some(content)) = (shape, response.content.get_mut(JSON)) {
            content.schema = Some(reference(shape.answer));
        }
        if tag == "tables" {
            let rows = ContentBuilder::new()
                .schema(Some(reference("Rows")))
                .build();
            response.content.insert(JSON.to_owned(), rows);
        }
    }
    for (status, what) in failures(tag, has_names) {
        let failure = reference("Failure");
        let schema = match shape.filter(|shape| shape.also == Some(status)) {
            Some(shape) => one_of([failure, reference(shape.answer)]),
            None => failure,
        };
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let response = ResponseBuilder::new()
            .description(what)
            .content(JSON, content)
            .build();
        let responses = &mut operation.responses.responses;
        responses.insert(status.to_string(), RefOr::T(response));
    }
}

/// The failures of the operations of a tag; those with names in their paths may not find them.
fn failures(tag: &str, has_names: bool) -> impl Iterator<Item = (u16, &'static str)> {
    let (is_search, is_udf) = (tag == "search", tag == "udf");
    let all = [
        (true, 400, "the request is wrong"),
        (is_udf, 401, "the token is missing or wrong"),
        (
            true,
            403,
            "a page of another site sent it, or it is not allowed",
        ),
        (
            has_names || tag != "node",
            404,
            "there is no such index, document or UDF",
        ),
        (
            true,
            406,
            "the kind of the body or of the answer is not supported",
        ),
        (
            is_search || is_udf || tag == "node",
            408,
            "its time is over",
        ),
        (
            is_udf || tag == "documents",
            409,
            "it contradicts what is there",
        ),
        (true, 413, "it is too large"),
        (
            true,
            415,
            "the body is packed in a way that is not supported",
        ),
        (is_search || is_udf, 422, "a UDF failed, or is not valid"),
        (
            true,
            429,
            "the node has too much to do, or no memory or disk left: repeat it later",
        ),
        (true, 500, "the node failed: see its log"),
        (true, 503, "an index, or a copy of it, is not available"),
    ];
    let failures = all.into_iter().filter(|(may_be, ..)| *may_be);
    failures.map(|(_, status, what)| (status, what))
}

fn reference(schema: &str) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(schema))
}

fn one_of(schemas: [RefOr<Schema>; 2]) -> RefOr<Schema> {
    let all = schemas
        .into_iter()
        .fold(OneOfBuilder::new(), OneOfBuilder::item);
    RefOr::T(Schema::OneOf(all.build()))
}
