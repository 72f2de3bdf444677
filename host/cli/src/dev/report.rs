//! What cases gave, and what has changed since the last time.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use whittle_host::one_line;

use crate::vectors::Failure;

/// The result of a case: how it failed, if it did.
pub(super) struct Outcome {
    /// The function and the case's name, which the user reads.
    pub(super) case: String,
    pub(super) failure: Option<Failure>,
}

impl Outcome {
    pub(super) fn new(function: &str, case: &str, result: Result<(), Failure>) -> Self {
        Self {
            case: format!("{}: {}", one_line(function), one_line(case)),
            failure: result.err(),
        }
    }
}

/// What the user knows.
#[derive(Default)]
pub(super) struct History {
    /// Whether each case passed the last time that it ran.
    passed: BTreeMap<String, bool>,
    /// The failures that were shown since the last edit.
    shown: BTreeSet<String>,
}

impl History {
    /// Shows all failures again, because something was edited.
    pub(super) fn begin(&mut self) {
        self.shown.clear();
    }

    /// Prints the failures that were not shown since the last edit, the cases that fail or pass
    /// since then, and how many pass. `by` is what ran them, and `note` what else is to be said of it.
    pub(super) fn report(
        &mut self,
        out: &mut dyn Write,
        by: &str,
        note: &str,
        outcomes: &[Outcome],
    ) -> io::Result<()> {
        for failure in outcomes
            .iter()
            .filter_map(|outcome| outcome.failure.as_ref())
        {
            let text = failure.to_string();
            if !self.shown.contains(&text) {
                out.write_all(text.as_bytes())?;
                self.shown.insert(text);
            }
        }
        for Outcome { case, failure } in outcomes {
            let passes = failure.is_none();
            match (self.passed.insert(case.clone(), passes), passes) {
                (Some(true), false) => writeln!(out, "newly failing: {case}")?,
                (Some(false), true) => writeln!(out, "newly passing: {case}")?,
                _ => {}
            }
        }
        let passed = outcomes.iter().filter(|outcome| outcome.failure.is_none());
        let (passed, all) = (passed.count(), outcomes.len());
        writeln!(out, "{by}: {passed} of {all} cases pass{note}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{NativeCase, Vectors};

    /// The outcomes of two cases that expect 1 and 2.
    fn outcomes(found: [i64; 2]) -> Vec<Outcome> {
        let vectors = br#"{"function": "f", "cases": [
            {"name": "one", "documents": [{}], "values": [1]},
            {"name": "two", "documents": [{}], "values": [2]}]}"#;
        let vectors = &Vectors::parse(vectors).expect("vectors")[0];
        let cases = vectors.cases.iter().zip(found);
        let outcomes = cases.map(|(case, found)| {
            let found = format!(r#"{{"values": [{found}]}}"#);
            let found: NativeCase = serde_json::from_str(&found).expect("a result");
            Outcome::new("f", &case.name, found.check(vectors, case))
        });
        outcomes.collect()
    }

    #[test]
    fn tells_what_has_changed_and_shows_a_failure_once_an_edit() {
        let mut history = History::default();
        let mut report = |by: &str, note: &str, found, is_edited| {
            let mut out = Vec::new();
            if is_edited {
                history.begin();
            }
            let outcomes = outcomes(found);
            history
                .report(&mut out, by, note, &outcomes)
                .expect("written");
            String::from_utf8(out).expect("text")
        };
        insta::assert_snapshot!(report("natively", ", 0.2 s", [1, 3], true), @r"
        f: two
          document 0: {}
          - 2
          + 3
        natively: 1 of 2 cases pass, 0.2 s
        ");
        insta::assert_snapshot!(report("component", "", [1, 3], false), @"component: 1 of 2 cases pass");
        insta::assert_snapshot!(report("natively", "", [0, 2], true), @r"
        f: one
          document 0: {}
          - 1
          + 0
        newly failing: f: one
        newly passing: f: two
        natively: 1 of 2 cases pass
        ");
        insta::assert_snapshot!(report("component", "", [1, 2], false), @r"
        newly passing: f: one
        component: 2 of 2 cases pass
        ");
    }
}
