//! A client that writes by bulk requests, and keeps what it was answered.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::history::{Action, Document, History, place};
use crate::random::Random;
use crate::target::Target;

/// The index that all write to.
pub(crate) const SHARED: &str = "shared";

/// Identifiers that are written again and again, per client and index.
const IDENTIFIERS: u64 = 30;
/// Beyond this many documents, more are deleted than written.
const DOCUMENTS: usize = 400;

/// An index and an identifier.
pub(crate) type Key = (String, String);

/// An operation of a bulk request.
#[derive(Debug)]
struct Operation {
    index: String,
    /// `None`: the node makes one.
    id: Option<String>,
    action: Action,
    number: u64,
    condition: Option<Condition>,
}

/// A document must be as it was acknowledged; with a wrong place, it cannot be.
#[derive(Debug, Clone, Copy)]
struct Condition {
    place: (u64, u64),
    is_right: bool,
}

/// An index that exists for moments.
#[derive(Debug)]
pub(crate) struct Brief {
    pub(crate) name: String,
    /// Whether all its documents were acknowledged.
    pub(crate) written: bool,
    /// `None`: it was never asked for.
    pub(crate) deleted: Option<bool>,
}

impl Brief {
    /// How many documents it has when it is written.
    pub(crate) const DOCUMENTS: u64 = 5;
}

#[derive(Debug)]
pub(crate) struct Writer {
    client: u64,
    random: Random,
    numbers: u64,
    pub(crate) histories: BTreeMap<Key, History>,
    /// Numbers of documents that may be there, with identifiers of the node.
    pub(crate) unanswered: BTreeSet<u64>,
    pub(crate) briefs: Vec<Brief>,
    pub(crate) acknowledged: u64,
    /// Operations that were refused for reasons that are not the client's, by status and type.
    pub(crate) refusals: BTreeMap<String, u64>,
}

impl Writer {
    pub(crate) fn new(client: u64, random: Random) -> Self {
        Self {
            client,
            random,
            numbers: 0,
            histories: BTreeMap::new(),
            unanswered: BTreeSet::new(),
            briefs: Vec::new(),
            acknowledged: 0,
            refusals: BTreeMap::new(),
        }
    }

    /// The index that it writes to alone.
    pub(crate) fn own(&self) -> String {
        format!("own-{}", self.client)
    }

    /// Writes until the node is killed.
    pub(crate) fn run(&mut self, target: &Target) -> Result<(), String> {
        loop {
            let refused = self.refused();
            if self.step(target)?.is_none() {
                return Ok(());
            }
            if self.refused() > refused {
                thread::sleep(Duration::from_millis(20));
            }
        }
    }

    /// How many operations were refused up to now.
    pub(crate) fn refused(&self) -> u64 {
        self.refusals.values().sum()
    }

    /// Sends a request and takes in the answer; `None` if the node was killed.
    ///
    /// # Errors
    ///
    /// An answer that is wrong by all that was acknowledged before.
    pub(crate) fn step(&mut self, target: &Target) -> Result<Option<()>, String> {
        match self.random.below(40) {
            0 => self.brief(target),
            1 => Ok(target.ask("POST", "/shared/_forcemerge", "").map(drop)),
            _ => self.bulk(target),
        }
    }

    fn bulk(&mut self, target: &Target) -> Result<Option<()>, String> {
        let operations = self.operations();
        let body: String = operations.iter().map(Operation::lines).collect();
        let path = if self.random.one_in(8) {
            "/_bulk?refresh=true"
        } else {
            "/_bulk"
        };
        let answer = target.ask("POST", path, &body);
        let is_killed = answer.is_none();
        let items = match answer {
            Some((200, mut answer)) => answer["items"].take(),
            Some((status, answer)) => {
                self.refusal(status, &answer["error"])?;
                Json::Null
            }
            None => Json::Null,
        };
        for (place, operation) in operations.into_iter().enumerate() {
            let item = &items[place][operation.action.name()];
            self.answered(operation, item)?;
        }
        Ok((!is_killed).then_some(()))
    }

    /// Takes in what became of an operation; null: nobody said.
    fn answered(&mut self, operation: Operation, item: &Json) -> Result<(), String> {
        let Operation {
            index,
            id,
            action,
            number,
            condition,
        } = operation;
        let status = item["status"].as_u64().unwrap_or_default();
        let wrong = |what: String| format!("`{index}`: {what}: {item}");
        let Some(id) = id else {
            if status == 201 {
                let id = item["_id"].as_str().expect("an identifier").to_owned();
                let document = Document {
                    number,
                    version: item["_version"].as_u64(),
                    place: place(item),
                };
                self.acknowledged += 1;
                let before = self.histories.insert((index, id), History::of(document));
                return match before {
                    None => Ok(()),
                    Some(before) => Err(format!("a new identifier was there: {before:?}")),
                };
            }
            self.unanswered.insert(number);
            return self.no_answer(status, item);
        };
        let history = self.histories.entry((index.clone(), id)).or_default();
        let stale = condition.is_some_and(|condition| !condition.is_right);
        match status {
            200 | 201 if stale => return Err(wrong("a stale write was accepted".to_owned())),
            200 | 201 => history.carried_out(action, number, item).map_err(wrong)?,
            409 if stale => {}
            404 | 409 if condition.is_none() => {
                history.refused(status == 409).map_err(wrong)?;
            }
            _ if stale => return self.no_answer(status, item),
            _ => {
                history.unanswered(action, number);
                return self.no_answer(status, item);
            }
        }
        self.acknowledged += 1;
        Ok(())
    }

