//! Filters of documents by the words of a text.

use whittle_guest::{Error, Field, Parameters, export, udf};

/// Tells whether a text has all of some words in it, whatever their case. A document without the
/// field does not match.
#[derive(Parameters)]
#[parameters(name = "{{function}}")]
struct HasWords {
    /// The field whose text is searched.
    field: Field<str>,
    /// The words, with spaces between them.
    words: String,
    /// How many of the words may be missing.
    #[parameter(default = 0)]
    may_miss: u32,
    /// The words in lower case: made once per query, used for each document.
    #[parameter(skip)]
    sought: Vec<String>,
}

#[udf]
impl HasWords {
    fn prepare(&mut self) -> Result<(), Error> {
        self.sought = words_of(&self.words).collect();
        if self.sought.is_empty() {
            return Err(Error::invalid_argument("parameter `words` has no word"));
        }
        Ok(())
    }

    fn matches(&self) -> bool {
        self.field
            .with(|text| missing(&self.sought, text) <= self.may_miss as usize)
            .unwrap_or(false)
    }
}

export!(HasWords);

/// The words of a text, in lower case: letters and digits, with anything else between them.
fn words_of(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|character: char| !character.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// How many of the words a text does not have.
fn missing(sought: &[String], text: &str) -> usize {
    let found: Vec<String> = words_of(text).collect();
    sought.iter().filter(|word| !found.contains(word)).count()
}

#[cfg(test)]
mod tests {
    use whittle_guest::testing::{Document, Query};

    use super::*;

    #[test]
    fn matches_whole_words_in_any_order_and_case() {
        let query = Query::of::<HasWords>()
            .parameter("field", "title")
            .parameter("words", "star WARS");
        let function = query.bind().expect("the arguments fit");
        for (title, expected) in [
            ("The wars of a star", true),
            ("Starship: wars!", false),
            ("", false),
        ] {
            let document = Document::new().field("title", title);
            assert_eq!(function.evaluate(&document), Ok(Some(expected)), "{title}");
        }
        assert_eq!(function.evaluate(&Document::new()), Ok(Some(false)));
    }

    #[test]
    fn refuses_words_without_a_letter() {
        let query = Query::of::<HasWords>()
            .parameter("field", "title")
            .parameter("words", " ... ");
        assert_eq!(
            query.bind().expect_err("it is refused"),
            "function `{{function}}` refused its arguments: \"parameter `words` has no word\""
        );
    }
}
