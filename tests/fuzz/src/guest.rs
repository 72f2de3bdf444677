//! Guests in WebAssembly text whose manifest has any functions and parameters: what
//! `whittle_tests::ByHand`, which has one function without parameters, cannot say.

use std::fmt::Write;

use whittle_host::{Function, Kind, Parameter, Presence, TextEncoding, Value, encode_component};

/// Where a guest's manifest lies.
const MANIFEST: u32 = 4096;
/// Where its texts and lists lie.
const DATA: u32 = 4160;
/// The first address that `cabi_realloc` hands out.
const HEAP: u32 = 1 << 17;

/// What is particular to a guest, in WebAssembly text.
pub struct Guest<'a> {
    /// The component's name.
    pub name: &'a str,
    /// Its functions, which its manifest tells.
    pub functions: &'a [Function],
    /// Globals and functions.
    pub module: &'a str,
    /// The body of `bind`, which gets the function's name and the arguments in the locals 0 to 3.
    pub bind: &'a str,
    /// The body of `evaluate`, which leaves a value at 520; the result it is in is at 512.
    pub evaluate: &'a str,
}

impl Guest<'_> {
    /// The guest as a component.
    ///
    /// # Panics
    ///
    /// Where a part is not WebAssembly.
    pub fn component(&self) -> Vec<u8> {
        let Self {
            name,
            functions,
            module,
            bind,
            evaluate,
        } = self;
        let (manifest, data) = manifest(name, functions);
        let text = format!(
            r#"(module
              (import "whittle:udf/document@0.1.0" "resolve"
                (func $resolve (param i32 i32 i32) (result i32)))
              (import "whittle:udf/document@0.1.0" "has" (func $has (param i32) (result i32)))
              (import "whittle:udf/document@0.1.0" "get-boolean" (func $get-boolean (param i32 i32)))
              (import "whittle:udf/document@0.1.0" "get-int64" (func $get-int64 (param i32 i32)))
              (import "whittle:udf/document@0.1.0" "get-float64" (func $get-float64 (param i32 i32)))
              (import "whittle:udf/document@0.1.0" "get-timestamp" (func $get-timestamp (param i32 i32)))
              (import "whittle:udf/document@0.1.0" "get-text" (func $get-text (param i32 i32)))
              (import "whittle:udf/document@0.1.0" "get-json" (func $get-json (param i32 i32)))
              (import "whittle:udf/document@0.1.0" "boolean-or"
                (func $boolean-or (param i32 i32) (result i32)))
              (import "whittle:udf/document@0.1.0" "int64-or"
                (func $int64-or (param i32 i64) (result i64)))
              (import "whittle:udf/document@0.1.0" "float64-or"
                (func $float64-or (param i32 f64) (result f64)))
              (import "whittle:udf/document@0.1.0" "timestamp-or"
                (func $timestamp-or (param i32 i64) (result i64)))
              (import "whittle:udf/document@0.1.0" "id" (func $id (param i32)))
              (import "whittle:udf/document@0.1.0" "score" (func $score (result f64)))
              (import "whittle:udf/text-words@0.1.0" "length" (func $length (param i32) (result i64)))
              (import "whittle:udf/text-words@0.1.0" "word"
                (func $word (param i32 i32) (result i64)))
              (memory (export "memory") 256)
              (data (i32.const {MANIFEST}) "{manifest}")
              (data (i32.const {DATA}) "{data}")
              (global $heap (mut i32) (i32.const {HEAP}))
              {module}
              (func $must (param i32) (if (i32.eqz (local.get 0)) (then (unreachable))))
              (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                ;; The next address that is a multiple of the alignment.
                (global.set $heap (i32.and
                  (i32.add (global.get $heap) (i32.sub (local.get 2) (i32.const 1)))
                  (i32.sub (i32.const 0) (local.get 2))))
                (global.get $heap)
                (global.set $heap (i32.add (global.get $heap) (local.get 3))))
              (func (export "whittle:udf/functions@0.1.0#describe") (result i32)
                (i32.const {MANIFEST}))
              (func (export "whittle:udf/functions@0.1.0#bind")
                (param i32 i32 i32 i32) (result i32) {bind} (i32.const 256))
              (func (export "whittle:udf/functions@0.1.0#evaluate") (result i32)
                {evaluate} (i32.const 512)))"#
        );
        let module = wat::parse_str(&text).expect("the guest is WebAssembly text");
        encode_component(&module, TextEncoding::Utf8).expect("the guest encodes")
    }
}

