//! `whittle new`: creates a small working project in a language.
//!
//! A project is the language's template with a copy of the language's kit in the directory `kit`.
//! It builds with the ordinary tools of the language and depends on nothing outside of it.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use include_dir::{Dir, include_dir};

use crate::kit::Kit;

/// Create a project with one function, its test vectors and the kit it is built with.
#[derive(Debug, Args)]
pub(crate) struct New {
    /// The language of the project.
    #[arg(value_enum)]
    language: Language,
    /// The name of the project and its directory: lower-case letters, digits and `-`.
    name: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Language {
    Rust,
    Go,
    #[value(name = "assemblyscript")]
    AssemblyScript,
    #[value(name = "typescript")]
    TypeScript,
    #[value(name = "javascript")]
    JavaScript,
    Python,
    C,
}

impl Language {
    fn template(self) -> &'static Dir<'static> {
        static RUST: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/rust");
        static GO: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/go");
        static ASSEMBLYSCRIPT: Dir<'_> =
            include_dir!("$CARGO_MANIFEST_DIR/templates/assemblyscript");
        static TYPESCRIPT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/typescript");
        static JAVASCRIPT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/javascript");
        static PYTHON: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/python");
        static C: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/c");
        match self {
            Self::Rust => &RUST,
            Self::Go => &GO,
            Self::AssemblyScript => &ASSEMBLYSCRIPT,
            Self::TypeScript => &TYPESCRIPT,
            Self::JavaScript => &JAVASCRIPT,
            Self::Python => &PYTHON,
            Self::C => &C,
        }
    }

    /// The files of the language's kit.
    pub(crate) fn kit(self) -> Kit {
        static RUST: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guests/rust/sdk");
        static GO: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guests/go/kit");
        static ASSEMBLYSCRIPT: Dir<'_> =
            include_dir!("$CARGO_MANIFEST_DIR/../../guests/assemblyscript/kit");
        static JAVASCRIPT: Dir<'_> =
            include_dir!("$CARGO_MANIFEST_DIR/../../guests/javascript/kit");
        static PYTHON: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guests/python/kit");
        static C: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guests/c/kit");
        match self {
            Self::Rust => Kit::new(&RUST),
            Self::Go => Kit::new(&GO),
            Self::AssemblyScript => Kit::new(&ASSEMBLYSCRIPT),
            Self::TypeScript | Self::JavaScript => Kit::new(&JAVASCRIPT),
            Self::Python => Kit::new(&PYTHON),
            Self::C => Kit::new(&C),
        }
    }
}

impl Language {
    /// The language of the project in a directory. TypeScript and JavaScript have the same kit.
    pub(crate) fn of_project(dir: &Path) -> Option<Self> {
        let has = |file: &str| dir.join(file).is_file();
        let markers = [
            ("Cargo.toml", Self::Rust),
            ("go.mod", Self::Go),
            ("asconfig.json", Self::AssemblyScript),
            ("package.json", Self::TypeScript),
            ("pyproject.toml", Self::Python),
            ("Makefile", Self::C),
        ];
        let mut found = markers.into_iter().filter(|(file, _)| has(file));
        found.next().map(|(_, language)| language)
    }

    /// The command that runs a new project's unit tests in its directory.
    fn unit_tests(self) -> &'static str {
        match self {
            Self::Rust => "cargo test",
            Self::Go => "go test .",
            Self::AssemblyScript | Self::TypeScript | Self::JavaScript => "npm install && npm test",
            Self::Python => "pytest",
            Self::C => "make test",
        }
    }
}

impl New {
    pub(crate) fn run(&self) -> Result<()> {
        let name = Name::new(&self.name)?;
        let folder = Path::new(&self.name);
        fs::create_dir(folder).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                anyhow!("`{}` exists already: choose another name", self.name)
            }
            _ => anyhow!(error).context(self.name.clone()),
        })?;
        write(self.language.template(), folder, &|text| name.fill(text))?;
        self.language.kit().create(&folder.join("kit"))?;
        let mut stdout = io::stdout().lock();
        let (name, unit_tests) = (&self.name, self.language.unit_tests());
        writeln!(stdout, "created {name}; to test and build it:")?;
        writeln!(stdout, "  cd {name}")?;
        writeln!(
            stdout,
            "  {unit_tests:<24} # runs the unit tests, without a component"
        )?;
        writeln!(stdout, "  {:<24} # builds the component", "whittle build .")?;
        writeln!(stdout, "  {:<24} # runs the test vectors", "whittle test .")?;
        writeln!(
            stdout,
            "  {:<24} # does both at every edit",
            "whittle dev ."
        )?;
        Ok(())
    }
}

/// A project's name, which the template's files need in different spellings.
struct Name {
    kebab: String,
}

impl Name {
    fn new(name: &str) -> Result<Self> {
        let first = name.chars().next();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !first.is_some_and(|c| c.is_ascii_lowercase())
            || !name.chars().all(plain)
            || name.ends_with('-')
            || name.contains("--")
        {
            bail!(
                "invalid project name `{}`: use lower-case letters, digits and single `-` between \
                 them, beginning with a letter",
                name.escape_debug()
            );
        }
        Ok(Self {
            kebab: name.to_owned(),
        })
    }

    /// `my-udf`, `my_udf` and `MyUdf` in place of `{{name}}`, `{{function}}` and `{{Type}}`.
    fn fill(&self, text: &str) -> String {
        let words = self.kebab.split('-').map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_ascii_uppercase() + rest
        });
        text.replace("{{name}}", &self.kebab)
            .replace("{{function}}", &self.kebab.replace('-', "_"))
            .replace("{{Type}}", &words.collect::<String>())
    }
}

/// Writes the files of a directory, with the placeholders in names and contents filled in.
fn write(from: &Dir<'_>, to: &Path, fill: &dyn Fn(&str) -> String) -> Result<()> {
    fs::create_dir_all(to).with_context(|| to.display().to_string())?;
    for file in from.files() {
        let path = to.join(fill(name(file.path())));
        match file.contents_utf8() {
            Some(text) => fs::write(&path, fill(text)),
            None => fs::write(&path, file.contents()),
        }
        .with_context(|| path.display().to_string())?;
    }
    for folder in from.dirs() {
        write(folder, &to.join(name(folder.path())), fill)?;
    }
    Ok(())
}

/// The last component of a path in a template or a kit; these are all valid UTF-8.
fn name(path: &Path) -> &str {
    let name = path.file_name().and_then(|name| name.to_str());
    name.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_in_a_name_in_the_spelling_of_each_placeholder() {
        let name = Name::new("my-first-udf2").expect("a valid name");
        let text = name.fill("{{name}} {{function}} {{Type}} {name}");
        assert_eq!(text, "my-first-udf2 my_first_udf2 MyFirstUdf2 {name}");
        for bad in ["", "-a", "a-", "a--b", "A", "1a", "a_b", "a/b", "..", "é"] {
            assert!(Name::new(bad).is_err(), "{bad}");
        }
    }
}
