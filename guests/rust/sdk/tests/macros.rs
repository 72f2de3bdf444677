//! What the macros make of a struct, as the manifest and a query's arguments show it.

use whittle_guest::__private::{bind, function};
use whittle_guest::bindings::whittle::udf::types::{self, Argument, Presence, Value};
use whittle_guest::{Error, Json, Kind, Parameters, Timestamp, Udf, export, udf};

/// Tells whether a number
/// is within limits.
#[derive(Parameters)]
struct WithinLimits {
    /// The least.
    #[parameter(default = -5)]
    least: i32,
    /// The most.
    most: Option<usize>,
    #[parameter(default = "as written")]
    r#type: String,
    #[parameter(default = Timestamp(-1))]
    since: Timestamp,
    #[parameter(default = "[]")]
    json: Json,
    strict: bool,
    /// No parameter.
    #[parameter(skip)]
    span: i64,
}

#[udf]
impl WithinLimits {
    fn prepare(&mut self) -> Result<(), Error> {
        let most = self.most.map_or(i64::MAX, |most| most as i64);
        self.span = most - i64::from(self.least);
        if self.span < 0 {
            return Err(Error::invalid_argument(
                "parameter `most` is less than `least`",
            ));
        }
        Ok(())
    }

    fn matches(&self) -> Result<Option<bool>, Error> {
        Ok(self.strict.then_some(self.span > 10))
    }
}

/// One.
#[derive(Parameters)]
#[parameters(name = "uno")]
struct One;

#[udf]
impl One {
    fn score(&self) -> i64 {
        1
    }
}

export!(WithinLimits, One);

fn arguments(most: i64) -> Vec<Argument> {
    let arguments = [
        ("since", Value::Timestamp(7)),
        ("strict", Value::Boolean(true)),
        ("most", Value::Int64(most)),
        ("type", Value::Text("t".to_owned())),
        ("json", Value::Json("{}".to_owned())),
        ("least", Value::Int64(0)),
    ];
    arguments
        .map(|(name, value)| Argument {
            name: name.to_owned(),
            value,
        })
        .into()
}

#[test]
fn a_structs_fields_are_the_parameters() {
    let found = function::<WithinLimits>();
    assert_eq!(found.name, "within_limits");
    assert_eq!(
        found.description,
        "Tells whether a number is within limits."
    );
    assert_eq!(found.returns, Kind::Boolean);
    let parameters: Vec<_> = found
        .parameters
        .iter()
        .map(|parameter| {
            (
                &*parameter.name,
                &*parameter.description,
                parameter.kind,
                &parameter.presence,
            )
        })
        .collect();
    assert!(matches!(
        parameters[..],
        [
            ("least", "The least.", Kind::Int64, Presence::Default(Value::Int64(-5))),
            ("most", "The most.", Kind::Int64, Presence::Optional),
            ("type", "", Kind::Text, Presence::Default(Value::Text(text))),
            ("since", "", Kind::Timestamp, Presence::Default(Value::Timestamp(-1))),
            ("json", "", Kind::Json, Presence::Default(Value::Json(json))),
            ("strict", "", Kind::Boolean, Presence::Required),
        ] if text == "as written" && json == "[]"
    ));
}

#[test]
fn a_function_may_be_named() {
    let found = function::<One>();
    assert_eq!(found.name, "uno");
    assert_eq!(found.returns, Kind::Int64);
    assert!(found.parameters.is_empty());
    assert_eq!(One.evaluate(), 1);
}

#[test]
fn arguments_arrive_in_any_order_and_are_prepared() {
    let bound: WithinLimits = bind(arguments(20)).expect("bound");
    assert_eq!((bound.least, bound.most, bound.span), (0, Some(20), 20));
    assert_eq!(
        (&*bound.r#type, bound.since, &*bound.json.0),
        ("t", Timestamp(7), "{}")
    );
    assert_eq!(bound.evaluate(), Ok(Some(true)));
}

#[test]
fn what_is_out_of_range_is_refused() {
    let refused = |most| match bind::<WithinLimits>(arguments(most)) {
        Err(types::Error::InvalidArgument(message)) => message,
        _ => panic!("it is an invalid argument"),
    };
    let range = format!("parameter `most`: -1 is not between 0 and {}", i64::MAX);
    assert_eq!(refused(-1), range);
    let mut below = arguments(1);
    below[5].value = Value::Int64(2);
    assert!(matches!(
        bind::<WithinLimits>(below),
        Err(types::Error::InvalidArgument(message))
            if message == "parameter `most` is less than `least`"
    ));
}
