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

/// Weighs.
#[derive(Parameters)]
struct Weighed {
    /// The percents.
    #[parameter(default = 50, minimum = 0, maximum = 100)]
    percent: f64,
    #[parameter(minimum = -1)]
    shift: Option<f64>,
    #[parameter(maximum = 9, default = 9)]
    count: u32,
}

#[udf]
impl Weighed {
    fn score(&self) -> f64 {
        self.percent * f64::from(self.count) + self.shift.unwrap_or(0.0)
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

export!(WithinLimits, Weighed, One);

fn arguments(most: i64) -> Vec<Argument> {
    let arguments = [
        ("since", Value::Timestamp(7)),
        ("strict", Value::Boolean(true)),
        ("most", Value::Int64(most)),
        ("type", Value::Text("t".to_owned())),
        ("json", Value::Json("{}".to_owned())),
        ("least", Value::Int64(0)),
    ];
    arguments.map(|(name, value)| argument(name, value)).into()
}

fn argument(name: &str, value: Value) -> Argument {
    Argument {
        name: name.to_owned(),
        value,
    }
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
    let range = "parameter `most` must be at least 0, not -1".to_owned();
    assert_eq!(refused(-1), range);
    let mut below = arguments(1);
    below[5].value = Value::Int64(2);
    assert!(matches!(
        bind::<WithinLimits>(below),
        Err(types::Error::InvalidArgument(message))
            if message == "parameter `most` is less than `least`"
    ));
}

#[test]
fn bounds_hold_for_defaults_and_arguments() {
    let presence = function::<Weighed>().parameters[0].presence.clone();
    assert!(matches!(presence, Presence::Default(Value::Float64(50.0))));
    let weighed = |percent: f64, shift: Option<f64>, count: i64| {
        let mut arguments = vec![
            argument("percent", Value::Float64(percent)),
            argument("count", Value::Int64(count)),
        ];
        arguments.extend(shift.map(|shift| argument("shift", Value::Float64(shift))));
        match bind::<Weighed>(arguments) {
            Ok(bound) => Ok(bound.evaluate()),
            Err(types::Error::InvalidArgument(message)) => Err(message),
            Err(types::Error::Failed(message)) => panic!("{message}"),
        }
    };
    assert_eq!(weighed(100.0, Some(-1.0), 9), Ok(899.0));
    assert_eq!(weighed(0.0, None, 0), Ok(0.0));
    for (refused, expected) in [
        (
            weighed(101.0, None, 9),
            "parameter `percent` must be between 0 and 100, not 101",
        ),
        (
            weighed(0.0, Some(-1.5), 9),
            "parameter `shift` must be at least -1, not -1.5",
        ),
        (
            weighed(0.0, None, 10),
            "parameter `count` must be between 0 and 9, not 10",
        ),
    ] {
        assert_eq!(refused, Err(expected.to_owned()));
    }
}
