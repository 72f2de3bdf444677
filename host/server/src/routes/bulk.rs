//! Many writes in one request: a line for each operation, and one for its document.
//!
//! The lines are read twice: first all of them, since one that is malformed refuses the request
//! before anything is written, and to know how long the answer is; then in steps, which are parsed
//! and written one after the other ([`steps`]). So a request holds its body, one step, and what
//! became of its operations.

mod steps;

use std::borrow::Cow;
use std::iter::Enumerate;
use std::slice::Split;
use std::time::Instant;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use whittle_node::SourceFilter;
use whittle_node::index::Operation;

use super::Shared;
use super::documents::{
    Update, check_pipeline, conditional_create, internal_version, required_place, written_bytes,
};
use crate::address::Path;
use crate::answers::DocumentWritten;
use crate::body::{Body, broken};
use crate::error::ApiError;
use crate::failures::no_alias;
use crate::parameters::{ActiveShards, Query, Refresh, bad, parameters};
use crate::scalars::{Flag, Long, Object, Text};
use crate::source::{SourceGiven, SourceParameters};
use steps::{Bulk, Kept};

parameters! {
    /// What holds for all operations of a bulk request.
    BulkParameters {
        /// Whether searches see the writes before the answer: `true`, `false` or `wait_for`.
        refresh: Refresh = "refresh",
        /// How many copies of the shard must be there: a number, or `all`. There is one.
        wait_for_active_shards: ActiveShards = "wait_for_active_shards",
        /// Whether names must be aliases. There are none, so that `true` refuses each operation.
        require_alias: bool = "require_alias",
        /// A pipeline that changes the documents first. There are none but `_none`.
        pipeline: Option<String> = "pipeline",
    }
    with {
        /// What comes back of documents that are updated.
        source: SourceParameters,
    }
    ignoring ["routing", "timeout"]
}

/// What is done with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Index,
    Create,
    Update,
    Delete,
}

/// Write documents, of any index: a line with the action, and one with the document.
#[utoipa::path(
    method(post, put), path = "/_bulk", tag = "documents",
    params(BulkParameters),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn bulk(
    shared: Shared,
    Query(parameters): Query<BulkParameters>,
    body: Body,
) -> Result<Response, ApiError> {
    run(shared, None, parameters, body).await
}

/// Write documents: a line with the action, and one with the document.
#[utoipa::path(
    method(post, put), path = "/{index}/_bulk", tag = "documents",
    params(BulkParameters),
    request_body(content = String, content_type = "application/x-ndjson"),
    responses((status = 200, body = serde_json::Value))
)]
pub(super) async fn bulk_of_index(
    shared: Shared,
    Path(index): Path<String>,
    Query(parameters): Query<BulkParameters>,
    body: Body,
) -> Result<Response, ApiError> {
    run(shared, Some(index), parameters, body).await
}

async fn run(
    State(node): Shared,
    index: Option<String>,
    parameters: BulkParameters,
    body: Body,
) -> Result<Response, ApiError> {
    let writes = node.writes.clone();
    let work = move || {
        let started = Instant::now();
        let lines = Lines::new(body.required()?, index.as_deref(), &parameters)?;
        let mut bulk = Bulk::new(&node, &parameters, &lines)?;
        bulk.write(lines)?;
        let refreshed = bulk.refresh();
        let took = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        bulk.answer(took, refreshed)
    };
    writes.run(work).await
}

/// The line that says what is done with which document.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ActionLine {
    Index(Object<Metadata>),
    Create(Object<Metadata>),
    Update(Object<Metadata>),
    Delete(Object<Metadata>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    _index: Option<Text>,
    _id: Option<Text>,
    op_type: Option<OpType>,
    if_seq_no: Option<Long>,
    if_primary_term: Option<Long>,
    version: Option<Long>,
    /// Only `internal`, which is the default.
    #[serde(rename = "version_type")]
    _version_type: Option<VersionType>,
    require_alias: Option<Flag>,
    pipeline: Option<Text>,
    _source: Option<SourceGiven>,
    /// Without effect: an index has one shard.
    #[serde(rename = "routing")]
    _routing: Option<Text>,
    /// Without effect: an update reads and writes in one step.
    retry_on_conflict: Option<Long>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum OpType {
    Index,
    Create,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum VersionType {
    Internal,
}

/// The longest line of an action, in bytes.
const ACTION_BYTES: usize = 64 << 10;

/// Whether a byte ends a line.
type IsEnd = fn(&u8) -> bool;

/// The lines of a request.
#[derive(Clone)]
pub(super) struct Lines<'a> {
    lines: Enumerate<Split<'a, u8, IsEnd>>,
    index: Option<&'a str>,
    parameters: &'a BulkParameters,
    fetch: Option<SourceFilter>,
}

/// The lines of an operation, checked as far as that refuses the request as a whole.
pub(super) struct Lined<'a> {
    pub(super) action: Action,
    pub(super) index: Cow<'a, str>,
    metadata: Metadata,
    number: usize,
    line: &'a [u8],
    document: &'a [u8],
}

