//! LuaJIT, embedded by `mlua`, in two designs:
//!
//! * `peer-luajit documents`: one call of a Lua function for each document, with its fields as arguments.
//!   Lua has no JSON: a document's object is parsed here, and given as a table.
//! * `peer-luajit columns`: one call for all documents, which reads and writes the host's memory by LuaJIT's
//!   FFI. Nothing keeps such a script inside the columns.
//!
//! The function and its parameters are made once. There are no limits: a hook that counts instructions does
//! not see compiled code.

mod columns;
mod documents;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let prepare = match std::env::args().nth(1).as_deref() {
        Some("documents") => documents::prepare,
        Some("columns") => columns::prepare,
        _ => bail!("usage: peer-luajit documents|columns"),
    };
    whittle_peer::serve(|rows| prepare(&rows))
}
