//! An index against a map: random operations, refreshes, crashes, and fields that come up.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Map;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Write(Vec<Planned>),
    Refresh,
    Reopen,
    Crash,
}

#[derive(Debug, Clone)]
enum Planned {
    Index(u8, Map<String, Json>),
    Create(u8, Map<String, Json>),
    Update(u8, Map<String, Json>, bool),
    Delete(u8),
}

fn any_document() -> impl Strategy<Value = Map<String, Json>> {
    let member = prop_oneof![
        4 => (0..50_i64).prop_map(|n| ("n".to_owned(), json!(n))),
        2 => (0..30_u8, 0..9_i64).prop_map(|(field, n)| (format!("long{field}"), json!(n))),
        2 => (0..10_u8, "[a-c]{1,3}").prop_map(|(field, text)| (format!("text{field}"), json!(text))),
        1 => (0..5_u8, "[a-c]{1,3}").prop_map(|(key, text)| ("o".to_owned(), json!({format!("k{key}"): text}))),
        1 => Just(("l".to_owned(), json!([true, false]))),
    ];
    proptest::collection::vec(member, 0..4).prop_map(Map::from_iter)
}

fn any_step() -> impl Strategy<Value = Step> {
    let id = || 0..12_u8;
    let planned = prop_oneof![
        4 => (id(), any_document()).prop_map(|(id, document)| Planned::Index(id, document)),
        1 => (id(), any_document()).prop_map(|(id, document)| Planned::Create(id, document)),
        2 => (id(), any_document(), any::<bool>()).prop_map(|(id, partial, upsert)| Planned::Update(id, partial, upsert)),
        2 => id().prop_map(Planned::Delete),
    ];
    prop_oneof![
        6 => proptest::collection::vec(planned, 1..8).prop_map(Step::Write),
        2 => Just(Step::Refresh),
        1 => Just(Step::Reopen),
        1 => Just(Step::Crash),
    ]
}

/// What an index should have.
#[derive(Default, Clone)]
struct Model {
    documents: BTreeMap<u8, (Map<String, Json>, u64)>,
    searched: BTreeMap<u8, (Map<String, Json>, u64)>,
}

impl Model {
    /// What comes of writing a document. A new one has the version `first`, which depends on what
    /// was deleted before it.
    fn write(&mut self, id: u8, document: Map<String, Json>, first: u64) -> (WriteResult, u64) {
        let (outcome, version) = match self.documents.get(&id) {
            None => (WriteResult::Created, first),
            Some((_, version)) => (WriteResult::Updated, version + 1),
        };
        self.documents.insert(id, (document, version));
        (outcome, version)
    }

    /// What comes of an operation; `None` where it is refused.
    fn carry_out(&mut self, planned: &Planned, first: u64) -> Option<(WriteResult, u64)> {
        match planned.clone() {
            Planned::Index(id, document) => Some(self.write(id, document, first)),
            Planned::Create(id, document) => {
                let is_free = !self.documents.contains_key(&id);
                is_free.then(|| self.write(id, document, first))
            }
            Planned::Update(id, partial, upsert) => match self.documents.get(&id).cloned() {
                None => upsert.then(|| self.write(id, partial, first)),
                Some((before, version)) => {
                    let mut after = before.clone();
                    for (key, value) in partial {
                        match (after.get_mut(&key), value) {
                            (Some(Json::Object(old)), Json::Object(new)) => old.extend(new),
                            (_, value) => drop(after.insert(key, value)),
                        }
                    }
                    if after == before {
                        return Some((WriteResult::Noop, version));
                    }
                    Some(self.write(id, after, first))
                }
            },
            Planned::Delete(id) => Some(match self.documents.remove(&id) {
                None => (WriteResult::NotFound, first),
                Some((_, version)) => (WriteResult::Deleted, version + 1),
            }),
        }
    }

    fn agrees(&self, of: &Index) {
        for id in 0..12 {
            let stored = of.get(&id.to_string()).expect("it can be read");
            let stored = stored.map(|stored| {
                let document = serde_json::from_slice(&stored.source).expect("JSON");
                (document, stored.version)
            });
            assert_eq!(stored, self.documents.get(&id).cloned(), "{id}");
        }
        assert_eq!(all(&of.snapshot()), self.searched.len());
        let snapshot = of.snapshot();
        for (path, field_type) in snapshot.mapping.types() {
            let (path, top) = (path.to_owned(), path.split('.').next().expect("one"));
            if field_type != FieldType::Long {
                continue;
            }
            for value in 0..50_i64 {
                let has = |(document, _): &&(Map<String, Json>, u64)| {
                    document.get(top) == Some(&json!(value))
                };
                let expected = self.searched.values().filter(has).count();
                assert_eq!(hits(of, &path, &json!(value)), expected, "{path}: {value}");
            }
        }
    }
}

fn planned(operation: &Planned) -> Operation {
    match operation.clone() {
        Planned::Index(id, document) => index(&id.to_string(), Json::Object(document)),
        Planned::Create(id, document) => create(&id.to_string(), Json::Object(document)),
        Planned::Update(id, partial, upsert) => {
            update(&id.to_string(), Json::Object(partial), upsert)
        }
        Planned::Delete(id) => delete(&id.to_string()),
    }
}

fn runs_like_a_map(steps: Vec<Step>, log_bytes: u64) {
    let mut folder = tempfile::tempdir().expect("a folder");
    let options = Options {
        threads: 1,
        log_bytes,
        ..Options::default()
    };
    let mut of =
        Index::create_with(folder.path(), Mapping::dynamic(), options.clone()).expect("an index");
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Write(operations) => {
                let written = of.write(operations.iter().map(planned).collect());
                let written = written.expect("there is room");
                assert_eq!(written.len(), operations.len());
                for (operation, written) in operations.iter().zip(written) {
                    let written = written.map(|written| (written.result, written.version));
                    let first = written.as_ref().map_or(0, |(_, version)| *version);
                    let expected = model.carry_out(operation, first);
                    assert_eq!(written.ok(), expected, "{operation:?}");
                }
                continue;
            }
            Step::Refresh => of.refresh().expect("there is room"),
            Step::Reopen => {
                drop(of);
                of = Index::open_with(folder.path(), options.clone()).expect("it is there");
            }
            Step::Crash => {
                folder = {
                    let copy = crashed(folder.path());
                    drop(of);
                    of = Index::open_with(copy.path(), options.clone())
                        .expect("a crash does no damage");
                    copy
                };
            }
        }
        model.searched.clone_from(&model.documents);
        model.agrees(&of);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn an_index_behaves_like_a_map(
        steps in proptest::collection::vec(any_step(), 1..25),
        log_bytes in prop_oneof![Just(200), Just(64 << 20)],
    ) {
        runs_like_a_map(steps, log_bytes);
    }
}
