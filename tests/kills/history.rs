//! What may have become of a document, by the answers that its only writer had.

use serde_json::Value as Json;

/// A document as it was acknowledged, or may have been written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Document {
    /// In its source; each write has another.
    pub(crate) number: u64,
    /// `None`: any.
    pub(crate) version: Option<u64>,
    /// The sequence number and the primary term; `None`: any.
    pub(crate) place: Option<(u64, u64)>,
}

impl Document {
    /// Reads a hit of a search, or a document of `_mget`.
    pub(crate) fn found(answer: &Json) -> Self {
        Self {
            number: answer["_source"]["number"].as_u64().expect("a number"),
            version: answer["_version"].as_u64(),
            place: place(answer),
        }
    }

    fn may_be(&self, found: &Self) -> bool {
        self.number == found.number
            && self.version.is_none_or(|_| self.version == found.version)
            && self.place.is_none_or(|_| self.place == found.place)
    }
}

/// Where an operation is in the order of all.
pub(crate) fn place(answer: &Json) -> Option<(u64, u64)> {
    Some((
        answer["_seq_no"].as_u64()?,
        answer["_primary_term"].as_u64()?,
    ))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Index,
    Create,
    Update,
    Delete,
}

impl Action {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// What a document is after this, if it is carried out with a number.
    fn after(self, before: Option<&Document>, number: u64) -> Option<Document> {
        let written = |version| Document {
            number,
            version,
            place: None,
        };
        match (self, before) {
            (Self::Delete, _) | (Self::Update, None) => None,
            (Self::Create, Some(before)) => Some(before.clone()),
            (Self::Index | Self::Create, None) => Some(written(None)),
            (Self::Index | Self::Update, Some(before)) => {
                Some(written(before.version.map(|version| version + 1)))
            }
        }
    }
}

/// What a document may be; `None` means that it does not exist. One that was acknowledged, and nothing
/// sent since, may be only one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct History(Vec<Option<Document>>);

impl Default for History {
    fn default() -> Self {
        Self(vec![None])
    }
}

impl History {
    pub(crate) fn of(document: Document) -> Self {
        Self(vec![Some(document)])
    }

    /// The document, if it is certain that it is there.
    pub(crate) fn document(&self) -> Option<&Document> {
        match &self.0[..] {
            [Some(document)] => Some(document),
            _ => None,
        }
    }

    pub(crate) fn may_be_missing(&self) -> bool {
        self.0.contains(&None)
    }

    /// Whether this is what may have been found.
    pub(crate) fn allows(&self, found: Option<&Document>) -> bool {
        self.0.iter().any(|may_be| match (may_be, found) {
            (None, None) => true,
            (Some(may_be), Some(found)) => may_be.may_be(found),
            _ => false,
        })
    }

    /// An operation was sent, and not acknowledged: it was carried out or not.
    pub(crate) fn unanswered(&mut self, action: Action, number: u64) {
        for before in self.0.clone() {
            let after = action.after(before.as_ref(), number);
            if !self.0.contains(&after) {
                self.0.push(after);
            }
        }
    }

    /// An operation was acknowledged as carried out, with this answer.
    pub(crate) fn carried_out(
        &mut self,
        action: Action,
        number: u64,
        answer: &Json,
    ) -> Result<(), String> {
        let was_possible = match action {
            Action::Index => true,
            Action::Create => self.may_be_missing(),
            Action::Update | Action::Delete => self.0.iter().any(Option::is_some),
        };
        let mut after = action.after(self.document(), number);
        let expected = after.as_ref().and_then(|after| after.version);
        let version = answer["_version"].as_u64();
        if !was_possible || expected.is_some_and(|_| expected != version) {
            return Err(format!("{action:?} of {self:?} was answered with {answer}"));
        }
        if action == Action::Update {
            // It was there, though that was not certain before.
            after = Action::Index.after(self.document(), number);
        }
        if let Some(after) = &mut after {
            after.version = version;
            after.place = place(answer);
        }
        self.0 = vec![after];
        Ok(())
    }

    /// An operation was refused because the document is there, or is not. That is no promise of
    /// another operation that was not acknowledged, and that it met.
    pub(crate) fn refused(&self, because_it_is_there: bool) -> Result<(), String> {
        let fits = |may_be: &Option<Document>| may_be.is_some() == because_it_is_there;
        match self.0.iter().any(fits) {
            true => Ok(()),
            false => Err(format!(
                "{self:?} was answered as there: {because_it_is_there}"
            )),
        }
    }

    /// What it may be now is what was found.
    pub(crate) fn is(&mut self, found: Option<&Document>) {
        self.0 = vec![found.cloned()];
    }
}
