//! The query language: a tree of clauses, in the shape that users of Elasticsearch and OpenSearch
//! know.
//!
//! [`Query::read`] makes the tree of JSON and checks all that can be checked without an index;
//! [`plain`] makes the engine's queries of it, for clauses without a UDF or an expression inside.
//! The tree knows nothing of the fields that it names, nor of how it is run.

pub(crate) mod date_math;
mod fuzziness;
mod minimum;
pub mod plain;
mod read;

use serde_json::{Map, Value as Json};
use whittle_host::OnError;

pub use date_math::DateMathError;
pub use fuzziness::Fuzziness;
pub use minimum::MinimumShouldMatch;

/// A clause, and those inside it. A `boost` is what a score is multiplied by, 1 by default; a
/// value is a scalar in JSON, whose type the field's decides on.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Query {
    /// Every document.
    MatchAll {
        /// The score.
        boost: f32,
    },
    /// No document.
    MatchNone,
    /// A text's words, or another field's value.
    Match {
        /// The field's path.
        field: String,
        /// The words, or the value.
        text: Json,
        /// Whether one word is enough.
        operator: Operator,
        /// How many words are enough, where the operator is [`Operator::Or`].
        minimum_should_match: Option<MinimumShouldMatch>,
        /// How far words may be from those in the text.
        fuzziness: Option<Fuzziness>,
        /// Of the score.
        boost: f32,
    },
    /// The words of a text in several fields.
    MultiMatch {
        /// Paths, or patterns of them with `*`, and what each multiplies the score by.
        fields: Vec<(String, f32)>,
        /// The words, or the value.
        text: Json,
        /// How the fields' scores become one.
        kind: MultiMatchKind,
        /// Whether one word is enough, in each field for itself.
        operator: Operator,
        /// How many words are enough, where the operator is [`Operator::Or`].
        minimum_should_match: Option<MinimumShouldMatch>,
        /// How far words may be from those in the text.
        fuzziness: Option<Fuzziness>,
        /// What fields other than the best add of their score, from 0 to 1.
        tie_breaker: f32,
        /// Of the score.
        boost: f32,
    },
    /// Words in their order.
    MatchPhrase {
        /// The field's path.
        field: String,
        /// The words.
        text: Json,
        /// How many places words may be off.
        slop: u32,
        /// Of the score.
        boost: f32,
    },
    /// Words in their order, of which the last may go on.
    MatchPhrasePrefix {
        /// The field's path.
        field: String,
        /// The words.
        text: Json,
        /// How many words the last one may stand for.
        max_expansions: u32,
        /// Of the score.
        boost: f32,
    },
    /// Documents that have a value.
    Term {
        /// The field's path.
        field: String,
        /// The value.
        value: Json,
        /// Of the score.
        boost: f32,
    },
    /// Documents that have one of the values.
    Terms {
        /// The field's path.
        field: String,
        /// The values.
        values: Vec<Json>,
        /// The score.
        boost: f32,
    },
    /// Documents that have a value between two.
    Range {
        /// The field's path.
        field: String,
        /// The lower bound.
        from: Option<Limit>,
        /// The upper bound.
        to: Option<Limit>,
        /// The score.
        boost: f32,
    },
    /// Texts that begin so.
    Prefix {
        /// The field's path.
        field: String,
        /// The beginning.
        value: String,
        /// The score.
        boost: f32,
    },
    /// Texts that fit a pattern, in which `*` is any text and `?` one character.
    Wildcard {
        /// The field's path.
        field: String,
        /// The pattern.
        value: String,
        /// The score.
        boost: f32,
    },
    /// Texts that a regular expression describes whole, in Lucene's syntax.
    Regexp {
        /// The field's path.
        field: String,
        /// The expression.
        value: String,
        /// The score.
        boost: f32,
    },
    /// Texts that are few edits away.
    Fuzzy {
        /// The field's path.
        field: String,
        /// The text.
        value: String,
        /// How many edits.
        fuzziness: Fuzziness,
        /// How many characters at the beginning are as they are.
        prefix_length: u32,
        /// Whether two neighbours that change places are one edit.
        transpositions: bool,
        /// The score.
        boost: f32,
    },
    /// Documents that have the field, or one below it.
    Exists {
        /// The path of a field or of an object.
        field: String,
        /// The score.
        boost: f32,
    },
    /// Documents with these ids.
    Ids {
        /// The ids.
        values: Vec<String>,
        /// The score.
        boost: f32,
    },
    /// Documents that all, some and none of other clauses have.
    Bool(BoolClause),
    /// Documents that a clause has, all with one score.
    ConstantScore {
        /// The clause.
        filter: Box<Query>,
        /// The score.
        boost: f32,
    },
    /// Documents that a clause has, with lower scores for those that another has too.
    Boosting {
        /// Which documents, and their scores.
        positive: Box<Query>,
        /// Which of them lose.
        negative: Box<Query>,
        /// What their scores are multiplied by, from 0 to 1.
        negative_boost: f32,
        /// Of the score.
        boost: f32,
    },
    /// Documents that any clause has, with their best score.
    DisMax {
        /// The clauses.
        queries: Vec<Query>,
        /// What clauses other than the best add of their score, from 0 to 1.
        tie_breaker: f32,
        /// Of the score.
        boost: f32,
    },
    /// A UDF filters, where it is boolean, or scores, where it is a number.
    WasmUdf(UdfClause),
    /// Documents for which an expression is true.
    Expression {
        /// The expression, in SQL.
        text: String,
        /// The score.
        boost: f32,
    },
    /// Documents that a clause has, with an expression's value as their score.
    ExpressionScore {
        /// The expression, in SQL.
        expression: String,
        /// Which documents; by default all.
        query: Box<Query>,
        /// Of the score.
        boost: f32,
    },
}

