//! `like`, `regexp_like` and `~`, as regular expressions.
//!
//! It knows patterns, and nothing of documents.

use std::ops::RangeInclusive;
use std::sync::Arc;

use regex::Regex;
use sqlparser::ast::{Expr, UnaryOperator, Value, ValueWithSpan};

use super::check::Operand;
use super::error::{ExpressionError, Position};
use super::node::{Kind, Node, Type};
use super::parse::position;

/// `text like pattern escape 'e'`: `%` is any text, `_` any character.
pub(super) fn like(
    name: &str,
    text: &Operand,
    pattern: &Expr,
    escape: Option<&ValueWithSpan>,
) -> Result<Arc<Node>, ExpressionError> {
    text.must_be(Type::Text, format!("`{name}` takes a string"))?;
    let Some(pattern_text) = text_literal(pattern, name, "pattern")? else {
        return Ok(Node::null(Type::Boolean));
    };
    // PostgreSQL's, since the standard leaves it open.
    let mut escape_character = Some('\\');
    if let Some(escape) = escape {
        let mut characters = match &escape.value {
            Value::SingleQuotedString(text) => text.chars(),
            _ => "..".chars(),
        };
        escape_character = characters.next();
        if characters.next().is_some() {
            return Err(ExpressionError::Value {
                at: escape.span.start.into(),
                reason: "`escape` takes one character, such as `'!'`".to_owned(),
            });
        }
    }
    let mut regex = String::from(if name == "ilike" { "(?si)^" } else { "(?s)^" });
    let mut characters = pattern_text.chars();
    while let Some(character) = characters.next() {
        match character {
            character if Some(character) == escape_character => {
                let Some(next) = characters.next() else {
                    return Err(ExpressionError::Value {
                        at: position(pattern),
                        reason: format!(
                            "the pattern ends in `{character}`, which escapes nothing: double it"
                        ),
                    });
                };
                push_escaped(&mut regex, next);
            }
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            character => push_escaped(&mut regex, character),
        }
    }
    regex.push('$');
    matches(text, &regex, position(pattern))
}

/// `regexp_like(text, pattern, flags)`: whether a regular expression matches anywhere.
pub(super) fn regexp_like(
    text: &Operand,
    pattern: &Expr,
    flags: Option<&&Expr>,
) -> Result<Arc<Node>, ExpressionError> {
    let Some(regex) = text_literal(pattern, "regexp_like", "pattern")? else {
        return Ok(Node::null(Type::Boolean));
    };
    let (mut ignores_case, mut is_expanded, mut by_line) = (false, false, false);
    if let Some(flags) = flags {
        let Some(letters) = text_literal(flags, "regexp_like", "flags")? else {
            return Ok(Node::null(Type::Boolean));
        };
        for letter in letters.chars() {
            match letter {
                'i' => ignores_case = true,
                'c' => ignores_case = false,
                'x' => is_expanded = true,
                'n' | 'm' => by_line = true,
                's' => by_line = false,
                _ => {
                    return Err(ExpressionError::Value {
                        at: position(flags),
                        reason: "the flags of `regexp_like` are `c`, `i`, `m`, `n`, `s` and `x`"
                            .to_owned(),
                    });
                }
            }
        }
    }
    let mut options = String::from(if by_line { "(?m" } else { "(?s" });
    options.extend(ignores_case.then_some('i'));
    options.extend(is_expanded.then_some('x'));
    let regex = if by_line {
        without_line_ends(&regex)
    } else {
        regex
    };
    matches(text, &format!("{options}){regex}"), position(pattern))
}

/// `text ~ pattern`: whether a regular expression matches anywhere.
pub(super) fn matching(
    operator: &str,
    text: &Operand,
    pattern: &Expr,
    ignores_case: bool,
) -> Result<Arc<Node>, ExpressionError> {
    text.must_be(Type::Text, format!("`{operator}` takes a string"))?;
    let Some(regex) = text_literal(pattern, operator, "pattern")? else {
        return Ok(Node::null(Type::Boolean));
    };
    let options = if ignores_case { "(?si)" } else { "(?s)" };
    matches(text, &format!("{options}{regex}"), position(pattern))
}

/// A regular expression in which no `[^...]` has a line end, as with PostgreSQL's flag `n`.
fn without_line_ends(regex: &str) -> String {
    let mut written = String::with_capacity(regex.len());
    let mut rest = regex;
    while let Some(character) = rest.chars().next() {
        let (part, replacement) = match character {
            '\\' => (rest.chars().take(2).map(char::len_utf8).sum(), None),
            // A bracket that comes first stands for itself.
            '[' if rest.starts_with("[^]") => (3, Some("[^[\\n]\\]")),
            '[' if rest.starts_with("[^") => (2, Some("[^[\\n]")),
            _ => (character.len_utf8(), None),
        };
        written.push_str(replacement.unwrap_or(&rest[..part]));
        rest = &rest[part..];
    }
    written
}

/// An argument that must be a literal whole number.
pub(super) fn whole_number(
    argument: &Expr,
    function: &str,
    what: &str,
    range: RangeInclusive<i64>,
) -> Result<i64, ExpressionError> {
    let (sign, digits) = match argument {
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => (-1, expr.as_ref()),
        other => (1, other),
    };
    let number = match digits {
        Expr::Value(ValueWithSpan {
            value: Value::Number(digits, false),
            ..
        }) => digits.parse::<i64>().ok().map(|number| sign * number),
        _ => None,
    };
    match number {
        Some(number) if range.contains(&number) => Ok(number),
        _ => Err(ExpressionError::Value {
            at: position(argument),
            reason: format!(
                "`{function}` takes its number of {what} as a literal from {} to {}",
                range.start(),
                range.end()
            ),
        }),
    }
}

/// An argument that must be a literal string, or null.
pub(super) fn text_literal(
    argument: &Expr,
    function: &str,
    what: &str,
) -> Result<Option<String>, ExpressionError> {
    match argument {
        Expr::Value(ValueWithSpan {
            value: Value::SingleQuotedString(text),
            ..
        }) => Ok(Some(text.clone())),
        Expr::Value(ValueWithSpan {
            value: Value::Null, ..
        }) => Ok(None),
        other => Err(ExpressionError::Value {
            at: position(other),
            reason: format!("`{function}` takes its {what} as a literal string"),
        }),
    }
}

fn matches(text: &Operand, regex: &str, at: Position) -> Result<Arc<Node>, ExpressionError> {
    let kind = Kind::Matches(text.node.clone(), compile(regex, at)?);
    Ok(Node::new(kind, Type::Boolean))
}

/// Compiles a regular expression, so that a bad one is refused with its position, and before a
/// search.
fn compile(regex: &str, at: Position) -> Result<Regex, ExpressionError> {
    Regex::new(regex).map_err(|error| {
        let text = error.to_string();
        // The first lines draw the pattern, and mark a place in it.
        let last = text.lines().last().unwrap_or_default();
        let reason = last.trim_start_matches("error: ").to_lowercase();
        ExpressionError::Value {
            at,
            reason: format!(
                "the pattern is not a valid regular expression: {}",
                reason.trim_end_matches('.')
            ),
        }
    })
}

/// Adds a character that stands for itself, in a class too.
fn push_escaped(regex: &mut String, character: char) {
    if character.is_ascii_punctuation() && character != '<' && character != '>' {
        regex.push('\\');
    }
    regex.push(character);
}