/// A manifest as the canonical ABI lays it out: the record, and what it points to; both as the
/// content of a data segment.
fn manifest(name: &str, functions: &[Function]) -> (String, String) {
    let mut data = Data(Vec::new());
    let mut list = Vec::new();
    for function in functions {
        let parameters = function.parameters.iter();
        let parameters = parameters.flat_map(|parameter| data.parameter(parameter));
        let parameters: Vec<u8> = parameters.collect();
        list.extend(data.text(&function.name));
        list.extend(data.text(&function.description));
        list.extend(data.put(&parameters, function.parameters.len()));
        list.extend([number(function.returns), 0, 0, 0]);
    }
    let mut record = Vec::new();
    for text in [name, "0.1.0", "", ""] {
        record.extend(data.text(text));
    }
    record.extend(data.put(&list, functions.len()));
    assert!(DATA as usize + data.0.len() < HEAP as usize);
    (escaped(&record), escaped(&data.0))
}

/// Bytes from [`DATA`] on.
struct Data(Vec<u8>);

impl Data {
    /// Puts down bytes and gives their address and a length.
    fn put(&mut self, bytes: &[u8], length: usize) -> [u8; 8] {
        self.0.resize(self.0.len().next_multiple_of(8), 0);
        let address = u64::from(DATA) + self.0.len() as u64;
        self.0.extend(bytes);
        (address | (length as u64) << 32).to_le_bytes()
    }

    fn text(&mut self, text: &str) -> [u8; 8] {
        self.put(text.as_bytes(), text.len())
    }

    fn parameter(&mut self, parameter: &Parameter) -> Vec<u8> {
        let mut record = Vec::new();
        record.extend(self.text(&parameter.name));
        record.extend(self.text(&parameter.description));
        record.extend(u64::from(number(parameter.kind)).to_le_bytes());
        let (presence, default) = match &parameter.presence {
            Presence::Required => (0, Value::Null),
            Presence::Optional => (1, Value::Null),
            Presence::Default(value) => (2, value.clone()),
        };
        record.extend(u64::to_le_bytes(presence));
        let kind = default.kind().map_or(0, |kind| number(kind) + 1);
        record.extend(u64::from(kind).to_le_bytes());
        record.extend(match &default {
            Value::Null => [0; 8],
            Value::Boolean(value) => u64::from(*value).to_le_bytes(),
            Value::Int64(value) | Value::Timestamp(value) => value.to_le_bytes(),
            Value::Float64(value) => value.to_le_bytes(),
            Value::Text(text) | Value::Json(text) => self.text(text),
        });
        record
    }
}

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "\\{byte:02x}").expect("a text takes all");
        text
    })
}

/// All kinds, in the contract's order.
pub const KINDS: [Kind; 6] = [
    Kind::Boolean,
    Kind::Int64,
    Kind::Float64,
    Kind::Text,
    Kind::Timestamp,
    Kind::Json,
];

/// A kind as the contract counts it.
fn number(kind: Kind) -> u8 {
    KINDS
        .iter()
        .zip(0..)
        .find(|(known, _)| **known == kind)
        .map_or(0, |(_, number)| number)
}

/// What the functions of [`echo`] give for a document: the parameter of the function's kind that
/// is required, that is optional, or that has a default.
pub const PRESENCES: [&str; 3] = ["required", "optional", "default"];

/// The parameters of each function of [`echo`]: one of each kind and presence, `p00` to `p52`.
pub fn parameters() -> Vec<Parameter> {
    let default = |kind| match kind {
        Kind::Boolean => Value::Boolean(true),
        Kind::Int64 => Value::Int64(i64::MIN),
        Kind::Float64 => Value::Float64(-0.0),
        Kind::Text => Value::Text("中".to_owned()),
        Kind::Timestamp => Value::Timestamp(-1),
        Kind::Json => Value::Json("{\"a\": [1, null]}".to_owned()),
    };
    let of_kind = |kind: Kind| {
        let presences = [
            Presence::Required,
            Presence::Optional,
            Presence::Default(default(kind)),
        ];
        presences
            .into_iter()
            .zip(0..)
            .map(move |(presence, column)| Parameter {
                name: format!("p{}{column}", number(kind)),
                description: PRESENCES[column].to_owned(),
                kind,
                presence,
            })
    };
    KINDS.into_iter().flat_map(of_kind).collect()
}

