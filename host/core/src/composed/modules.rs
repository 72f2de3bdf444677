//! Accessor and driver, built from their WebAssembly text into components.
//!
//! The accessor's getters differ in the kind and in how a value is returned. Their bodies are
//! assembled here from the fragments in `accessor.wat`, because getters may not call each other.

use std::collections::HashMap;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::table::{ID_CODE, SCORE_CODE, code_of, constants};
use crate::error::Cause;
use crate::state::{ID_HANDLE, PIECE_ROWS};
use crate::value::Kind;

/// The address of results that are returned through memory: 32 bytes, aligned to 8.
const RESULT: usize = 16;
/// The address of texts of up to [`BUFFER_BYTES`]; the last word may extend beyond that.
const BUFFER: usize = 64;
/// The size of the buffer. The host copies a longer text, in one call.
const BUFFER_BYTES: usize = 1024;
/// The address of the heap, which is used for one call or row at a time.
const HEAP: usize = BUFFER + BUFFER_BYTES + 8;

/// The accessor as a component that exports the document interface.
pub(super) fn accessor() -> Result<Vec<u8>, Cause> {
    let mut parts = include_str!("accessor.wat").split("\n;;= ");
    let module = parts.next().unwrap_or_default();
    let fragments: HashMap<&str, &str> = parts.filter_map(fragment).collect();
    let getters: String = getters()
        .iter()
        .map(|getter| getter.text(&fragments))
        .collect();
    component(
        &with_constants(&module.replace("%getters", &getters)),
        "accessor",
    )
}

/// The driver as a component that exports `run`.
pub(super) fn driver() -> Result<Vec<u8>, Cause> {
    component(&with_constants(include_str!("driver.wat")), "driver")
}

/// A fragment's name and its code, without the comment after the name.
fn fragment(part: &str) -> Option<(&str, &str)> {
    let (name, rest) = part.split_once(':')?;
    let (_comment, text) = rest.split_once('\n')?;
    Some((name, text))
}

/// How a getter returns a value, or that there is none.
enum Form {
    /// `option<T>` in memory; the payload is the result of the fragment, stored with the
    /// instruction.
    Option {
        fragment: &'static str,
        store: &'static str,
        payload: usize,
    },
    /// The value itself, or the parameter `$default`.
    OrDefault {
        fragment: &'static str,
        convert: &'static str,
        wasm: &'static str,
    },
    /// `option<string>` in memory.
    Text,
    /// Whether there is a value.
    Has,
    /// A `string` in memory; if there is no value, the host provides one.
    Id,
    /// A float64; 1 if there is no value.
    Score,
    /// The length of a text in bytes, or -1.
    Length,
    /// Eight bytes of a text, as a word.
    Word,
}

struct Getter {
    export: &'static str,
    kinds: &'static [u32],
    form: Form,
}

const TEXTS: &[u32] = &[code_of(Kind::Text), code_of(Kind::Json)];

fn getters() -> Vec<Getter> {
    let option = |fragment, store, payload| Form::Option {
        fragment,
        store,
        payload,
    };
    let or_default = |fragment, convert, wasm| Form::OrDefault {
        fragment,
        convert,
        wasm,
    };
    let getter = |export, kinds, form| Getter {
        export,
        kinds,
        form,
    };
    const BOOLEAN: &[u32] = &[code_of(Kind::Boolean)];
    const INT64: &[u32] = &[code_of(Kind::Int64)];
    const FLOAT64: &[u32] = &[code_of(Kind::Float64)];
    const TIMESTAMP: &[u32] = &[code_of(Kind::Timestamp)];
    const TEXT: &[u32] = &[code_of(Kind::Text)];
    const JSON: &[u32] = &[code_of(Kind::Json)];
    vec![
        getter("document@0.1.0#has", &[], Form::Has),
        getter(
            "document@0.1.0#get-boolean",
            BOOLEAN,
            option("boolean", "i32.store8", 1),
        ),
        getter(
            "document@0.1.0#get-int64",
            INT64,
            option("word", "i64.store", 8),
        ),
        getter(
            "document@0.1.0#get-float64",
            FLOAT64,
            option("word", "i64.store", 8),
        ),
        getter(
            "document@0.1.0#get-timestamp",
            TIMESTAMP,
            option("word", "i64.store", 8),
        ),
        getter("document@0.1.0#get-text", TEXT, Form::Text),
        getter("document@0.1.0#get-json", JSON, Form::Text),
        getter(
            "document@0.1.0#boolean-or",
            BOOLEAN,
            or_default("boolean", "", "i32"),
        ),
        getter(
            "document@0.1.0#int64-or",
            INT64,
            or_default("word", "", "i64"),
        ),
        getter(
            "document@0.1.0#float64-or",
            FLOAT64,
            or_default("word", "f64.reinterpret_i64", "f64"),
        ),
        getter(
            "document@0.1.0#timestamp-or",
            TIMESTAMP,
            or_default("word", "", "i64"),
        ),
        getter("document@0.1.0#id", &[ID_CODE], Form::Id),
        getter("document@0.1.0#score", &[SCORE_CODE], Form::Score),
        getter("text-words@0.1.0#length", TEXTS, Form::Length),
        getter("text-words@0.1.0#word", TEXTS, Form::Word),
    ]
}

