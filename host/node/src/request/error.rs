//! Why a request is refused before it runs. Every error names the path of what is wrong.

use super::object::listed;

/// Why bytes are not a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The bytes are not JSON.
    #[error("line {line}, column {column}: invalid JSON: {reason}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1, in bytes.
        column: usize,
        /// What the parser expected.
        reason: String,
    },
    /// An object has two values for one key.
    #[error("line {line}, column {column}: {reason}")]
    Twice {
        /// From 1.
        line: usize,
        /// From 1, in bytes: the end of the second key.
        column: usize,
        /// Which key.
        reason: String,
    },
    /// A key that means nothing here.
    #[error("unknown key `{path}`; expected one of {}", listed(known))]
    UnknownKey {
        /// The path, with the key last.
        path: String,
        /// The keys that are allowed there.
        known: &'static [&'static str],
    },
    /// A value of a wrong type.
    #[error("{place} must be {expected}, but is {found}")]
    Type {
        /// The path in backticks, or `the search` for the whole.
        place: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A clause of OpenSearch that Whittle does not have.
    #[error("`{path}`: the clause `{clause}` is not supported; use {instead}")]
    NoSuchClause {
        /// The path, with the clause last.
        path: String,
        /// The clause.
        clause: String,
        /// What does the same or comes near.
        instead: &'static str,
    },
    /// A key of OpenSearch that a clause does not have here.
    #[error(
        "`{path}` is not supported; remove it. Supported keys: {}",
        listed(known)
    )]
    UnsupportedKey {
        /// The path, with the key last.
        path: String,
        /// The keys that are allowed there.
        known: &'static [&'static str],
    },
    /// A feature of OpenSearch that Whittle does not have.
    #[error("`{path}` is not supported: {instead}")]
    Unsupported {
        /// The path, or the name of a parameter of the address.
        path: String,
        /// What to do instead.
        instead: &'static str,
    },
    /// An object that must have one key has none or several.
    #[error("{place} must have exactly one key, {what}, but has {}", if found.is_empty() { "none".to_owned() } else { found.join(", ") })]
    OneKey {
        /// The path in backticks.
        place: String,
        /// What the key is.
        what: &'static str,
        /// The keys, in backticks.
        found: Vec<String>,
    },
    /// The last requested hit is too far down.
    #[error(
        "Result window is too large, from + size must be less than or equal to: [{limit}] but was \
         [{end}]; use `search_after` for later pages"
    )]
    Window {
        /// `from` + `size`.
        end: usize,
        /// Its limit.
        limit: usize,
    },
    /// A number that must not be negative.
    #[error("[{name}] parameter cannot be negative, found [{value}]")]
    Negative {
        /// The parameter.
        name: String,
        /// Its value.
        value: i64,
    },
    /// There is more of something than is allowed.
    #[error("`{path}`: too many {what}; the limit is {limit}")]
    TooMany {
        /// The path of the first that is too many.
        path: String,
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The clauses of a query are more than may be searched for.
    #[error("Query contains too many nested clauses; maxClauseCount is set to {limit}: `{path}`")]
    Clauses {
        /// The path of the first that is too many.
        path: String,
        /// How many there may be.
        limit: usize,
    },
    /// A clause lists more terms than it may.
    #[error(
        "The number of terms [{found}] used in the Terms Query request has exceeded the allowed maximum of [{limit}]: `{path}`"
    )]
    Terms {
        /// The path of the list.
        path: String,
        /// How many it lists.
        found: usize,
        /// How many it may list.
        limit: usize,
    },
    /// A regular expression is too long.
    #[error(
        "The length of regex [{found}] used in the Regexp Query request has exceeded the allowed maximum of [{limit}]: `{path}`"
    )]
    Regexp {
        /// The path of the expression.
        path: String,
        /// How long it is, in characters.
        found: usize,
        /// How long it may be, in characters.
        limit: usize,
    },
    /// More fields are asked for than may come back.
    #[error(
        "Trying to retrieve too many {what}. Must be less than or equal to: [{limit}] but was [{found}]"
    )]
    Retrieved {
        /// What is asked for.
        what: &'static str,
        /// How many.
        found: usize,
        /// How many may be.
        limit: usize,
    },
    /// More hits are to get new scores than may.
    #[error("Rescore window [{found}] is too large. It must be less than [{limit}]: `{path}`")]
    RescoreWindow {
        /// The path of the window.
        path: String,
        /// How large it is.
        found: usize,
        /// How large it may be.
        limit: usize,
    },
    /// Clauses or aggregations are nested deeper than is allowed.
    #[error("`{path}` is nested too deeply; the limit is {limit} levels")]
    Depth {
        /// The path.
        path: String,
        /// The limit.
        limit: usize,
    },
    /// Two keys that contradict each other.
    #[error("`{}` and `{}` cannot be combined; remove one", keys[0], keys[1])]
    Together {
        /// The keys.
        keys: [&'static str; 2],
    },
    /// A date format that is unknown.
    #[error("`{path}`: {reason}")]
    DateFormat {
        /// The path.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An aggregation that is not supported, or not in its place.
    #[error("`{path}`: {reason}")]
    Aggregation {
        /// The path.
        path: String,
        /// Why not, and what to do.
        reason: String,
    },
    /// Aggregations inside one that makes no buckets.
    #[error("`{path}` is not allowed: `{kind}` makes no buckets; move it up beside `{kind}`")]
    NoBuckets {
        /// The path.
        path: String,
        /// The outer aggregation's kind.
        kind: &'static str,
    },
    /// Exactly one of several keys is required.
    #[error("`{path}` must have exactly one of {}", listed(keys))]
    OneOf {
        /// The path.
        path: String,
        /// The keys.
        keys: &'static [&'static str],
    },
    /// Exactly one of two keys is required.
    #[error("`{path}` must have either `{}` or `{}`", keys[0], keys[1])]
    Either {
        /// The path.
        path: String,
        /// The keys.
        keys: [&'static str; 2],
    },
    /// A required key is missing.
    #[error("`{path}` is missing")]
    Missing {
        /// The path, with the key last.
        path: String,
    },
    /// `search_after` does not have a value for each sort key.
    #[error("{}", match keys {
        0 => "`search_after` needs `sort`".to_owned(),
        1 => format!("`search_after` has {values} values, but `sort` has 1 key"),
        keys => format!("`search_after` has {values} values, but `sort` has {keys} keys"),
    })]
    After {
        /// How many sort keys there are.
        keys: usize,
        /// How many values.
        values: usize,
    },
    /// The head of a search in a multi search is wrong.
    #[error("line {line}: {error}")]
    Head {
        /// From 1.
        line: usize,
        /// What is wrong, in a box since it is an error of this type.
        error: Box<RequestError>,
    },
    /// The body of a multi search does not end with a newline.
    #[error("The msearch request must be terminated by a newline [\\n]")]
    NoNewline,
    /// A multi search has more searches than it may.
    #[error("the request has {found} searches, and the limit is {limit}: send several requests")]
    Searches {
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// The head of a search in a multi search is too long.
    #[error("a head has up to {limit} bytes, and this one has {found}")]
    LongHead {
        /// How long it is.
        found: usize,
        /// How long it may be.
        limit: usize,
    },
    /// A head of a multi search has no search in the next line.
    #[error("line {line}: the head has no search in the next line")]
    NoSearch {
        /// From 1.
        line: usize,
    },
}

impl RequestError {
    /// The error, of a text with so many lines above it.
    pub(super) fn below(self, lines: usize) -> Self {
        match self {
            Self::Syntax {
                line,
                column,
                reason,
            } => Self::Syntax {
                line: lines + line,
                column,
                reason,
            },
            Self::Twice {
                line,
                column,
                reason,
            } => Self::Twice {
                line: lines + line,
                column,
                reason,
            },
            error => Self::Head {
                line: lines + 1,
                error: Box::new(error),
            },
        }
    }
}
