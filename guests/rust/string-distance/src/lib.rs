//! Fuzzy matching of texts by edit distance.

mod pattern;

use whittle_guest::{Error, Field, Parameters, export, udf};

pub use pattern::Pattern;

/// Tells whether a text is within a number of edits (insertions, deletions and substitutions of
/// characters) of a target. A document without the field does not match.
#[derive(Parameters)]
struct StringDistance {
    /// The field whose text is compared.
    field: Field<str>,
    /// The text that it is compared with.
    target: String,
    /// How many edits still match.
    #[parameter(default = 2)]
    max_distance: u32,
    #[parameter(skip)]
    pattern: Pattern,
}

#[udf]
impl StringDistance {
    fn prepare(&mut self) -> Result<(), Error> {
        self.pattern = Pattern::new(&self.target, self.max_distance as usize);
        Ok(())
    }

    fn matches(&self) -> bool {
        self.field
            .with(|text| self.pattern.matches(text))
            .unwrap_or(false)
    }
}

export!(StringDistance);
