//! The UDFs of the peer arrow-udf. They get the constants of a query as arguments, and keep what they have
//! prepared for the last ones.

use std::cell::RefCell;

use arrow_udf::function;
use peer_works::{Group, Member, Pattern};

/// What was prepared for some constants.
type Kept<K, T> = RefCell<Option<(K, T)>>;

thread_local! {
    static PATTERN: Kept<(String, i32), Pattern> = RefCell::default();
    static GROUP: Kept<String, Group> = RefCell::default();
    static MEMBER: Kept<(String, String), Member> = RefCell::default();
}

#[function("noop(float64) -> boolean")]
fn noop(_x: f64) -> bool {
    true
}

#[function("score(float64, float64, float64) -> float64")]
fn score(price: Option<f64>, rating: Option<f64>, popularity: Option<f64>) -> f64 {
    let or_zero = |number: Option<f64>| number.unwrap_or(0.0);
    peer_works::score(or_zero(price), or_zero(rating), or_zero(popularity))
}

#[function("distance(string, string, int32) -> boolean")]
fn distance(title: &str, target: &str, max_distance: i32) -> bool {
    PATTERN.with_borrow_mut(|kept| {
        if !matches!(kept, Some(((text, number), _)) if text == target && *number == max_distance) {
            let pattern = Pattern::new(target, max_distance as usize);
            *kept = Some(((target.to_owned(), max_distance), pattern));
        }
        kept.as_ref()
            .is_some_and(|(_, pattern)| pattern.matches(title))
    })
}

#[function("regex(string, string) -> string")]
fn regex(title: &str, pattern: &str) -> Result<Option<String>, String> {
    GROUP.with_borrow_mut(|kept| {
        if !matches!(kept, Some((text, _)) if text == pattern) {
            let group = Group::new(pattern).map_err(|error| error.to_string())?;
            *kept = Some((pattern.to_owned(), group));
        }
        let found = kept.as_mut().and_then(|(_, group)| group.find(title));
        Ok(found.map(str::to_owned))
    })
}

#[function("json(string, string, string) -> boolean")]
fn json(data: &str, path: &str, equals: &str) -> bool {
    MEMBER.with_borrow_mut(|kept| {
        if !matches!(kept, Some(((text, value), _)) if text == path && value == equals) {
            let member = Member::new(path, equals.to_owned());
            *kept = Some(((path.to_owned(), equals.to_owned()), member));
        }
        kept.as_ref()
            .is_some_and(|(_, member)| member.matches(data))
    })
}

#[function("business_days(int64, int64) -> int64")]
fn business_days(start: i64, end: i64) -> i64 {
    peer_works::business_days(start, end)
}