impl Lined<'_> {
    /// Whether it makes the index that it needs.
    pub(super) fn makes_index(&self) -> bool {
        self.action != Action::Delete
    }

    /// The id that it names.
    pub(super) fn id(&self) -> Option<&str> {
        self.metadata._id.as_ref().map(|Text(id)| id.as_str())
    }

    /// What the operation takes while it is written, in bytes.
    pub(super) fn written_bytes(&self) -> u64 {
        /// What an operation takes on its way, in structures of fixed size.
        const OPERATION_BYTES: u64 = 1 << 10;
        let text = (self.line.len() + self.index.len()) as u64;
        OPERATION_BYTES + text + written_bytes(self.document)
    }

    /// What is kept of it, and what the answer has of it, in bytes. Names are kept, listed and
    /// written.
    pub(super) fn answer_bytes(&self) -> u64 {
        let names = (self.line.len() + self.index.len()) as u64;
        Kept::BYTES + DocumentWritten::BYTES + 4 * names
    }
}

impl<'a> Lines<'a> {
    fn new(
        text: &'a [u8],
        index: Option<&'a str>,
        parameters: &'a BulkParameters,
    ) -> Result<Self, ApiError> {
        let Some(text) = text.strip_suffix(b"\n") else {
            return Err(bad(
                "The bulk request must be terminated by a newline [\\n]",
            ));
        };
        let is_end: IsEnd = |byte| *byte == b'\n';
        check_pipeline(parameters.pipeline.as_deref())?;
        Ok(Self {
            lines: text.split(is_end).enumerate(),
            index,
            parameters,
            fetch: parameters.source.filter()?,
        })
    }

    /// The lines of the next operation.
    ///
    /// # Errors
    ///
    /// 400 for a line that refuses the request as a whole.
    pub(super) fn next(&mut self) -> Result<Option<Lined<'a>>, ApiError> {
        let is_blank = |line: &[u8]| line.trim_ascii().is_empty();
        let Some((number, line)) = self.lines.find(|(_, line)| !is_blank(line)) else {
            return Ok(None);
        };
        let number = number + 1;
        let (action, mut metadata) = action(number, line)?;
        let document = match action {
            Action::Delete => &[],
            Action::Index | Action::Create | Action::Update => {
                let missing = || {
                    bad(format!(
                        "line {number}: the action has no document after it"
                    ))
                };
                self.lines.next().ok_or_else(missing)?.1
            }
        };
        if metadata.version.is_some() {
            return Err(internal_version());
        }
        if let Some(Long(tries @ ..0)) = metadata.retry_on_conflict {
            return Err(bad(format!(
                "line {number}: [retry_on_conflict] must be 0 or more but was [{tries}]"
            )));
        }
        let index = match (metadata._index.take(), self.index) {
            (Some(Text(index)), _) => Cow::Owned(index),
            (None, Some(index)) => Cow::Borrowed(index),
            (None, None) => return Err(bad(format!("line {number}: `_index` is missing"))),
        };
        check_op_type(number, action, metadata.op_type)?;
        Ok(Some(Lined {
            action,
            index,
            metadata,
            number,
            line,
            document,
        }))
    }

    /// The operation of some lines, and what of an updated document comes back.
    ///
    /// # Errors
    ///
    /// What refuses the operation alone.
    pub(super) fn operation(
        &self,
        lined: Lined<'_>,
    ) -> Result<(Operation, Option<SourceFilter>), ApiError> {
        let Lined {
            action,
            index,
            metadata,
            number,
            document,
            ..
        } = lined;
        let require_alias = metadata
            .require_alias
            .map_or(self.parameters.require_alias, |Flag(flag)| flag);
        if require_alias {
            return Err(no_alias(&index));
        }
        check_pipeline(metadata.pipeline.as_ref().map(|Text(name)| name.as_str()))?;
        let given = |long: Option<Long>| long.map(|Long(number)| number);
        let if_seq_no = required_place(given(metadata.if_seq_no), given(metadata.if_primary_term))?;
        let is_create = action == Action::Create || metadata.op_type == Some(OpType::Create);
        if is_create && if_seq_no.is_some() {
            return Err(conditional_create());
        }
        let id = metadata._id.map(|Text(id)| id);
        let id_of = |id: Option<String>| id.ok_or_else(|| bad("an id must be provided"));
        let operation = match action {
            Action::Delete => Operation::Delete {
                id: id_of(id)?,
                if_seq_no,
            },
            Action::Update => {
                let id = id_of(id)?;
                let update = Update::parse(document).map_err(|error| broken(number + 1, &error))?;
                let fetch = match (update.source_filter()?, metadata._source) {
                    (Some(filter), _) => Some(filter),
                    (None, Some(source)) => Some(source.filter()?),
                    (None, None) => self.fetch.clone(),
                };
                return Ok((update.operation(id, if_seq_no)?, fetch));
            }
            Action::Index | Action::Create if is_create => Operation::Create {
                id,
                source: document.to_vec(),
            },
            Action::Index | Action::Create => Operation::Index {
                id,
                source: document.to_vec(),
                if_seq_no,
            },
        };
        Ok((operation, None))
    }
}

