//! What to write instead of a name that is unknown, and of what SQL has and expressions do not.
//!
//! It knows names only, and makes errors of them.

use sqlparser::ast::{Expr, Function};

use super::error::ExpressionError;
use super::functions::FUNCTIONS;
use super::parse::position;

/// The operators that there are.
pub(super) const OPERATORS: &str = "there are `+ - * / % || = <> < <= > >= and or not`, `is null`, \
     `is true`, `is false`, `between`, `in`, `like`, `ilike` and `case`";

/// Functions of many rows, which people try.
const AGGREGATES: &[&str] = &[
    "array_agg",
    "avg",
    "count",
    "first_value",
    "last_value",
    "max",
    "median",
    "min",
    "rank",
    "row_number",
    "stddev",
    "string_agg",
    "sum",
    "var",
];

/// How many names an error lists.
const MAX_LISTED: usize = 20;

/// What may have been meant by the path of no column.
pub(super) fn nearest_column(path: &str, known: &[String]) -> String {
    if let Some(nearest) = nearest(path, known.iter().map(String::as_str)) {
        return format!("did you mean `{nearest}`?");
    }
    let mut known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    known.sort();
    match known.len() {
        0 => "the index has no columns".to_owned(),
        count if count > MAX_LISTED => {
            format!(
                "the columns are {} and {} more",
                known[..MAX_LISTED].join(", "),
                count - MAX_LISTED
            )
        }
        _ => format!("the columns are {}", known.join(", ")),
    }
}

/// The error of a call of no function.
pub(super) fn unknown_function(call: &Expr, name: &str) -> ExpressionError {
    if AGGREGATES.contains(&name) {
        return aggregate(call, name);
    }
    let names = || FUNCTIONS.iter().map(|(name, _)| *name);
    let hint = match nearest(name, names()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => {
            let known: Vec<_> = names().map(|name| format!("`{name}`")).collect();
            format!("the functions are {}", known.join(", "))
        }
    };
    ExpressionError::UnknownFunction {
        at: position(call),
        name: name.to_owned(),
        hint,
    }
}

/// The error of what SQL has and expressions do not.
pub(super) fn unsupported(expr: &Expr) -> ExpressionError {
    let (what, instead) = match expr {
        Expr::Function(function) => return unsupported_call(expr, function),
        Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => (
            "there are no subqueries",
            "an expression sees one document's columns only",
        ),
        Expr::Cast { .. } | Expr::Convert { .. } => (
            "there are no casts",
            "a long beside a double is widened, and `round`, `floor` and `ceil` give whole numbers",
        ),
        Expr::Tuple(_)
        | Expr::Array(_)
        | Expr::Struct { .. }
        | Expr::Map(_)
        | Expr::Dictionary(_) => ("there are no lists but after `in`", "write one value"),
        Expr::Like { .. } | Expr::ILike { .. } | Expr::AnyOp { .. } | Expr::AllOp { .. } => (
            "there is no `any` and no `all`",
            "join comparisons by `or` or `and`",
        ),
        Expr::RLike { .. } | Expr::SimilarTo { .. } => (
            "there is no such operator",
            "call `regexp_like(text, 'pattern')`",
        ),
        Expr::IsDistinctFrom(..) | Expr::IsNotDistinctFrom(..) => (
            "there is no `is distinct from`",
            "compare by `=`, and ask with `is null`",
        ),
        Expr::Extract { .. } | Expr::Interval(_) | Expr::AtTimeZone { .. } => (
            "nothing is computed of dates",
            "compare them to `date '2020-01-31'` or `timestamp '2020-01-31 12:00:00'`",
        ),
        Expr::Substring { .. } => (
            "`substring` needs a start",
            "write `substring(text, start, length)`",
        ),
        _ => ("SQL has this, but expressions do not", OPERATORS),
    };
    ExpressionError::Unsupported {
        at: position(expr),
        what: what.to_owned(),
        instead: instead.to_owned(),
    }
}

fn unsupported_call(call: &Expr, function: &Function) -> ExpressionError {
    let name = function.name.to_string().to_lowercase();
    if function.over.is_some() {
        return ExpressionError::Unsupported {
            at: position(call),
            what: "there are no window functions".to_owned(),
            instead: "an expression sees one document's columns only".to_owned(),
        };
    }
    if AGGREGATES.contains(&name.as_str()) {
        return aggregate(call, &name);
    }
    ExpressionError::Unsupported {
        at: position(call),
        what: format!("`{name}` is called in a way that expressions do not have"),
        instead: format!("write `{name}(…)` with values only"),
    }
}

fn aggregate(call: &Expr, name: &str) -> ExpressionError {
    ExpressionError::Unsupported {
        at: position(call),
        what: format!("`{name}` is a function of many documents"),
        instead: "an expression sees one document's columns only: use an aggregation".to_owned(),
    }
}

/// The name that is like another one, if it is not quite different.
fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let lower = name.to_lowercase();
    let (distance, nearest) = known
        .map(|known| {
            (
                strsim::damerau_levenshtein(&lower, &known.to_lowercase()),
                known,
            )
        })
        .min()?;
    (distance <= name.chars().count().div_ceil(3)).then_some(nearest)
}
