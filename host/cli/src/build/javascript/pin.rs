//! Gives the host the address of the number in which the JavaScript kit keeps its row.
//!
//! The kit keeps the row in a typed array, whose memory stays in place. The host reads it there
//! when a document must be named, instead of getting a call for each row. But JavaScript knows no
//! addresses, and the generated bindings pass a copy of the array to `watch`. A component has its
//! memory as it was after the kit's modules had run, so the array is found by its content. The call
//! of `watch` then gets its address, and the array a mark that tells the kit so. No length changes.
//!
//! Where there is no such array or call, such as with other versions of the tools, the component
//! stays as it is: correct, but it calls the host for each row.

use std::ops::Range;

use anyhow::Result;
use wasmparser::{DataKind, Encoding, FunctionBody, Operator, Parser, Payload, TypeRef};

/// The array's content before `bind`, as in `guests/javascript/kit/src/batch.ts`.
const CONTENT: [u32; 4] = [0x8f3a_61d5, 0xc492_7e1b, 0x5db8_f063, 0xa1e6_2c97];
/// What its second number becomes.
const PINNED: u32 = 0x5049_4e21;

const RESULTS: &str = "whittle:batch/results@0.2.0";

const I32_CONST: u8 = 0x41;
const NOP: u8 = 0x01;

/// Has a component pass the array's address to `watch`, and returns whether it does.
pub(super) fn pin(component: &mut [u8]) -> Result<bool> {
    let Found { arrays, calls } = Found::search(component)?;
    let ([array], [call]) = (arrays.as_slice(), calls.as_slice()) else {
        return Ok(false);
    };
    let Some(arguments) = arguments(array.address, call.len()) else {
        return Ok(false);
    };
    component[call.clone()].copy_from_slice(&arguments);
    component[array.position + 4..][..4].copy_from_slice(&PINNED.to_le_bytes());
    Ok(true)
}

/// Instructions for `watch`'s arguments, a list of one number, in so many bytes.
fn arguments(address: u32, length: usize) -> Option<Vec<u8>> {
    // LEB128 in as many bytes as it takes at most. The sign bit of the last is not set.
    let leb128 = (0..5).map(|group| {
        let bits = (address >> (7 * group)) as u8 & 0x7f;
        if group < 4 { bits | 0x80 } else { bits }
    });
    let mut code = vec![I32_CONST];
    code.extend(leb128);
    code.extend([I32_CONST, 1]);
    if address > i32::MAX.cast_unsigned() || code.len() > length {
        return None;
    }
    code.resize(length, NOP);
    Some(code)
}

/// The kit's array in a data segment.
struct Array {
    address: u32,
    position: usize,
}

/// What has to be changed in a component.
#[derive(Default)]
struct Found {
    arrays: Vec<Array>,
    /// The instructions for the arguments of each call of `watch`.
    calls: Vec<Range<usize>>,
}

