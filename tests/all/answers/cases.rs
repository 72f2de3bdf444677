//! The functions of the example UDFs as they are called, what each gives in Rust, and rows for them.

use serde_json::{Map, Value as Json, json};

use super::{ROWS, Random};

/// A function, its parameters, and what it gives for a row.
pub(super) struct Case {
    pub(super) function: &'static str,
    pub(super) params: Json,
    pub(super) native: fn(&Json) -> Json,
}

pub(super) fn cases() -> Vec<Case> {
    let case = |function, params, native| Case {
        function,
        params,
        native,
    };
    let read = |function, field: &str, native| case(function, json!({"field": field}), native);
    let score = json!({
        "price_field": "price", "rating_field": "rating", "popularity_field": "popularity",
    });
    let days = json!({"start_field": "at", "end_field": "until", "holidays": HOLIDAYS});
    let few_days = json!({
        "start_field": "at", "end_field": "until", "holidays": HOLIDAYS,
        "min_days": 0, "max_days": 20,
    });
    let bees = json!({"field": "title", "pattern": "(b+)"});
    let two_bees = json!({"field": "title", "pattern": "(b+)", "equals": "bb"});
    let second = json!({
        "field": "data", "path": "$.a[1]", "operator": "equals", "value": {"b": 1.5},
    });
    let place = json!({"lat_field": "lat", "lon_field": "lon", "lat": 48.0, "lon": 11.0});
    let model = json!({
        "intercept": -1.5,
        "numeric": [{"field": "price", "weight": -0.8, "mean": 20, "scale": 10}],
        "one_hot": [{"field": "title", "weights": {"b": 0.4, "": 0.2}, "default": 0.1}],
    });
    let rules = json!([
        {"reason": "long", "field": "title", "length": {"min": 3}},
        {"reason": "a bee", "field": "title", "contains": "b"},
        {"reason": "untitled", "field": "title", "missing": true},
    ]);
    vec![
        case(
            "string_distance",
            json!({"field": "title", "target": "abü", "max_distance": 2}),
            |row| {
                let title = row["title"].as_str();
                json!(title.is_some_and(|title| strsim::levenshtein(title, "abü") <= 2))
            },
        ),
        case("custom_score", score, |row| {
            let of = |field: &str| row[field].as_f64().unwrap_or(0.0);
            json!(0.3 * of("price") + 0.5 * of("rating") + 0.2 * of("popularity"))
        }),
        case("business_days", days, |row| json!(business_days(row))),
        case("business_days_between", few_days, |row| {
            json!(business_days(row).is_some_and(|days| (0..=20).contains(&days)))
        }),
        case("regex_value", bees, |row| json!(first_bees(row))),
        case("regex_extract", two_bees, |row| {
            json!(first_bees(row) == Some("bb"))
        }),
        case("json_path", second, |row| {
            json!(row["data"]["a"][1] == json!({"b": 1.5}))
        }),
        case(
            "json_nodes",
            json!({"field": "data", "path": "$.a[*]"}),
            |row| row["data"]["a"].clone(),
        ),
        case("geo_distance", place, |row| json!(haversine(row))),
        case("logistic_score", json!({"model": model}), |row| {
            let title = match row["title"].as_str() {
                Some("b") => 0.4,
                Some("") => 0.2,
                _ => 0.1,
            };
            let price = row["price"].as_f64().unwrap_or(20.0);
            let logit = -1.5 - 0.8 * (price - 20.0) / 10.0 + title;
            json!(1.0 / (1.0 + (-logit).exp()))
        }),
        case(
            "text_rules",
            json!({"rules": rules, "mode": "all"}),
            |row| {
                let reasons = match row["title"].as_str() {
                    None => vec!["untitled"],
                    Some(title) => {
                        let rules = [
                            (title.chars().count() >= 3, "long"),
                            (title.contains('b'), "a bee"),
                        ];
                        let rules = rules.into_iter().filter(|(holds, _)| *holds);
                        rules.map(|(_, reason)| reason).collect()
                    }
                };
                json!((!reasons.is_empty()).then(|| reasons.join("; ")))
            },
        ),
        read("read_boolean", "flag", |row| row["flag"].clone()),
        read("read_int64", "count", |row| row["count"].clone()),
        read("read_float64", "price", |row| row["price"].clone()),
        read("read_text", "title", |row| row["title"].clone()),
        read("read_timestamp", "at", |row| row["at"].clone()),
        read("read_json", "data", |row| row["data"].clone()),
    ]
}

