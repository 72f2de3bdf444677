//! The host, as the kit calls it: the contract's imports in a component, and its stand-in elsewhere.

#[cfg(target_arch = "wasm32")]
pub(crate) use crate::bindings::whittle::{
    batch::results,
    udf::{document, logging},
};
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use crate::testing::host::{document, logging, results};
