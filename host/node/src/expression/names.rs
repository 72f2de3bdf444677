//! What to write instead of an unknown name, or of SQL that expressions do not support.

use sqlparser::ast::{Expr, Function};
use whittle_host::nearest_name;

use super::error::ExpressionError;
use super::functions::function_names;
use super::parse::position;

/// The supported operators.
pub(super) const OPERATORS: &str = "use `+ - * / % || = <> < <= > >= ~ and or not`, `is null`, \
     `is true`, `is false`, `is distinct from`, `between`, `in`, `like`, `ilike`, `case` and `cast`";

/// Aggregate functions, which people try.
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

/// Functions of other databases and languages, and what they are here.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("contains", "strpos"),
    ("ifnull", "coalesce"),
    ("instr", "strpos"),
    ("len", "length"),
    ("nvl", "coalesce"),
    ("position", "position(part in text)"),
    ("regexp_matches", "regexp_like"),
    ("sysdate", "now"),
];

/// How many names an error lists.
const MAX_LISTED: usize = 20;

/// What was probably meant by the path of an unknown column.
pub(super) fn nearest_column(path: &str, known: &[String]) -> String {
    if let Some(nearest) = nearest_name(path, known) {
        return format!("did you mean `{nearest}`?");
    }
    if known.is_empty() {
        return "the index has no columns".to_owned();
    }
    let mut known: Vec<&str> = known.iter().map(String::as_str).collect();
    known.sort_unstable();
    format!("the columns are {}", listed(&known))
}

/// The first of several names, and how many more there are.
fn listed(names: &[&str]) -> String {
    let shown = names.iter().take(MAX_LISTED);
    let shown: Vec<_> = shown.map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(MAX_LISTED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// The error of a call of an unknown function, beside UDFs of some names.
pub(super) fn unknown_function(call: &Expr, name: &str, udfs: &[String]) -> ExpressionError {
    if AGGREGATES.contains(&name) {
        return aggregate(call, name);
    }
    let mut known: Vec<&str> = function_names().collect();
    known.sort_unstable();
    let mut names: Vec<&str> = udfs.iter().map(String::as_str).collect();
    names.extend(known);
    let others = OTHER_NAMES.iter().find(|(other, _)| *other == name);
    let meant = others.map(|(_, known)| *known);
    let hint = match meant.or_else(|| nearest_name(name, names.iter().copied())) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => format!("the functions are {}", listed(&names)),
    };
    ExpressionError::UnknownFunction {
        at: position(call),
        name: name.to_owned(),
        hint,
    }
}

/// The error of SQL that expressions do not support.
pub(super) fn unsupported(expr: &Expr) -> ExpressionError {
    let (what, instead) = match expr {
        Expr::Function(function) => return unsupported_call(expr, function),
        Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => (
            "subqueries are not supported",
            "an expression sees one document's columns only",
        ),
        Expr::Cast { .. } | Expr::Convert { .. } => (
            "this form of cast is not supported",
            "write `cast(value as type)`",
        ),
        Expr::Tuple(_)
        | Expr::Array(_)
        | Expr::Struct { .. }
        | Expr::Map(_)
        | Expr::Dictionary(_) => ("lists are supported after `in` only", "write one value"),
        Expr::Like { .. } | Expr::ILike { .. } | Expr::AnyOp { .. } | Expr::AllOp { .. } => (
            "`any` and `all` are not supported",
            "join comparisons by `or` or `and`",
        ),
        Expr::RLike { .. } | Expr::SimilarTo { .. } => (
            "this operator is not supported",
            "call `regexp_like(text, 'pattern')`",
        ),
        Expr::AtTimeZone { .. } => (
            "time zones are not supported",
            "dates are in UTC: add an interval, such as `interval '2 hours'`",
        ),
        _ => ("this part of SQL is not supported", OPERATORS),
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
            what: "window functions are not supported".to_owned(),
            instead: "an expression sees one document's columns only".to_owned(),
        };
    }
    if AGGREGATES.contains(&name.as_str()) {
        return aggregate(call, &name);
    }
    ExpressionError::Unsupported {
        at: position(call),
        what: format!("this form of `{name}` is not supported"),
        instead: format!("call `{name}(…)` with plain values"),
    }
}

fn aggregate(call: &Expr, name: &str) -> ExpressionError {
    ExpressionError::Unsupported {
        at: position(call),
        what: format!("`{name}` is an aggregate function"),
        instead: "an expression sees one document's columns only: use an aggregation".to_owned(),
    }
}