/// What the host is told if a field is read in a wrong way: the kind of the getter, or one of these
/// if the getter has no kind or several.
pub(super) const READING_ANY: u32 = 6;
pub(super) const READING_TEXT_WORDS: u32 = 7;

impl Getter {
    fn text(&self, fragments: &HashMap<&str, &str>) -> String {
        let export = self.export;
        let (signature, prologue, value, none) = self.body(fragments);
        let locate = fragments["locate"].replace("%wrong-kind", &self.wrong_kind());
        let reading = match (&self.form, self.kinds) {
            (Form::Length | Form::Word, _) => READING_TEXT_WORDS,
            (_, [kind]) if *kind < READING_ANY => *kind,
            _ => READING_ANY,
        };
        format!(
            "(func (export \"whittle:udf/{export}\") {signature} \
               (local $frame i64) (local $entry i64) (local $row i64) (local $validity i64) \
               (local $bit i64) (local $kind i32) {prologue}\n\
               (block $misuse (block $none {locate} {value} (return)) {none} (return))\n\
               (call $misuse (local.get $field) (i32.const {reading})) unreachable)\n"
        )
    }

    fn wrong_kind(&self) -> String {
        let wrong = match self.kinds {
            [] => format!("(i32.ge_u (local.get $kind) (i32.const {READING_ANY}))"),
            [kind] => format!("(i32.ne (local.get $kind) (i32.const {kind}))"),
            [first, second, ..] => format!(
                "(i32.and (i32.ne (local.get $kind) (i32.const {first})) \
                   (i32.ne (local.get $kind) (i32.const {second})))"
            ),
        };
        format!(
            "(local.set $kind (call $u32 (i64.add (local.get $entry) (i64.const %entry.kind)))) \
             (br_if $misuse {wrong})"
        )
    }

    /// The signature, the additional locals, the code for a value, and the code for a missing
    /// value.
    fn body(&self, fragments: &HashMap<&str, &str>) -> (String, &'static str, String, String) {
        const EXTENT: &str = "(local $offsets i64) (local $bytes i64) (local $start i64) \
            (local $length i64)";
        const COPY: &str = "(local $offsets i64) (local $bytes i64) (local $start i64) \
            (local $length i64) (local $values i64) (local $left i64) (local $shift i64) \
            (local $aligned i64) (local $word i64) (local $to i32)";
        let field = "(param $field i32)";
        let address = format!("(i32.const {RESULT})");
        let no_option = format!("(i32.store8 {address} (i32.const 0)) {address}");
        match &self.form {
            Form::Option {
                fragment,
                store,
                payload,
            } => {
                let value = format!(
                    "(i32.store8 {address} (i32.const 1)) (i32.const {}) {} {store} {address}",
                    RESULT + payload,
                    fragments[fragment],
                );
                (format!("{field} (result i32)"), "", value, no_option)
            }
            Form::OrDefault {
                fragment,
                convert,
                wasm,
            } => (
                format!("{field} (param $default {wasm}) (result {wasm})"),
                "",
                format!("{} {convert}", fragments[fragment]),
                "(local.get $default)".to_owned(),
            ),
            Form::Text => {
                let text = copy_of(fragments, RESULT + 4);
                let value = format!("{text} (i32.store8 {address} (i32.const 1)) {address}");
                (format!("{field} (result i32)"), COPY, value, no_option)
            }
            Form::Has => (
                format!("{field} (result i32)"),
                "",
                "(i32.const 1)".to_owned(),
                "(i32.const 0)".to_owned(),
            ),
            Form::Id => {
                let text = copy_of(fragments, RESULT);
                let none = format!(
                    "(global.set $free (i32.const %heap)) \
                     (call $long-text (i32.const {ID_HANDLE}) {address}) {address}"
                );
                // The handle of the id: this local is 0.
                (
                    "(result i32) (local $field i32)".to_owned(),
                    COPY,
                    format!("{text} {address}"),
                    none,
                )
            }
            Form::Score => (
                "(result f64) (local $field i32)".to_owned(),
                // The handle of the score.
                "(local.set $field (i32.const 1))",
                format!("{} f64.reinterpret_i64", fragments["word"]),
                "(f64.const 1)".to_owned(),
            ),
            Form::Length => (
                format!("{field} (result i64)"),
                EXTENT,
                format!("{} (local.get $length)", fragments["extent"]),
                "(i64.const -1)".to_owned(),
            ),
            Form::Word => (
                format!("{field} (param $index i32) (result i64)"),
                COPY,
                word_of(fragments),
                "(i64.const 0)".to_owned(),
            ),
        }
    }
}

