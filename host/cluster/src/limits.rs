//! The limits of a query, which travel to executors in the session's configuration.

use std::any::Any;
use std::time::Duration;

use datafusion::common::config::{ConfigEntry, ConfigExtension, ExtensionOptions};
use datafusion::common::config_err;
use datafusion::error::Result;
use datafusion::prelude::SessionConfig;
use whittle_host::Budget;

/// The options `whittle.*` of a session.
///
/// DataFusion's macro for options lists them without their prefix, so that they would not reach the
/// scheduler.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    values: [u64; NAMES.len()],
}

/// The fields of a [`Budget`].
const NAMES: [(&str, &str); 7] = [
    (
        "timeout_ms",
        "Time limit of the UDFs of a task, in milliseconds",
    ),
    (
        "cpu_time_ms",
        "Processor time limit of the UDFs of a task, in milliseconds",
    ),
    (
        "memory_bytes",
        "Memory limit of the UDFs of a task together, in bytes",
    ),
    (
        "log_bytes",
        "Limit of the log of the UDFs of a task, in bytes",
    ),
    (
        "result_bytes",
        "Limit of the strings that the UDFs of a task return together, in bytes",
    ),
    (
        "value_bytes",
        "Limit of one string that a UDF returns, in bytes",
    ),
    (
        "message_bytes",
        "Limit of an error message or a log message of a UDF, in bytes",
    ),
];

impl Limits {
    /// Those of a budget.
    pub(crate) fn new(budget: &Budget) -> Self {
        let Budget {
            wall_clock,
            cpu_time,
            memory_bytes,
            log_bytes,
            result_bytes,
            value_bytes,
            message_bytes,
        } = *budget;
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            values: [
                milliseconds(wall_clock),
                milliseconds(cpu_time),
                memory_bytes as u64,
                log_bytes as u64,
                result_bytes as u64,
                value_bytes as u64,
                message_bytes as u64,
            ],
        }
    }

    /// The budget of a task in a session. That of a session without limits is the default one.
    pub(crate) fn budget(config: &SessionConfig) -> Budget {
        let Some(limits) = config.options().extensions.get::<Self>() else {
            return Budget::default();
        };
        let [
            wall_clock,
            cpu_time,
            memory_bytes,
            log_bytes,
            result_bytes,
            value_bytes,
            message_bytes,
        ] = limits.values;
        let bytes = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        Budget {
            wall_clock: Duration::from_millis(wall_clock),
            cpu_time: Duration::from_millis(cpu_time),
            memory_bytes: bytes(memory_bytes),
            log_bytes: bytes(log_bytes),
            result_bytes: bytes(result_bytes),
            value_bytes: bytes(value_bytes),
            message_bytes: bytes(message_bytes),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new(&Budget::default())
    }
}

impl ConfigExtension for Limits {
    const PREFIX: &'static str = "whittle";
}

impl ExtensionOptions for Limits {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        let at = NAMES.iter().position(|(name, _)| *name == key);
        let Some(at) = at else {
            let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
            return config_err!(
                "unknown option `whittle.{key}`; expected one of {}",
                names.join(", ")
            );
        };
        let Ok(number) = value.parse() else {
            return config_err!("`whittle.{key}` is a whole number, but `{value}` was given");
        };
        self.values[at] = number;
        Ok(())
    }

    fn entries(&self) -> Vec<ConfigEntry> {
        let entries = NAMES.iter().zip(self.values);
        let entries = entries.map(|((name, description), value)| ConfigEntry {
            key: format!("{}.{name}", Self::PREFIX),
            value: Some(value.to_string()),
            description,
        });
        entries.collect()
    }
}

#[cfg(test)]
mod tests {
    use ballista_core::extension::SessionConfigHelperExt;

    use super::*;

    #[test]
    fn a_budget_travels_in_the_configuration() {
        let budget = Budget {
            wall_clock: Duration::from_millis(1_500),
            memory_bytes: 1 << 20,
            value_bytes: 77,
            ..Budget::default()
        };
        let client = SessionConfig::new().with_option_extension(Limits::new(&budget));
        let executor = SessionConfig::new()
            .with_option_extension(Limits::default())
            .update_from_key_value_pair(&client.to_key_value_pairs());
        assert_eq!(Limits::budget(&executor), budget);
        assert_eq!(Limits::budget(&SessionConfig::new()), Budget::default());
    }

    #[test]
    fn rejects_unknown_options_and_values() {
        let mut limits = Limits::default();
        let error = limits.set("timeout", "5").expect_err("unknown");
        assert!(
            error
                .to_string()
                .contains("expected one of timeout_ms, cpu_time_ms"),
            "{error}"
        );
        let error = limits.set("timeout_ms", "5s").expect_err("no number");
        assert!(
            error.to_string().contains("a whole number, but `5s`"),
            "{error}"
        );
    }
}
