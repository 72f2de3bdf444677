//! Filters of a statement as clauses of the node's query language.
//!
//! A clause of comparisons matches at least the documents that its filter keeps, and the engine
//! filters them again. So it may leave out what an index cannot decide, and its bounds are always
//! inclusive: numbers of 32 bits are rounded in an index. A call of a UDF is exact or no clause, so
//! that no document is evaluated twice; see [`super::called`].

use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Operator};
use serde_json::{Value as Json, json};
use whittle_datafusion::Called;
use whittle_node::Snapshot;

use super::called;

/// What an index can decide of a filter.
#[derive(Debug)]
pub(super) struct Clause {
    pub(super) query: Json,
    /// Whether it matches exactly the documents that the filter keeps.
    pub(super) is_exact: bool,
    /// The UDFs in it.
    pub(super) calls: Vec<Called>,
}

impl Clause {
    /// Matches at least the documents that the filter keeps.
    fn wide(query: Json) -> Self {
        Self {
            query,
            is_exact: false,
            calls: Vec::new(),
        }
    }

    /// Both clauses, or either of them.
    fn with(self, other: Self, query: impl Fn([Json; 2]) -> Json) -> Self {
        Self {
            query: query([self.query, other.query]),
            is_exact: self.is_exact && other.is_exact,
            calls: [self.calls, other.calls].concat(),
        }
    }

    /// A UDF in a clause that is not exact would be called again above the index.
    fn evaluates_once(&self) -> bool {
        self.is_exact || self.calls.is_empty()
    }
}

/// The clause for a filter, if the index can decide something of it.
pub(super) fn clause(filter: &Expr, snapshot: &Snapshot) -> Option<Clause> {
    let of = |filter: &Expr| clause(filter, snapshot);
    match filter {
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::And,
            right,
        }) => match (of(left), of(right)) {
            (Some(left), Some(right)) if left.is_exact == right.is_exact => {
                Some(left.with(right, |both| json!({"bool": {"filter": both}})))
            }
            (one, other) => [one, other]
                .into_iter()
                .flatten()
                .find(|clause| clause.calls.is_empty()),
        },
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Or,
            right,
        }) => {
            let either = of(left)?.with(of(right)?, |both| json!({"bool": {"should": both}}));
            either.evaluates_once().then_some(either)
        }
        Expr::ScalarFunction(call) => called::clause(call, snapshot),
        Expr::IsTrue(expression) => of(expression).filter(|clause| clause.is_exact),
        _ => compared(filter, snapshot).map(Clause::wide),
    }
}

/// The clause for a comparison.
fn compared(filter: &Expr, snapshot: &Snapshot) -> Option<Json> {
    let path = |expression: &Expr| {
        let column = expression.try_as_col()?;
        snapshot
            .is_comparable(&column.name)
            .then(|| column.name.clone())
    };
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let (path, op, value) = match (path(left), path(right)) {
                (Some(path), _) => (path, *op, value(right)?),
                (None, Some(path)) => (path, op.swap()?, value(left)?),
                (None, None) => return None,
            };
            match op {
                Operator::Eq => Some(json!({"term": {path: value}})),
                Operator::Lt | Operator::LtEq => Some(json!({"range": {path: {"lte": value}}})),
                Operator::Gt | Operator::GtEq => Some(json!({"range": {path: {"gte": value}}})),
                _ => None,
            }
        }
        Expr::Between(Between {
            expr,
            negated: false,
            low,
            high,
        }) => {
            let (path, low, high) = (path(expr)?, value(low)?, value(high)?);
            Some(json!({"range": {path: {"gte": low, "lte": high}}}))
        }
        Expr::InList(InList {
            expr,
            list,
            negated: false,
        }) => {
            let path = path(expr)?;
            let values: Vec<Json> = list.iter().map(value).collect::<Option<_>>()?;
            Some(json!({"terms": {path: values}}))
        }
        Expr::Column(_) => Some(json!({"term": {path(filter)?: true}})),
        Expr::Not(expression) => Some(json!({"term": {path(expression)?: false}})),
        Expr::IsNotNull(expression) => Some(json!({"exists": {"field": path(expression)?}})),
        _ => None,
    }
}

/// A constant, if its JSON is the same value.
pub(super) fn value(expression: &Expr) -> Option<Json> {
    match expression {
        Expr::Literal(value, _) => match value {
            ScalarValue::Boolean(Some(value)) => Some(json!(value)),
            ScalarValue::Int64(Some(value)) => Some(json!(value)),
            ScalarValue::Float64(Some(value)) => value.is_finite().then(|| json!(value)),
            ScalarValue::Utf8(Some(value)) | ScalarValue::Utf8View(Some(value)) => {
                Some(json!(value))
            }
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::{col, lit};
    use whittle_node::index::Index;
    use whittle_node::mapping::Mapping;

    use super::*;

    fn films() -> Snapshot {
        let mapping = json!({"properties": {
            "title": {"type": "text"}, "genre": {"type": "keyword"}, "year": {"type": "long"},
            "released": {"type": "date"}, "seen": {"type": "boolean"}, "unfound": {"type": "long", "index": false},
        }});
        let mapping = Mapping::parse(&mapping).expect("it is a mapping");
        Index::in_memory(mapping).expect("it is made").snapshot()
    }

    #[test]
    fn a_clause_matches_at_least_what_the_filter_keeps() {
        let films = films();
        let clause = |filter: &Expr| clause(filter, &films).map(|clause| clause.query.to_string());
        for (filter, expected) in [
            (col("year").eq(lit(1979_i64)), r#"{"term":{"year":1979}}"#),
            (
                col("year").lt(lit(1979_i64)),
                r#"{"range":{"year":{"lte":1979}}}"#,
            ),
            (
                lit(1979_i64).lt(col("year")),
                r#"{"range":{"year":{"gte":1979}}}"#,
            ),
            (
                col("year").between(lit(1970_i64), lit(1979_i64)),
                r#"{"range":{"year":{"gte":1970,"lte":1979}}}"#,
            ),
            (
                col("genre").in_list(vec![lit("war"), lit("love")], false),
                r#"{"terms":{"genre":["war","love"]}}"#,
            ),
            (
                col("genre").is_not_null(),
                r#"{"exists":{"field":"genre"}}"#,
            ),
            (
                col("genre")
                    .eq(lit("war"))
                    .and(col("title").eq(lit("Alien"))),
                r#"{"term":{"genre":"war"}}"#,
            ),
            (
                col("genre")
                    .eq(lit("war"))
                    .or(col("year").eq(lit(1979_i64))),
                r#"{"bool":{"should":[{"term":{"genre":"war"}},{"term":{"year":1979}}]}}"#,
            ),
        ] {
            assert_eq!(clause(&filter).as_deref(), Some(expected), "{filter}");
        }
    }

    #[test]
    fn what_an_index_cannot_decide_is_left_to_the_engine() {
        let films = films();
        for filter in [
            col("title").eq(lit("Alien")),
            col("unfound").eq(lit(1_i64)),
            col("year").not_eq(lit(1979_i64)),
            col("year").eq(col("unfound")),
            col("genre").in_list(vec![lit("war")], true),
            col("genre").is_null(),
            col("genre")
                .eq(lit("war"))
                .or(col("title").eq(lit("Alien"))),
            !col("genre").eq(lit("war")),
        ] {
            assert!(clause(&filter, &films).is_none(), "{filter}");
        }
    }
}