impl Found {
    fn search(component: &[u8]) -> Result<Self> {
        let mut found = Self::default();
        let mut watch = None;
        for payload in Parser::new(0).parse_all(component) {
            match payload? {
                Payload::Version {
                    encoding: Encoding::Module,
                    ..
                } => watch = None,
                Payload::ImportSection(imports) => {
                    let imports = imports.into_imports().collect::<Result<Vec<_>, _>>()?;
                    let mut functions = imports
                        .iter()
                        .filter(|import| matches!(import.ty, TypeRef::Func(_)));
                    let position = functions
                        .position(|import| (import.module, import.name) == (RESULTS, "watch"));
                    watch = position.and_then(|index| u32::try_from(index).ok());
                }
                Payload::CodeSectionEntry(body) => {
                    if let Some(watch) = watch {
                        found.calls.extend(call(&body, watch)?);
                    }
                }
                Payload::DataSection(segments) => {
                    for segment in segments {
                        let segment = segment?;
                        let DataKind::Active { offset_expr, .. } = segment.kind else {
                            continue;
                        };
                        let mut offset = offset_expr.get_operators_reader();
                        if let Operator::I32Const { value } = offset.read()? {
                            let start = segment.range.end - segment.data.len();
                            found.add_arrays(value.cast_unsigned(), start, segment.data);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(found)
    }

    fn add_arrays(&mut self, address: u32, start: usize, data: &[u8]) {
        let content: Vec<u8> = CONTENT.into_iter().flat_map(u32::to_le_bytes).collect();
        for (index, bytes) in (0..).zip(data.windows(content.len())) {
            if bytes == content {
                self.arrays.push(Array {
                    address: address + index,
                    position: start + index as usize,
                });
            }
        }
    }
}

/// The instructions before the only call of `watch` that put its arguments, an address and a length, into
/// variables and onto the stack, if the variables are not read after it.
fn call(body: &FunctionBody<'_>, watch: u32) -> Result<Option<Range<usize>>> {
    let operators = body.get_operators_reader()?.into_iter_with_offsets();
    let operators = operators.collect::<Result<Vec<_>, _>>()?;
    let is_call = |(operator, _): &(Operator<'_>, usize)| matches!(operator, Operator::Call { function_index } if *function_index == watch);
    let mut calls = operators
        .iter()
        .enumerate()
        .filter(|(_, next)| is_call(next));
    let (Some((at, _)), None) = (calls.next(), calls.next()) else {
        return Ok(None);
    };
    let (before, after) = operators.split_at(at);
    let Some(
        [
            (Operator::LocalGet { .. }, start),
            (
                Operator::LocalSet {
                    local_index: address,
                },
                _,
            ),
            (Operator::LocalGet { .. }, _),
            (
                Operator::LocalSet {
                    local_index: length,
                },
                _,
            ),
            (Operator::LocalGet { local_index: first }, _),
            (
                Operator::LocalGet {
                    local_index: second,
                },
                _,
            ),
        ],
    ) = before.last_chunk::<6>()
    else {
        return Ok(None);
    };
    let is_read = after.iter().any(|(operator, _)| {
        matches!(operator, Operator::LocalGet { local_index }
            if local_index == address || local_index == length)
    });
    let fits = (first, second) == (address, length) && !is_read;
    Ok(fits.then_some(*start..after[0].1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module that calls `watch` as the generated bindings do, with the array in its memory.
    fn module(content: &str, after: &str) -> Vec<u8> {
        let text = format!(
            r#"(module
                (import "whittle:udf/document@0.1.0" "resolve" (func))
                (import "whittle:batch/results@0.2.0" "watch" (func $watch (param i32 i32)))
                (memory 1)
                (data (i32.const 4096) "before{content}after")
                (func (export "adapter") (local i32 i32 i32 i32)
                  (local.get 0) (local.set 2) (local.get 1) (local.set 3)
                  (call $watch (local.get 2) (local.get 3)) {after}))"#
        );
        wat::parse_str(text).expect("a module")
    }

    fn content(numbers: [u32; 4]) -> String {
        let bytes = numbers.into_iter().flat_map(u32::to_le_bytes);
        bytes.map(|byte| format!("\\{byte:02x}")).collect()
    }

    #[test]
    fn passes_the_address_of_the_array() {
        let mut pinned = module(&content(CONTENT), "");
        assert!(pin(&mut pinned).expect("a module"));
        let [first, _, third, fourth] = CONTENT;
        let mut operators = Vec::new();
        for payload in Parser::new(0).parse_all(&pinned) {
            match payload.expect("a module") {
                Payload::CodeSectionEntry(body) => {
                    let reader = body.get_operators_reader().expect("a function");
                    operators.extend(reader.into_iter().map(|operator| format!("{operator:?}")));
                }
                Payload::DataSection(segments) => {
                    let segment = segments.into_iter().next().expect("a segment");
                    let data = segment.expect("a segment").data;
                    let expected = [first, PINNED, third, fourth]
                        .map(u32::to_le_bytes)
                        .concat();
                    assert_eq!(data[6..22], expected);
                }
                _ => {}
            }
        }
        insta::assert_snapshot!(operators.join("\n"), @r"
        Ok(I32Const { value: 4102 })
        Ok(I32Const { value: 1 })
        Ok(Nop)
        Ok(Nop)
        Ok(Nop)
        Ok(Nop)
        Ok(Call { function_index: 1 })
        Ok(End)
        ");
    }

    #[test]
    fn leaves_a_module_as_it_is_if_the_array_or_the_call_is_not_as_expected() {
        let twice = content(CONTENT).repeat(2);
        let other = content([1, 2, 3, 4]);
        let array = content(CONTENT);
        for (content, after) in [
            (&twice, ""),
            (&other, ""),
            (&array, "(drop (local.get 3))"),
            (&array, "(call $watch (i32.const 0) (i32.const 1))"),
        ] {
            let before = module(content, after);
            let mut bytes = before.clone();
            let is_pinned = pin(&mut bytes).expect("a module");
            assert_eq!((is_pinned, bytes), (false, before), "{after}");
        }
    }
}
