//! The settings of an index: what it was made with, and what was changed since.
//!
//! A setting is obeyed, or it tunes what cannot be seen in an answer ([`TUNING`], each with its
//! reason), or it is refused. They are kept in the index's folder, in `settings.json`.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use whittle_host::one_line;

use crate::error::ApiError;
use crate::parameters::{Health, Time};

/// The most replicas of an index: none is ever assigned, and tables have a row for each.
const MOST_REPLICAS: u64 = 100;

/// The longest value of a setting, in bytes: settings of all indexes are in memory.
const VALUE_BYTES: usize = 1024;

/// How often searches are shown what was written, unless an index says otherwise.
const REFRESH_INTERVAL: Duration = Duration::from_secs(1);

/// The version of OpenSearch that an index counts as made with, as OpenSearch numbers it.
const CREATED: &str = "136408127";

/// Settings that change how the node works.
const OBEYED: [&str; 4] = [
    "number_of_shards",
    "number_of_replicas",
    "auto_expand_replicas",
    "refresh_interval",
];

/// Settings that change nothing that an answer could show.
const TUNING: &[(&str, &str)] = &[
    ("codec", "how stored documents are packed"),
    (
        "max_refresh_listeners",
        "a write that waits makes a refresh",
    ),
    (
        "merge.policy.max_merged_segment",
        "merging is the node's own",
    ),
    (
        "merge.scheduler.max_thread_count",
        "merging is the node's own",
    ),
    ("requests.cache.enable", "answers are not cached"),
    (
        "routing.allocation.total_shards_per_node",
        "there is one node",
    ),
    ("routing_partition_size", "there is one shard"),
    (
        "translog.durability",
        "every write is on the disk before its answer",
    ),
    (
        "translog.flush_threshold_size",
        "the log is emptied at every refresh",
    ),
    (
        "translog.sync_interval",
        "every write is on the disk before its answer",
    ),
    ("unassigned.node_left.delayed_timeout", "there is one node"),
];

/// The settings of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// When it was made, in milliseconds since 1970.
    pub(crate) created: u64,
    /// The index's own identifier, which an index of the same name made later does not have.
    pub(crate) uuid: String,
    /// What was given, by name without `index.`.
    given: BTreeMap<String, String>,
}

impl Settings {
    /// Those of an index that is made now.
    pub(crate) fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            created: now.map_or(0, |since| since.as_millis() as u64),
            uuid: identifier(uuid::Uuid::new_v4().into_bytes()),
            given: BTreeMap::new(),
        }
    }

    /// Takes the settings of a request that makes an index.
    ///
    /// # Errors
    ///
    /// 400 for a setting that is unknown, or cannot have its value.
    pub(crate) fn with(mut self, settings: &Map<String, Json>) -> Result<Self, ApiError> {
        for (name, value) in flat(settings)? {
            if let Some(value) = value {
                check(&name, &value)?;
                self.given.insert(name, value);
            }
        }
        Ok(self)
    }

    /// Takes settings of an index that exists; null takes one back to its default.
    ///
    /// # Errors
    ///
    /// 400 for a setting that is unknown, cannot have its value, or cannot be changed.
    pub(crate) fn changed(
        mut self,
        settings: &Map<String, Json>,
        preserve_existing: bool,
    ) -> Result<Self, ApiError> {
        for (name, value) in flat(settings)? {
            if name == "number_of_shards" {
                return Err(illegal(format!(
                    "Can't update non dynamic settings [[index.{name}]] for open indices"
                )));
            }
            match value {
                None => drop(self.given.remove(&name)),
                Some(value) => {
                    check(&name, &value)?;
                    if !preserve_existing || !self.given.contains_key(&name) {
                        self.given.insert(name, value);
                    }
                }
            }
        }
        Ok(self)
    }

    /// How many copies of the shard are to be on other nodes, which do not exist.
    pub(crate) fn replicas(&self) -> u64 {
        let expands = self.given.get("auto_expand_replicas");
        if expands.is_some_and(|range| range != "false") {
            return 0;
        }
        let replicas = self.given.get("number_of_replicas");
        let replicas = replicas.and_then(|text| text.parse().ok()).unwrap_or(0);
        // A node of an earlier version took any number.
        MOST_REPLICAS.min(replicas)
    }

    /// Green if no copy is missing.
    pub(crate) fn health(&self) -> Health {
        match self.replicas() {
            0 => Health::Green,
            _ => Health::Yellow,
        }
    }

    /// How often searches are shown what was written; `None`: only when they are asked to.
    pub(crate) fn refresh_interval(&self) -> Option<Duration> {
        let given = self.given.get("refresh_interval");
        match given.and_then(|text| Time::parse(text)) {
            None => Some(REFRESH_INTERVAL),
            Some(Time::After(interval)) => Some(interval),
            Some(Time::Never) => None,
        }
    }

    /// As `_settings` shows them, with names such as `index.number_of_shards`.
    pub(crate) fn shown(&self, index: &str) -> BTreeMap<String, String> {
        let own = [
            ("creation_date", self.created.to_string()),
            ("number_of_shards", "1".to_owned()),
            ("number_of_replicas", "0".to_owned()),
            ("provided_name", index.to_owned()),
            ("uuid", self.uuid.clone()),
            ("version.created", CREATED.to_owned()),
        ];
        let own = own
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        let given = self.given.clone();
        own.chain(given)
            .map(|(name, value)| (format!("index.{name}"), value))
            .collect()
    }
}

