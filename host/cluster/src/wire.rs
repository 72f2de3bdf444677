//! A UDF in a plan on its way to a scheduler or an executor: a JSON object.

use datafusion::error::{DataFusionError, Result};
use serde::{Deserialize, Serialize};
use whittle_datafusion::Reference;
use whittle_host::{Function, Kind, Parameter, Presence, Sha256};

use crate::error::{QueryError, marked};

/// The format of the message that this crate writes, and the only one that it reads.
const FORMAT: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
struct Message {
    format: u32,
    component: String,
    version: semver::Version,
    sha256: Sha256,
    function: String,
    parameters: Vec<Declared>,
    returns: Kind,
}

/// A parameter, as far as a planner needs it: the component has its default.
#[derive(Debug, Serialize, Deserialize)]
struct Declared {
    name: String,
    kind: Kind,
    required: bool,
}

/// Writes a UDF.
///
/// # Errors
///
/// Its component is in no registry.
pub(crate) fn write(reference: &Reference, message: &mut Vec<u8>) -> Result<()> {
    let function = &reference.function;
    let Some(sha256) = reference.sha256 else {
        return Err(marked(QueryError::NotRegistered {
            function: reference.name.clone(),
        }));
    };
    let parameters = function.parameters.iter().map(|parameter| Declared {
        name: parameter.name.clone(),
        kind: parameter.kind,
        required: parameter.presence == Presence::Required,
    });
    let written = Message {
        format: FORMAT,
        component: reference.component.clone(),
        version: reference.version.clone(),
        sha256,
        function: function.name.clone(),
        parameters: parameters.collect(),
        returns: function.returns,
    };
    serde_json::to_writer(message, &written)
        .map_err(|error| DataFusionError::External(Box::new(error)))
}

/// Reads a UDF that is called `name` in SQL.
///
/// # Errors
///
/// The message is not one of this version of Whittle.
pub(crate) fn read(name: &str, message: &[u8]) -> Result<Reference> {
    let read = serde_json::from_slice::<Message>(message);
    let read = read.ok().filter(|message| message.format == FORMAT);
    let Some(message) = read else {
        return Err(DataFusionError::Execution(format!(
            "the plan's function `{name}` is not one that this version of Whittle can read: use the \
             same version for clients, schedulers and executors"
        )));
    };
    let parameters = message.parameters.into_iter().map(|declared| Parameter {
        name: declared.name,
        description: String::new(),
        kind: declared.kind,
        presence: match declared.required {
            true => Presence::Required,
            false => Presence::Optional,
        },
    });
    Ok(Reference {
        name: name.to_owned(),
        component: message.component,
        version: message.version,
        sha256: Some(message.sha256),
        function: Function {
            name: message.function,
            description: String::new(),
            parameters: parameters.collect(),
            returns: message.returns,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference() -> Reference {
        let parameter = |name: &str, kind, presence| Parameter {
            name: name.to_owned(),
            description: String::new(),
            kind,
            presence,
        };
        Reference {
            name: "near@^1".to_owned(),
            component: "string-distance".to_owned(),
            version: semver::Version::new(1, 2, 3),
            sha256: Some(Sha256::of(b"a component")),
            function: Function {
                name: "near".to_owned(),
                description: String::new(),
                parameters: vec![
                    parameter("field", Kind::Text, Presence::Required),
                    parameter("within", Kind::Int64, Presence::Optional),
                ],
                returns: Kind::Boolean,
            },
        }
    }

    #[test]
    fn a_udf_survives_the_way_to_an_executor() {
        let mut message = Vec::new();
        write(&reference(), &mut message).expect("written");
        let read = read("near@^1", &message).expect("read");
        assert_eq!(read, reference());
    }

    #[test]
    fn rejects_messages_of_another_format() {
        let mut message = Vec::new();
        write(&reference(), &mut message).expect("written");
        let text = String::from_utf8(message).expect("JSON");
        let newer = text.replace("\"format\":1", "\"format\":2");
        assert_ne!(newer, text);
        for message in [newer.as_bytes(), b"", b"{}", b"\xff\x00"] {
            let error = read("near", message).expect_err("another format");
            assert!(error.to_string().contains("function `near`"), "{error}");
        }
    }
}
