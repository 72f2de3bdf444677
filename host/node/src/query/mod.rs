//! The query language: a tree of clauses, in the shape that users of OpenSearch know.
//!
//! A clause is a file: its struct, how it is parsed from JSON, and how it is planned for an index.
//! [`Query::parse`] checks all that can be checked without an index. [`planner`] walks the tree
//! once and makes a [`Plan`] of it: a native query of tantivy's, or two phases where a UDF or an
//! expression has to compute. A new clause is a file and a line in [`clauses!`].

mod analysis;
mod automaton;
mod bool_;
mod boosting;
mod boosting_query;
mod constant_score;
pub(crate) mod date_math;
mod dis_max;
mod error;
mod excluded_query;
mod exists;
mod expression;
mod expression_functions;
mod expression_score;
mod field_terms;
mod function_call;
mod fuzziness;
mod fuzzy;
mod ids;
mod match_;
mod match_all;
mod match_bool_prefix;
mod match_none;
mod match_phrase;
mod match_phrase_prefix;
mod minimum;
mod multi_match;
mod native;
mod numbers;
mod parameters;
mod parse;
mod plan;
mod planner;
mod prefix;
mod range;
mod regexp;
mod regexp_syntax;
mod sloppy_phrase;
mod term;
mod terms;
mod terms_query;
mod wasm_udf;
mod watchful;
mod wildcard;

use serde_json::Value as Json;

use crate::request::RequestError;
use crate::request::path::Path;

pub use analysis::Text;
pub use bool_::Bool;
pub use boosting::Boosting;
pub use constant_score::ConstantScore;
pub use date_math::DateMathError;
pub(crate) use date_math::DateOptions;
pub use dis_max::DisMax;
pub use error::QueryError;
pub use exists::Exists;
pub use expression::Expression;
pub use expression_score::ExpressionScore;
pub(crate) use expression_score::Scores;
pub use function_call::FunctionCall;
pub use fuzziness::Fuzziness;
pub use fuzzy::Fuzzy;
pub use ids::Ids;
pub use match_::{Match, Operator, Words};
pub use match_all::MatchAll;
pub use match_bool_prefix::MatchBoolPrefix;
pub use match_none::MatchNone;
pub use match_phrase::MatchPhrase;
pub use match_phrase_prefix::MatchPhrasePrefix;
pub use minimum::MinimumShouldMatch;
pub use multi_match::{MultiMatch, MultiMatchKind};
pub(crate) use native::NativeQuery;
pub(crate) use plan::Plan;
pub(crate) use planner::Planner;
pub use prefix::Prefix;
pub use range::{Limit, Range};
pub use regexp::Regexp;
pub use regexp_syntax::Flags;
pub use term::Term;
pub use terms::Terms;
pub use wasm_udf::WasmUdf;
pub use wildcard::Wildcard;

/// What every clause does. Paths are those of the clause, its name last.
trait Clause: Sized {
    /// The clause's name in a request.
    const NAME: &'static str;

    /// Reads the JSON under the clause's name.
    fn parse(parser: &mut parse::Parser, json: &Json, path: Path<'_>)
    -> Result<Self, RequestError>;

    /// Plans the clause for the documents of an index.
    fn plan(&self, planner: &mut Planner<'_>, path: Path<'_>) -> Result<Plan, QueryError>;
}

macro_rules! clauses {
    ($($(#[$doc:meta])* $clause:ident,)*) => {
        /// A clause, and those inside it. A `boost` is what a score is multiplied by, 1 by
        /// default; a value is a scalar in JSON, to be read as its field's type.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Query {
            $($(#[$doc])* $clause($clause),)*
        }

        /// The names of all clauses.
        const NAMES: &[&str] = &[$($clause::NAME),*];

        impl Query {
            /// The clause's name in a request.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$clause(_) => $clause::NAME,)*
                }
            }

            /// The clause of a name; `None` if there is no such clause.
            fn named(
                name: &str,
                parser: &mut parse::Parser,
                json: &Json,
                path: Path<'_>,
            ) -> Option<Result<Self, RequestError>> {
                match name {
                    $($clause::NAME => Some($clause::parse(parser, json, path).map(Self::$clause)),)*
                    _ => None,
                }
            }

            fn plan(
                &self,
                planner: &mut Planner<'_>,
                path: Path<'_>,
            ) -> Result<Plan, QueryError> {
                match self {
                    $(Self::$clause(clause) => clause.plan(planner, path),)*
                }
            }
        }

        $(impl From<$clause> for Query {
            fn from(clause: $clause) -> Self {
                Self::$clause(clause)
            }
        })*
    };
}

clauses! {
    /// Documents that all, some and none of other clauses match.
    Bool,
    /// Documents of a clause, with lower scores for those that another matches too.
    Boosting,
    /// Documents of a clause, all with one score.
    ConstantScore,
    /// Documents of any of several clauses, with their best score.
    DisMax,
    /// Documents that have a field, or one below it.
    Exists,
    /// Documents for which an expression is true.
    Expression,
    /// Documents of a clause, with an expression's value as their score.
    ExpressionScore,
    /// Terms that are few edits away.
    Fuzzy,
    /// Documents with given ids.
    Ids,
    /// Words of a text, or another field's value.
    Match,
    /// Every document.
    MatchAll,
    /// Words of a text, the last of which is a prefix.
    MatchBoolPrefix,
    /// No document.
    MatchNone,
    /// Words in their order.
    MatchPhrase,
    /// Words in their order, the last of which is a prefix.
    MatchPhrasePrefix,
    /// Words of a text in several fields.
    MultiMatch,
    /// Terms that begin with a string.
    Prefix,
    /// Values between two bounds.
    Range,
    /// Terms that a regular expression describes, in Lucene's syntax.
    Regexp,
    /// Documents that have a value.
    Term,
    /// Documents that have one of several values.
    Terms,
    /// A UDF that filters or scores.
    WasmUdf,
    /// Terms that fit a pattern with `*` and `?`.
    Wildcard,
}

impl Default for Query {
    /// Every document, with the score 1.
    fn default() -> Self {
        Self::MatchAll(MatchAll { boost: 1.0 })
    }
}

#[cfg(test)]
mod tests;
