//! `SELECT *` from an index has no column `_source`: the document has all other columns in it once
//! more. Statements that name the column have it.
//!
//! The engine has no hidden columns, so the statement is changed to `SELECT * EXCLUDE (_source)`.
//! A `*` over a join stays as it is, because another table may have a column of that name.

use std::ops::ControlFlow;

use datafusion::sql::parser::{CopyToSource, Statement};
use datafusion::sql::sqlparser::ast::{
    ExcludeSelectItem, Ident, ObjectName, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, TableFactor, VisitMut, VisitorMut, WildcardAdditionalOptions,
};

const SOURCE: &str = "_source";

/// Leaves the column out of all `*` over one of these tables.
pub(super) fn leave_out_sources(statement: &mut Statement, indexes: &[String]) {
    let mut visitor = Visitor {
        indexes,
        shadowed: Vec::new(),
    };
    let _: ControlFlow<()> = match statement {
        Statement::Statement(statement) => statement.visit(&mut visitor),
        Statement::Explain(explain) => {
            leave_out_sources(&mut explain.statement, indexes);
            return;
        }
        Statement::CopyTo(copy) => match &mut copy.source {
            CopyToSource::Query(query) => query.visit(&mut visitor),
            CopyToSource::Relation(_) => return,
        },
        Statement::CreateExternalTable(_) | Statement::Reset(_) => return,
    };
}

struct Visitor<'a> {
    indexes: &'a [String],
    /// The names that the queries around this one give to queries of their own.
    shadowed: Vec<Vec<String>>,
}

impl Visitor<'_> {
    /// Whether a table is an index, and the name that the query gives it.
    fn index(&self, table: &TableFactor) -> Option<String> {
        let TableFactor::Table {
            name,
            alias,
            args: None,
            ..
        } = table
        else {
            return None;
        };
        let plain = last(name)?;
        let is_shadowed = self.shadowed.iter().flatten().any(|other| *other == plain);
        let is_index = self.indexes.contains(&plain) && !(is_shadowed && name.0.len() == 1);
        let alias = alias.as_ref().map(|alias| normalized(&alias.name));
        is_index.then(|| alias.unwrap_or(plain))
    }
}

impl VisitorMut for Visitor<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let names = query.with.iter().flat_map(|with| &with.cte_tables);
        let names = names.map(|table| normalized(&table.alias.name));
        self.shadowed.push(names.collect());
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.shadowed.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        let tables = select.from.iter().flat_map(|from| {
            let joined = from.joins.iter().map(|join| &join.relation);
            [&from.relation].into_iter().chain(joined)
        });
        let tables: Vec<Option<String>> = tables.map(|table| self.index(table)).collect();
        for item in &mut select.projection {
            match item {
                SelectItem::Wildcard(options) if matches!(&tables[..], [Some(_)]) => {
                    exclude(options);
                }
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::ObjectName(name),
                    options,
                ) if tables.contains(&last(name)) && last(name).is_some() => exclude(options),
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }
}

fn exclude(options: &mut WildcardAdditionalOptions) {
    if options.opt_exclude.is_none() && options.opt_except.is_none() {
        let source = ObjectName::from(vec![Ident::new(SOURCE)]);
        options.opt_exclude = Some(ExcludeSelectItem::Single(source));
    }
}

/// The name of a table without its schema.
fn last(name: &ObjectName) -> Option<String> {
    name.0.last()?.as_ident().map(normalized)
}

/// The name that an identifier stands for: in lower case unless it is quoted.
fn normalized(name: &Ident) -> String {
    match name.quote_style {
        Some(_) => name.value.clone(),
        None => name.value.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::statement;
    use super::*;

    #[test]
    fn only_a_star_over_an_index_leaves_its_sources_out() {
        let changed = |text: &str| {
            let mut statements = statement::parse(text).expect("it is a statement");
            leave_out_sources(&mut statements[0], &["films".to_owned()]);
            statements[0].to_string()
        };
        for (text, expected) in [
            ("SELECT * FROM films", "SELECT * EXCLUDE _source FROM films"),
            (
                "SELECT f.*, 1 FROM Films AS f, other",
                "SELECT f.* EXCLUDE _source, 1 FROM Films AS f, other",
            ),
            (
                "SELECT 1 FROM (SELECT * FROM films) AS t",
                "SELECT 1 FROM (SELECT * EXCLUDE _source FROM films) AS t",
            ),
            (
                "CREATE VIEW v AS SELECT * FROM films",
                "CREATE VIEW v AS SELECT * EXCLUDE _source FROM films",
            ),
        ] {
            assert_eq!(changed(text), expected);
        }
        for text in [
            "SELECT * FROM other",
            "SELECT count(*), _source FROM films",
            "SELECT * FROM films JOIN other ON films.a = other.a",
            "SELECT * EXCLUDE (title) FROM films",
            "WITH films AS (SELECT 1) SELECT * FROM films",
        ] {
            assert_eq!(changed(text), changed(&changed(text)));
            assert!(!changed(text).contains("EXCLUDE _source"), "{text}");
        }
    }
}
