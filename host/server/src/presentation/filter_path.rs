//! Parts of an answer, by their paths: `filter_path=took,hits.hits._id,-hits.hits._score`.
//!
//! A path names keys from the answer's root; lists are passed through. `*` in a key is any text, and
//! `**` any number of keys. What a path names is kept with all below it; what becomes empty is left
//! out. Paths after `-` are taken away from what the others keep.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::ApiError;
use crate::parameters::bad;

/// How many keys all paths together may have: each may be compared with each key of the answer.
const KEYS: usize = 256;

/// Paths of what is kept, and of what is left out.
#[derive(Debug)]
pub(super) struct FilterPath {
    includes: Vec<Vec<String>>,
    excludes: Vec<Vec<String>>,
}

/// How the paths are meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Include,
    Exclude,
}

impl FilterPath {
    /// Reads paths with commas between; `None` if there are none.
    ///
    /// # Errors
    ///
    /// 400 if they have too many keys.
    pub(super) fn read(text: &str) -> Result<Option<Self>, ApiError> {
        let keys = |path: &str| {
            let mut keys: Vec<String> = path.split('.').map(str::to_owned).collect();
            // Any number of keys, twice, is any number of keys.
            keys.dedup_by(|key, before| key == "**" && before == "**");
            keys
        };
        let (mut includes, mut excludes) = (Vec::new(), Vec::new());
        let paths = text.split(',').map(str::trim);
        for path in paths.filter(|path| !path.is_empty()) {
            match path.strip_prefix('-') {
                Some(path) => excludes.push(keys(path)),
                None => includes.push(keys(path)),
            }
        }
        let count: usize = includes.iter().chain(&excludes).map(Vec::len).sum();
        if count > KEYS {
            return Err(bad(format!(
                "[filter_path] has {count} keys, and may have {KEYS}"
            )));
        }
        let any = count > 0;
        Ok(any.then_some(Self { includes, excludes }))
    }

    /// What is left of a JSON text; `None` where it cannot be read.
    pub(super) fn apply(&self, json: &[u8]) -> Option<Vec<u8>> {
        let mut text = Cow::Borrowed(std::str::from_utf8(json).ok()?);
        for (paths, mode) in [
            (&self.includes, Mode::Include),
            (&self.excludes, Mode::Exclude),
        ] {
            if !paths.is_empty() {
                let paths: Vec<&[String]> = paths.iter().map(Vec::as_slice).collect();
                let raw: &RawValue = serde_json::from_str(&text).ok()?;
                let mut out = String::with_capacity(text.len());
                if !kept(raw, &paths, mode, &mut out) {
                    out.push_str("{}");
                }
                text = Cow::Owned(out);
            }
        }
        Some(text.into_owned().into_bytes())
    }
}

/// Writes what is left of a value; false where that is nothing, and nothing is written.
fn kept(raw: &RawValue, paths: &[&[String]], mode: Mode, out: &mut String) -> bool {
    let start = out.len();
    let mut parts = 0;
    let (open, close) = match raw.get().as_bytes().first() {
        Some(b'{') => ('{', '}'),
        Some(b'[') => ('[', ']'),
        _ if mode == Mode::Exclude => {
            out.push_str(raw.get());
            return true;
        }
        _ => return false,
    };
    let separator = |parts: usize| if parts == 0 { open } else { ',' };
    if open == '{' {
        let Ok(Members(members)) = serde_json::from_str(raw.get()) else {
            return false;
        };
        for (key, value) in members {
            let before = out.len();
            out.push(separator(parts));
            out.push_str(&serde_json::Value::from(key.as_str()).to_string());
            out.push(':');
            if member(&key, value, paths, mode, out) {
                parts += 1;
            } else {
                out.truncate(before);
            }
        }
    } else {
        let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) else {
            return false;
        };
        for element in elements {
            let before = out.len();
            out.push(separator(parts));
            if kept(element, paths, mode, out) {
                parts += 1;
            } else {
                out.truncate(before);
            }
        }
    }
    if parts == 0 {
        out.truncate(start);
        return false;
    }
    out.push(close);
    true
}

/// Writes what is left of a member's value.
fn member(key: &str, value: &RawValue, paths: &[&[String]], mode: Mode, out: &mut String) -> bool {
    let mut below: Vec<&[String]> = Vec::new();
    for path in paths {
        if step(key, path, &mut below) {
            if mode == Mode::Include {
                out.push_str(value.get());
            }
            return mode == Mode::Include;
        }
    }
    // Several ways may lead to one rest; kept apart, they would double at each level.
    below.sort_unstable_by_key(|path| (path.as_ptr(), path.len()));
    below.dedup_by_key(|path| (path.as_ptr(), path.len()));
    if below.is_empty() {
        if mode == Mode::Exclude {
            out.push_str(value.get());
        }
        return mode == Mode::Exclude;
    }
    kept(value, &below, mode, out)
}

