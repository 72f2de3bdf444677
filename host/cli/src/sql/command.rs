//! The commands of the prompt that are not SQL, which begin with a backslash: those of DataFusion's
//! own command, and `\timing` of `psql`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::ValueEnum;

use super::output::Format;

/// A command of the prompt.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Command {
    Quit,
    Help,
    Tables,
    Describe(String),
    Functions,
    Function(String),
    Include(PathBuf),
    /// Whether the time of each statement is shown; `None` changes it.
    Timing(Option<bool>),
    /// `None` shows it.
    Format(Option<Format>),
}

/// What `\?` prints.
pub(super) const HELP: &str = r"\d                  list the tables
\d TABLE            list the columns of a table
\h                  list the functions
\h FUNCTION         describe a function
\i FILE             run the statements of a file
\timing [on|off]    show how long each statement takes
\pset format FORMAT print answers as table, csv, tsv, json or ndjson
\q                  quit
\?                  show this help

A statement ends with `;` and may have several lines. Ctrl-C cancels it. Tab completes names.
";

impl Command {
    /// The commands' names, for completion.
    pub(super) const NAMES: [&str; 7] = [
        r"\d",
        r"\h",
        r"\i",
        r"\timing",
        r"\pset format",
        r"\q",
        r"\?",
    ];
}

impl FromStr for Command {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let line = line.trim().trim_end_matches(';').trim_end();
        let (name, argument) = match line.split_once(char::is_whitespace) {
            Some((name, argument)) => (name, Some(argument.trim())),
            None => (line, None),
        };
        match (name, argument) {
            (r"\q", None) => Ok(Self::Quit),
            (r"\?", None) => Ok(Self::Help),
            (r"\d", None) => Ok(Self::Tables),
            (r"\d", Some(table)) => Ok(Self::Describe(table.to_owned())),
            (r"\h", None) => Ok(Self::Functions),
            (r"\h", Some(function)) => Ok(Self::Function(function.to_owned())),
            (r"\i", Some(path)) => Ok(Self::Include(path.trim_matches('\'').into())),
            (r"\i", None) => Err(r"`\i` needs the name of a file".to_owned()),
            (r"\timing", None) => Ok(Self::Timing(None)),
            (r"\timing", Some("on")) => Ok(Self::Timing(Some(true))),
            (r"\timing", Some("off")) => Ok(Self::Timing(Some(false))),
            (r"\timing", Some(other)) => Err(format!("`{other}`: expected `on` or `off`")),
            (r"\pset", None | Some("format")) => Ok(Self::Format(None)),
            (r"\pset", Some(option)) => {
                let format = option.strip_prefix("format ").map(str::trim);
                let format = format.and_then(|name| Format::from_str(name, true).ok());
                format
                    .map(|format| Self::Format(Some(format)))
                    .ok_or_else(|| {
                        r"expected `\pset format` with `table`, `csv`, `tsv`, `json` or `ndjson`"
                            .to_owned()
                    })
            }
            _ => Err(format!(
                r"there is no command `{name}`{}: `\?` lists them",
                match argument {
                    Some(_) => " with an argument",
                    None => "",
                }
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_those_of_datafusion() {
        for (line, command) in [
            (r"\q", Command::Quit),
            (r"\d", Command::Tables),
            (r"\d  films ;", Command::Describe("films".to_owned())),
            (r"\h abs", Command::Function("abs".to_owned())),
            (
                r"\i 'all films.sql'",
                Command::Include("all films.sql".into()),
            ),
            (r"\timing", Command::Timing(None)),
            (r"\timing off", Command::Timing(Some(false))),
            (
                r"\pset format NDJSON",
                Command::Format(Some(Format::Ndjson)),
            ),
        ] {
            assert_eq!(line.parse(), Ok(command), "{line}");
        }
    }

    #[test]
    fn rejects_unknown_commands() {
        let problem = |line: &str| line.parse::<Command>().expect_err("unknown");
        assert_eq!(problem(r"\x"), r"there is no command `\x`: `\?` lists them");
        assert_eq!(
            problem(r"\q now"),
            r"there is no command `\q` with an argument: `\?` lists them"
        );
        assert_eq!(
            problem(r"\pset format xml"),
            r"expected `\pset format` with `table`, `csv`, `tsv`, `json` or `ndjson`"
        );
        assert_eq!(problem(r"\timing 1"), "`1`: expected `on` or `off`");
    }
}
