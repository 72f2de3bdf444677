//! The functions of a core module, by their places and names.

use std::ops::Range;

use anyhow::Result;
use wasmparser::{KnownCustom, Name, NameSectionReader, Parser, Payload, TypeRef};

/// A function that a module defines.
#[derive(Debug, PartialEq)]
pub(super) struct Function {
    /// As offsets in the module.
    pub(super) body: Range<u32>,
    /// Empty if the module does not name it.
    pub(super) name: String,
}

/// The offset at which the contents of the code section start, and the functions in it.
pub(super) fn functions(module: &[u8]) -> Result<(u32, Vec<Function>)> {
    let (mut start, mut imported, mut functions) = (0, 0, Vec::new());
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionStart { range, .. } => start = u32::try_from(range.start)?,
            Payload::CodeSectionEntry(body) => {
                let body = body.range();
                functions.push(Function {
                    body: u32::try_from(body.start)?..u32::try_from(body.end)?,
                    name: String::new(),
                });
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(names) = section.as_known() {
                    set_names(&mut functions, names, imported)?;
                }
            }
            _ => {}
        }
    }
    Ok((start, functions))
}

fn set_names(
    functions: &mut [Function],
    names: NameSectionReader<'_>,
    imported: usize,
) -> Result<()> {
    for subsection in names {
        let Name::Function(names) = subsection? else {
            continue;
        };
        for naming in names {
            let naming = naming?;
            let index = (naming.index as usize).checked_sub(imported);
            if let Some(function) = index.and_then(|index| functions.get_mut(index)) {
                function.name = naming.name.to_owned();
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_defined_functions() {
        let module = r#"(module (import "a" "b" (func $f)) (func $g nop) (func nop))"#;
        let module = wat::parse_str(module).expect("a module");
        let (start, functions) = functions(&module).expect("a module");
        let [g, unnamed] = functions.as_slice() else {
            panic!("{functions:?}")
        };
        assert_eq!((&*g.name, &*unnamed.name), ("g", ""));
        // The number of functions, and the size of the first.
        assert_eq!(g.body, start + 2..start + 5);
    }
}