const HOLIDAYS: &str = "2024-01-15, 2024-02-14";

/// The day of a row's instant, from January 1st, 2024 on, which was a Monday.
fn day(row: &Json, field: &str) -> Option<i64> {
    const MONTHS: [i64; 3] = [0, 31, 60];
    let text = row[field].as_str()?;
    let number = |of: &str| of.parse::<i64>().expect("a number");
    let month = usize::try_from(number(&text[5..7])).expect("a month");
    Some(MONTHS[month - 1] + number(&text[8..10]) - 1)
}

/// The business days of a row, one by one.
fn business_days(row: &Json) -> Option<i64> {
    let (start, end) = (day(row, "at")?, day(row, "until")?);
    let holidays = [14, 31 + 13];
    let is_one = |day: &i64| day % 7 < 5 && !holidays.contains(day);
    let days = match start <= end {
        true => (start..end).filter(is_one).count() as i64,
        false => -((end + 1..=start).filter(is_one).count() as i64),
    };
    Some(days)
}

/// The first letters `b` of a title that are next to each other.
fn first_bees(row: &Json) -> Option<&str> {
    let title = row["title"].as_str()?;
    title
        .split(|letter| letter != 'b')
        .find(|bees| !bees.is_empty())
}

fn haversine(row: &Json) -> Option<f64> {
    let lat = row["lat"].as_f64()?.to_radians();
    let lon = row["lon"].as_f64()?.to_radians();
    let (from_lat, from_lon) = (48_f64.to_radians(), 11_f64.to_radians());
    let half = ((lat - from_lat) / 2.0).sin().powi(2)
        + from_lat.cos() * lat.cos() * ((lon - from_lon) / 2.0).sin().powi(2);
    Some(2.0 * 6_371_008.8 * half.sqrt().asin())
}

/// Fields of rows and their types; `data` is JSON, and no column of the index.
const FIELDS: [(&str, &str); 11] = [
    ("title", "keyword"),
    ("price", "double"),
    ("rating", "double"),
    ("popularity", "double"),
    ("lat", "double"),
    ("lon", "double"),
    ("count", "long"),
    ("flag", "boolean"),
    ("at", "date"),
    ("until", "date"),
    ("data", "object"),
];

pub(super) fn mapping() -> Json {
    let field = |(name, of): (&str, &str)| {
        let field = match of {
            "object" => json!({"type": of, "enabled": false}),
            _ => json!({"type": of}),
        };
        (name.to_owned(), field)
    };
    let mut properties: Map<String, Json> = FIELDS.into_iter().map(field).collect();
    properties.insert("id".to_owned(), json!({"type": "long"}));
    json!({"properties": properties})
}

fn value(random: &mut Random, field: &str) -> Json {
    let mut quarters = |most: usize| random.below(4 * most) as f64 / 4.0;
    match field {
        "title" => {
            let letters = (0..random.below(5)).map(|_| random.one(&['a', 'b', 'b', 'ü', '日']));
            json!(letters.collect::<String>())
        }
        "price" | "rating" | "popularity" => json!(quarters(80)),
        "lat" => json!(quarters(180) - 90.0),
        "lon" => json!(quarters(360) - 180.0),
        "count" => json!((1_i64 << 53) + random.below(1000) as i64),
        "flag" => json!(random.below(2) == 0),
        "data" => {
            let second = [
                json!({"b": 1.5}),
                json!({"b": "1.5"}),
                json!([]),
                json!(null),
            ];
            json!({"a": [random.below(3), random.one(&second)]})
        }
        _ => {
            let (month, day) = (random.below(3) + 1, random.below(28) + 1);
            let (hour, millisecond) = (random.below(24), random.below(1000));
            json!(format!(
                "2024-{month:02}-{day:02}T{hour:02}:59:59.{millisecond:03}Z"
            ))
        }
    }
}

pub(super) fn rows() -> Vec<Json> {
    let mut random = Random(7);
    let row = |id| {
        let fields = FIELDS.map(|(field, _)| {
            let value = value(&mut random, field);
            let is_missing = random.below(5) == 0;
            (
                field.to_owned(),
                if is_missing { Json::Null } else { value },
            )
        });
        let mut row = Map::from_iter(fields);
        row.insert("id".to_owned(), json!(id));
        // A field that is missing is null or left out.
        if id % 2 == 0 {
            row.retain(|_, value| !value.is_null());
        }
        Json::Object(row)
    };
    (0..ROWS).map(row).collect()
}
