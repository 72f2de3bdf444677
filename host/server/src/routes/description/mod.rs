//! The API's description, as OpenAPI 3.1 (<https://spec.openapis.org/oas/v3.1.0>).
//!
//! Handlers describe their parameters. What operations have in common is added here: the
//! parameters of the path, those of every answer, the shape of bodies and failures ([`shapes`]), the
//! values of parameters ([`values`]), and unique names.

mod shapes;
mod values;

use serde_json::{Map, Value as Json};
use utoipa::OpenApi;
use utoipa::ToSchema;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{
    InfoBuilder, OpenApi as Described, OpenApiBuilder, Required, Type, schema::Object,
};

/// What a request fails with.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used: `ApiError` writes it")]
struct Failure {
    error: Cause,
    /// The answer's status.
    status: u16,
}

/// What went wrong.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used: `ApiError` writes it")]
struct Cause {
    /// Such as `parsing_exception`.
    r#type: String,
    /// In one line, with what to do.
    reason: String,
    /// The index that it is about.
    index: Option<String>,
    /// The same once more.
    root_cause: Option<Vec<Json>>,
}

#[derive(OpenApi)]
#[openapi(components(schemas(Failure, Cause)))]
struct Schemas;

/// The description without operations.
pub(super) fn head() -> Described {
    let mut schemas = Schemas::openapi();
    if let Some(components) = schemas.components.as_mut() {
        let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("token", token);
    }
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Whittle")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "A data node whose queries call user-defined functions. Indexes, documents \
                     and searches are in the shape that OpenSearch's clients know.",
                ))
                .build(),
        )
        .components(schemas.components)
        .build()
}

/// The schemas of bodies.
const BODIES: &str = include_str!("schemas.json");

/// The description with what all operations have.
pub(super) fn whole(mut described: Described) -> Json {
    for (path, item) in &mut described.paths.paths {
        let parameters: Vec<Parameter> = path.split('/').filter_map(parameter).collect();
        for (method, operation) in operations(item) {
            let id = operation.operation_id.take().unwrap_or_default();
            let tag = operation.tags.iter().flatten().next();
            let tag = tag.map_or("", String::as_str);
            let name = format!("{tag}.{id}");
            shapes::complete(operation, &name, !parameters.is_empty());
            operation.operation_id = Some(format!("{name}.{method}"));
            let own = operation.parameters.get_or_insert_default();
            own.retain(|parameter| !matches!(parameter.parameter_in, ParameterIn::Path));
            own.extend(parameters.iter().cloned());
            own.extend(crate::presentation::described());
            values::complete(operation, &name);
        }
    }
    let mut described = serde_json::to_value(described).expect("text and numbers");
    let bodies: Map<String, Json> = serde_json::from_str(BODIES).expect("an object");
    if let Some(schemas) = described["components"]["schemas"].as_object_mut() {
        schemas.extend(bodies);
    }
    described
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let all = [
        ("get", &mut item.get),
        ("put", &mut item.put),
        ("post", &mut item.post),
        ("delete", &mut item.delete),
    ];
    all.into_iter()
        .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// The parameter that a part of a path stands for.
fn parameter(part: &str) -> Option<Parameter> {
    let name = part.strip_prefix('{')?.strip_suffix('}')?;
    let what = match name {
        "index" => {
            "an index; except for writing documents, several with commas between or patterns"
        }
        "id" => "the document's id",
        "name" => "the UDF's name",
        "version" => "its version, such as `1.2.0`",
        "fields" => "fields with commas between, or patterns",
        "setting" => "settings with commas between, or patterns",
        "metric" => "`docs`, `segments`, `store` with commas between, or `_all`",
        _ => "",
    };
    let parameter = ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(what))
        .schema(Some(Object::with_type(Type::String)))
        .build();
    Some(parameter)
}