/// Copies the text into the accessor's memory, and stores its pointer and length at an address.
fn copy_of(fragments: &HashMap<&str, &str>, place: usize) -> String {
    fragments["text"]
        .replace("%extent", fragments["extent"])
        .replace("%text-word", fragments["text-word"])
        .replace("%place", &place.to_string())
}

/// Returns one word of the text, with zeros beyond the end.
fn word_of(fragments: &HashMap<&str, &str>) -> String {
    format!(
        "{extent}
         (local.set $left (i64.sub (local.get $length)
           (i64.shl (i64.extend_i32_u (local.get $index)) (i64.const 3))))
         (br_if $none (i64.le_s (local.get $left) (i64.const 0)))
         (local.set $start (i64.add (local.get $start)
           (i64.shl (i64.extend_i32_u (local.get $index)) (i64.const 3))))
         (local.set $values (call $u64 (i64.add (local.get $entry) (i64.const %entry.values))))
         (local.set $bytes
           (call $u64 (i64.add (local.get $entry) (i64.const %entry.values_bytes))))
         {text_word}
         (local.get $word)",
        extent = fragments["extent"],
        text_word = fragments["text-word"],
    )
}

/// Inserts the layout and the allocator that both modules share.
fn with_constants(module: &str) -> String {
    // Allocates memory from `%heap` on and frees nothing: each call or row starts over. A string of
    // a guest that writes UTF-16 arrives in two parts if it is not all ASCII, so a reallocation
    // keeps the content. Traps if memory cannot grow; the host then reports the limit.
    const REALLOC: &str = r#"(global $free (mut i32) (i32.const %heap))
        (func (export "cabi_realloc")
          (param $old i32) (param $old-size i32) (param $align i32) (param $size i32) (result i32)
          (local $start i32) (local $end i64) (local $pages i32)
          (local.set $start (i32.and
            (i32.add (global.get $free) (i32.sub (local.get $align) (i32.const 1)))
            (i32.sub (i32.const 0) (local.get $align))))
          (local.set $end (i64.add
            (i64.extend_i32_u (local.get $start)) (i64.extend_i32_u (local.get $size))))
          (if (i64.gt_u (local.get $end)
                (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16)))
            (then
              (local.set $pages (i32.sub
                (i32.wrap_i64 (i64.shr_u (i64.add (local.get $end) (i64.const 65535)) (i64.const 16)))
                (memory.size)))
              (if (i32.eq (memory.grow (local.get $pages)) (i32.const -1)) (then unreachable))))
          (global.set $free (i32.wrap_i64 (local.get $end)))
          (memory.copy (local.get $start) (local.get $old)
            (select (local.get $old-size) (local.get $size)
              (i32.lt_u (local.get $old-size) (local.get $size))))
          (local.get $start))"#;
    let mut text = module.replace("%realloc", REALLOC);
    let case = |kind| code_of(kind) as usize + 1;
    let more = [
        ("%buffer.bytes", BUFFER_BYTES),
        ("%buffer", BUFFER),
        ("%case.boolean", case(Kind::Boolean)),
        ("%case.json", case(Kind::Json)),
        ("%case.text", case(Kind::Text)),
        ("%heap", HEAP),
        ("%piece.rows", PIECE_ROWS),
        ("%result", RESULT),
    ];
    for (name, value) in constants().into_iter().chain(more) {
        text = text.replace(name, &value.to_string());
    }
    text
}

/// Encodes a core module in text form as a component, with the types of a world in `host.wit`.
fn component(module: &str, world: &str) -> Result<Vec<u8>, Cause> {
    let mut module = wat::parse_str(module).map_err(Cause::new)?;
    let mut resolve = Resolve::default();
    resolve
        .push_str("udf.wit", crate::encode::CONTRACT)
        .map_err(Cause::new)?;
    let host = resolve
        .push_str("host.wit", include_str!("wit/host.wit"))
        .map_err(Cause::new)?;
    let world = resolve
        .select_world(&[host], Some(world))
        .map_err(Cause::new)?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
        .map_err(Cause::new)?;
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(Cause::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accessor_and_driver_are_components_without_unresolved_names() {
        accessor().expect("the accessor encodes");
        driver().expect("the driver encodes");
        for text in [include_str!("driver.wat"), include_str!("accessor.wat")] {
            let text = with_constants(text);
            let left = text.split('%').skip(1).map(|rest| {
                rest.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '.')
                    .next()
            });
            let fragments = ["getters", "wrong-kind", "extent", "text-word", "place"];
            let unknown: Vec<_> = left
                .flatten()
                .filter(|name| !fragments.contains(name))
                .collect();
            assert!(unknown.is_empty(), "{unknown:?}");
        }
    }
}
