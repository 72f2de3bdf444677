//! `whittle inspect`: a component's manifest, the fields that its functions read, imports, exports and
//! size.

mod reads;

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use serde_json::{Map, Value as Json};
use whittle_host::{
    Arguments, Budget, Function, Manifest, Parameter, Presence, QueryContext, Udf, one_line,
};

use self::reads::Reads;
use crate::build;
use crate::call::parameters;
use crate::setup;

/// Show a component's functions with their parameters and the fields that they read, its imports,
/// exports and size.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// The component file, or the directory of a project, which is built first.
    component: PathBuf,
    /// Show only the function of this name.
    function: Option<String>,
    /// Parameters of the function, as a JSON object: the fields that it reads may depend on them.
    #[arg(long, value_name = "JSON", value_parser = parameters)]
    params: Option<Map<String, Json>>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub(crate) fn run(&self) -> Result<()> {
        let engine = setup::engine()?;
        let udf = setup::udf(&engine, &build::component(&self.component)?)?;
        let reads = self.reads(&udf)?;
        let text = match self.json {
            true => json(&udf, &reads)?,
            false => text(&udf, &reads),
        };
        io::stdout().write_all(text.as_bytes())?;
        Ok(())
    }

    /// What the functions to show read.
    fn reads(&self, udf: &Udf) -> Result<Vec<Reads>> {
        let manifest = udf.manifest();
        let functions: Vec<&Function> = match &self.function {
            None => manifest.functions.iter().collect(),
            Some(name) => match manifest.function(name) {
                Some(function) => vec![function],
                None => {
                    // The error names the functions that there are.
                    let query = QueryContext::new(Budget::default());
                    udf.bind(name, &Arguments::new(), &query)?;
                    Vec::new()
                }
            },
        };
        if self.params.is_some() && functions.len() > 1 {
            let names: Vec<&str> = functions.iter().map(|of| of.name.as_str()).collect();
            bail!(
                "the component has several functions: name the one with these parameters, one of {}",
                names.join(", ")
            );
        }
        let reads = functions.into_iter();
        let reads = reads.map(|function| Reads::of(udf, function, self.params.as_ref()));
        Ok(reads.collect::<Result<_, _>>()?)
    }
}

fn json(udf: &Udf, reads: &[Reads]) -> Result<String> {
    let json = serde_json::json!({
        "manifest": udf.manifest(),
        "reads": reads.iter().map(Reads::json).collect::<Vec<_>>(),
        "imports": udf.imports(),
        "exports": udf.exports(),
        "component_bytes": udf.component_bytes(),
        "compiled_bytes": udf.compiled_bytes(),
    });
    Ok(serde_json::to_string_pretty(&json)? + "\n")
}

fn text(udf: &Udf, reads: &[Reads]) -> String {
    let mut text = manifest(udf.manifest(), reads);
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

fn manifest(manifest: &Manifest, reads: &[Reads]) -> String {
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
        let Some(reads) = reads.iter().find(|reads| reads.function == function.name) else {
            continue;
        };
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
        text.push_str(&reads.text());
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