    /// An operation that was not carried out for a reason that is not the client's, if there was an
    /// answer at all.
    fn no_answer(&mut self, status: u64, item: &Json) -> Result<(), String> {
        if item.is_null() {
            return Ok(());
        }
        let status = u16::try_from(status).expect("a status");
        self.refusal(status, &item["error"])
    }

    fn refusal(&mut self, status: u16, error: &Json) -> Result<(), String> {
        let (kind, reason) = (error["type"].as_str(), error["reason"].as_str());
        match (status, kind, reason) {
            (429 | 503 | 507, Some(kind), Some(reason)) if !reason.is_empty() => {
                *self.refusals.entry(format!("{status} {kind}")).or_default() += 1;
                Ok(())
            }
            _ => Err(format!("a write was answered with {status}: {error}")),
        }
    }

    fn operations(&mut self) -> Vec<Operation> {
        let count = 1 + self.random.below(20);
        let mut operations = Vec::new();
        for _ in 0..count {
            let operation = self.operation(&operations);
            operations.push(operation);
        }
        operations
    }

    fn operation(&mut self, before: &[Operation]) -> Operation {
        self.numbers += 1;
        let number = self.numbers * 10 + self.client;
        let index = if self.random.one_in(2) {
            SHARED.to_owned()
        } else {
            self.own()
        };
        let is_much = self.histories.len() > DOCUMENTS;
        let (id, action) = match self.random.below(20) {
            0..5 if !is_much => (None, [Action::Index, Action::Create][number as usize % 2]),
            0..5 => (self.any(&index), Action::Delete),
            5..10 => (None, Action::Index),
            10..12 => (None, Action::Create),
            12..16 => (None, Action::Update),
            _ => (None, Action::Delete),
        };
        let new = self.random.below(20) < 5 && !is_much && action != Action::Delete;
        let id = match (id, action) {
            (None, Action::Index | Action::Create) if new => None,
            (None, _) => {
                let identifier = self.random.below(IDENTIFIERS);
                Some(format!("{}-{identifier}", self.client))
            }
            (id, _) => id,
        };
        let condition = id
            .as_ref()
            .filter(|id| {
                action != Action::Create && before.iter().all(|one| one.id.as_ref() != Some(id))
            })
            .and_then(|id| self.condition(&index, id));
        Operation {
            index,
            id,
            action,
            number,
            condition,
        }
    }

    /// Any document of an index.
    fn any(&mut self, index: &str) -> Option<String> {
        let keys: Vec<&Key> = self
            .histories
            .keys()
            .filter(|(of, _)| of == index)
            .collect();
        let chosen = self.random.below(keys.len().max(1) as u64);
        keys.get(chosen as usize).map(|(_, id)| id.clone())
    }

    fn condition(&mut self, index: &str, id: &str) -> Option<Condition> {
        let history = self.histories.get(&(index.to_owned(), id.to_owned()))?;
        let (seq_no, primary_term) = history.document()?.place?;
        match self.random.below(10) {
            0..3 => Some(Condition {
                place: (seq_no, primary_term),
                is_right: true,
            }),
            3 => Some(Condition {
                place: (seq_no + 1, primary_term),
                is_right: false,
            }),
            _ => None,
        }
    }

    /// Makes an index by writing to it, and deletes it half of the time.
    fn brief(&mut self, target: &Target) -> Result<Option<()>, String> {
        self.numbers += 1;
        let name = format!("brief-{}-{}", self.client, self.numbers);
        let document = |number| format!("{{\"index\":{{}}}}\n{}\n", json!({"number": number}));
        let body: String = (0..Brief::DOCUMENTS).map(document).collect();
        let answer = target.ask("POST", &format!("/{name}/_bulk"), &body);
        let is_killed = answer.is_none();
        let written = match answer {
            Some((200, answer)) if answer["errors"] == false => true,
            Some((200, answer)) => {
                let item = &answer["items"][0]["index"];
                self.no_answer(item["status"].as_u64().unwrap_or_default(), item)?;
                false
            }
            Some((status, answer)) => {
                self.refusal(status, &answer["error"])?;
                false
            }
            None => false,
        };
        let mut brief = Brief {
            name,
            written,
            deleted: None,
        };
        if !is_killed && self.random.one_in(2) {
            let answer = target.ask("DELETE", &format!("/{}", brief.name), "");
            brief.deleted = Some(answer.is_some());
            if let Some((status, answer)) = answer
                && status != 200
                && (status != 404 || written)
            {
                return Err(format!("an index was not deleted: {status}: {answer}"));
            }
        }
        self.briefs.push(brief);
        Ok((!is_killed).then_some(()))
    }
}

impl Operation {
    fn lines(&self) -> String {
        let mut target = json!({"_index": self.index});
        if let Some(id) = &self.id {
            target["_id"] = json!(id);
        }
        if let Some(Condition { place, .. }) = self.condition {
            target["if_seq_no"] = json!(place.0);
            target["if_primary_term"] = json!(place.1);
        }
        let name = self.action.name();
        let document = json!({"number": self.number, "text": format!("text {}", self.number)});
        match self.action {
            Action::Delete => format!("{}\n", json!({name: target})),
            Action::Update => format!("{}\n{}\n", json!({name: target}), json!({"doc": document})),
            Action::Index | Action::Create => format!("{}\n{document}\n", json!({name: target})),
        }
    }
}
