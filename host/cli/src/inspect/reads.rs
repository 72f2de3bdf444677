//! The fields that a function reads, and the kind that each is read as.
//!
//! A function names its fields when it is bound, so they may depend on its parameters. Without
//! parameters it is bound with stand-ins: a text parameter gets its own name in angle brackets, and
//! a field of that name shows that the parameter names it.

use serde_json::{Map, Value as Json, json};
use whittle_host::{
    Arguments, BindError, Budget, Function, Kind, Parameter, Presence, QueryContext, Udf, Value,
    one_line,
};

/// The fields of a function.
#[derive(Debug, PartialEq)]
pub(super) struct Reads {
    pub(super) function: String,
    /// Or why they are not known without parameters.
    fields: Result<Vec<Field>, String>,
}

/// A field that a function reads.
#[derive(Debug, PartialEq)]
struct Field {
    /// `None` if the parameter has no value.
    path: Option<String>,
    kind: Kind,
    /// The parameter that names it.
    parameter: Option<String>,
}

impl Reads {
    /// The fields that a function reads with these parameters, or as far as they are known without.
    ///
    /// # Errors
    ///
    /// The function refuses the parameters.
    pub(super) fn of(
        udf: &Udf,
        function: &Function,
        params: Option<&Map<String, Json>>,
    ) -> Result<Self, BindError> {
        let stand_ins = || {
            let parameters = function.parameters.iter();
            let required = parameters.filter(|of| of.presence == Presence::Required);
            required.map(|of| (of.name.clone(), stand_in(of))).collect()
        };
        let given = params.cloned().unwrap_or_else(stand_ins);
        let fields = match bind(udf, function, &given) {
            Ok(found) => Ok(fields(udf, function, &given, found)),
            Err(error) if params.is_some() => return Err(error),
            Err(error) => Err(error.to_string()),
        };
        Ok(Self {
            function: function.name.clone(),
            fields,
        })
    }

    /// A line for each field.
    pub(super) fn text(&self) -> String {
        let Ok(fields) = &self.fields else {
            let text = "  reads fields that depend on the parameters: give `--params`\n";
            return text.to_owned();
        };
        if fields.is_empty() {
            return "  reads no fields\n".to_owned();
        }
        let lines = fields.iter().map(|field| {
            let Field {
                path,
                kind,
                parameter,
            } = field;
            let path = path.as_deref().map(one_line);
            match (path, parameter) {
                (Some(path), None) => format!("  reads `{path}` as {kind}\n"),
                (Some(path), Some(of)) => format!("  reads `{path}` as {kind}, named by `{of}`\n"),
                (None, of) => {
                    let of = of.as_deref().unwrap_or_default();
                    format!("  reads the field that `{of}` names as {kind}\n")
                }
            }
        });
        lines.collect()
    }

    pub(super) fn json(&self) -> Json {
        let fields = self.fields.as_ref().map(|fields| {
            let fields = fields.iter().map(|field| {
                json!({"path": field.path, "kind": field.kind, "parameter": field.parameter})
            });
            fields.collect::<Vec<_>>()
        });
        json!({
            "function": self.function,
            "fields": fields.ok(),
            "problem": self.fields.as_ref().err(),
        })
    }
}

/// The fields that were found, with the parameters that name them.
fn fields(
    udf: &Udf,
    function: &Function,
    given: &Map<String, Json>,
    found: Vec<(String, Kind)>,
) -> Vec<Field> {
    let mut fields: Vec<Field> = Vec::new();
    for (path, kind) in found {
        let field = Field {
            path: Some(path),
            kind,
            parameter: None,
        };
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    let texts = function
        .parameters
        .iter()
        .filter(|of| of.kind == Kind::Text);
    for parameter in texts {
        let mark = mark(parameter);
        let mut changed = given.clone();
        changed.insert(parameter.name.clone(), mark.clone().into());
        let value = match (given.get(&parameter.name), &parameter.presence) {
            (Some(value), _) => value.clone(),
            (None, Presence::Default(Value::Text(path))) => path.clone().into(),
            (None, _) => Json::Null,
        };
        // A parameter that refuses its own name names no field.
        let others = bind(udf, function, &changed).unwrap_or_default();
        for (_, kind) in others.into_iter().filter(|(path, _)| *path == mark) {
            let path = value.as_str().filter(|value| *value != mark);
            let field = Field {
                path: path.map(str::to_owned),
                kind,
                parameter: Some(parameter.name.clone()),
            };
            let same =
                |known: &Field| known.kind == kind && known.path.as_deref() == value.as_str();
            match fields.iter().position(same) {
                Some(known) => fields[known] = field,
                None if !fields.contains(&field) => fields.push(field),
                None => {}
            }
        }
    }
    fields
}

fn bind(
    udf: &Udf,
    function: &Function,
    params: &Map<String, Json>,
) -> Result<Vec<(String, Kind)>, BindError> {
    let query = QueryContext::new(Budget::default());
    let bound = udf.bind(&function.name, &Arguments::from_json(params), &query)?;
    let fields = bound.fields().iter();
    Ok(fields
        .map(|field| (field.path.clone(), field.kind))
        .collect())
}

fn mark(parameter: &Parameter) -> String {
    format!("<{}>", parameter.name)
}

fn stand_in(parameter: &Parameter) -> Json {
    match parameter.kind {
        Kind::Boolean => json!(true),
        Kind::Int64 => json!(1),
        Kind::Float64 => json!(1.0),
        Kind::Text => mark(parameter).into(),
        Kind::Timestamp => json!("2024-01-01T00:00:00Z"),
        Kind::Json => json!({}),
    }
}
