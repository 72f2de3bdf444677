//! The text that a user writes, as statements.
//!
//! All statements of a text are parsed before the first one runs, so that a mistake in the last line
//! is found before anything has happened, and positions are those in the whole text. The grammar is
//! DataFusion's but for one thing: `CREATE FUNCTION f LANGUAGE wasm AS 'f.wasm'` needs no list of
//! parameters, because the component declares them.

use datafusion::error::Result;
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, TokenizerError};

/// Parses all statements of a text. They may be empty.
///
/// # Errors
///
/// The first mistake.
pub(super) fn parse(text: &str) -> Result<Vec<Statement>> {
    let tokens = tokens(text).map_err(ParserError::from)?;
    let parser = DFParserBuilder::new(with_parameter_lists(tokens)).build();
    Ok(parser?.parse_statements()?.into())
}

/// Whether a text ends with a statement: a prompt asks for more lines until it does.
pub(super) fn is_complete(text: &str) -> bool {
    // A quote or a comment that is not closed.
    let Ok(tokens) = tokens(text) else {
        return text.trim_start().starts_with('\\');
    };
    let mut tokens = tokens.iter().filter(|token| is_significant(token));
    match tokens.next_back() {
        None => true,
        Some(last) => last.token == Token::SemiColon || text.trim_start().starts_with('\\'),
    }
}

fn tokens(text: &str) -> std::result::Result<Vec<TokenWithSpan>, TokenizerError> {
    Tokenizer::new(&GenericDialect {}, text).tokenize_with_location()
}

fn is_significant(token: &TokenWithSpan) -> bool {
    !matches!(token.token, Token::Whitespace(_) | Token::EOF)
}

/// Adds `()` to the name of a function that is created without a list of parameters.
fn with_parameter_lists(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut done = Vec::with_capacity(tokens.len());
    let mut head = Head::Start;
    for token in tokens {
        if is_significant(&token) {
            head = head.then(&token.token);
            if head == Head::Unlisted {
                for parenthesis in [Token::LParen, Token::RParen] {
                    done.push(TokenWithSpan::new(parenthesis, token.span));
                }
            }
        }
        done.push(token);
    }
    done
}

/// How much of `CREATE FUNCTION name` has been read.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Head {
    Start,
    Create,
    Function,
    Name,
    /// The token after the name begins no list of parameters.
    Unlisted,
    /// Something else, to the end of the statement.
    Other,
}

impl Head {
    fn then(self, token: &Token) -> Self {
        let keyword = match token {
            Token::SemiColon => return Self::Start,
            Token::Word(word) => word.keyword,
            _ => Keyword::NoKeyword,
        };
        match (self, keyword) {
            (Self::Start, Keyword::CREATE)
            | (Self::Create, Keyword::OR | Keyword::REPLACE | Keyword::TEMP | Keyword::TEMPORARY) => {
                Self::Create
            }
            (Self::Create, Keyword::FUNCTION) => Self::Function,
            (Self::Function, _) if matches!(token, Token::Word(_)) => Self::Name,
            (Self::Name, _) if *token != Token::LParen => Self::Unlisted,
            _ => Self::Other,
        }
    }
}

/// The position of a mistake in a text, and the message of the parser without it.
pub(super) fn position(error: &ParserError, text: &str) -> (String, (u64, u64)) {
    let message = match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message,
        ParserError::RecursionLimitExceeded => "expressions are nested too deeply",
    };
    // The parser has a position only in its text, and none at the end.
    let found = message
        .rsplit_once(" at Line: ")
        .and_then(|(message, position)| {
            let (line, column) = position.split_once(", Column: ")?;
            Some((message, (line.parse().ok()?, column.parse().ok()?)))
        });
    let (message, position) = found.unwrap_or_else(|| (message, end(text)));
    let message = match message.strip_prefix("Expected: ") {
        Some(expected) => format!("expected {expected}"),
        None => message.to_owned(),
    };
    (message, position)
}

/// The position after a text, without the white space at its end.
fn end(text: &str) -> (u64, u64) {
    let text = text.trim_end();
    let lines = text.split('\n').count();
    let last = text.rsplit('\n').next().unwrap_or_default();
    (lines as u64, last.chars().count() as u64 + 1)
}

#[cfg(test)]
mod tests {
    use datafusion::error::DataFusionError;

    use super::*;

    #[test]
    fn a_text_has_any_number_of_statements() {
        let count = |text: &str| parse(text).map(|statements| statements.len()).ok();
        assert_eq!(count(""), Some(0));
        assert_eq!(count("-- nothing\n;;"), Some(0));
        assert_eq!(count("SELECT ';' -- ;\n; SELECT 2"), Some(2));
        assert_eq!(count("SELECT 1 SELECT 2"), None);
    }

    #[test]
    fn a_function_needs_no_parameter_list() {
        for text in [
            "CREATE FUNCTION f LANGUAGE wasm AS 'f.wasm'",
            "create or replace temporary function \"F\" language wasm as 'f.wasm';",
            "SELECT 1; CREATE FUNCTION f() LANGUAGE wasm AS 'f.wasm'; SELECT function FROM t",
            "CREATE FUNCTION f(a TEXT) RETURNS BIGINT LANGUAGE wasm AS 'f.wasm'",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_prompt_asks_for_more_lines_until_a_semicolon() {
        for text in [
            "",
            " ",
            "SELECT 1;",
            "SELECT 1; -- one",
            "\\d films",
            "\\d 'f",
            "a; \n",
        ] {
            assert!(is_complete(text), "{text}");
        }
        for text in [
            "SELECT 1",
            "SELECT ';",
            "SELECT 1; /* ;",
            "SELECT 1;\nSELECT",
        ] {
            assert!(!is_complete(text), "{text}");
        }
    }

    #[test]
    fn a_mistake_has_the_position_in_the_whole_text() {
        let mistake = |text: &str| match parse(text) {
            Err(error) => match error.find_root() {
                DataFusionError::SQL(error, _) => format!("{:?}", position(error, text)),
                other => other.to_string(),
            },
            Ok(statements) => format!("{statements:?}"),
        };
        insta::assert_snapshot!(
            mistake("SELECT 1;\nSELECT a FORM t WHERE"),
            @r#"("expected end of statement, found: t", (2, 15))"#
        );
        insta::assert_snapshot!(
            mistake("SELECT 1;\nSELECT a FROM  "),
            @r#"("expected identifier, found: EOF", (2, 14))"#
        );
        insta::assert_snapshot!(
            mistake("SELECT 'a"),
            @r#"("Unterminated string literal", (1, 8))"#
        );
    }
}
