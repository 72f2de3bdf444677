//! How alike two names are, for the "did you mean" of an error.

/// A longer name is not a mistyped one; comparing it would take time and memory of both lengths.
const MOST_BYTES: usize = 256;

/// How many letters have to be inserted, deleted, replaced or swapped with their neighbour to make
/// one name the other; nothing if one is too long to be compared.
///
/// ```
/// assert_eq!(whittle_host::edits("rating", "ratnig"), Some(1));
/// ```
pub fn edits(name: &str, known: &str) -> Option<usize> {
    let is_short = name.len().max(known.len()) <= MOST_BYTES;
    is_short.then(|| strsim::damerau_levenshtein(name, known))
}

/// The known name that is most like a wrong one, whatever the case of its letters; the first in the
/// alphabet if several are. Nothing if none is like it: at most every third letter may differ, and
/// of names of three letters none, since many of them are close by chance.
///
/// ```
/// let known = ["rating", "title"];
/// assert_eq!(whittle_host::nearest_name("Ratnig", known), Some("rating"));
/// assert_eq!(whittle_host::nearest_name("price", known), None);
/// ```
pub fn nearest_name<'n, N: AsRef<str> + ?Sized + 'n>(
    wrong: &str,
    known: impl IntoIterator<Item = &'n N>,
) -> Option<&'n str> {
    let lower = wrong.to_lowercase();
    let known = known.into_iter().map(AsRef::as_ref);
    let (distance, nearest) = known
        .filter_map(|known: &str| Some((edits(&lower, &known.to_lowercase())?, known)))
        .min()?;
    let is_long = wrong.len().max(nearest.len()) > 3;
    let is_near = is_long && distance <= wrong.chars().count().div_ceil(3);
    (distance == 0 || is_near).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::{edits, nearest_name};

    #[test]
    fn compares_no_names_that_are_too_long_to_be_mistyped() {
        assert_eq!(edits(&"n".repeat(257), "name"), None);
        assert_eq!(edits("name", &"n".repeat(257)), None);
    }

    #[test]
    fn finds_the_nearest_name_if_one_is_near() {
        let known = ["sin", "sign", "Films", "films2", "a.title"];
        for (wrong, nearest) in [
            ("film", Some("Films")),
            ("FILMS", Some("Films")),
            ("flims2", Some("films2")),
            ("sing", Some("sign")),
            ("SIN", Some("sin")),
            ("son", None),
            ("title", Some("a.title")),
            ("price", None),
        ] {
            assert_eq!(nearest_name(wrong, known), nearest, "{wrong}");
        }
        assert_eq!(nearest_name("film", [""; 0]), None);
    }
}
