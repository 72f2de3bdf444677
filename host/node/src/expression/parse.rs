//! From an expression's text to the syntax tree of `sqlparser`, within bounds that keep every
//! walk over the tree within a thread's stack.
//!
//! It knows nothing of columns and types.

use sqlparser::ast::{Expr, Spanned as _};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::error::{ExpressionError, Position};

/// The longest text, in bytes.
pub(super) const MAX_BYTES: usize = 16 * 1024;

/// The most words and signs: a chain of operators is a tree that is half as deep.
pub(super) const MAX_TOKENS: usize = 4096;

/// How deep parentheses, calls and the like may lie in each other.
pub(super) const MAX_DEPTH: usize = 32;

/// Reads one expression, after which there is nothing.
pub(super) fn parse(text: &str) -> Result<Expr, ExpressionError> {
    if text.len() > MAX_BYTES {
        return Err(ExpressionError::TooLong {
            bytes: text.len(),
            max: MAX_BYTES,
        });
    }
    let tokens = Tokenizer::new(&GenericDialect, text)
        .tokenize_with_location()
        .map_err(|error| ExpressionError::Syntax {
            at: error.location.into(),
            reason: lower_first(&error.message),
        })?;
    check_tokens(&tokens)?;
    let mut parser = Parser::new(&GenericDialect)
        .with_recursion_limit(MAX_DEPTH)
        .with_tokens_with_locations(tokens);
    let expression = parser
        .parse_expr()
        .map_err(|error| refused(&error, &parser))?;
    let next = parser.peek_token();
    match next.token {
        Token::EOF => Ok(expression),
        token => Err(ExpressionError::Syntax {
            at: next.span.start.into(),
            reason: format!("`{token}` follows a whole expression: join them by an operator"),
        }),
    }
}

/// Where a part of an expression begins. Chains of operators are as deep as they are long, so it
/// descends without recursion.
pub(super) fn position(expression: &Expr) -> Position {
    let mut leftmost = expression;
    loop {
        leftmost = match leftmost {
            Expr::BinaryOp { left, .. } => left,
            Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsTrue(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsFalse(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotUnknown(inner)
            | Expr::Nested(inner) => inner,
            Expr::Between { expr, .. }
            | Expr::InList { expr, .. }
            | Expr::Like { expr, .. }
            | Expr::ILike { expr, .. }
            | Expr::UnaryOp { expr, .. }
            | Expr::Cast { expr, .. } => expr,
            Expr::Value(value) => return value.span.start.into(),
            Expr::TypedString(typed) => return typed.value.span.start.into(),
            leaf => return leaf.span().start.into(),
        }
    }
}

/// Refuses what would take the parser too long or too deep.
fn check_tokens(tokens: &[TokenWithSpan]) -> Result<(), ExpressionError> {
    let mut count = 0;
    let mut depth = 0_usize;
    for token in tokens {
        match token.token {
            Token::Whitespace(_) => continue,
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
            _ => {}
        }
        count += 1;
        if depth > MAX_DEPTH {
            return Err(ExpressionError::TooDeep {
                at: token.span.start.into(),
                max: MAX_DEPTH,
            });
        }
    }
    if count > MAX_TOKENS {
        return Err(ExpressionError::TooManyTokens {
            tokens: count,
            max: MAX_TOKENS,
        });
    }
    Ok(())
}

/// The parser's error. It writes where it stopped at the end of its text, if at all.
fn refused(error: &ParserError, parser: &Parser<'_>) -> ExpressionError {
    let here = Position::from(parser.get_current_token().span.start);
    match error {
        ParserError::RecursionLimitExceeded => ExpressionError::TooDeep {
            at: here,
            max: MAX_DEPTH,
        },
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => {
            let (reason, at) = match text.rsplit_once(" at Line: ") {
                None => (text.as_str(), here),
                Some((reason, place)) => (reason, read_place(place).unwrap_or(here)),
            };
            ExpressionError::Syntax {
                at,
                reason: lower_first(&reason.replace("found: EOF", "found the end")),
            }
        }
    }
}

fn read_place(text: &str) -> Option<Position> {
    let (line, column) = text.split_once(", Column: ")?;
    Some(Position {
        line: line.parse().ok()?,
        column: column.parse().ok()?,
    })
}

fn lower_first(text: &str) -> String {
    let mut characters = text.trim_end_matches('.').chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(characters).collect()
    })
}