/// Refuses an `op_type` that says something else than the action.
fn check_op_type(number: usize, action: Action, op_type: Option<OpType>) -> Result<(), ApiError> {
    match (action, op_type) {
        (_, None) | (Action::Index, Some(_)) | (Action::Create, Some(OpType::Create)) => Ok(()),
        _ => Err(bad(format!(
            "Malformed action/metadata line [{number}]: `op_type` contradicts the action; remove it"
        ))),
    }
}

/// Parses an action line.
fn action(number: usize, line: &[u8]) -> Result<(Action, Metadata), ApiError> {
    if line.len() > ACTION_BYTES {
        return Err(bad(format!(
            "Malformed action/metadata line [{number}]: it has up to {ACTION_BYTES} bytes, and this \
             one has {}",
            line.len()
        )));
    }
    let line: ActionLine = serde_json::from_slice(line).map_err(|error| {
        if error.is_data() {
            let text = whittle_host::one_line(&error.to_string());
            bad(format!("Malformed action/metadata line [{number}]: {text}"))
        } else {
            broken(number, &error)
        }
    })?;
    Ok(match line {
        ActionLine::Index(Object(metadata)) => (Action::Index, metadata),
        ActionLine::Create(Object(metadata)) => (Action::Create, metadata),
        ActionLine::Update(Object(metadata)) => (Action::Update, metadata),
        ActionLine::Delete(Object(metadata)) => (Action::Delete, metadata),
    })
}

#[cfg(test)]
mod tests {
    use whittle_node::index::Place;

    use super::*;

    type Asked = Result<(Operation, Option<SourceFilter>), ApiError>;

    /// Each operation with its index.
    fn items(text: &str) -> Result<Vec<(String, Asked)>, String> {
        let parameters = BulkParameters::default();
        let read = || {
            let mut lines = Lines::new(text.as_bytes(), Some("films"), &parameters)?;
            let mut items = Vec::new();
            while let Some(lined) = lines.next()? {
                items.push((lined.index.clone().into_owned(), lines.operation(lined)));
            }
            Ok(items)
        };
        read().map_err(|error: ApiError| error.reason().to_owned())
    }

    fn place(seq_no: u64) -> Place {
        Place {
            seq_no,
            primary_term: 1,
        }
    }

    #[test]
    fn reads_actions_with_their_documents() {
        let items = items(concat!(
            "{\"index\": {\"_id\": 7, \"_index\": \"other\"}}\r\n{\"a\": 1}\r\n\n",
            "{\"index\": {\"_id\": \"8\", \"op_type\": \"create\"}}\n{}\n",
            "{\"delete\": {\"_id\": \"9\", \"if_seq_no\": 3, \"if_primary_term\": 1}}\n",
            "{\"update\": {\"_id\": \"9\", \"_source\": true}}\n{\"doc\": {}}\n",
        ))
        .expect("they are read");
        let indexes: Vec<&str> = items.iter().map(|(index, _)| index.as_str()).collect();
        assert_eq!(indexes, ["other", "films", "films", "films"]);
        let mut operations = items
            .into_iter()
            .map(|(_, asked)| asked.expect("it is right"));
        let mut next = || operations.next().expect("four");
        let index = Operation::Index {
            id: Some("7".to_owned()),
            source: b"{\"a\": 1}\r".to_vec(),
            if_seq_no: None,
        };
        assert_eq!(next(), (index, None));
        assert!(matches!(next(), (Operation::Create { .. }, None)));
        let delete = Operation::Delete {
            id: "9".to_owned(),
            if_seq_no: Some(place(3)),
        };
        assert_eq!(next(), (delete, None));
        assert!(matches!(next(), (_, Some(SourceFilter::All))));
    }

