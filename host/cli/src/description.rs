//! A description that is still that of the template.
//!
//! An author replaces the template's function, and the description of the function with it, but that of the
//! component is in another place, such as `Cargo.toml`, where nothing reminds of it.

use std::path::Path;

use whittle_host::Manifest;

/// What the templates of `whittle new` say of their component and of its function.
const TEMPLATES: [[&str; 2]; 6] = [
    [
        "Filters of documents by the words of a text.",
        "Tells whether a text has all of some words in it, whatever their case. A document without the \
         field does not match.",
    ],
    [
        "A score that halves with age.",
        "Scores a document by its date: 1 now, and half as much after each half-life. A document without \
         a date scores 0.",
    ],
    [
        "How many of some words a text has.",
        "The part of some words that a text has, from 0 to 1.",
    ],
    [
        "Tells whether a text has all of some words.",
        "Tells whether a text has all of some words, in any order and case.",
    ],
    [
        "Tells whether a text has all of some words.",
        "Tells whether a text has all of some words, in any order and in upper or lower case.",
    ],
    [
        "Numbers within bounds.",
        "Tells whether a number is within two others. A document without it does not match.",
    ],
];

/// Warns if the component of the project in a directory has other functions than its template, but still
/// the template's description.
pub(crate) fn warn_of_templates(manifest: &Manifest, dir: &Path) {
    if dir.is_dir() && is_left(manifest) {
        log::warn!(
            "the description of {} is still the template's, \"{}\": write what its functions are for, in {}",
            manifest.name,
            manifest.description,
            place(dir)
        );
    }
}

fn is_left(manifest: &Manifest) -> bool {
    let mut functions = manifest.functions.iter();
    let is_templates = |[component, _]: &[&str; 2]| *component == manifest.description;
    TEMPLATES.iter().any(is_templates)
        && !functions.any(|function| {
            let mut templates = TEMPLATES.iter();
            templates.any(|[_, of_function]| *of_function == function.description)
        })
}

/// Where an author writes a component's description and version.
pub(crate) fn place(dir: &Path) -> &'static str {
    let places = [
        ("Cargo.toml", "Cargo.toml"),
        ("go.mod", "the call of `udf.Export`"),
        ("asconfig.json", "package.json"),
        ("package.json", "package.json"),
        ("pyproject.toml", "pyproject.toml"),
    ];
    let place = places
        .into_iter()
        .find(|(file, _)| dir.join(file).is_file());
    place.map_or("its source", |(_, place)| place)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The words of all files in a directory, without what marks comments and joins strings.
    fn words(dir: &Path) -> String {
        let mut words = String::new();
        for entry in fs::read_dir(dir).expect("read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                words += &self::words(&path);
            } else {
                let text = fs::read_to_string(&path).expect("a text");
                let text = text
                    .replace("\"\n", " ")
                    .replace("///", " ")
                    .replace(" \"", " ");
                words += &text.split_whitespace().collect::<Vec<_>>().join(" ");
            }
        }
        words
    }

    #[test]
    fn each_template_has_its_descriptions() {
        let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let languages = ["rust", "go", "assemblyscript", "typescript", "python", "c"];
        for (language, descriptions) in languages.into_iter().zip(TEMPLATES) {
            let words = words(&templates.join(language));
            for description in descriptions {
                assert!(words.contains(description), "{language}: {description}");
            }
        }
        let [component, function] = TEMPLATES[3];
        let words = words(&templates.join("javascript"));
        assert!(words.contains(component) && words.contains(function));
    }
}
