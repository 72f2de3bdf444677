//! What a core module imports that no host of UDFs offers: functions of JavaScript or of a system.

use std::fmt;

use wasmparser::{Parser, Payload};

use super::{EncodeError, failed};

/// An import that no host of UDFs offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignImport {
    /// The module that it is imported from, such as `env`.
    pub module: String,
    /// Its name, such as `console.log`.
    pub name: String,
}

impl fmt::Display for ForeignImport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { module, name } = self;
        write!(formatter, "`{name}` from `{module}`")
    }
}

/// The modules whose imports become those of a component, or are satisfied in it.
const KNOWN: [&str; 6] = [
    "whittle:",
    "wasi:",
    "wasi_snapshot_preview1",
    "[export]",
    "$root",
    "cm32p2|",
];

/// The imports of a core module that [`encode_component`](super::encode_component) rejects, in the
/// module's order.
///
/// # Errors
///
/// The bytes are not a core module.
pub fn foreign_imports(core_module: &[u8]) -> Result<Vec<ForeignImport>, EncodeError> {
    let mut foreign = Vec::new();
    for payload in Parser::new(0).parse_all(core_module) {
        let Payload::ImportSection(imports) = payload.map_err(|error| failed(&error))? else {
            continue;
        };
        for import in imports.into_imports() {
            let import = import.map_err(|error| failed(&error))?;
            if !KNOWN.iter().any(|known| import.module.starts_with(known)) {
                foreign.push(ForeignImport {
                    module: import.module.to_owned(),
                    name: import.name.to_owned(),
                });
            }
        }
    }
    Ok(foreign)
}