/// A guest with a function for each kind, `echo_0` to `echo_5`, which gives its arguments of that
/// kind back: for the first document the required one, for the second the optional one, for the
/// third the one with a default. It traps where an argument is of another kind than its parameter,
/// or stands there twice or out of order.
pub fn echo() -> Vec<u8> {
    let functions = KINDS.map(|kind| Function {
        name: format!("echo_{}", number(kind)),
        description: String::new(),
        parameters: parameters(),
        returns: kind,
    });
    Guest {
        name: "echo",
        functions: &functions,
        module: r#"
          (global $kind (mut i32) (i32.const 0))
          (global $row (mut i32) (i32.const 48))
          (global $first (mut i32) (i32.const 0))
          (global $end (mut i32) (i32.const 0))"#,
        bind: r#"
          (local $at i32) (local $name i32) (local $last i32) (local $this i32)
          (global.set $kind (i32.load8_u offset=5 (local.get 0)))
          (global.set $first (local.get 2))
          (global.set $end
            (i32.add (local.get 2) (i32.mul (local.get 3) (i32.const 24))))
          (local.set $at (global.get $first))
          (block $done (loop $next
            (br_if $done (i32.eq (local.get $at) (global.get $end)))
            (local.set $name (i32.load (local.get $at)))
            (call $must (i32.eq (i32.load offset=4 (local.get $at)) (i32.const 3)))
            ;; The value is of the kind that the name tells.
            (call $must (i32.eq
              (i32.load8_u offset=8 (local.get $at))
              (i32.sub (i32.load8_u offset=1 (local.get $name)) (i32.const 47))))
            ;; The names ascend.
            (local.set $this (i32.add
              (i32.mul (i32.load8_u offset=1 (local.get $name)) (i32.const 3))
              (i32.load8_u offset=2 (local.get $name))))
            (call $must (i32.lt_u (local.get $last) (local.get $this)))
            (local.set $last (local.get $this))
            (local.set $at (i32.add (local.get $at) (i32.const 24)))
            (br $next)))"#,
        evaluate: r#"
          (local $at i32) (local $name i32)
          (i64.store (i32.const 520) (i64.const 0))
          (local.set $at (global.get $first))
          (block $done (loop $next
            (br_if $done (i32.eq (local.get $at) (global.get $end)))
            (local.set $name (i32.load (local.get $at)))
            (if (i32.and
                (i32.eq (i32.load8_u offset=1 (local.get $name)) (global.get $kind))
                (i32.eq (i32.load8_u offset=2 (local.get $name)) (global.get $row)))
              (then
                (i64.store (i32.const 520) (i64.load offset=8 (local.get $at)))
                (i64.store (i32.const 528) (i64.load offset=16 (local.get $at)))
                (br $done)))
            (local.set $at (i32.add (local.get $at) (i32.const 24)))
            (br $next)))
          (global.set $row (i32.add (global.get $row) (i32.const 1)))"#,
    }
    .component()
}

/// A guest that reads the field `field` of a document through every getter. The functions `read_0`
/// to `read_5` give its value of a kind, and trap where two getters of that kind disagree;
/// `read_6` gives the id, and `read_7` the score.
pub fn reader() -> Vec<u8> {
    let returns = KINDS.into_iter().chain([Kind::Text, Kind::Float64]);
    let functions = returns.zip(0..).map(|(returns, number)| Function {
        name: format!("read_{number}"),
        description: String::new(),
        parameters: vec![Parameter {
            name: "field".to_owned(),
            description: String::new(),
            kind: Kind::Text,
            presence: Presence::Required,
        }],
        returns,
    });
    let functions: Vec<Function> = functions.collect();
    Guest {
        name: "reader",
        functions: &functions,
        module: READER,
        bind: r#"
          (global.set $kind
            (i32.sub (i32.load8_u offset=5 (local.get 0)) (i32.const 48)))
          (if (i32.lt_u (global.get $kind) (i32.const 6)) (then
            (global.set $field (call $resolve
              (i32.load offset=16 (local.get 2))
              (i32.load offset=20 (local.get 2))
              (global.get $kind)))))"#,
        evaluate: r#"
          (global.set $heap (i32.const 131072))
          (block $score (block $id (block $json (block $timestamp (block $text (block $float64
          (block $int64 (block $boolean
            (br_table $boolean $int64 $float64 $text $timestamp $json $id $score
              (global.get $kind)))
            (call $boolean) (return (i32.const 512)))
            (call $int64) (return (i32.const 512)))
            (call $float64) (return (i32.const 512)))
            (call $get-text (global.get $field) (i32.const 544))
            (call $text) (return (i32.const 512)))
            (call $timestamp) (return (i32.const 512)))
            (call $get-json (global.get $field) (i32.const 544))
            (call $text) (return (i32.const 512)))
            (call $id (i32.const 528))
            (i64.store (i32.const 520) (i64.const 4))
            (return (i32.const 512)))
          (i64.store (i32.const 520) (i64.const 3))
          (f64.store (i32.const 528) (call $score))"#,
    }
    .component()
}

