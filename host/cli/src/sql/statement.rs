//! The text that a user writes, as statements.
//!
//! All statements of a text are parsed before the first one runs, so that a mistake in the last line
//! is found before anything has happened, and positions are those in the whole text. The grammar is
//! DataFusion's but for two things: `CREATE FUNCTION f LANGUAGE wasm AS 'f.wasm'` needs no list of
//! parameters, because the component declares them; and `1_000` and `0x3E8` are numbers, as in PostgreSQL, and not
//! a number with a name and bytes.

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
    let tokens = with_numbers(tokens(text).map_err(ParserError::from)?);
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

/// Makes numbers of whole numbers with underscores and in hexadecimal.
fn with_numbers(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut done: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    for mut token in tokens {
        let before = done
            .last_mut()
            .filter(|before| before.span.end == token.span.start);
        match (&mut token.token, before) {
            (
                Token::Word(word),
                Some(TokenWithSpan {
                    token: Token::Number(number, _),
                    span,
                }),
            ) if is_rest_of_number(&word.value) => {
                number.push_str(&word.value.replace('_', ""));
                span.end = token.span.end;
                continue;
            }
            // The token of `X'1F'` is a character longer.
            (Token::HexStringLiteral(digits), _)
                if token.span.end.column == token.span.start.column + digits.len() as u64 + 2 =>
            {
                if let Ok(value) = u128::from_str_radix(digits, 16) {
                    token.token = Token::Number(value.to_string(), false);
                }
            }
            _ => {}
        }
        done.push(token);
    }
    done
}

/// Whether a name after a number is its other digits: `_000`.
fn is_rest_of_number(word: &str) -> bool {
    let is_group =
        |digits: &str| !digits.is_empty() && digits.bytes().all(|of| of.is_ascii_digit());
    let digits = word.strip_prefix('_');
    digits.is_some_and(|digits| digits.split('_').all(is_group))
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
        None if message.starts_with("No infix parser for token") => {
            format!(
                "the operator `{}` is not supported",
                token_at(position, text)
            )
        }
        None if message.starts_with("Unexpected token in unary operator") => {
            format!("unexpected `{}`", token_at(position, text))
        }
        None => message.to_owned(),
    };
    (message, position)
}

/// The token at a position: the parser writes the names that it has for tokens.
fn token_at((line, column): (u64, u64), text: &str) -> String {
    let tokens = tokens(text).unwrap_or_default();
    let mut tokens = tokens.into_iter();
    let found = tokens.find(|token| {
        let start = token.span.start;
        (start.line, start.column) == (line, column)
    });
    found.map_or_else(String::new, |found| found.token.to_string())
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
    fn numbers_are_written_as_in_postgresql() {
        let shown = |text: &str| match &parse(text).expect("it is parsed")[0] {
            Statement::Statement(statement) => statement.to_string(),
            other => other.to_string(),
        };
        assert_eq!(
            shown("SELECT 1_000, 1_0_0, 0x1F, X'1F', a_1, 1 _0"),
            "SELECT 1000, 100, 31, X'1F', a_1, 1 AS _0"
        );
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
            mistake("SELECT 1,\n 5 # 3"),
            @r#"("the operator `#` is not supported", (2, 4))"#
        );
        insta::assert_snapshot!(
            mistake("SELECT 'a"),
            @r#"("Unterminated string literal", (1, 8))"#
        );
    }
}
