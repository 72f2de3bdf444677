//! A function per attack on the host, a file per resource that is attacked.
//!
//! `tests/hostile` has the same files: what each attack ends in, word for word. What the bindings
//! of a language do not let one write is there too, in WebAssembly text.

mod accessor;
mod logs;
mod memory;
mod results;
mod state;
mod time;
mod traps;

use accessor::{EndlessReads, ForgedField, LateField, LongPath, ThousandsOfFields};
use logs::{EndlessLines, EscapingLines, HugeLine};
use memory::{Gigabyte, Leak, SmallSteps};
use results::{
    BrokenJson, EscapingError, EscapingRefusal, HugeError, HugeText, Infinite, ManyTexts, Nan,
    WrongKind,
};
use state::Remember;
use time::{AlmostTooLong, ForeverInBind, ForeverInEvaluate};
use traps::{Abort, DivideByZero, Panic, Recurse, TrapAtCall};

whittle_guest::export!(
    ForeverInBind,
    ForeverInEvaluate,
    AlmostTooLong,
    Panic,
    Abort,
    DivideByZero,
    Recurse,
    TrapAtCall,
    Gigabyte,
    SmallSteps,
    Leak,
    HugeText,
    ManyTexts,
    HugeError,
    EscapingError,
    EscapingRefusal,
    Nan,
    Infinite,
    BrokenJson,
    WrongKind,
    EndlessLines,
    HugeLine,
    EscapingLines,
    LateField,
    ForgedField,
    ThousandsOfFields,
    LongPath,
    EndlessReads,
    Remember,
);
