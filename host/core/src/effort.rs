//! Estimates how hard a component is to compile, before it is compiled.
//!
//! Cranelift's optimising register allocator takes time that grows with the square of a function's
//! branches, and with the values that nested loops carry: a hostile component of ten kilobytes
//! keeps it busy for minutes and takes gigabytes. Such a component is compiled by the single-pass
//! allocator and without optimisation: compile time is then linear, and the code is slower. A
//! component that is too hard even for that is refused.
//!
//! The estimate was fitted to hostile components (`tests/all/effort.rs`): one unit takes about 3.5
//! ns. CPython with its 13,508 functions has 3.3 billion units, the most of all guests in this
//! repository.

use std::collections::HashSet;

use wasmparser::{BlockType, FunctionBody, Operator, Parser, Payload, TypeSectionReader};

use crate::component::invalid;
use crate::error::RegisterError;
use crate::limits::{LimitExceeded, Limits};

/// The limit for compiling with optimisation; by the estimate, at most about 20 s.
const OPTIMISED_UNITS: u64 = 6_000_000_000;

/// The cost of a local that a loop assigns, apart from the branches of its function.
const CARRIED_UNITS: u64 = 20_000;

/// The cost of a value that a block takes or returns, if it has several; these take memory too.
const BLOCK_VALUE_UNITS: u64 = 200_000;

/// The limit of nested loops, which take the allocator even longer; QuickJS has 21.
const OPTIMISED_LOOP_DEPTH: usize = 32;

/// How a component is to be compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compilation {
    Optimised,
    /// Without optimisation, in time that is linear in the code.
    SinglePass,
}

/// Decides how to compile a valid component, or refuses it.
pub(crate) fn compilation(bytes: &[u8], limits: &Limits) -> Result<Compilation, RegisterError> {
    let mut units = 0_u64;
    let mut loop_depth = 0;
    let mut types = Vec::new();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(invalid)? {
            Payload::Version { .. } => types.clear(),
            Payload::TypeSection(section) => types = block_types(section).map_err(invalid)?,
            Payload::CodeSectionEntry(body) => {
                let function = Function::of(&body, &types).map_err(invalid)?;
                units = units.saturating_add(function.units());
                loop_depth = loop_depth.max(function.loop_depth);
            }
            _ => {}
        }
    }
    LimitExceeded::check(
        "compile_units",
        "units",
        limits.compile_units,
        usize::try_from(units).unwrap_or(usize::MAX),
    )?;
    if units <= OPTIMISED_UNITS && loop_depth <= OPTIMISED_LOOP_DEPTH {
        return Ok(Compilation::Optimised);
    }
    Ok(Compilation::SinglePass)
}

/// The number of values that a block of each type of a module takes and returns.
fn block_types(section: TypeSectionReader<'_>) -> wasmparser::Result<Vec<usize>> {
    let mut values = Vec::new();
    for group in section {
        for subtype in group?.into_types() {
            let function = match subtype.composite_type.inner {
                wasmparser::CompositeInnerType::Func(function) => Some(function),
                _ => None,
            };
            let count =
                |function: wasmparser::FuncType| function.params().len() + function.results().len();
            values.push(function.map_or(0, count));
        }
    }
    Ok(values)
}

/// The properties of a function that determine its compile time.
#[derive(Debug, Default, PartialEq, Eq)]
struct Function {
    locals: u64,
    branches: u64,
    /// Locals that loops assign, counted once for each enclosing loop.
    carried: usize,
    block_values: usize,
    loop_depth: usize,
}

/// A block that has been opened.
#[derive(Default)]
struct Frame {
    is_loop: bool,
    assigned: HashSet<u32>,
}

impl Function {
    fn of(body: &FunctionBody<'_>, types: &[usize]) -> wasmparser::Result<Self> {
        let mut function = Self::default();
        for group in body.get_locals_reader()? {
            let (count, _) = group?;
            function.locals += u64::from(count);
        }
        let mut frames = vec![Frame::default()];
        let mut loops = 0;
        for operator in body.get_operators_reader()? {
            match operator? {
                Operator::Loop { blockty } => {
                    loops += 1;
                    function.loop_depth = function.loop_depth.max(loops);
                    function.begin(blockty, types);
                    frames.push(Frame {
                        is_loop: true,
                        ..Frame::default()
                    });
                }
                Operator::Block { blockty } | Operator::If { blockty } => {
                    function.begin(blockty, types);
                    frames.push(Frame::default());
                }
                Operator::TryTable { try_table } => {
                    function.begin(try_table.ty, types);
                    frames.push(Frame::default());
                }
                Operator::End => {
                    let Some(Frame { is_loop, assigned }) = frames.pop() else {
                        continue;
                    };
                    if is_loop {
                        loops -= 1;
                        function.carried += assigned.len();
                    }
                    if let Some(outer) = frames.last_mut() {
                        outer.assigned.extend(assigned);
                    }
                }
                Operator::LocalSet { local_index } | Operator::LocalTee { local_index } => {
                    if let Some(frame) = frames.last_mut() {
                        frame.assigned.insert(local_index);
                    }
                }
                Operator::Br { .. }
                | Operator::BrIf { .. }
                | Operator::BrTable { .. }
                | Operator::Else => function.branches += 1,
                _ => {}
            }
        }
        Ok(function)
    }

    fn begin(&mut self, block: BlockType, types: &[usize]) {
        self.branches += 1;
        if let BlockType::FuncType(index) = block {
            self.block_values += types.get(index as usize).copied().unwrap_or(0);
        }
    }

    fn units(&self) -> u64 {
        let square = self.branches.saturating_mul(self.branches);
        let branches = square.saturating_mul(self.locals + 1);
        let carried = (self.carried as u64).saturating_mul(CARRIED_UNITS);
        let block_values = (self.block_values as u64).saturating_mul(BLOCK_VALUE_UNITS);
        branches
            .saturating_add(carried)
            .saturating_add(block_values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_branches_locals_and_values_that_loops_carry() {
        let module = "(module (func (local i32 i64)
            (block (loop (loop (br_if 0 (i32.const 1)) (local.set 0 (i32.const 1))))
                   (loop (br 1)))
            (i32.const 1) (i32.const 2)
            (block (param i32 i32) (drop) (drop))
            (if (i32.const 1) (then) (else (local.set 1 (i64.const 1))))))";
        let module = wat::parse_str(module).expect("it is WebAssembly");
        let mut types = Vec::new();
        let mut functions = Vec::new();
        for payload in Parser::new(0).parse_all(&module) {
            match payload.expect("it is valid") {
                Payload::TypeSection(section) => types = block_types(section).expect("valid"),
                Payload::CodeSectionEntry(body) => {
                    functions.push(Function::of(&body, &types).expect("it is valid"));
                }
                _ => {}
            }
        }
        let expected = Function {
            locals: 2,
            branches: 9,
            carried: 2,
            block_values: 2,
            loop_depth: 2,
        };
        assert_eq!(functions, [expected]);
        assert_eq!(
            functions[0].units(),
            3 * 81 + 2 * CARRIED_UNITS + 2 * BLOCK_VALUE_UNITS
        );
    }
}