    #[test]
    fn a_member_of_an_action_is_obeyed_or_refused() {
        let read = |action: &str, members: &str| {
            let document = if action == "delete" {
                ""
            } else {
                "{\"doc\": {}}\n"
            };
            items(&format!(
                "{{\"{action}\": {{\"_id\": 1, {members}}}}}\n{document}"
            ))
        };
        for number in ["3", "\"3\"", "3.0", "3.9", "\"3.0\""] {
            for action in ["index", "update", "delete"] {
                let members = format!("\"if_seq_no\": {number}, \"if_primary_term\": \"1\"");
                let mut items = read(action, &members).expect("it is obeyed");
                let (_, operation) = items.pop().expect("one");
                let if_seq_no = match operation.expect("it is right").0 {
                    Operation::Index { if_seq_no, .. }
                    | Operation::Update { if_seq_no, .. }
                    | Operation::Delete { if_seq_no, .. } => if_seq_no,
                    Operation::Create { .. } => None,
                };
                assert_eq!(if_seq_no, Some(place(3)), "{action} {number}");
            }
        }
        // The operation is refused, and the others are not.
        for (action, members, status) in [
            ("index", "\"if_seq_no\": -1, \"if_primary_term\": 1", 400),
            ("index", "\"if_seq_no\": 3, \"if_primary_term\": -1", 400),
            ("index", "\"if_seq_no\": 3", 400),
            ("delete", "\"if_primary_term\": 1", 400),
            ("create", "\"if_seq_no\": 3, \"if_primary_term\": 1", 400),
            (
                "index",
                "\"op_type\": \"create\", \"if_seq_no\": 3, \"if_primary_term\": 1",
                400,
            ),
            ("index", "\"require_alias\": \"true\"", 404),
            ("index", "\"pipeline\": \"p\"", 400),
        ] {
            let mut items = read(action, members).expect("the request is right");
            let (_, operation) = items.pop().expect("one");
            let error = operation.expect_err("it is refused");
            assert_eq!(error.status().as_u16(), status, "{action} {members}");
        }
        // The request is refused.
        for (action, members) in [
            ("index", "\"if_seq_no\": true, \"if_primary_term\": 1"),
            ("index", "\"if_seq_no\": [0], \"if_primary_term\": 1"),
            ("index", "\"if_seq_no\": \"one\", \"if_primary_term\": 1"),
            ("index", "\"if_seq_no\": 1e30, \"if_primary_term\": 1"),
            ("index", "\"op_type\": \"Create\""),
            ("index", "\"op_type\": \"update\""),
            ("index", "\"op_type\": 1"),
            ("create", "\"op_type\": \"index\""),
            ("update", "\"op_type\": \"create\""),
            ("delete", "\"op_type\": \"create\""),
            ("index", "\"version\": 1"),
            ("index", "\"version\": \"1\""),
            ("index", "\"version_type\": \"external\""),
            ("index", "\"require_alias\": 1"),
            ("index", "\"pipeline\": []"),
            ("index", "\"routing\": {}"),
            ("index", "\"_index\": [\"a\"]"),
            ("update", "\"_source\": 1"),
            ("update", "\"retry_on_conflict\": \"often\""),
            ("update", "\"retry_on_conflict\": -5"),
            ("index", "\"_type\": \"_doc\""),
        ] {
            let refused = read(action, members).err();
            assert!(refused.is_some(), "{action} {members}");
        }
    }

    #[test]
    fn refuses_lines_that_are_wrong_by_their_number() {
        fn refused(text: &str) -> String {
            match items(text) {
                Ok(_) => panic!("it is not refused: {text}"),
                Err(error) => error,
            }
        }
        insta::assert_snapshot!(refused("{\"index\": {}}\n{}"), @r"The bulk request must be terminated by a newline [\n]");
        insta::assert_snapshot!(refused("{\"index\": {}}\n"), @"line 1: the action has no document after it");
        insta::assert_snapshot!(refused("{\"index\": {}\n{}\n"), @"line 1, column 12: broken JSON: EOF while parsing an object");
        insta::assert_snapshot!(refused("\n{\"drop\": {}}\n{}\n"), @"Malformed action/metadata line [2]: unknown variant `drop`, expected one of `index`, `create`, `update`, `delete` at line 1 column 7");
        insta::assert_snapshot!(refused("{\"index\": {\"_idd\": 1}}\n{}\n"), @"Malformed action/metadata line [1]: unknown field `_idd`, expected one of `_index`, `_id`, `op_type`, `if_seq_no`, `if_primary_term`, `version`, `version_type`, `require_alias`, `pipeline`, `_source`, `routing`, `retry_on_conflict` at line 1 column 17");
        insta::assert_snapshot!(refused("{\"index\": {\"_id\": 1, \"_id\": 2}}\n{}\n"), @"Malformed action/metadata line [1]: duplicate field `_id` at line 1 column 26");
        let long = format!(
            "{{\"index\": {{\"_id\": \"{}\"}}}}\n{{}}\n",
            "a".repeat(65_536)
        );
        insta::assert_snapshot!(refused(&long), @"Malformed action/metadata line [1]: it has up to 65536 bytes, and this one has 65558");
    }
}
