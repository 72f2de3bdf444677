//! The steps of a bulk request: some operations are parsed and written, then the next.
//!
//! What a step takes is reserved before it is parsed, and given back when it is written. The answer
//! is reserved before anything is written, so that no write stands that the client does not learn
//! of. Operations are carried out in their order, those on different indexes of a step apart.

use std::collections::{BTreeMap, BTreeSet};

use axum::response::Response;
use serde::Serialize;
use whittle_node::index::{Index, Operation, Written};
use whittle_node::{Reservation, SourceFilter};

use super::super::documents::{Returned, check_copies};
use super::{Action, BulkParameters, Lines};
use crate::answers::{DocumentWritten, Updated};
use crate::error::{ApiError, Cause};
use crate::failures::not_made;
use crate::node::Node;
use crate::selection;
use crate::sending::Text;

/// What the operations of a step may take together, in bytes; a larger one is a step by itself.
const STEP_BYTES: u64 = 32 << 20;

/// A bulk request that is carried out.
pub(super) struct Bulk<'a> {
    node: &'a Node,
    parameters: &'a BulkParameters,
    /// The indexes that are made if they do not exist.
    new: BTreeSet<String>,
    /// The indexes that were written to.
    indexes: BTreeMap<String, Index>,
    kept: Vec<Kept>,
    /// The memory of what is kept, and of the answer.
    answer: Reservation,
}

/// What is kept of an operation until the answer is written.
pub(super) struct Kept {
    action: Action,
    index: Box<str>,
    id: Option<Box<str>>,
    outcome: Outcome,
}

enum Outcome {
    /// Its step is not over.
    Waits,
    Written(Box<Written>, Option<Box<Updated>>),
    Failed(ApiError),
}

impl Kept {
    /// What one takes without names and reasons, in bytes.
    pub(super) const BYTES: u64 = 256;
}

/// Operations that are written together, by index.
type Step = BTreeMap<String, Batch>;

/// What goes to one index, in the order in which it came.
#[derive(Default)]
struct Batch {
    /// Which of the request's operations each is.
    places: Vec<usize>,
    operations: Vec<Operation>,
}

/// Why refreshes failed, by index, until it was said once.
pub(super) type Unrefreshed = BTreeMap<String, Option<ApiError>>;

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Answered {
    Index(State),
    Create(State),
    Update(State),
    Delete(State),
}

#[derive(Serialize)]
#[serde(untagged)]
enum State {
    Done {
        #[serde(flatten)]
        written: DocumentWritten,
        status: u16,
    },
    Failed {
        _index: Box<str>,
        _id: Option<Box<str>>,
        status: u16,
        error: Cause,
    },
}

impl<'a> Bulk<'a> {
    /// Checks all lines, and reserves memory for the answer.
    ///
    /// # Errors
    ///
    /// 400 for a line that is malformed; 429 if there is too little memory.
    pub(super) fn new(
        node: &'a Node,
        parameters: &'a BulkParameters,
        lines: &Lines<'_>,
    ) -> Result<Self, ApiError> {
        /// How much is reserved at once: all requests count in one place.
        const SHARE: u64 = 1 << 20;
        let answer = node.memory().reservation();
        let (mut lines, mut new) = (lines.clone(), BTreeSet::new());
        let (mut operations, mut bytes) = (0, 0);
        while let Some(lined) = lines.next()? {
            operations += 1;
            bytes += lined.answer_bytes();
            if bytes >= SHARE {
                answer.grow(std::mem::take(&mut bytes))?;
            }
            if lined.makes_index() && !new.contains(&*lined.index) {
                new.insert(lined.index.into_owned());
            }
        }
        answer.grow(bytes)?;
        Ok(Self {
            node,
            parameters,
            new,
            indexes: BTreeMap::new(),
            kept: Vec::with_capacity(operations),
            answer,
        })
    }

    /// Carries out all operations, step by step.
    ///
    /// # Errors
    ///
    /// None that [`Bulk::new`] has not had.
    pub(super) fn write(&mut self, mut lines: Lines<'_>) -> Result<(), ApiError> {
        let mut step = Step::new();
        let mut held = self.node.memory().reservation();
        while let Some(lined) = lines.next()? {
            let (before, bytes) = (held.bytes(), lined.written_bytes());
            let mut room = held.grow(bytes);
            if before > 0 && (room.is_err() || before + bytes > STEP_BYTES) {
                self.carry_out(std::mem::take(&mut step));
                // What the step has held is free then, also for operations that were not written.
                held = self.node.memory().reservation();
                room = held.grow(bytes);
            }
            let place = self.kept.len();
            self.kept.push(Kept {
                action: lined.action,
                index: Box::from(&*lined.index),
                id: lined.id().map(Box::from),
                outcome: Outcome::Waits,
            });
            let name = lined.index.clone().into_owned();
            let asked = room.map_err(ApiError::from);
            match asked.and_then(|()| lines.operation(lined)) {
                Err(error) => self.fail(place, error),
                Ok((operation, None)) => {
                    let batch = step.entry(name).or_default();
                    batch.places.push(place);
                    batch.operations.push(operation);
                }
                Ok((operation, Some(filter))) => {
                    // What it leaves is read before the next is written.
                    self.carry_out(std::mem::take(&mut step));
                    self.update(place, &name, operation, filter);
                    held = self.node.memory().reservation();
                }
            }
        }
        self.carry_out(step);
        Ok(())
    }

