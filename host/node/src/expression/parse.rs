//! From an expression's text to the syntax tree of `sqlparser`, within bounds that keep every
//! walk over the tree within a thread's stack.
//!
//! It knows nothing of columns and types.

use sqlparser::ast::{Expr, Spanned as _};
use sqlparser::dialect::Dialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::error::{ExpressionError, Position};
use super::names::OPERATORS;

/// The longest text, in bytes.
pub(super) const MAX_BYTES: usize = 16 * 1024;

/// The most words and signs: a chain of operators is a tree that is half as deep.
pub(super) const MAX_TOKENS: usize = 4096;

/// How deep parentheses, calls and the like may be nested.
pub(super) const MAX_DEPTH: usize = 32;

/// How deep the parser may recurse: an operator before parentheses takes a level of its own.
const MAX_RECURSION: usize = 2 * MAX_DEPTH;

/// What `position(part in text)` calls: no name that is written can have a blank.
pub(super) const POSITION_IN: &str = "position in";

/// How many names a path may have that is written without quotes.
pub(super) const MAX_NAMES: usize = 10;

/// SQL as expressions support it.
///
/// If a word begins a form of its own, such as `case`, and that form cannot be read, the parser
/// would read the word as a name, and all that follows once more: twice as much for each level. So
/// such words are not names here, unless they are quoted.
#[derive(Debug)]
struct Expressions;

impl Dialect for Expressions {
    fn is_identifier_start(&self, character: char) -> bool {
        character.is_alphabetic() || character == '_'
    }

    fn is_identifier_part(&self, character: char) -> bool {
        character.is_alphanumeric() || character == '_'
    }

    fn allow_extract_custom(&self) -> bool {
        true
    }

    fn allow_extract_single_quotes(&self) -> bool {
        true
    }

    fn supports_numeric_literal_underscores(&self) -> bool {
        true
    }

    fn is_reserved_for_identifier(&self, keyword: Keyword) -> bool {
        keyword != Keyword::NoKeyword
    }
}

/// Reads one expression, and nothing after it.
pub(super) fn parse(text: &str) -> Result<Expr, ExpressionError> {
    if text.len() > MAX_BYTES {
        return Err(ExpressionError::TooLong {
            bytes: text.len(),
            max: MAX_BYTES,
        });
    }
    let mut tokens = Tokenizer::new(&Expressions, text)
        .tokenize_with_location()
        .map_err(|error| ExpressionError::Syntax {
            at: error.location.into(),
            reason: lower_first(&error.message),
        })?;
    check_tokens(&tokens)?;
    read_hexadecimals(&mut tokens);
    forget_intervals(&mut tokens);
    rewrite_positions(&mut tokens);
    forget_from(&mut tokens);
    let mut parser = Parser::new(&Expressions)
        .with_recursion_limit(MAX_RECURSION)
        .with_tokens_with_locations(tokens);
    let expression = parser
        .parse_expr()
        .map_err(|error| refused(&error, &parser, text))?;
    let next = parser.peek_token();
    match next.token {
        Token::EOF => Ok(expression),
        token => Err(ExpressionError::Syntax {
            at: next.span.start.into(),
            reason: format!(
                "unexpected `{token}` after the expression: join the two with an operator"
            ),
        }),
    }
}

/// The position at which a part of an expression begins. Chains of operators are as deep as they are long, so it
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
            | Expr::IsDistinctFrom(inner, _)
            | Expr::IsNotDistinctFrom(inner, _)
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

/// Makes numbers of `0x1F`, for which the tokenizer has the token of `X'1F'`, which is a character longer.
fn read_hexadecimals(tokens: &mut [TokenWithSpan]) {
    for TokenWithSpan { token, span } in tokens {
        let Token::HexStringLiteral(digits) = token else {
            continue;
        };
        let is_number = span.end.column == span.start.column + digits.len() as u64 + 2;
        let value = u128::from_str_radix(&digits.replace('_', ""), 16);
        if let (true, Ok(value)) = (is_number, value) {
            *token = Token::Number(value.to_string(), false);
        }
    }
}

/// Makes a name of `interval`, unless a string follows, which begins its form.
fn forget_intervals(tokens: &mut [TokenWithSpan]) {
    let mut before_string = false;
    for token in tokens.iter_mut().rev() {
        match &mut token.token {
            Token::Whitespace(_) => continue,
            Token::Word(word) if word.keyword == Keyword::INTERVAL && !before_string => {
                word.keyword = Keyword::NoKeyword;
            }
            _ => {}
        }
        before_string = matches!(token.token, Token::SingleQuotedString(_));
    }
}

