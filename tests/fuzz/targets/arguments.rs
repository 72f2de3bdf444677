//! Arguments, in JSON or typed, for functions that have a parameter of every kind and presence.
//!
//! A query is refused exactly where the contract's rules refuse one of its arguments, in one line;
//! else the guest runs and sees, in the order of the parameters, the values that the rules give. A
//! guest that is handed anything else traps, and nothing that traps is accepted.

#![no_main]

use std::sync::LazyLock;

use arbitrary::Unstructured;
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::Value as Json;
use whittle_fuzz::{KINDS, Outcome, PRESENCES, echo, expected, parameters, same, told, typed, udf};
use whittle_host::{
    Arguments, BindError, Budget, Document, ExactJson, Parameter, QueryContext, Udf, Value,
};

static ECHO: LazyLock<Udf> = LazyLock::new(|| udf(&echo()));
static PARAMETERS: LazyLock<Vec<Parameter>> = LazyLock::new(parameters);

// The first byte names the function and the form; the rest are the arguments.
fuzz_target!(|data: &[u8]| -> Corpus {
    let Some((first, rest)) = data.split_first() else {
        return Corpus::Reject;
    };
    let kind = usize::from(first & 7) % KINDS.len();
    let given = if first & 8 == 0 {
        json(rest)
    } else {
        typed(&mut Unstructured::new(rest), &PARAMETERS).ok()
    };
    let Some((arguments, outcomes, refused)) = given else {
        return Corpus::Reject;
    };
    judge(kind, &arguments, &outcomes, refused);
    Corpus::Keep
});

fn json(text: &[u8]) -> Option<(Arguments, Vec<Outcome>, bool)> {
    let Ok(Json::Object(params)) = serde_json::from_slice(text) else {
        return None;
    };
    let outcomes = PARAMETERS
        .iter()
        .map(|parameter| expected(parameter, &params));
    let refused = params
        .keys()
        .any(|name| PARAMETERS.iter().all(|known| known.name != *name));
    Some((Arguments::from_json(&params), outcomes.collect(), refused))
}

fn judge(kind: usize, arguments: &Arguments, outcomes: &[Outcome], refused: bool) {
    let refused = refused || outcomes.contains(&Outcome::Refused);
    let query = QueryContext::new(Budget::default());
    let mut bound = match ECHO.bind(&format!("echo_{kind}"), arguments, &query) {
        Ok(bound) => bound,
        Err(error) => {
            let text = told(&error);
            assert!(matches!(error, BindError::Argument { .. }), "{text}");
            let may = refused || outcomes.contains(&Outcome::SeesInstantOrRefused);
            assert!(may, "refused, but nothing is wrong: {text}");
            return;
        }
    };
    assert!(!refused, "bound, but an argument is wrong: {arguments:?}");
    for column in 0..PRESENCES.len() {
        let position = kind * PRESENCES.len() + column;
        let document = Document {
            id: "0",
            source: &ExactJson::Null,
            score: None,
        };
        let seen = bound
            .evaluate_document(document)
            .unwrap_or_else(|error| panic!("{}", told(&error)));
        match &outcomes[position] {
            Outcome::Sees(value) => assert!(same(value, &seen), "{value:?} came as {seen:?}"),
            Outcome::SeesInstantOrRefused => {
                assert!(matches!(seen, Value::Timestamp(_)), "{seen:?}");
            }
            Outcome::Refused => unreachable!("it would not have been bound"),
        }
    }
}
