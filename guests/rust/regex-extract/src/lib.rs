//! Groups of regular expressions, in linear time.

mod group;

use group::Group;
use whittle_guest::{Error, Field, Parameters, export, udf};

/// Tells whether a group of the first match of a regular expression in a text is a given text. A
/// document without the field, a text without a match, and a group that took no part in the match
/// do not match.
#[derive(Parameters)]
struct RegexExtract {
    /// The field whose text is searched.
    field: Field<str>,
    /// The regular expression, in the syntax of Rust's crate regex: as Perl's, without
    /// backreferences and lookaround.
    pattern: String,
    /// Which group: its number, from 1 on; 0 is the whole match.
    #[parameter(default = 1)]
    group: i64,
    /// The text that the group must be.
    equals: String,
    #[parameter(skip)]
    compiled: Option<Group>,
}

#[udf]
impl RegexExtract {
    fn prepare(&mut self) -> Result<(), Error> {
        self.compiled = Some(Group::new(&self.pattern, self.group)?);
        Ok(())
    }

    fn matches(&self) -> bool {
        let Some(group) = &self.compiled else {
            return false;
        };
        self.field
            .with(|text| group.of(text) == Some(self.equals.as_str()))
            .unwrap_or(false)
    }
}

/// The text of a group of the first match of a regular expression in a text. A document without
/// the field, a text without a match, and a group that took no part in the match give null.
#[derive(Parameters)]
struct RegexValue {
    /// The field whose text is searched.
    field: Field<str>,
    /// The regular expression, in the syntax of Rust's crate regex: as Perl's, without
    /// backreferences and lookaround.
    pattern: String,
    /// Which group: its number, from 1 on; 0 is the whole match.
    #[parameter(default = 1)]
    group: i64,
    #[parameter(skip)]
    compiled: Option<Group>,
}

#[udf]
impl RegexValue {
    fn prepare(&mut self) -> Result<(), Error> {
        self.compiled = Some(Group::new(&self.pattern, self.group)?);
        Ok(())
    }

    fn value(&self) -> Option<String> {
        let group = self.compiled.as_ref()?;
        self.field.with(|text| group.of(text).map(str::to_owned))?
    }
}

export!(RegexExtract, RegexValue);

#[cfg(test)]
mod tests {
    use whittle_guest::testing::{Document, Query};

    use super::*;

    #[test]
    fn a_group_of_the_first_match_is_the_value() {
        let query = Query::of::<RegexValue>()
            .parameter("field", "title")
            .parameter("pattern", r"(\d+)\D+(\d+)?");
        let document = Document::new().field("title", "7 of 12, 3 of 9");
        for (group, expected) in [(0, Some("7 of 12")), (1, Some("7")), (2, Some("12"))] {
            let function = query.parameter("group", group).bind().expect("bound");
            let expected = expected.map(str::to_owned);
            assert_eq!(function.evaluate(&document), Ok(expected), "{group}");
            let without = Document::new().field("title", "none");
            assert_eq!(function.evaluate(&without), Ok(None));
            assert_eq!(function.evaluate(&Document::new()), Ok(None));
        }
    }

    #[test]
    fn a_group_may_be_compared() {
        let query = Query::of::<RegexExtract>()
            .parameter("field", "title")
            .parameter("pattern", r"^(\w+)")
            .parameter("equals", "Alien");
        let function = query.bind().expect("bound");
        let titles = ["Alien 3", "Aliens", ""].map(|title| Document::new().field("title", title));
        let matched = function.evaluate_all(&titles);
        assert_eq!(matched, [Ok(Some(true)), Ok(Some(false)), Ok(Some(false))]);
    }
}