/// Makes a call of `position(part in text)`, which the parser would read twice if it has a mistake.
fn rewrite_positions(tokens: &mut [TokenWithSpan]) {
    // The positions that are open: the word's index, and the depth in its parentheses.
    let mut open: Vec<(usize, usize)> = Vec::new();
    let (mut depth, mut word_before) = (0_usize, None);
    for at in 0..tokens.len() {
        let word = word_before;
        match &mut tokens[at].token {
            Token::Whitespace(_) => continue,
            Token::LParen => {
                depth += 1;
                open.extend(word.map(|word| (word, depth)));
                word_before = None;
            }
            Token::RParen => {
                open.retain(|(_, inside)| *inside < depth);
                depth = depth.saturating_sub(1);
                word_before = None;
            }
            Token::Word(word) if word.keyword == Keyword::POSITION => {
                word.keyword = Keyword::NoKeyword;
                word_before = Some(at);
            }
            Token::Word(word) if word.keyword == Keyword::IN => {
                word_before = None;
                if let Some((function, _)) = open.pop_if(|(_, inside)| *inside == depth) {
                    tokens[at].token = Token::Comma;
                    if let Token::Word(word) = &mut tokens[function].token {
                        POSITION_IN.clone_into(&mut word.value);
                    }
                }
            }
            _ => word_before = None,
        }
    }
}

/// Leaves out the `from` of `trim(leading from text)`, which the parser does not read.
fn forget_from(tokens: &mut Vec<TokenWithSpan>) {
    let mut after_side = false;
    tokens.retain(|token| {
        let keyword = match &token.token {
            Token::Whitespace(_) => return true,
            Token::Word(word) => word.keyword,
            _ => Keyword::NoKeyword,
        };
        let is_from = after_side && keyword == Keyword::FROM;
        after_side = matches!(
            keyword,
            Keyword::LEADING | Keyword::TRAILING | Keyword::BOTH
        );
        !is_from
    });
}

/// The operators of other languages, and what to write instead.
fn foreign(token: &Token) -> Option<&'static str> {
    match token {
        Token::DoubleEq => Some("write `=`"),
        Token::Overlap => Some("write `and`"),
        Token::AtSign => Some("write `abs(x)`"),
        Token::Sharp | Token::ShiftLeft | Token::ShiftRight | Token::ExclamationMark => {
            Some(OPERATORS)
        }
        _ => None,
    }
}

/// Refuses what would take the parser too long or too deep, and what it would take for SQL.
fn check_tokens(tokens: &[TokenWithSpan]) -> Result<(), ExpressionError> {
    let mut count = 0;
    let mut depth = 0_usize;
    let mut names = 0_usize;
    for token in tokens {
        match token.token {
            Token::Whitespace(_) => continue,
            Token::LParen | Token::LBracket | Token::LBrace => depth += 1,
            Token::RParen | Token::RBracket | Token::RBrace => depth = depth.saturating_sub(1),
            _ => {}
        }
        if let Some(instead) = foreign(&token.token) {
            return Err(ExpressionError::Unsupported {
                at: token.span.start.into(),
                what: format!("`{}` is not supported", token.token),
                instead: instead.to_owned(),
            });
        }
        count += 1;
        names = match token.token {
            Token::Period => names + 1,
            Token::Word(_) => names,
            _ => 0,
        };
        if names >= MAX_NAMES {
            return Err(ExpressionError::Syntax {
                at: token.span.start.into(),
                reason: "the path has too many names: write the whole path in double quotes"
                    .to_owned(),
            });
        }
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

/// The parser's error on a text. It writes where it stopped at the end of its words, if at all.
fn refused(error: &ParserError, parser: &Parser<'_>, text: &str) -> ExpressionError {
    let here = Position::from(parser.get_current_token().span.start);
    match error {
        ParserError::RecursionLimitExceeded => ExpressionError::TooDeep {
            at: here,
            max: MAX_RECURSION,
        },
        ParserError::TokenizerError(words) | ParserError::ParserError(words) => {
            let (reason, at) = match words.rsplit_once(" at Line: ") {
                None => (words.as_str(), here),
                Some((reason, place)) => (reason, read_place(place).unwrap_or(here)),
            };
            let at_end = reason.ends_with("found: EOF");
            ExpressionError::Syntax {
                at: if at_end { end(text) } else { at },
                reason: lower_first(&reason.replace("found: EOF", "found the end")),
            }
        }
    }
}

/// The position of a text's end.
fn end(text: &str) -> Position {
    let last = text.rsplit('\n').next().unwrap_or_default();
    Position {
        line: text.matches('\n').count() as u64 + 1,
        column: last.chars().count() as u64 + 1,
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
