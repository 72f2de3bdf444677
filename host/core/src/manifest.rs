//! A component's description of itself, checked.
//!
//! A [`Manifest`] obeys every rule: names are unique identifiers, the version is a semantic version,
//! a default has its parameter's kind, and nothing exceeds the engine's [`Limits`]. Before the check
//! a manifest has another type, the guest's.

use std::collections::HashSet;

use serde::Serialize;

use crate::contract::types as guest;
use crate::error::ManifestError;
use crate::limits::Limits;
use crate::value::{Kind, Value};
use crate::words::printable;

/// A component's description of itself: its name, its version and its functions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Manifest {
    /// Letters, digits, `-` and `_`.
    pub name: String,
    /// A semantic version.
    pub version: semver::Version,
    /// The purpose of the functions.
    pub description: String,
    /// The author; may be empty.
    pub author: String,
    /// At least one, with unique names.
    pub functions: Vec<Function>,
}

/// One function of a component.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Function {
    /// An identifier: letters, digits and `_`.
    pub name: String,
    /// For the author of a query.
    pub description: String,
    /// With unique names, in display order.
    pub parameters: Vec<Parameter>,
    /// The kind of its results.
    pub returns: Kind,
}

/// A parameter of a function.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parameter {
    /// An identifier: letters, digits and `_`.
    pub name: String,
    /// For the author of a query.
    pub description: String,
    /// The kind of its value.
    pub kind: Kind,
    /// Whether a query must set it.
    #[serde(flatten)]
    pub presence: Presence,
}

/// Whether a query must set a parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Presence {
    /// The query must set it.
    Required,
    /// The query may omit it.
    Optional,
    /// The query may omit it; the function then gets this value.
    Default(Value),
}

impl Serialize for Presence {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("required", &matches!(self, Self::Required))?;
        if let Self::Default(value) = self {
            map.serialize_entry("default", &value.to_json())?;
        }
        map.end()
    }
}

impl Manifest {
    /// The function of this name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }

    /// Checks what a guest returned.
    pub(crate) fn checked(found: guest::Manifest, limits: &Limits) -> Result<Self, ManifestError> {
        let rules = Rules { limits };
        rules.bounded("name", &found.name, limits.name_bytes)?;
        if found.name.is_empty()
            || !found
                .name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        {
            return Err(broken(
                "name",
                format!(
                    "`{}` has characters other than letters, digits, `-` and `_`",
                    found.name.escape_debug()
                ),
            ));
        }
        rules.bounded("version", &found.version, limits.name_bytes)?;
        let version = semver::Version::parse(&found.version).map_err(|error| {
            broken(
                "version",
                format!(
                    "`{}` is not a semantic version: {error}",
                    found.version.escape_debug()
                ),
            )
        })?;
        rules.bounded("description", &found.description, limits.description_bytes)?;
        rules.bounded("author", &found.author, limits.description_bytes)?;
        if found.functions.is_empty() {
            return Err(broken("functions", "the list is empty".to_owned()));
        }
        rules.count("functions", found.functions.len(), limits.functions)?;
        unique(
            "functions",
            found.functions.iter().map(|function| &*function.name),
        )?;
        let functions = found
            .functions
            .into_iter()
            .map(|function| rules.function(function));
        Ok(Self {
            functions: functions.collect::<Result<_, _>>()?,
            name: found.name,
            version,
            description: printable(&found.description),
            author: printable(&found.author),
        })
    }
}

struct Rules<'a> {
    limits: &'a Limits,
}

impl Rules<'_> {
    fn function(&self, found: guest::Function) -> Result<Function, ManifestError> {
        self.identifier("function", &found.name)?;
        let place = format!("function `{}`", found.name);
        self.bounded(&place, &found.description, self.limits.description_bytes)?;
        self.count(&place, found.parameters.len(), self.limits.parameters)?;
        unique(
            &place,
            found.parameters.iter().map(|parameter| &*parameter.name),
        )?;
        let parameters = found
            .parameters
            .into_iter()
            .map(|p| self.parameter(&place, p));
        Ok(Function {
            parameters: parameters.collect::<Result<_, _>>()?,
            name: found.name,
            description: printable(&found.description),
            returns: found.returns.into(),
        })
    }

    fn parameter(
        &self,
        function: &str,
        found: guest::Parameter,
    ) -> Result<Parameter, ManifestError> {
        self.identifier(&format!("parameter of {function}"), &found.name)?;
        let place = format!("parameter `{}` of {function}", found.name);
        self.bounded(&place, &found.description, self.limits.description_bytes)?;
        let kind = found.kind.into();
        let presence = match found.presence {
            guest::Presence::Required => Presence::Required,
            guest::Presence::Optional => Presence::Optional,
            guest::Presence::Default(value) => {
                Presence::Default(self.default(&place, kind, value.into())?)
            }
        };
        Ok(Parameter {
            name: found.name,
            description: printable(&found.description),
            kind,
            presence,
        })
    }

    fn default(&self, place: &str, kind: Kind, value: Value) -> Result<Value, ManifestError> {
        if value.kind() != Some(kind) {
            let found = value
                .kind()
                .map_or("null".to_owned(), |kind| kind.to_string());
            return Err(broken(
                place,
                format!("the kind is {kind}, but the default is {found}"),
            ));
        }
        if let Value::Text(text) | Value::Json(text) = &value {
            self.bounded(place, text, self.limits.description_bytes)?;
        }
        if let Value::Json(text) = &value
            && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text)
        {
            return Err(broken(place, format!("the default is not JSON: {error}")));
        }
        Ok(value)
    }

    fn identifier(&self, place: &str, name: &str) -> Result<(), ManifestError> {
        self.bounded(place, name, self.limits.name_bytes)?;
        let mut characters = name.chars();
        let first = characters
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
        if first && characters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Ok(());
        }
        let name = name.escape_debug();
        Err(broken(
            place,
            format!("`{name}` is not an identifier of letters, digits and `_`"),
        ))
    }

    fn bounded(&self, place: &str, text: &str, allowed: usize) -> Result<(), ManifestError> {
        if text.len() <= allowed {
            return Ok(());
        }
        let met = text.len();
        Err(broken(
            place,
            format!("a string has {met} bytes, but at most {allowed} are allowed"),
        ))
    }

    fn count(&self, place: &str, met: usize, allowed: usize) -> Result<(), ManifestError> {
        if met <= allowed {
            return Ok(());
        }
        Err(broken(
            place,
            format!("there are {met}, but at most {allowed} are allowed"),
        ))
    }
}

fn unique<'a>(place: &str, names: impl Iterator<Item = &'a str>) -> Result<(), ManifestError> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(broken(
                place,
                format!("duplicate name `{}`", name.escape_debug()),
            ));
        }
    }
    Ok(())
}

fn broken(place: &str, problem: String) -> ManifestError {
    ManifestError {
        place: place.to_owned(),
        problem,
    }
}
