//! `whittle inspect`: a component's manifest, imports, exports and size.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use whittle_host::{Function, Manifest, Parameter, Presence, Udf, one_line};

use crate::setup;

/// Show a component's functions and parameters, imports, exports and size.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// The component file.
    component: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub(crate) fn run(&self) -> Result<()> {
        let engine = setup::engine()?;
        let udf = setup::udf(&engine, &self.component)?;
        let text = if self.json { json(&udf)? } else { text(&udf) };
        io::stdout().write_all(text.as_bytes())?;
        Ok(())
    }
}

fn json(udf: &Udf) -> Result<String> {
    let json = serde_json::json!({
        "manifest": udf.manifest(),
        "imports": udf.imports(),
        "exports": udf.exports(),
        "component_bytes": udf.component_bytes(),
        "compiled_bytes": udf.compiled_bytes(),
    });
    Ok(serde_json::to_string_pretty(&json)? + "\n")
}

fn text(udf: &Udf) -> String {
    let mut text = manifest(udf.manifest());
    let mut list = |title: &str, names: &[String]| {
        text.push_str(&format!("\n{title}\n"));
        for name in names {
            text.push_str(&format!("  {}\n", one_line(name)));
        }
    };
    list("imports", udf.imports());
    list("exports", udf.exports());
    let (component, compiled) = (udf.component_bytes(), udf.compiled_bytes());
    text + &format!("\n{component} bytes, {compiled} compiled\n")
}

fn manifest(manifest: &Manifest) -> String {
    let Manifest {
        name,
        version,
        description,
        author,
        functions,
    } = manifest;
    let mut text = format!("{name} {version}\n");
    for line in [description, author] {
        if !line.is_empty() {
            text.push_str(&format!("{}\n", one_line(line)));
        }
    }
    for function in functions {
        text.push_str(&format!("\n{}\n", signature(function)));
        if !function.description.is_empty() {
            text.push_str(&format!("  {}\n", one_line(&function.description)));
        }
        for Parameter {
            name, description, ..
        } in &function.parameters
        {
            text.push_str(&format!("    {name}: {}\n", one_line(description)));
        }
    }
    text
}

/// `string_distance(field: text, target: text, max_distance: int64 = 2) -> boolean`
pub(crate) fn signature(function: &Function) -> String {
    let parameters = function.parameters.iter().map(
        |Parameter {
             name,
             kind,
             presence,
             ..
         }| {
            match presence {
                Presence::Required => format!("{name}: {kind}"),
                Presence::Optional => format!("{name}?: {kind}"),
                Presence::Default(value) => {
                    let value = value.to_json().to_string();
                    format!("{name}: {kind} = {}", one_line(&value))
                }
            }
        },
    );
    let parameters = parameters.collect::<Vec<_>>().join(", ");
    format!("{}({parameters}) -> {}", function.name, function.returns)
}

#[cfg(test)]
mod tests {
    use whittle_host::{Kind, Value};

    use super::*;

    #[test]
    fn a_signature_shows_kinds_and_presence() {
        let parameter = |name: &str, kind, presence| Parameter {
            name: name.to_owned(),
            description: String::new(),
            kind,
            presence,
        };
        let function = Function {
            name: "f".to_owned(),
            description: String::new(),
            parameters: vec![
                parameter("field", Kind::Text, Presence::Required),
                parameter("since", Kind::Timestamp, Presence::Optional),
                parameter("unit", Kind::Text, Presence::Default(Value::from("m"))),
            ],
            returns: Kind::Float64,
        };
        let expected = "f(field: text, since?: timestamp, unit: text = \"m\") -> float64";
        assert_eq!(signature(&function), expected);
    }
}