/// Sixteen bytes in 22 characters, in the alphabet of base64 for addresses.
fn identifier(bytes: [u8; 16]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    // Two bits of nothing make the last digit whole.
    let bits = u128::from_be_bytes(bytes);
    let digit = |at: u32| match at {
        21 => (bits << 4) & 63,
        _ => (bits >> (122 - 6 * at)) & 63,
    };
    (0..22)
        .map(|at| char::from(DIGITS[digit(at) as usize]))
        .collect()
}

/// Settings as an object in which each part of a name is a key.
pub(crate) fn nested(settings: &BTreeMap<String, String>) -> Json {
    let mut root = json!({});
    for (name, value) in settings {
        let mut at = &mut root;
        for part in name.split('.') {
            at = &mut at[part];
        }
        *at = json!(value);
    }
    root
}

/// Settings by their dotted names without `index.`, with values as text; null is `None`.
fn flat(settings: &Map<String, Json>) -> Result<BTreeMap<String, Option<String>>, ApiError> {
    fn add(
        path: &str,
        value: &Json,
        flat: &mut BTreeMap<String, Option<String>>,
    ) -> Result<(), ApiError> {
        let value = match value {
            Json::Object(members) => {
                for (key, value) in members {
                    let path = match path {
                        "" => key.clone(),
                        _ => format!("{path}.{key}"),
                    };
                    add(&path, value, flat)?;
                }
                return Ok(());
            }
            Json::Null => None,
            Json::String(text) => Some(text.clone()),
            Json::Bool(_) | Json::Number(_) => Some(value.to_string()),
            Json::Array(_) => {
                let path = one_line(path);
                return Err(illegal(format!("setting [{path}] must not be a list")));
            }
        };
        let name = path.strip_prefix("index.").unwrap_or(path);
        if flat.insert(name.to_owned(), value).is_some() {
            let name = one_line(name);
            return Err(illegal(format!("setting [index.{name}] is given twice")));
        }
        Ok(())
    }
    let mut all = BTreeMap::new();
    for (key, value) in settings {
        add(key, value, &mut all)?;
    }
    Ok(all)
}

/// That a setting is known, and can have a value.
fn check(name: &str, value: &str) -> Result<(), ApiError> {
    if value.len() > VALUE_BYTES {
        return Err(illegal(format!(
            "the value of setting [index.{}] has {} bytes, and the limit is {VALUE_BYTES}",
            one_line(name),
            value.len()
        )));
    }
    let shown = one_line(value);
    match name {
        "number_of_shards" if value == "1" => Ok(()),
        "number_of_shards" => Err(illegal(format!(
            "[index.number_of_shards] is [{shown}], but this node keeps an index in one shard: \
             leave the setting out, or give 1"
        ))),
        "number_of_replicas" => match value.parse::<u64>() {
            Ok(replicas) if replicas <= MOST_REPLICAS => Ok(()),
            _ => Err(illegal(format!(
                "Failed to parse value [{shown}] for setting [index.number_of_replicas] must be a \
                 whole number from 0 to {MOST_REPLICAS}"
            ))),
        },
        // Ranges such as `0-1` and `0-all`: one node has no replica.
        "auto_expand_replicas" if value == "false" || value.starts_with("0-") => Ok(()),
        "auto_expand_replicas" => Err(illegal(format!(
            "[index.auto_expand_replicas] is [{shown}], but must be [false], or a range from 0: \
             one node holds no replica"
        ))),
        "refresh_interval" => match Time::parse(value) {
            Some(_) => Ok(()),
            None => Err(illegal(format!(
                "failed to parse setting [index.refresh_interval] with value [{shown}] as a time \
                 value: unit is missing or unrecognized"
            ))),
        },
        tuning if TUNING.iter().any(|(name, _)| *name == tuning) => Ok(()),
        _ => {
            let tuning = TUNING.iter().map(|(name, _)| *name);
            let known: Vec<String> = OBEYED.into_iter().chain(tuning).map(quoted).collect();
            Err(illegal(format!(
                "unknown setting [index.{}]; expected one of {}",
                one_line(name),
                known.join(", ")
            )))
        }
    }
}

fn quoted(name: &str) -> String {
    format!("`{name}`")
}

