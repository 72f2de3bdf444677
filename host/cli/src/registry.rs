//! `whittle registry`: manages the versions of UDFs in a directory that nodes share.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde_json::{Value as Json, json};
use whittle_host::{Registry, Sha256, VersionInfo, one_line};

use crate::build;
use crate::inspect::signature;
use crate::setup;

/// Manage the versions of UDFs in a registry that nodes share.
#[derive(Debug, Args)]
pub(crate) struct RegistryCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Check a component, and register it under its name and version.
    Add {
        /// The component file, or the directory of a project, which is built first.
        component: PathBuf,
        /// The expected SHA-256; a component with another one is refused.
        #[arg(long, value_name = "HEX")]
        sha256: Option<Sha256>,
        #[command(flatten)]
        place: Place,
    },
    /// List the versions and their functions.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Enable a version again.
    Enable(OneVersion),
    /// Disable a version: queries get another version, or an error.
    Disable(OneVersion),
    /// Delete a version.
    Remove(OneVersion),
}

#[derive(Debug, Args)]
struct OneVersion {
    /// The component's name and version, such as `string-distance@1.2.0`.
    #[arg(value_name = "NAME@VERSION", value_parser = version)]
    version: (String, semver::Version),
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
struct Place {
    /// The directory of the registry, or a URL such as `s3://bucket/prefix`; `add` creates a
    /// missing directory.
    #[arg(long, value_name = "PLACE")]
    registry: String,
}

fn version(text: &str) -> Result<(String, semver::Version), String> {
    let (name, version) = text
        .split_once('@')
        .ok_or("expected `NAME@VERSION`, such as `string-distance@1.2.0`")?;
    let version = version
        .parse()
        .map_err(|error| format!("`{version}`: {error}"))?;
    Ok((name.to_owned(), version))
}

impl RegistryCommand {
    pub(crate) fn run(&self) -> Result<()> {
        match &self.action {
            Action::Add {
                component,
                sha256,
                place,
            } => {
                let component = &build::component(component)?;
                let bytes = setup::read(component)?;
                let registry = place.create()?;
                let added = registry
                    .register(&bytes, *sha256)
                    .with_context(|| component.display().to_string())?;
                print(&(text(&added) + &ambiguous(&registry, &added)))
            }
            Action::List { json, place } => {
                let versions = place.open()?.list();
                if *json {
                    let versions: Vec<Json> = versions.iter().map(as_json).collect();
                    return print(&(serde_json::to_string_pretty(&versions)? + "\n"));
                }
                print(&versions.iter().map(text).collect::<String>())
            }
            Action::Enable(version) => version.set_enabled(true),
            Action::Disable(version) => version.set_enabled(false),
            Action::Remove(OneVersion {
                version: (name, version),
                place,
            }) => Ok(place.open()?.delete(name, version)?),
        }
    }
}

impl OneVersion {
    fn set_enabled(&self, enabled: bool) -> Result<()> {
        let (name, version) = &self.version;
        Ok(self.place.open()?.set_enabled(name, version, enabled)?)
    }
}

impl Place {
    /// Opens the registry, in a new directory if there is none.
    fn create(&self) -> Result<Registry> {
        if !self.registry.contains("://") {
            fs::create_dir_all(&self.registry).with_context(|| self.registry.clone())?;
        }
        self.open()
    }

    fn open(&self) -> Result<Registry> {
        setup::registry(setup::engine()?, &self.registry)
    }
}

fn print(text: &str) -> Result<()> {
    Ok(io::stdout().write_all(text.as_bytes())?)
}

/// A version in readable form: its name, then its functions or why it cannot be used.
fn text(info: &VersionInfo) -> String {
    let VersionInfo {
        name,
        version,
        sha256,
        enabled,
        manifest,
        ..
    } = info;
    let mut text = format!("{}@{version}", one_line(name));
    if let Some(sha256) = sha256 {
        text.push_str(&format!("  {sha256}"));
    }
    if !enabled {
        text.push_str("  disabled");
    }
    text.push('\n');
    match manifest {
        Ok(manifest) => {
            for function in &manifest.functions {
                text.push_str(&format!("  {}\n", signature(function)));
            }
        }
        Err(problem) => text.push_str(&format!(
            "  cannot be used: {}\n",
            one_line(&problem.to_string())
        )),
    }
    text
}

/// A line for each function of a version that other components have too.
fn ambiguous(registry: &Registry, info: &VersionInfo) -> String {
    let functions = info
        .manifest
        .iter()
        .flat_map(|manifest| &manifest.functions);
    let lines = functions.filter_map(|function| {
        let name = &function.name;
        let components = registry.components_with(name);
        let names = components.iter();
        let names: Vec<String> = names.map(|of| format!("`{of}.{name}`")).collect();
        (names.len() > 1).then(|| {
            let names = names.join(" or ");
            format!("  several components have a function `{name}`: queries must use {names}\n")
        })
    });
    lines.collect()
}

fn as_json(info: &VersionInfo) -> Json {
    let VersionInfo {
        name,
        version,
        sha256,
        bytes,
        enabled,
        manifest,
        ..
    } = info;
    json!({
        "name": name,
        "version": version,
        "sha256": sha256,
        "bytes": bytes,
        "enabled": enabled,
        "manifest": manifest.as_ref().ok(),
        "problem": manifest.as_ref().err().map(ToString::to_string),
    })
}
