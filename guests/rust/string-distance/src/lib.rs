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

#[cfg(test)]
mod tests {
    use whittle_guest::testing::{Document, Query};

    use super::*;

    #[test]
    fn matches_texts_within_the_distance() {
        let query = Query::of::<StringDistance>()
            .parameter("field", "title")
            .parameter("target", "Alien");
        let function = query.bind().expect("bound");
        for (title, expected) in [
            ("Alien", true),
            ("Aliens", true),
            ("Älie", true),
            ("Al", false),
        ] {
            let document = Document::new().field("title", title);
            assert_eq!(function.evaluate(&document), Ok(Some(expected)), "{title}");
        }
    }

    #[test]
    fn a_document_without_the_field_does_not_match() {
        let query = Query::of::<StringDistance>()
            .parameter("field", "title")
            .parameter("target", "");
        let function = query.bind().expect("bound");
        let null = Document::new().field("title", None::<&str>);
        let number = Document::new().field("title", 7);
        let results = function.evaluate_all(&[Document::new(), null, number]);
        assert!(results.iter().all(|result| *result == Ok(Some(false))));
    }

    #[test]
    fn a_negative_distance_is_refused() {
        let query = Query::of::<StringDistance>()
            .parameter("field", "title")
            .parameter("target", "Alien")
            .parameter("max_distance", -1);
        assert_eq!(
            query.bind().expect_err("it is refused"),
            "function `string_distance` refused its arguments: \"parameter `max_distance` must be \
             between 0 and 4294967295, not -1\""
        );
    }
}
