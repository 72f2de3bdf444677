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
