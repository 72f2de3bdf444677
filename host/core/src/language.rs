//! The language that a component was written in, as its `producers` section says.
//!
//! The section is that of WebAssembly's [tool conventions]. Only the outermost one counts: those
//! inside name the languages of a kit's own parts, such as an interpreter. It is a label: nothing
//! that must be right may rely on it.
//!
//! [tool conventions]: https://github.com/WebAssembly/tool-conventions/blob/main/ProducersSection.md

use serde::{Deserialize, Serialize};
use wasm_metadata::Producers;
use wasmparser::{CustomSectionReader, KnownCustom};

use crate::error::RegisterError;
use crate::words::one_line;

/// A language that there is a kit for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Language {
    /// Rust.
    Rust,
    /// C.
    C,
    /// AssemblyScript.
    AssemblyScript,
    /// Go.
    Go,
    /// JavaScript, and TypeScript.
    JavaScript,
    /// Python.
    Python,
}

/// The field of the section.
const FIELD: &str = "language";

impl Language {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Rust,
        Self::C,
        Self::AssemblyScript,
        Self::Go,
        Self::JavaScript,
        Self::Python,
    ];

    /// Its name, as it writes it itself.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::C => "C",
            Self::AssemblyScript => "AssemblyScript",
            Self::Go => "Go",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
        }
    }

    /// The component with this language in its `producers` section, for those who build components.
    ///
    /// # Errors
    ///
    /// The bytes are not WebAssembly.
    pub fn label(self, component: &[u8]) -> Result<Vec<u8>, RegisterError> {
        let mut producers = Producers::empty();
        producers.add(FIELD, self.name(), "");
        producers
            .add_to_wasm(component)
            .map_err(|error| RegisterError::Invalid {
                reason: one_line(&format!("{error:#}")),
            })
    }

    /// The language that a custom section names, if it is a `producers` section and names one of
    /// these. A damaged section names none.
    pub(crate) fn of(section: &CustomSectionReader<'_>) -> Option<Self> {
        let KnownCustom::Producers(fields) = section.as_known() else {
            return None;
        };
        let mut fields = fields.into_iter().map_while(Result::ok);
        let languages = fields.find(|field| field.name == FIELD)?;
        let mut languages = languages.values.into_iter().map_while(Result::ok);
        languages.find_map(|value| Self::ALL.into_iter().find(|one| one.name() == value.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::inspect;
    use crate::limits::Limits;

    /// A section of less than 128 bytes.
    fn section(id: u8, bytes: &[u8]) -> Vec<u8> {
        let length = u8::try_from(bytes.len()).expect("a short section");
        [&[id, length], bytes].concat()
    }

    fn producers(field: &str, name: &str) -> Vec<u8> {
        let mut producers = Producers::empty();
        producers.add(field, name, "");
        [vec![0], producers.raw_custom_section()].concat()
    }

    /// A component with these sections, and as little else as is not refused before it is compiled.
    fn component(sections: &[u8]) -> Vec<u8> {
        let name = crate::contract::FUNCTIONS;
        let length = u8::try_from(name.len()).expect("a short name");
        let export = [&[1, 0, length], name.as_bytes(), &[5, 0, 0]].concat();
        [b"\0asm\x0d\0\x01\0", sections, &section(11, &export)].concat()
    }

    fn read(component: &[u8]) -> Option<Language> {
        let shape = inspect(component, &Limits::default());
        shape.expect("it is accepted").language
    }

    #[test]
    fn reads_the_label_that_it_writes() {
        let plain = component(&[]);
        assert_eq!(read(&plain), None);
        for language in Language::ALL {
            let labelled = language.label(&plain).expect("a component");
            assert_eq!(read(&labelled), Some(language));
            let json = serde_json::to_value(language).expect("a name");
            assert_eq!(json, language.name());
        }
    }

    #[test]
    fn keeps_what_the_section_says_already() {
        let processed = component(&producers("processed-by", "wit-component"));
        let labelled = Language::Go.label(&processed).expect("a component");
        assert_eq!(read(&labelled), Some(Language::Go));
        let kept = Producers::from_wasm(&labelled).expect("a component");
        let kept = kept.expect("a section");
        assert!(kept.get("processed-by").is_some());
    }

    #[test]
    fn ignores_the_languages_of_parts_and_sections_that_are_damaged() {
        let inside = [b"\0asm\x0d\0\x01\0", &producers(FIELD, "Rust")[..]].concat();
        assert_eq!(read(&component(&section(4, &inside))), None);
        assert_eq!(read(&component(&producers(FIELD, "Cobol"))), None);
        let whole = producers(FIELD, "Rust");
        assert_eq!(read(&component(&whole)), Some(Language::Rust));
        // Without its last bytes.
        for missing in 1..10 {
            let damaged = section(0, &whole[2..whole.len() - missing]);
            assert_eq!(read(&component(&damaged)), None, "{missing}");
        }
    }

    #[test]
    fn refuses_to_label_what_is_not_webassembly() {
        let error = Language::Rust.label(b"\0asm?").expect_err("five bytes");
        let text = error.to_string();
        assert!(
            text.starts_with("not a valid WebAssembly component: "),
            "{text}"
        );
    }
}
