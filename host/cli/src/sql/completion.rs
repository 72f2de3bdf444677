//! What the prompt completes when the user presses Tab: tables, columns, functions, keywords,
//! commands and, in quotes, paths.

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper, Result};

use super::command::Command;
use super::statement;

/// The words of the language that users type most. Two that always follow each other are one.
const KEYWORDS: [&str; 60] = [
    "ALL",
    "AND",
    "AS",
    "ASC",
    "BETWEEN",
    "BY",
    "CASE",
    "CAST",
    "COPY",
    "CREATE EXTERNAL TABLE",
    "CREATE FUNCTION",
    "CREATE TABLE",
    "CREATE VIEW",
    "CROSS JOIN",
    "DESC",
    "DESCRIBE",
    "DISTINCT",
    "DROP FUNCTION",
    "DROP TABLE",
    "DROP VIEW",
    "ELSE",
    "END",
    "EXCEPT",
    "EXISTS",
    "EXPLAIN",
    "EXPLAIN ANALYZE",
    "FALSE",
    "FROM",
    "FULL JOIN",
    "GROUP BY",
    "HAVING",
    "ILIKE",
    "IN",
    "INNER JOIN",
    "INSERT INTO",
    "INTERSECT",
    "INTERVAL",
    "IS",
    "JOIN",
    "LANGUAGE wasm",
    "LEFT JOIN",
    "LIKE",
    "LIMIT",
    "LOCATION",
    "NOT",
    "NULL",
    "OFFSET",
    "ON",
    "OR",
    "ORDER BY",
    "OVER",
    "PARTITION BY",
    "SELECT",
    "SHOW FUNCTIONS",
    "SHOW TABLES",
    "STORED AS",
    "THEN",
    "UNION",
    "USING",
    "WHERE",
];

/// Completes names, and asks for more lines until a statement ends.
pub(super) struct Completion {
    /// Tables, columns and functions, as they are written in SQL, sorted.
    pub(super) names: Vec<String>,
    paths: FilenameCompleter,
}

impl Completion {
    pub(super) fn new() -> Self {
        Self {
            names: Vec::new(),
            paths: FilenameCompleter::new(),
        }
    }

    /// The candidates for the word that ends at `end`, and where it begins.
    fn candidates(&self, line: &str, end: usize) -> (usize, Vec<String>) {
        let before = &line[..end];
        if before.starts_with('\\') && !before.contains(char::is_whitespace) {
            let commands = Command::NAMES
                .iter()
                .filter(|name| name.starts_with(before));
            return (0, commands.map(|name| (*name).to_owned()).collect());
        }
        let in_word = |character: char| character.is_alphanumeric() || "_\"".contains(character);
        let word = before.rsplit(|character| !in_word(character)).next();
        let word = word.unwrap_or_default();
        let start = end - word.len();
        if word.is_empty() {
            return (start, Vec::new());
        }
        let plain = word.trim_start_matches('"').to_lowercase();
        let names = self.names.iter().filter(|name| {
            let name = name.trim_start_matches('"');
            name.to_lowercase().starts_with(&plain)
        });
        let mut found: Vec<String> = names.cloned().collect();
        if !word.starts_with('"') && !before[..start].ends_with('.') {
            let small = word.starts_with(char::is_lowercase);
            let keywords = KEYWORDS
                .iter()
                .filter(|keyword| keyword.to_lowercase().starts_with(&plain));
            found.extend(keywords.map(|keyword| match small {
                true => keyword.to_lowercase(),
                false => (*keyword).to_owned(),
            }));
        }
        (start, found)
    }
}

impl Completer for Completion {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> Result<(usize, Vec<Pair>)> {
        let is_open = line[..pos].matches('\'').count() % 2 == 1;
        if is_open || line.starts_with("\\i ") {
            return self.paths.complete_path(line, pos);
        }
        let (start, found) = self.candidates(line, pos);
        let pairs = found.into_iter().map(|text| Pair {
            display: text.clone(),
            replacement: text,
        });
        Ok((start, pairs.collect()))
    }
}

impl Validator for Completion {
    fn validate(&self, context: &mut ValidationContext<'_>) -> Result<ValidationResult> {
        Ok(match statement::is_complete(context.input()) {
            true => ValidationResult::Valid(None),
            false => ValidationResult::Incomplete,
        })
    }
}

impl Hinter for Completion {
    type Hint = String;
}

impl Highlighter for Completion {}

impl Helper for Completion {}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(line: &str) -> String {
        let mut completion = Completion::new();
        completion.names = [
            "\"US Gross\"",
            "films",
            "frequency",
            "string_distance",
            "title",
        ]
        .map(str::to_owned)
        .into();
        let (start, found) = completion.candidates(line, line.len());
        format!("{start}: {}", found.join(", "))
    }

    #[test]
    fn completes_names_keywords_and_commands() {
        assert_eq!(completed("SELECT ti"), "7: title");
        assert_eq!(completed("SELECT us"), "7: \"US Gross\", using");
        assert_eq!(completed("SELECT \"U"), "7: \"US Gross\"");
        assert_eq!(completed("SELECT f.F"), "9: films, frequency");
        assert_eq!(completed("SELECT 1 FR"), "9: frequency, FROM");
        assert_eq!(completed("sel"), "0: select");
        assert_eq!(completed("SELECT "), "7: ");
        assert_eq!(completed("\\p"), "0: \\pset format");
        assert_eq!(completed("\\d fi"), "3: films");
    }
}