fn illegal(reason: String) -> ApiError {
    ApiError::new(
        StatusCode::BAD_REQUEST,
        "illegal_argument_exception",
        reason,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(settings: Json) -> Result<Settings, String> {
        let settings = Settings::new().with(settings.as_object().expect("an object"));
        settings.map_err(|error| error.reason().to_owned())
    }

    #[test]
    fn settings_are_read_flat_or_nested() {
        for settings in [
            json!({"number_of_replicas": 2, "refresh_interval": "-1"}),
            json!({"index": {"number_of_replicas": "2", "refresh_interval": "-1"}}),
            json!({"index.number_of_replicas": 2, "index": {"refresh_interval": "-1"}}),
        ] {
            let settings = with(settings).expect("they are known");
            assert_eq!(
                (settings.replicas(), settings.refresh_interval()),
                (2, None)
            );
            assert_eq!(settings.health(), Health::Yellow);
        }
        let settings = with(json!({})).expect("none are required");
        assert_eq!(settings.health(), Health::Green);
        assert_eq!(settings.refresh_interval(), Some(Duration::from_secs(1)));
    }

    #[test]
    fn refuses_what_it_does_not_obey() {
        let refused = |settings| with(settings).expect_err("it is refused");
        insta::assert_snapshot!(refused(json!({"number_of_shards": 3})), @"[index.number_of_shards] is [3], but this node keeps an index in one shard: leave the setting out, or give 1");
        insta::assert_snapshot!(refused(json!({"number_of_replicas": "few"})), @"Failed to parse value [few] for setting [index.number_of_replicas] must be a whole number from 0 to 100");
        insta::assert_snapshot!(refused(json!({"number_of_replicas": 4_294_967_295_u64})), @"Failed to parse value [4294967295] for setting [index.number_of_replicas] must be a whole number from 0 to 100");
        insta::assert_snapshot!(refused(json!({"codec": "x".repeat(1_000_000)})), @"the value of setting [index.codec] has 1000000 bytes, and the limit is 1024");
        insta::assert_snapshot!(refused(json!({"refresh_interval": 5})), @"failed to parse setting [index.refresh_interval] with value [5] as a time value: unit is missing or unrecognized");
        insta::assert_snapshot!(refused(json!({"analysis": {"analyzer": {"a": {}, "b": {"type": "custom"}}}})), @"unknown setting [index.analysis.analyzer.b.type]; expected one of `number_of_shards`, `number_of_replicas`, `auto_expand_replicas`, `refresh_interval`, `codec`, `max_refresh_listeners`, `merge.policy.max_merged_segment`, `merge.scheduler.max_thread_count`, `requests.cache.enable`, `routing.allocation.total_shards_per_node`, `routing_partition_size`, `translog.durability`, `translog.flush_threshold_size`, `translog.sync_interval`, `unassigned.node_left.delayed_timeout`");
        insta::assert_snapshot!(refused(json!({"codec": "best", "index.codec": "other"})), @"setting [index.codec] is given twice");
    }

    #[test]
    fn settings_can_be_changed_and_taken_back() {
        let settings = with(json!({"refresh_interval": "5s"})).expect("known");
        let change = |json: Json, preserve| {
            let settings = settings.clone();
            settings.changed(json.as_object().expect("an object"), preserve)
        };
        let changed = change(json!({"index": {"refresh_interval": "7s"}}), false).expect("it can");
        assert_eq!(changed.refresh_interval(), Some(Duration::from_secs(7)));
        let kept = change(json!({"refresh_interval": "7s"}), true).expect("it can");
        assert_eq!(kept.refresh_interval(), Some(Duration::from_secs(5)));
        let back = change(json!({"refresh_interval": null}), false).expect("it can");
        assert_eq!(back.refresh_interval(), Some(REFRESH_INTERVAL));
        let refused = change(json!({"number_of_shards": 1}), false).expect_err("it cannot");
        insta::assert_snapshot!(refused.reason(), @"Can't update non dynamic settings [[index.number_of_shards]] for open indices");
    }

    #[test]
    fn an_identifier_has_all_bits() {
        assert_eq!(identifier([0; 16]), "A".repeat(22));
        let all = identifier([255; 16]);
        assert_eq!((all.len(), &all[20..]), (22, "_w"));
        let mut one = [0; 16];
        one[0] = 128;
        assert_eq!(identifier(one), format!("g{}", "A".repeat(21)));
    }

    #[test]
    fn they_are_shown_flat_or_nested() {
        let mut settings = with(json!({"number_of_replicas": 1})).expect("known");
        settings.uuid = "u".to_owned();
        settings.created = 1;
        let shown = nested(&settings.shown("films")).to_string();
        insta::assert_snapshot!(shown, @r#"{"index":{"creation_date":"1","number_of_replicas":"1","number_of_shards":"1","provided_name":"films","uuid":"u","version":{"created":"136408127"}}}"#);
    }
}
