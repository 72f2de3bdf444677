//! The function and version that a query asks for: `function`, `component.function`,
//! `function@1.2.0`, `component.function@^1.2`.

use std::fmt;
use std::str::FromStr;

use semver::{Version, VersionReq};

use crate::words::one_line;

/// A function's name, with or without that of its component, and the versions that match.
///
/// ```
/// use whittle_host::Selector;
///
/// let latest: Selector = "string_distance".parse()?;
/// let pinned: Selector = "string_distance@1.2.0".parse()?;
/// let range: Selector = "string-distance.string_distance@^1.2".parse()?;
/// assert_eq!(range.component(), Some("string-distance"));
/// assert_eq!(range.function(), "string_distance");
/// # let _ = (latest, pinned);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// As written in the query.
    text: String,
    /// Where the component's name ends, if there is one.
    dot: Option<usize>,
    /// Where the function's name ends.
    end: usize,
    versions: Versions,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Versions {
    Latest,
    /// A complete version means exactly that version, not a range from it on as in Cargo.
    Exactly(Version),
    Matching(VersionReq),
}

/// Why a string is not a selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{versions}` is neither a version such as `1.2.0` nor a range such as `^1.2`: {problem}")]
pub struct SelectorError {
    /// The part after the `@`.
    pub versions: String,
    /// The reason.
    pub problem: String,
}

impl Selector {
    /// The component's name, if the selector has one.
    pub fn component(&self) -> Option<&str> {
        self.dot.map(|dot| &self.text[..dot])
    }

    /// The function's name.
    pub fn function(&self) -> &str {
        &self.text[self.dot.map_or(0, |dot| dot + 1)..self.end]
    }

    /// The names without the versions: `function` or `component.function`.
    pub fn name(&self) -> &str {
        &self.text[..self.end]
    }

    /// The highest of these versions that matches. A pre-release is taken only if the selector
    /// names one, or if there is no other version.
    pub fn best<T>(
        &self,
        among: impl Iterator<Item = T>,
        version: impl Fn(&T) -> &Version,
    ) -> Option<T> {
        let fits = |candidate: &T| match &self.versions {
            Versions::Latest => true,
            Versions::Exactly(exact) => exact == version(candidate),
            Versions::Matching(range) => range.matches(version(candidate)),
        };
        among.filter(fits).max_by(|left, right| {
            let rank = |candidate| (version(candidate).pre.is_empty(), version(candidate));
            match self.versions {
                Versions::Latest => rank(left).cmp(&rank(right)),
                // A range that matches a pre-release names one.
                Versions::Exactly(_) | Versions::Matching(_) => version(left).cmp(version(right)),
            }
        })
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let (name, versions) = match text.split_once('@') {
            None => (text, Versions::Latest),
            Some((name, versions)) => (name, Versions::read(versions)?),
        };
        Ok(Self {
            text: text.to_owned(),
            // Neither name can have one in it.
            dot: name.find('.'),
            end: name.len(),
            versions,
        })
    }
}

impl Versions {
    fn read(versions: &str) -> Result<Self, SelectorError> {
        if let Ok(exact) = versions.parse() {
            return Ok(Self::Exactly(exact));
        }
        let range = versions.parse();
        range
            .map(Self::Matching)
            .map_err(|error: semver::Error| SelectorError {
                versions: one_line(versions),
                problem: one_line(&error.to_string()),
            })
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(selector: &str) -> Option<String> {
        let versions = ["0.9.0", "1.2.0", "1.10.0", "1.2.1", "2.0.0-rc.1", "1.9.3"];
        let versions: Vec<Version> = versions.map(|text| text.parse().expect("semver")).into();
        let selector: Selector = selector.parse().expect("a selector");
        let best = selector.best(versions.iter(), |version| version);
        best.map(ToString::to_string)
    }

    #[test]
    fn selects_the_highest_matching_version() {
        for (selector, expected) in [
            // By number, not as strings, nor by the time of registration.
            ("f", Some("1.10.0")),
            ("f@1.2.0", Some("1.2.0")),
            ("f@1.2", Some("1.10.0")),
            ("f@~1.2", Some("1.2.1")),
            ("f@<1.10", Some("1.9.3")),
            ("f@>=1.2, <1.9", Some("1.2.1")),
            ("f@2.0.0-rc.1", Some("2.0.0-rc.1")),
            ("f@^2.0.0-rc.0", Some("2.0.0-rc.1")),
            ("f@2", None),
            ("f@1.2.2", None),
        ] {
            assert_eq!(best(selector).as_deref(), expected, "{selector}");
        }
    }

    #[test]
    fn selects_a_pre_release_only_if_there_is_no_other() {
        let versions: Vec<Version> = ["1.0.0-a", "1.0.0-b"]
            .map(|text| text.parse().expect("semver"))
            .into();
        let selector: Selector = "f".parse().expect("a selector");
        let best = selector.best(versions.iter(), |version| version);
        assert_eq!(best, versions.get(1));
    }

    #[test]
    fn a_dot_separates_the_component_from_the_function() {
        for (text, component, function, name) in [
            ("f", None, "f", "f"),
            ("a-b.f", Some("a-b"), "f", "a-b.f"),
            ("a-b.f@1.2.0", Some("a-b"), "f", "a-b.f"),
            ("f@>=1.2, <1.9", None, "f", "f"),
        ] {
            let selector: Selector = text.parse().expect("a selector");
            let found = (selector.component(), selector.function(), selector.name());
            assert_eq!(found, (component, function, name));
            assert_eq!(selector.to_string(), text);
        }
    }

    #[test]
    fn rejects_invalid_versions() {
        let error = "f@latest".parse::<Selector>().expect_err("no version");
        assert_eq!(
            error.to_string(),
            "`latest` is neither a version such as `1.2.0` nor a range such as `^1.2`: \
             unexpected character 'l' while parsing major version number"
        );
    }
}