/// What a getter gave is at 544.
const READER: &str = r#"
  (global $kind (mut i32) (i32.const 0))
  (global $field (mut i32) (i32.const 0))
  ;; Whether there is a value, which becomes the result's variant.
  (func $some (result i32)
    (local $some i32)
    (local.set $some (i32.load8_u (i32.const 544)))
    (call $must (i32.eq (local.get $some) (call $has (global.get $field))))
    (i64.store (i32.const 520) (i64.extend_i32_u
      (i32.mul (local.get $some) (i32.add (global.get $kind) (i32.const 1)))))
    (local.get $some))
  (func $boolean
    (local $some i32) (local $value i32)
    (call $get-boolean (global.get $field) (i32.const 544))
    (local.set $some (call $some))
    (local.set $value (i32.load8_u (i32.const 545)))
    (i32.store (i32.const 528) (local.get $value))
    (call $must (i32.eq
      (call $boolean-or (global.get $field) (i32.const 0))
      (select (local.get $value) (i32.const 0) (local.get $some))))
    (call $must (i32.eq
      (call $boolean-or (global.get $field) (i32.const 1))
      (select (local.get $value) (i32.const 1) (local.get $some)))))
  (func $int64
    (local $some i32) (local $value i64)
    (call $get-int64 (global.get $field) (i32.const 544))
    (local.set $some (call $some))
    (local.set $value (i64.load (i32.const 552)))
    (i64.store (i32.const 528) (local.get $value))
    (call $must (i64.eq
      (call $int64-or (global.get $field) (i64.const -7))
      (select (local.get $value) (i64.const -7) (local.get $some)))))
  (func $timestamp
    (local $some i32) (local $value i64)
    (call $get-timestamp (global.get $field) (i32.const 544))
    (local.set $some (call $some))
    (local.set $value (i64.load (i32.const 552)))
    (i64.store (i32.const 528) (local.get $value))
    (call $must (i64.eq
      (call $timestamp-or (global.get $field) (i64.const -7))
      (select (local.get $value) (i64.const -7) (local.get $some)))))
  (func $float64
    (local $some i32) (local $value f64) (local $other f64)
    (call $get-float64 (global.get $field) (i32.const 544))
    (local.set $some (call $some))
    (local.set $value
      (select (f64.load (i32.const 552)) (f64.const -7) (local.get $some)))
    (f64.store (i32.const 528) (local.get $value))
    (local.set $other (call $float64-or (global.get $field) (f64.const -7)))
    ;; A NaN may come as another one.
    (call $must (i32.or
      (i64.eq (i64.reinterpret_f64 (local.get $value)) (i64.reinterpret_f64 (local.get $other)))
      (i32.and
        (f64.ne (local.get $value) (local.get $value))
        (f64.ne (local.get $other) (local.get $other))))))
  (func $text
    (local $some i32) (local $start i32) (local $length i32) (local $at i32) (local $word i64)
    (local $byte i32)
    (local.set $some (call $some))
    (local.set $start (i32.load (i32.const 548)))
    (local.set $length (select (i32.load (i32.const 552)) (i32.const 0) (local.get $some)))
    (i32.store (i32.const 528) (local.get $start))
    (i32.store (i32.const 532) (local.get $length))
    (call $must (i64.eq
      (call $length (global.get $field))
      (select (i64.extend_i32_u (local.get $length)) (i64.const -1) (local.get $some))))
    (call $must (i64.eqz (call $word (global.get $field) (i32.const -1))))
    (call $must (i64.eqz (call $word (global.get $field) (i32.const 0x20000000))))
    ;; Every byte of the text, and some past its end, which are zero.
    (loop $next
      (if (i32.eqz (i32.and (local.get $at) (i32.const 7))) (then
        (local.set $word (call $word
          (global.get $field) (i32.shr_u (local.get $at) (i32.const 3))))))
      (local.set $byte (i32.const 0))
      (if (i32.lt_u (local.get $at) (local.get $length)) (then
        (local.set $byte (i32.load8_u (i32.add (local.get $start) (local.get $at))))))
      (call $must (i64.eq
        (i64.and (local.get $word) (i64.const 255))
        (i64.extend_i32_u (local.get $byte))))
      (local.set $word (i64.shr_u (local.get $word) (i64.const 8)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (i32.add (local.get $length) (i32.const 16))))))
"#;
