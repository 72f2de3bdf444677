//! UDFs in SQL, with the example UDFs of `target/guests`, and with a guest by hand that needs no
//! toolchain.

mod equality;
mod functions;
mod partitions;
mod remote;
mod sessions;
mod slt;
mod support;
