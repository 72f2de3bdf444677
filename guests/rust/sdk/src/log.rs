//! Lines for the people who look after the UDF.

use crate::Level;
use crate::host::logging;

/// Logs one line. It counts against the query's budget.
pub fn log(level: Level, message: &str) {
    logging::log(level, message);
}

/// A macro for each level. `$d` is a dollar sign for the macros that this one makes.
macro_rules! levels {
    ($d:tt $($name:ident => $level:ident;)*) => {
        $(
            #[doc = concat!("Logs one line at level ", stringify!($name), ", formatted as by `format!`.")]
            #[macro_export]
            macro_rules! $name {
                ($d($d message:tt)+) => {
                    $crate::log($crate::Level::$level, &::std::format!($d($d message)+))
                };
            }
        )*
    };
}

levels! { $
    trace => Trace;
    debug => Debug;
    info => Info;
    warn => Warn;
    error => Error;
}
