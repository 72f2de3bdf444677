//! The text of a full-text clause, and its words.
//!
//! On a text field the field's own analyzer makes the words; on another field the text is one
//! value.

use serde_json::Value as Json;
use tantivy::tokenizer::TokenStream;

use super::field_terms::Target;
use super::native::{NativeQuery, all, none};
use super::parameters::{analyzer, scalar, shown, zero_terms_match_all};
use super::parse::{Object, RequestError};
use super::{Planner, QueryError};
use crate::mapping::{Analyzer, FieldType};

/// What a full-text clause looks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// The words, or the value.
    pub value: Json,
    /// What makes the words; by default the field's own analyzer.
    pub analyzer: Option<Analyzer>,
    /// Whether a text without words matches all documents, rather than none.
    pub zero_terms_match_all: bool,
}

impl Text {
    pub(super) fn read(object: Object<'_>) -> Result<Self, RequestError> {
        Ok(Self {
            value: scalar(object, "query")?,
            analyzer: analyzer(object)?,
            zero_terms_match_all: zero_terms_match_all(object)?,
        })
    }

    /// The words and their positions; `None` if the whole text is one value of the field.
    pub(super) fn words(
        &self,
        planner: &mut Planner<'_>,
        target: Target<'_>,
    ) -> Result<Option<Vec<(usize, String)>>, QueryError> {
        let analyzer = match (target.field.field_type, self.analyzer) {
            (FieldType::Text, analyzer) => analyzer.unwrap_or(target.field.analyzer),
            (FieldType::Keyword, Some(analyzer)) => analyzer,
            (_, None) => return Ok(None),
            (_, Some(_)) => return Err(target.needs_text("analyzer", "remove it")),
        };
        let text = shown(&self.value);
        let mut analyzer = analyzer.tokenizer();
        let mut stream = analyzer.token_stream(&text);
        let mut words = Vec::new();
        while stream.advance() {
            planner.count_word(target.path)?;
            let token = stream.token();
            words.push((token.position, token.text.clone()));
        }
        Ok(Some(words))
    }

    /// What a text without words matches.
    pub(super) fn without_words(&self) -> NativeQuery {
        if self.zero_terms_match_all {
            all()
        } else {
            none()
        }
    }
}
