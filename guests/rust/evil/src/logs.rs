//! Fills the log, and forges lines in it.

use whittle_guest::{Level, Parameters, log, udf};

/// Logs empty lines without end.
#[derive(Parameters)]
pub(crate) struct EndlessLines {}

#[udf]
impl EndlessLines {
    fn matches(&self) -> bool {
        loop {
            log(Level::Info, "");
        }
    }
}

/// Logs one line of so many bytes.
#[derive(Parameters)]
pub(crate) struct HugeLine {
    /// How many.
    #[parameter(default = 1)]
    bytes: usize,
}

#[udf]
impl HugeLine {
    fn matches(&self) -> bool {
        log(Level::Info, &"x".repeat(self.bytes));
        true
    }
}

/// Logs what would be two lines, and steer a terminal.
#[derive(Parameters)]
pub(crate) struct EscapingLines {}

#[udf]
impl EscapingLines {
    fn matches(&self) -> bool {
        log(
            Level::Warn,
            "\u{1b}]0;owned\u{7}\r\n[admin error] all is lost\0",
        );
        true
    }
}