/// Whether a path ends at this key; if it only goes through it, its rest is added.
fn step<'a>(key: &str, path: &'a [String], below: &mut Vec<&'a [String]>) -> bool {
    match path {
        [] => true,
        [any, rest @ ..] if any == "**" => {
            // It may take this key and go on, or end before it.
            below.push(path);
            rest.is_empty() || step(key, rest, below)
        }
        [pattern, rest @ ..] => {
            if !glob(pattern.as_bytes(), key.as_bytes()) {
                return false;
            }
            if rest.is_empty() || rest.iter().all(|key| key == "**") {
                return true;
            }
            below.push(rest);
            false
        }
    }
}

/// Whether a text is of a pattern in which `*` is any text.
pub(crate) fn glob(pattern: &[u8], text: &[u8]) -> bool {
    // Where the last `*` was, and how much of the text it has taken.
    let (mut star, mut taken) = (None, 0);
    let (mut at, mut position) = (0, 0);
    while position < text.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some(at);
            taken = position;
            at += 1;
        } else if pattern.get(at) == Some(&text[position]) {
            at += 1;
            position += 1;
        } else if let Some(star) = star {
            at = star + 1;
            taken += 1;
            position = taken;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// An object's members in their order, with values as they are written.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = object.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"took":3,"hits":{"total":{"value":2},"hits":[{"_id":"1","_score":1.0,"_source":{"n":12345678901234567890123,"o":{}}},{"_id":"2","_score":0.5}]},"empty":{}}"#;

    fn filtered(paths: &str) -> String {
        let filter = FilterPath::read(paths).expect("few keys");
        let filter = filter.expect("there are paths");
        let left = filter.apply(ANSWER.as_bytes()).expect("JSON");
        String::from_utf8(left).expect("text")
    }

    #[test]
    fn keeps_what_the_paths_name() {
        insta::assert_snapshot!(filtered("took"), @r#"{"took":3}"#);
        insta::assert_snapshot!(filtered("hits.hits._id,took"), @r#"{"took":3,"hits":{"hits":[{"_id":"1"},{"_id":"2"}]}}"#);
        insta::assert_snapshot!(filtered("hits.*.value"), @r#"{"hits":{"total":{"value":2}}}"#);
        insta::assert_snapshot!(filtered("**._sco*"), @r#"{"hits":{"hits":[{"_score":1.0},{"_score":0.5}]}}"#);
        insta::assert_snapshot!(filtered("hits.**.n"), @r#"{"hits":{"hits":[{"_source":{"n":12345678901234567890123}}]}}"#);
        insta::assert_snapshot!(filtered("nothing.at.all"), @"{}");
        insta::assert_snapshot!(filtered("took.below"), @"{}");
    }

    #[test]
    fn leaves_out_what_paths_after_a_minus_name() {
        insta::assert_snapshot!(filtered("-hits"), @r#"{"took":3,"empty":{}}"#);
        insta::assert_snapshot!(filtered("-hits.hits._source,-took,-empty"), @r#"{"hits":{"total":{"value":2},"hits":[{"_id":"1","_score":1.0},{"_id":"2","_score":0.5}]}}"#);
        insta::assert_snapshot!(filtered("hits.hits,-hits.hits._s*"), @r#"{"hits":{"hits":[{"_id":"1"},{"_id":"2"}]}}"#);
        insta::assert_snapshot!(filtered("-**"), @"{}");
    }

    #[test]
    fn many_ways_to_one_key_take_no_longer_than_one() {
        let paths = format!("{}n", "**.".repeat(5_000));
        assert_eq!(filtered(&paths), filtered("**.n"));
        let mut answer = r#"{"a":1}"#.to_owned();
        for _ in 0..100 {
            answer = format!(r#"{{"a":{answer}}}"#);
        }
        let filter = FilterPath::read(&format!("{}b", "**.a.".repeat(120)));
        let filter = filter.expect("few keys").expect("there are paths");
        assert_eq!(filter.apply(answer.as_bytes()).as_deref(), Some(&b"{}"[..]));
        let many = FilterPath::read(&"a.b,".repeat(200)).expect_err("there are many");
        insta::assert_snapshot!(many.reason(), @"[filter_path] has 400 keys, and may have 256");
    }

    #[test]
    fn a_star_is_any_text() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "ac", true),
            ("a*b*c", "axbxbxc", true),
            ("a*c", "acb", false),
            ("", "a", false),
            ("é*", "été", true),
        ] {
            assert_eq!(
                glob(pattern.as_bytes(), text.as_bytes()),
                fits,
                "{pattern} {text}"
            );
        }
    }
}
