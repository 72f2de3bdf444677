//! Any JSON as the arguments of a function with parameters of every kind: it is refused with an
//! error that can be shown, or the guest sees values of the declared kinds and nothing else.
//!
//! The guest is written by hand: it traps where an argument's case is not the one that the first
//! letter of its name stands for.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use whittle_fuzz::assert_shown;
use whittle_host::{Accessor, Arguments, BindError, Budget, QueryContext, Udf};
use whittle_tests::{ByHand, engine};

/// The cases of `value` after `null`, in the contract's order; a parameter's name begins with the
/// letter of its kind's: `b` is boolean, the first.
const KINDS: u8 = 6;
/// Required, optional, and with a default.
const PRESENCES: u8 = 3;

/// Where the guest's manifest has its parameters, and their texts.
const PARAMETERS: u32 = 4096;
const TEXTS: u32 = 16_384;
const PARAMETER_BYTES: u32 = 48;

/// The parameters as the canonical ABI lays them out: `name` at 0, `description` at 8, `kind` at
/// 16, `presence` at 24, and in it a default's case at 32 and its payload at 40.
fn manifest() -> (Vec<u8>, Vec<u8>) {
    let (mut parameters, mut texts) = (Vec::new(), b"null".to_vec());
    for kind in 0..KINDS {
        for presence in 0..PRESENCES {
            let name = [b'b' + kind, b'r' + presence];
            let address = TEXTS + u32::try_from(texts.len()).expect("few");
            texts.extend(name);
            let mut parameter = [0; PARAMETER_BYTES as usize];
            let mut store = |at: usize, value: u32| {
                parameter[at..at + 4].copy_from_slice(&value.to_le_bytes());
            };
            store(0, address);
            store(4, 2);
            store(8, address);
            store(16, kind.into());
            store(24, presence.into());
            store(32, u32::from(kind) + 1);
            // A text or a JSON value: `null`, four bytes; of any other kind some number.
            store(40, TEXTS);
            store(44, 4);
            if kind == 0 {
                store(40, 1);
            }
            parameters.extend(parameter);
        }
    }
    (parameters, texts)
}

fn escaped(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:02x}")).collect()
}

static GUEST: LazyLock<Udf> = LazyLock::new(|| {
    let (parameters, texts) = manifest();
    let count = u8::try_from(parameters.len() / PARAMETER_BYTES as usize).expect("few");
    let module = format!(
        "(memory (export \"memory\") 64) (global $free (mut i32) (i32.const 65536)) \
         (data (i32.const {PARAMETERS}) \"{}\") (data (i32.const {TEXTS}) \"{}\") \
         (data (i32.const 144) \"\\00\\10\\00\\00\\{count:02x}\\00\\00\\00\")",
        escaped(&parameters),
        escaped(&texts),
    );
    // The list of arguments: 24 bytes each, the name at 0, the value's case at 8.
    let bind = "(local $at i32) (local $end i32) \
        (local.set $at (local.get 2)) \
        (local.set $end (i32.add (local.get 2) (i32.mul (local.get 3) (i32.const 24)))) \
        (block $done (loop $next \
          (br_if $done (i32.ge_u (local.get $at) (local.get $end))) \
          (if (i32.ne (i32.load8_u offset=8 (local.get $at)) \
                      (i32.sub (i32.load8_u (i32.load (local.get $at))) (i32.const 97))) \
            (then unreachable)) \
          (local.set $at (i32.add (local.get $at) (i32.const 24))) (br $next))) \
        (i32.const 256)";
    let realloc = "(global.set $free (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8))) \
        (global.get $free) \
        (global.set $free (i32.add (global.get $free) (local.get 3)))";
    let guest = ByHand {
        module: &module,
        bind,
        realloc,
        ..ByHand::default()
    };
    Udf::new(&engine(Accessor::Composed), &guest.component()).expect("the guest is registered")
});

fuzz_target!(|data: &[u8]| {
    let Ok(serde_json::Value::Object(arguments)) = serde_json::from_slice(data) else {
        return;
    };
    let query = QueryContext::new(Budget::default());
    match GUEST.bind("f", &Arguments::from_json(&arguments), &query) {
        Ok(bound) => drop(bound),
        Err(error @ BindError::Argument { .. }) => assert_shown(&error),
        Err(error) => panic!("{}", whittle_tests::told(&error)),
    }
});
