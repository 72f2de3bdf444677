//! `whittle build`: from a guest's folder to a component.
//!
//! A language knows whether a folder is its own and how to make a core module of it; everything
//! after that (encode, check as the host will, write) is one road for all.

mod assemblyscript;
mod c;
mod go;
mod javascript;
mod python;
mod rust;
mod tool;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use whittle_host::{Accessor, TextEncoding, Udf, encode_component};

use crate::inspect::signature;
use crate::setup;

/// Build the UDF in a folder as a component.
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// The folder; its files tell the language.
    dir: PathBuf,
    /// Where to write the component [default: `whittle/NAME.wasm` in the target folder]
    #[arg(short, long, value_name = "OUT")]
    output: Option<PathBuf>,
}

/// What a toolchain made.
struct Built {
    code: Code,
    /// Where the component goes if the user does not say.
    output: PathBuf,
}

enum Code {
    /// A core module, still to be encoded.
    Module(Vec<u8>, TextEncoding),
    Component(Vec<u8>),
}

impl Code {
    fn component(self) -> Result<Vec<u8>> {
        match self {
            Self::Module(bytes, texts) => Ok(encode_component(&bytes, texts)?),
            Self::Component(bytes) => Ok(bytes),
        }
    }
}

/// A language that UDFs are written in.
struct Language {
    /// What a folder in it has.
    sign: &'static str,
    /// Whether the folder holds a UDF in it.
    owns: fn(&Path) -> bool,
    /// Runs its toolchain.
    build: fn(&Path) -> Result<Built>,
}

/// The first that owns a folder builds it.
const LANGUAGES: &[Language] = &[
    Language {
        sign: "Cargo.toml",
        owns: rust::owns,
        build: rust::build,
    },
    Language {
        sign: "go.mod",
        owns: go::owns,
        build: go::build,
    },
    Language {
        sign: "asconfig.json",
        owns: assemblyscript::owns,
        build: assemblyscript::build,
    },
    Language {
        sign: "package.json",
        owns: javascript::owns,
        build: javascript::build,
    },
    Language {
        sign: "pyproject.toml",
        owns: python::owns,
        build: python::build,
    },
    Language {
        sign: "*.c",
        owns: c::owns,
        build: c::build,
    },
];

/// A component that was built and written.
pub(crate) struct Component {
    udf: Udf,
    bytes: usize,
    pub(crate) output: PathBuf,
}

impl Build {
    pub(crate) fn run(&self) -> Result<()> {
        let Component { udf, bytes, output } = build(&self.dir, self.output.as_deref())?;
        let manifest = udf.manifest();
        let mut stdout = io::stdout().lock();
        let (name, version) = (&manifest.name, &manifest.version);
        writeln!(stdout, "{name} {version}: {bytes} bytes")?;
        for function in &manifest.functions {
            writeln!(stdout, "  {}", signature(function))?;
        }
        writeln!(stdout, "{}", output.display())?;
        Ok(())
    }
}

/// Builds the UDF in a folder, checks it as a host will, and writes it.
pub(crate) fn build(dir: &Path, output: Option<&Path>) -> Result<Component> {
    let found = fs::metadata(dir).with_context(|| dir.display().to_string())?;
    if !found.is_dir() {
        bail!("{} is not a folder", dir.display());
    }
    let Some(language) = LANGUAGES.iter().find(|language| (language.owns)(dir)) else {
        let signs = LANGUAGES.iter().map(|language| language.sign);
        let signs = signs.collect::<Vec<_>>().join(", ");
        bail!("{} holds no UDF: there is none of {signs}", dir.display());
    };
    let built = (language.build)(dir).with_context(|| dir.display().to_string())?;
    let component = built.code.component();
    let component = component.with_context(|| dir.display().to_string())?;
    let engine = setup::engine(Accessor::default())?;
    let udf = Udf::new(&engine, &component).with_context(|| dir.display().to_string())?;
    let output = output.map_or(built.output, Path::to_owned);
    write(&output, &component).with_context(|| output.display().to_string())?;
    Ok(Component {
        udf,
        bytes: component.len(),
        output,
    })
}

/// Writes a file whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    readable_by_all(file.as_file())?;
    file.persist(path)?;
    Ok(())
}

/// A temporary file is for its owner alone; a component is not.
#[cfg(unix)]
fn readable_by_all(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_file: &fs::File) -> io::Result<()> {
    Ok(())
}