/// `{"bool": {...}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct BoolClause {
    /// All of them must match, and their scores add up.
    pub must: Vec<Query>,
    /// All of them must match, without a score.
    pub filter: Vec<Query>,
    /// Some of them must match, and their scores add up.
    pub should: Vec<Query>,
    /// None of them may match.
    pub must_not: Vec<Query>,
    /// How many of `should`; by default one where there are no `must` and `filter`, else none.
    pub minimum_should_match: Option<MinimumShouldMatch>,
    /// Of the score.
    pub boost: f32,
}

/// `{"wasm_udf": {...}}`.
#[derive(Debug, Clone, PartialEq)]
pub struct UdfClause {
    /// The function, and what it is called with.
    pub call: FunctionCall,
    /// Which documents it is asked about; by default all.
    pub query: Box<Query>,
    /// Of the score.
    pub boost: f32,
}

/// A function, and what it is called with.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionCall {
    /// The function's name; of a registry's, with the versions that will do.
    pub function: String,
    /// Its arguments, not yet checked against its parameters; by default none.
    pub params: Map<String, Json>,
    /// What to do with documents that it fails for; by default [`OnError::Fail`].
    pub on_error: OnError,
}

/// How many of a text's words there must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// One.
    Or,
    /// All.
    And,
}

/// How the scores of several fields become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MultiMatchKind {
    /// The best field's score counts.
    BestFields,
    /// All fields' scores count.
    MostFields,
}

/// A bound of a range.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// The value, of the field's type once that is known.
    pub value: Json,
    /// Whether the value itself is within the range.
    pub included: bool,
}

impl Query {
    /// The clause's name in a request.
    pub fn name(&self) -> &'static str {
        match self {
            Self::MatchAll { .. } => "match_all",
            Self::MatchNone => "match_none",
            Self::Match { .. } => "match",
            Self::MultiMatch { .. } => "multi_match",
            Self::MatchPhrase { .. } => "match_phrase",
            Self::MatchPhrasePrefix { .. } => "match_phrase_prefix",
            Self::Term { .. } => "term",
            Self::Terms { .. } => "terms",
            Self::Range { .. } => "range",
            Self::Prefix { .. } => "prefix",
            Self::Wildcard { .. } => "wildcard",
            Self::Regexp { .. } => "regexp",
            Self::Fuzzy { .. } => "fuzzy",
            Self::Exists { .. } => "exists",
            Self::Ids { .. } => "ids",
            Self::Bool(_) => "bool",
            Self::ConstantScore { .. } => "constant_score",
            Self::Boosting { .. } => "boosting",
            Self::DisMax { .. } => "dis_max",
            Self::WasmUdf(_) => "wasm_udf",
            Self::Expression { .. } => "expression",
            Self::ExpressionScore { .. } => "expression_score",
        }
    }

    /// The documents of this clause that another one has too, with the scores of this one.
    pub(crate) fn filtered_by(self, filter: Self) -> Self {
        Self::Bool(BoolClause {
            must: vec![self],
            filter: vec![filter],
            should: Vec::new(),
            must_not: Vec::new(),
            minimum_should_match: None,
            boost: 1.0,
        })
    }

    /// The clauses directly inside.
    pub fn children(&self) -> Vec<&Self> {
        match self {
            Self::Bool(clause) => {
                let pieces = [
                    &clause.must,
                    &clause.filter,
                    &clause.should,
                    &clause.must_not,
                ];
                pieces.into_iter().flatten().collect()
            }
            Self::ConstantScore { filter, .. } => vec![filter],
            Self::Boosting {
                positive, negative, ..
            } => vec![positive, negative],
            Self::DisMax { queries, .. } => queries.iter().collect(),
            Self::WasmUdf(clause) => vec![&clause.query],
            Self::ExpressionScore { query, .. } => vec![query],
            _ => Vec::new(),
        }
    }

    /// Whether it is, or has inside, a clause that computes, which the engine's own queries cannot
    /// do: a UDF, or an expression that scores.
    pub fn computes(&self) -> bool {
        matches!(self, Self::WasmUdf(_) | Self::ExpressionScore { .. })
            || self.children().into_iter().any(Self::computes)
    }
}
