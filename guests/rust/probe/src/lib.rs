//! Reaches every item of the contract, and breaks its rules on demand.
//!
//! The host's tests run it on both paths and compare. Useful to nobody else.

mod answer;
mod burden;
mod misuse;
mod read;
#[cfg(test)]
mod readings;
mod whole;
mod words;

use answer::{
    EchoArguments, FailOn, NotANumber, NotJson, Refuse, State, Throws, TrapOn, WrongKind,
};
use burden::{Allocate, BigText, EndlessBind, EndlessEvaluate, LogLines, ManyFields};
use misuse::{ForgedHandle, ReadInBind, ResolveLate, WordsOfNumber, WrongGetter};
use read::{
    AllKinds, BooleanOr, Float64Or, Has, Int64Or, ReadBoolean, ReadFloat64, ReadId, ReadInt64,
    ReadJson, ReadScore, ReadText, ReadTimestamp, ReadWords, TimestampOr,
};
use whole::WholeColumns;

whittle_guest::export!(
    ReadBoolean,
    ReadInt64,
    ReadFloat64,
    ReadTimestamp,
    ReadText,
    ReadJson,
    ReadWords,
    BooleanOr,
    Int64Or,
    Float64Or,
    TimestampOr,
    Has,
    ReadId,
    ReadScore,
    AllKinds,
    WholeColumns,
    EchoArguments,
    FailOn,
    TrapOn,
    Throws,
    Refuse,
    WrongKind,
    NotJson,
    NotANumber,
    State,
    LogLines,
    BigText,
    Allocate,
    ManyFields,
    EndlessBind,
    EndlessEvaluate,
    ResolveLate,
    ForgedHandle,
    WrongGetter,
    WordsOfNumber,
    ReadInBind,
);
