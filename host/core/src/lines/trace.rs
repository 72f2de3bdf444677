//! The author's line in a backtrace.

use std::num::NonZeroUsize;

use wasmtime::{Trap, WasmBacktrace};

use super::{Lines, SourceLine};
use crate::error::Stopped;

/// The maximum number of frames of a backtrace, from the innermost. Those of a library lie above the
/// author's.
pub(crate) const MAX_FRAMES: NonZeroUsize = NonZeroUsize::new(128).expect("not zero");

/// A function that has as many frames in a backtrace is recursive without a doubt.
const RECURSIVE_FRAMES: usize = 8;

/// The line that was running when an error ended guest code: the innermost one of the author's.
pub(crate) fn trace(lines: &Lines, error: &wasmtime::Error) -> Option<SourceLine> {
    let backtrace = error.downcast_ref::<WasmBacktrace>()?;
    let table = lines.decode()?;
    let late = usize::from(is_late(error)) * LOOP_BYTES;
    let frames = backtrace
        .frames()
        .iter()
        .zip(std::iter::once(late).chain(std::iter::repeat(0)));
    let lines = frames.filter_map(|(frame, more)| table.line(frame.module_offset()? + more));
    let lines = lines.collect();
    let overflows = matches!(error.downcast_ref(), Some(Trap::StackOverflow));
    chosen(lines, overflows)
}

/// Guest code notices that its time is over at the instruction `loop`, which compilers count to the
/// line before the loop's first.
fn is_late(error: &wasmtime::Error) -> bool {
    match error.downcast_ref() {
        Some(Stopped::Limit(limit)) => limit.kind.is_time(),
        _ => false,
    }
}

/// The size of the instruction `loop` in bytes.
const LOOP_BYTES: usize = 2;

/// If the stack overflows, it is the line of the function that recursed, and not of one that it called
/// last.
fn chosen(mut lines: Vec<SourceLine>, overflows: bool) -> Option<SourceLine> {
    let same = |one: &SourceLine, other: &SourceLine| {
        (&one.file, &one.function) == (&other.file, &other.function)
    };
    let recurses = |line: &SourceLine| {
        let frames = lines.iter().filter(|other| same(line, other));
        frames.count() >= RECURSIVE_FRAMES
    };
    let recursive = lines.iter().position(recurses);
    let at = recursive.filter(|_| overflows).unwrap_or(0);
    (at < lines.len()).then(|| SourceLine {
        recursive: recursive == Some(at),
        ..lines.swap_remove(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(line: u32, function: &str) -> SourceLine {
        SourceLine {
            file: "udf.c".to_owned(),
            line,
            function: function.to_owned(),
            recursive: false,
        }
    }

    #[test]
    fn is_the_innermost_line() {
        let lines = vec![line(3, "half"), line(9, "score")];
        assert_eq!(chosen(lines, false), Some(line(3, "half")));
        assert_eq!(chosen(Vec::new(), true), None);
    }

    #[test]
    fn is_in_the_function_that_recursed_if_the_stack_overflows() {
        let mut lines = vec![line(3, "half")];
        lines.extend((0..20).map(|_| line(9, "deep")));
        lines.push(line(30, "score"));
        assert_eq!(chosen(lines.clone(), false), Some(line(3, "half")));
        let recursive = SourceLine {
            recursive: true,
            ..line(9, "deep")
        };
        assert_eq!(chosen(lines, true), Some(recursive));
    }
}
