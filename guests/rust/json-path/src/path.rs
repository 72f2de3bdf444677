//! A path, well formed.

use serde_json::Value;
use whittle_guest::Error;

/// How deep brackets may lie in each other. The parser tries a filter in two ways, and so takes
/// twice the time for each that lies around another.
const BRACKETS: usize = 12;

/// How deep parentheses may lie in each other: the parser calls itself for each, and the stack is
/// short.
const PARENTHESES: usize = 64;

/// A path of RFC 9535.
pub(crate) struct Path(serde_json_path::JsonPath);

impl Path {
    /// A path, by the value of the parameter `path`.
    pub(crate) fn new(path: &str) -> Result<Self, Error> {
        check_depth(path)?;
        let parsed = serde_json_path::JsonPath::parse(path);
        parsed.map(Self).map_err(|error| {
            // It counts bytes from 0.
            let before = path.get(..error.position()).unwrap_or(path);
            let position = before.chars().count() + 1;
            let reason = match error.message() {
                // It expected one of many things.
                "parser error" => "not well formed from here on",
                reason => reason,
            };
            Error::invalid_argument(format!(
                "parameter `path`: at character {position}: {reason}"
            ))
        })
    }

    /// The nodes that it finds in a value, in their order.
    pub(crate) fn nodes<'a>(&self, value: &'a Value) -> impl Iterator<Item = &'a Value> {
        self.0.query(value).all().into_iter()
    }
}

/// Refuses a path whose brackets or parentheses lie deeper in each other than they may.
fn check_depth(path: &str) -> Result<(), Error> {
    let (mut brackets, mut parentheses) = (0_usize, 0_usize);
    let mut quote = None;
    let mut characters = path.chars().zip(1..);
    while let Some((character, position)) = characters.next() {
        match (quote, character) {
            (Some(_), '\\') => {
                characters.next();
            }
            (Some(open), _) => quote = Some(open).filter(|open| *open != character),
            (None, '\'' | '"') => quote = Some(character),
            (None, '[') => brackets += 1,
            (None, ']') => brackets = brackets.saturating_sub(1),
            (None, '(') => parentheses += 1,
            (None, ')') => parentheses = parentheses.saturating_sub(1),
            (None, _) => {}
        }
        if brackets > BRACKETS || parentheses > PARENTHESES {
            return Err(Error::invalid_argument(format!(
                "parameter `path`: at character {position}: nested deeper than {BRACKETS} brackets \
                 or {PARENTHESES} parentheses"
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn nodes(path: &str, value: &Value) -> Value {
        let path = Path::new(path).expect("a path");
        path.nodes(value).cloned().collect()
    }

    // What the vectors of `json_path` and `json_nodes` leave out, since not every language has
    // regular expressions.
    #[test]
    fn match_is_of_the_whole_text_and_search_of_any_part() {
        let value = json!(["ab", "abc", "xab", "Ab", "a\u{2028}b", 1, null, "😀b"]);
        assert_eq!(nodes("$[?match(@, 'a.')]", &value), json!(["ab"]));
        assert_eq!(
            nodes("$[?search(@, 'ab')]", &value),
            json!(["ab", "abc", "xab"])
        );
        assert_eq!(nodes("$[?!search(@, '[ab]')]", &value), json!([1, null]));
        assert_eq!(nodes("$[?match(@, 'a.b')]", &value), json!(["a\u{2028}b"]));
        assert_eq!(
            nodes("$[?match(@, '.b')]", &value),
            json!(["ab", "Ab", "😀b"])
        );
        assert_eq!(nodes("$[?match(@, '\\\\p{Lu}b')]", &value), json!(["Ab"]));
        // A pattern that is none matches nothing.
        assert_eq!(nodes("$[?match(@, '(')]", &value), json!([]));
        assert_eq!(nodes("$[?search(@, $[7])]", &value), json!(["😀b"]));
    }

    #[test]
    fn every_kind_of_selector_finds_its_nodes() {
        let value = json!({"a": [1, 2, {"b": 3}], "c": {"b": 4}, "é": 5});
        for (path, expected) in [
            ("$", json!([value])),
            ("$.a[0]", json!([1])),
            ("$['é']", json!([5])),
            ("$.a[-1].b", json!([3])),
            ("$.a[::-1]", json!([{"b": 3}, 2, 1])),
            ("$..b", json!([3, 4])),
            ("$.a[?@ > 1]", json!([2])),
            ("$.a[?length(@) == 1]", json!([{"b": 3}])),
            ("$[?count(@.*) == 3]", json!([[1, 2, {"b": 3}]])),
            ("$[?value(@..b) == 4]", json!([{"b": 4}])),
            ("$.a[0, 0, 'x']", json!([1, 1])),
            ("$.x", json!([])),
        ] {
            assert_eq!(nodes(path, &value), expected, "{path}");
        }
    }

    #[test]
    fn a_path_that_is_none_is_told_with_its_position() {
        let told = |path| Path::new(path).err().expect("it is refused").to_string();
        assert_eq!(
            told("$.é["),
            "parameter `path`: at character 4: not well formed from here on"
        );
        assert_eq!(
            told("a"),
            "parameter `path`: at character 1: not well formed from here on"
        );
        for path in [
            "",
            "$.",
            "$[",
            "$[?]",
            "$[?@.a = 1]",
            "$.a b",
            " $",
            "$[01]",
            "$[?length(1)]",
            "$[?foo(@)]",
        ] {
            let told = told(path);
            assert!(
                told.starts_with("parameter `path`: at character "),
                "{told}"
            );
            assert!(!told.contains('\n'), "{told}");
        }
    }
    #[test]
    fn the_depth_of_a_path_is_bounded() {
        let filters = |depth| format!("${}{}", "[?@".repeat(depth), "]".repeat(depth));
        let grouped = |depth| format!("$[?{}@.a{}]", "(".repeat(depth), ")".repeat(depth));
        assert!(Path::new(&filters(BRACKETS)).is_ok());
        assert!(Path::new(&grouped(PARENTHESES)).is_ok());
        let told = |path: &str| Path::new(path).err().expect("it is refused").to_string();
        assert_eq!(
            told(&filters(BRACKETS + 1)),
            "parameter `path`: at character 38: nested deeper than 12 brackets or 64 parentheses"
        );
        assert_eq!(
            told(&grouped(PARENTHESES + 1)),
            "parameter `path`: at character 68: nested deeper than 12 brackets or 64 parentheses"
        );
        let long = format!("${}", "[0]".repeat(1000));
        assert!(Path::new(&long).is_ok());
        let quoted = format!("$['{}\\'[', \"[\\\"[\"]", "[(".repeat(100));
        assert!(Path::new(&quoted).is_ok());
    }
}
