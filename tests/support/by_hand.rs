//! Guests in WebAssembly text, for what no language's bindings let one write.

use whittle_host::{TextEncoding, encode_component};

/// A guest with one function `f`, which returns a number. Each part is WebAssembly text; the
/// defaults make a guest that works and gives 1 for every document. At address 0 are the 7 bytes
/// `by-hand`.
pub struct ByHand<'a> {
    /// The component's name, of less than 64 bytes.
    pub name: &'a str,
    /// Its version, likewise.
    pub version: &'a str,
    /// Imports.
    pub imports: &'a str,
    /// The memory, and anything else at the module's top.
    pub module: &'a str,
    /// The body of `describe`: leaves the manifest's address; 64 is that of a good one.
    pub describe: &'a str,
    /// The body of `bind`, with the locals 0 to 3; leaves the result's address; at 256 is `ok`.
    pub bind: &'a str,
    /// The body of `evaluate`: leaves the result's address; at 512 is the float64 1.
    pub evaluate: &'a str,
    /// The body of `cabi_realloc`; leaves an address.
    pub realloc: &'a str,
    /// The kind that the function declares, as the contract counts them.
    pub returns: u8,
}

impl Default for ByHand<'_> {
    fn default() -> Self {
        Self {
            name: "by-hand",
            version: "0.1.0",
            imports: "",
            module: "(memory (export \"memory\") 1)",
            describe: "(i32.const 64)",
            bind: "(i32.const 256)",
            evaluate: "(i32.const 512)",
            realloc: "(i32.const 1024)",
            returns: 2,
        }
    }
}

impl ByHand<'_> {
    /// The guest as a component.
    ///
    /// # Panics
    ///
    /// Where a part is not WebAssembly.
    pub fn component(&self) -> Vec<u8> {
        encode_component(&self.core_module(), TextEncoding::Utf8).expect("the guest encodes")
    }

    /// The guest's core module.
    ///
    /// # Panics
    ///
    /// Where a part is not WebAssembly.
    pub fn core_module(&self) -> Vec<u8> {
        wat::parse_str(self.text()).expect("the guest is WebAssembly text")
    }

    fn text(&self) -> String {
        let Self {
            name,
            version,
            imports,
            module,
            describe,
            bind,
            evaluate,
            realloc,
            returns,
        } = self;
        let text_at = |address: u8, text: &str| {
            let length = u8::try_from(text.len()).expect("a short text");
            format!("\\{address:02x}\\03\\00\\00\\{length:02x}\\00\\00\\00")
        };
        let (name_at, version_at) = (text_at(0x00, name), text_at(0x40, version));
        format!(
            r#"(module
              {imports}
              {module}
              (data (i32.const 0) "by-hand")
              (data (i32.const 16) "f")
              (data (i32.const 768) "{name}")
              (data (i32.const 832) "{version}")
              (data (i32.const 64) "{name_at}{version_at}")
              (data (i32.const 96) "\80\00\00\00\01\00\00\00")
              (data (i32.const 128) "\10\00\00\00\01\00\00\00")
              (data (i32.const 152) "\{returns:02x}")
              (data (i32.const 520) "\03\00\00\00\00\00\00\00\00\00\00\00\00\00\f0\3f")
              (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {realloc})
              (func (export "whittle:udf/functions@0.1.0#describe") (result i32) {describe})
              (func (export "whittle:udf/functions@0.1.0#bind")
                (param i32 i32 i32 i32) (result i32) {bind})
              (func (export "whittle:udf/functions@0.1.0#evaluate") (result i32) {evaluate}))"#
        )
    }
}

/// A component around a guest by hand, for what no tool that makes components lets through.
#[derive(Default)]
pub struct ComponentByHand<'a> {
    /// Its core module, `$m` in the other parts.
    pub core: ByHand<'a>,
    /// What comes before everything else.
    pub before: &'a str,
    /// What the core module is instantiated with, as the instance `$c`.
    pub with: &'a str,
    /// More options of the lift of `describe`.
    pub describe: &'a str,
    /// More options of the lift of `bind`.
    pub bind: &'a str,
    /// More options of the lift of `evaluate`.
    pub evaluate: &'a str,
    /// What the interface exports besides.
    pub exports: &'a str,
    /// What comes after everything else.
    pub after: &'a str,
}

impl ComponentByHand<'_> {
    /// The component.
    ///
    /// # Panics
    ///
    /// Where a part is not WebAssembly text.
    pub fn component(&self) -> Vec<u8> {
        wat::parse_str(self.text()).expect("the component is WebAssembly text")
    }

    fn text(&self) -> String {
        let Self {
            core,
            before,
            with,
            describe,
            bind,
            evaluate,
            exports,
            after,
        } = self;
        let core = core.text();
        let core = core.strip_prefix("(module").expect("a module");
        format!(
            r#"(component
              {before}
              (core module $m {core}
              (core instance $c (instantiate $m {with}))
              (type $kind (enum "boolean" "int64" "float64" "text" "timestamp" "json"))
              (type $value (variant (case "null") (case "boolean" bool) (case "int64" s64)
                (case "float64" f64) (case "text" string) (case "timestamp" s64)
                (case "json" string)))
              (type $argument (record (field "name" string) (field "value" $value)))
              (type $presence (variant (case "required") (case "optional")
                (case "default" $value)))
              (type $parameter (record (field "name" string) (field "description" string)
                (field "kind" $kind) (field "presence" $presence)))
              (type $function (record (field "name" string) (field "description" string)
                (field "parameters" (list $parameter)) (field "returns" $kind)))
              (type $manifest (record (field "name" string) (field "version" string)
                (field "description" string) (field "author" string)
                (field "functions" (list $function))))
              (type $error (variant (case "invalid-argument" string) (case "failed" string)))
              (func $describe (result $manifest)
                (canon lift (core func $c "whittle:udf/functions@0.1.0#describe")
                  (memory (core memory $c "memory")) {describe}))
              (func $bind (param "function" string) (param "arguments" (list $argument))
                (result (result (error $error)))
                (canon lift (core func $c "whittle:udf/functions@0.1.0#bind")
                  (memory (core memory $c "memory")) (realloc (core func $c "cabi_realloc")) {bind}))
              (func $evaluate (result (result $value (error $error)))
                (canon lift (core func $c "whittle:udf/functions@0.1.0#evaluate")
                  (memory (core memory $c "memory")) {evaluate}))
              (instance $functions
                (export "kind" (type $kind)) (export "value" (type $value))
                (export "argument" (type $argument)) (export "presence" (type $presence))
                (export "parameter" (type $parameter)) (export "function" (type $function))
                (export "manifest" (type $manifest)) (export "error" (type $error))
                (export "describe" (func $describe)) (export "bind" (func $bind))
                (export "evaluate" (func $evaluate)) {exports})
              (export "whittle:udf/functions@0.1.0" (instance $functions))
              {after})"#
        )
    }
}