    fn carry_out(&mut self, step: Step) {
        for (name, Batch { places, operations }) in step {
            let written = (self.index(&name)).and_then(|index| Ok(index.write(operations)?));
            match written {
                Ok(results) => {
                    for (place, result) in places.into_iter().zip(results) {
                        match result {
                            Ok(written) => {
                                self.kept[place].outcome =
                                    Outcome::Written(Box::new(written), None);
                            }
                            Err(error) => {
                                self.fail(place, ApiError::from(error).in_index(&name));
                            }
                        }
                    }
                }
                Err(error) => {
                    for place in places {
                        self.fail(place, error.clone());
                    }
                }
            }
        }
    }

    /// Carries out an update of which the document comes back.
    fn update(&mut self, place: usize, name: &str, operation: Operation, filter: SourceFilter) {
        let write = || {
            let index = self.index(name)?;
            let returned = Returned::reserve(self.node, &index, &operation, Some(filter))?;
            let written = index.write(vec![operation])?.into_iter().next();
            let written = written.expect("one for each operation");
            let written = written.map_err(|error| ApiError::from(error).in_index(name))?;
            let get = returned.and_then(|returned| returned.of(&index, &written, &self.answer));
            Ok((written, get))
        };
        match write() {
            Ok((written, get)) => {
                let (written, get) = (Box::new(written), get.map(Box::new));
                self.kept[place].outcome = Outcome::Written(written, get);
            }
            Err(error) => self.fail(place, error),
        }
    }

    /// The index of a name, which is written to.
    fn index(&mut self, name: &str) -> Result<Index, ApiError> {
        let index = if self.new.contains(name) {
            let index = self.node.index_or_new(name);
            index.map_err(|error| not_made(name, error))?
        } else {
            selection::one(self.node, name)?
        };
        check_copies(self.node, name, self.parameters.wait_for_active_shards)?;
        self.indexes.insert(name.to_owned(), index.clone());
        Ok(index)
    }

    /// Keeps why an operation failed; only that it did, if there is no memory for the reason.
    fn fail(&mut self, place: usize, error: ApiError) {
        let bytes = Kept::BYTES + 3 * error.reason().len() as u64;
        let error = match self.answer.grow(bytes) {
            Ok(()) => error,
            Err(_) => error.without_reason(),
        };
        self.kept[place].outcome = Outcome::Failed(error);
    }

    /// Shows searches what was written, if the request asks for that; what failed of it.
    pub(super) fn refresh(&self) -> Unrefreshed {
        let refreshed = self.indexes.iter().map(|(name, index)| {
            let refreshed = self.parameters.refresh.make(index);
            (name.clone(), refreshed.err())
        });
        refreshed.filter(|(_, error)| error.is_some()).collect()
    }

    /// The answer: what became of each operation, in the order of the request.
    ///
    /// # Errors
    ///
    /// 429 if it is longer than it can be, and there is no more memory.
    pub(super) fn answer(self, took: u64, mut failed: Unrefreshed) -> Result<Response, ApiError> {
        let is_failed = |kept: &Kept| matches!(kept.outcome, Outcome::Failed(_));
        let errors = self.kept.iter().any(is_failed);
        let mut text = Text::paid(self.node.memory(), self.answer);
        text.raw(&format!(
            "{{\"took\":{took},\"errors\":{errors},\"items\":["
        ))?;
        let forced = self.parameters.refresh.is_forced();
        for (place, kept) in self.kept.into_iter().enumerate() {
            if place > 0 {
                text.raw(",")?;
            }
            text.json(&kept.answered(forced, &mut failed))?;
        }
        text.raw("]}")?;
        Ok(text.into_json())
    }
}

impl Kept {
    fn answered(self, forced_refresh: bool, failed: &mut Unrefreshed) -> Answered {
        let state = match self.outcome {
            Outcome::Waits => unreachable!("all steps are over"),
            Outcome::Written(written, get) => {
                let mut answer = DocumentWritten::new(&self.index, &written, forced_refresh);
                if let Some(error) = failed.get_mut(&*self.index) {
                    answer.refresh_failed(error.take().as_ref());
                }
                answer.get = get.map(|get| *get);
                State::Done {
                    status: answer.status.as_u16(),
                    written: answer,
                }
            }
            Outcome::Failed(error) => State::Failed {
                _index: self.index,
                _id: self.id,
                status: error.status().as_u16(),
                error: error.cause().clone(),
            },
        };
        match self.action {
            Action::Index => Answered::Index(state),
            Action::Create => Answered::Create(state),
            Action::Update => Answered::Update(state),
            Action::Delete => Answered::Delete(state),
        }
    }
}
